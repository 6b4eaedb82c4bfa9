package bitrix24_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// connectedFleet is a program that is connected to a portal behind a gate.
func connectedFleet(t testing.TB, binary string, dialect db.Dialect, g *gate) (*fleet, *emulator.Portal) {
	t.Helper()
	f := newFleet(t, binary, dialect)
	portal := emulator.New(emulator.Options{
		UserID: 1, Code: bitrix24test.WebhookCode, Token: bitrix24test.PortalToken,
		EventsURL: f.url() + "/api/bitrix/events", Seed: 1, Empty: true,
	})
	g.portal = portal
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		_ = portal.Close()
	})
	f.connect(server.URL)
	return f, portal
}

// restart starts a process that has ended.
func (f *fleet) restart(p *process) {
	f.t.Helper()
	f.launch(p)
	f.ready(p)
}

// run runs the program to its end, with what the fleet's processes are given.
func (f *fleet) run(args ...string) (said string, code int) {
	f.t.Helper()
	cmd := exec.Command(f.binary, args...)
	cmd.Env = f.environment("127.0.0.1:0")
	return ended(f.t, cmd)
}

// ended runs a command that ends by itself.
func ended(t testing.TB, cmd *exec.Cmd) (said string, code int) {
	t.Helper()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	var failed *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return output.String(), cmd.ProcessState.ExitCode()
}

// bare is an environment without a word for the program.
func bare() []string { return []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()} }

// plain looks for what an administrator should not be shown: a stack, or his own secrets.
func plain(t testing.TB, said string) {
	t.Helper()
	for _, word := range []string{"goroutine", "panic:", "secret-of-mine", "c2VjcmV0"} {
		if strings.Contains(said, word) {
			t.Errorf("the program says %q: %s", word, said)
		}
	}
}

// until waits for something that processes bring about.
func (f *fleet) until(what string, limit time.Duration, so func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(limit); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			for _, p := range f.processes {
				f.t.Log(p.complaints())
			}
			f.t.Fatalf("never: %s", what)
		}
	}
}

// number asks the database; on SQLite no process may have it.
func (f *fleet) number(query string) int64 {
	f.t.Helper()
	database, err := db.Open(f.t.Context(), db.Options{URL: f.database.URL, Path: f.database.Path, Log: dbtest.Silent()})
	if err != nil {
		f.t.Fatal(err)
	}
	defer database.Close()
	var n int64
	if err := database.From(f.t.Context()).Raw(query).Scan(&n).Error; err != nil {
		f.t.Fatal(err)
	}
	return n
}

// agreed looks, when all processes have ended, whether every order has its one deal and nothing is left to do.
func (f *fleet) agreed(portal *emulator.Portal, orders int64) {
	f.t.Helper()
	deals := dealsByOrder(portal)
	for order, n := range deals {
		if n != 1 {
			f.t.Errorf("%s has %d deals", order, n)
		}
	}
	for what, n := range map[string]int64{
		"deals":                         int64(len(deals)),
		"SELECT count(*) FROM orders":   f.number("SELECT count(*) FROM orders"),
		"links of orders":               f.number("SELECT count(*) FROM bitrix24_links WHERE local = 'order' AND entity = 'deal'"),
		"orders plus what is left over": orders + f.number("SELECT count(*) FROM bitrix24_intents") + f.number("SELECT count(*) FROM jobs WHERE state IN ('failed', 'running')"),
	} {
		if n != orders {
			f.t.Errorf("%s: %d, want %d", what, n, orders)
		}
	}
}

// dealsByOrder counts the portal's deals by their external keys.
func dealsByOrder(portal *emulator.Portal) map[string]int {
	found := map[string]int{}
	for id := int64(1); ; id++ {
		deal, ok := portal.Deal(id)
		if !ok {
			return found
		}
		found[deal["ORIGIN_ID"]]++
	}
}

// gate stands before a portal and holds one request back until the test has decided what becomes of it.
type gate struct {
	ctx    context.Context
	portal http.Handler

	mu      sync.Mutex
	word    string // of the request to hold; empty: none
	arrived chan struct{}
	decided chan bool
}

// close holds back the next request that has the word in it.
func (g *gate) close(word string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.word, g.arrived, g.decided = word, make(chan struct{}), make(chan bool, 1)
}

// reached waits until there is such a request.
func (g *gate) reached(t testing.TB) {
	t.Helper()
	select {
	case <-g.arrived:
	case <-time.After(time.Minute):
		t.Fatal("the portal was not asked")
	}
}

func (g *gate) open() { g.decided <- true } // the portal works on it

func (g *gate) drop() { g.decided <- false } // it is lost

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || !g.passes(string(body)) {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	g.portal.ServeHTTP(w, r)
}

func (g *gate) passes(body string) bool {
	g.mu.Lock()
	held := g.word != "" && strings.Contains(body, g.word)
	if held {
		g.word = ""
		close(g.arrived)
	}
	g.mu.Unlock()
	if !held {
		return true
	}
	select {
	case passes := <-g.decided:
		return passes
	case <-g.ctx.Done():
		return false
	}
}

// front is a balancer as people use them: it asks the processes in turn, and the next one when one does not answer, which
// only the one that is being restarted may do.
type front struct {
	*fleet
	restarting atomic.Pointer[process]
	turn       atomic.Int64
	transport  http.Transport
}

func newFront(f *fleet) *front {
	return &front{fleet: f, transport: http.Transport{DisableKeepAlives: true}}
}

// RoundTrip makes it the transport of a client.
func (b *front) RoundTrip(r *http.Request) (*http.Response, error) {
	var err error
	for range 2 * len(b.processes) {
		p, restarting := b.processes[int(b.turn.Add(1))%len(b.processes)], b.restarting.Load()
		attempt := r.Clone(r.Context())
		attempt.URL.Host = p.address
		if r.GetBody != nil {
			if attempt.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
		var answer *http.Response
		if answer, err = b.transport.RoundTrip(attempt); err == nil {
			return answer, nil
		}
		if restarting != p && b.restarting.Load() != p {
			b.t.Errorf("%s %s was not answered by a process that runs: %v", r.Method, r.URL.Path, err)
		}
	}
	return nil, err
}

// order places an order of the one customer and returns its number, or 0.
func (b *front) order(key string) int64 {
	payload, err := json.Marshal(bitrix24test.Draft())
	if err != nil {
		b.t.Error(err)
		return 0
	}
	r, err := http.NewRequest(http.MethodPost, b.url()+"/api/orders", bytes.NewReader(payload))
	if err != nil {
		b.t.Error(err)
		return 0
	}
	r.Header.Set("Authorization", "Bearer "+app.DemoToken)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	answer, err := paneltest.Read((&http.Client{Transport: b}).Do(r))
	var made struct {
		ID int64 `json:"Id"`
	}
	if err == nil {
		err = json.Unmarshal([]byte(answer.Text), &made)
	}
	if err != nil || answer.Status != http.StatusCreated {
		b.t.Errorf("an order was answered with %d, %v: %.300s", answer.Status, err, answer.Text)
	}
	return made.ID
}

// signIn is the administrator's browser before the balancer.
func (b *front) signIn() *http.Client {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	browser := &http.Client{
		Transport: b, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := paneltest.Read(browser.PostForm(b.url()+"/login", url.Values{"email": {"admin@demo"}, "password": {app.DemoPassword}}))
	if err != nil {
		b.t.Fatal(err)
	}
	answer.Want(b.t, http.StatusSeeOther)
	return browser
}

// directly is the same browser without the balancer in between: cookies belong to a host, whatever the port.
func directly(browser *http.Client) *http.Client {
	return &http.Client{Jar: browser.Jar, CheckRedirect: browser.CheckRedirect}
}

// settingsOn is the settings form as one of the processes shows it.
func settingsOn(t testing.TB, browser *http.Client, p *process) url.Values {
	t.Helper()
	answer, err := paneltest.Read(directly(browser).Get("http://" + p.address + bitrix24test.SettingsPage))
	if err != nil {
		t.Fatal(err)
	}
	return apptest.Fields(answer.Want(t, http.StatusOK).Text, "bitrix24.")
}
