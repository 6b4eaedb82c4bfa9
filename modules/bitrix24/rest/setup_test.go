package rest

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

// secret is the code of every webhook in these tests; no error and no text may hold it.
const secret = "k3q9z8s7e6c5r4e3t"

// setup starts a portal that answers with the handler, and returns a client of it.
func setup(t *testing.T, opts Options, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	opts.AllowPrivate = true
	return New(hookOf(t, server.URL), opts)
}

func hookOf(t *testing.T, address string) Webhook {
	t.Helper()
	portal, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return Webhook{Portal: portal, UserID: 11, Code: secret}
}

// answers replies with a status and a body to everything.
func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// oneDeal is a batch that makes a deal.
func oneDeal() *Batch {
	b := &Batch{}
	b.Add("deal", "crm.item.add", Params{"entityTypeId": TypeDeal, "fields": Params{"title": "Заказ № 1"}})
	return b
}

// sent is the body of a batch as the portal gets it.
type sent struct {
	Halt int               `json:"halt"`
	Cmd  map[string]string `json:"cmd"`
}

func readSent(t *testing.T, r *http.Request) sent {
	t.Helper()
	var s sent
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
		t.Errorf("the request's body: %v", err)
	}
	return s
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(testdata(t, name)); got != want {
		t.Errorf("%s differs (go test -update rewrites it)\ngot:\n%s\nwant:\n%s", name, got, want)
	}
}

// clock is a time that a test sets.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) forward(d time.Duration) { c.now = c.now.Add(d) }
