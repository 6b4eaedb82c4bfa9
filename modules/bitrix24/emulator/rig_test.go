package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A rig is a portal behind a real HTTP server, with a handler that collects its events.
type rig struct {
	*Portal
	t      *testing.T
	server *httptest.Server
	hook   string
	// exchange takes a request to the portal: over the network, or straight into the handler.
	exchange func(*http.Request) (*http.Response, error)

	mu      sync.Mutex
	events  []string      // bodies
	arrived chan struct{} // one for each event, as far as somebody waits
	answer  int
}

// obj and list are decoded JSON.
type (
	obj  = map[string]any
	list = []any
)

func newRig(t *testing.T, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, answer: http.StatusOK, arrived: make(chan struct{}, 1000)}
	handler := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, string(body))
		select {
		case r.arrived <- struct{}{}:
		default:
		}
		w.WriteHeader(r.answer)
	}))
	t.Cleanup(handler.Close)
	opts := Options{EventsURL: handler.URL, Token: "token", Control: true, Seed: 7}
	for _, f := range change {
		f(&opts)
	}
	p, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	r.Portal = p
	r.server = httptest.NewServer(p)
	t.Cleanup(r.server.Close)
	r.hook = r.server.URL + p.Webhook() + "/"
	r.exchange = r.server.Client().Do
	return r
}

// newQuietRig is a rig without network and events, for a test of nothing but answers. It is several times as fast.
func newQuietRig(t *testing.T, change func(*Options)) *rig {
	t.Helper()
	opts := Options{}
	change(&opts)
	p, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return &rig{
		Portal: p, t: t, hook: p.Webhook() + "/",
		exchange: func(req *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			p.ServeHTTP(w, req)
			return w.Result(), nil
		},
	}
}

// post calls a method with JSON and returns status and decoded body.
func (r *rig) post(method string, params any) (int, obj) {
	r.t.Helper()
	body, err := json.Marshal(params)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.send(http.MethodPost, r.hook+method, "application/json", string(body))
}

func (r *rig) send(verb, address, contentType, body string) (int, obj) {
	r.t.Helper()
	req, err := http.NewRequest(verb, address, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := r.exchange(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	var out obj
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&out); err != nil {
		r.t.Fatalf("%s answered %q: %v", address, raw, err)
	}
	return resp.StatusCode, out
}

// call calls a method that must succeed and returns its result.
func (r *rig) call(method string, params any) any {
	r.t.Helper()
	status, body := r.post(method, params)
	if status != http.StatusOK {
		r.t.Fatalf("%s: %d %v", method, status, body)
	}
	if _, ok := body["time"].(obj); !ok {
		r.t.Fatalf("%s: no time in %v", method, body)
	}
	return body["result"]
}

// add calls an adding method and returns the new id.
func (r *rig) add(method string, fields obj) int64 {
	r.t.Helper()
	id, ok := r.call(method, obj{"fields": fields}).(float64)
	if !ok {
		r.t.Fatalf("%s did not answer a number", method)
	}
	return int64(id)
}

// fails calls a method that must fail and compares status, code and a part of the description.
func (r *rig) fails(method string, params any, status int, code any, description string) {
	r.t.Helper()
	got, body := r.post(method, params)
	text, _ := body["error_description"].(string)
	if got != status || body["error"] != code || !strings.Contains(text, description) {
		r.t.Errorf("%s: got %d %v, want %d %v %q", method, got, body, status, code, description)
	}
	if _, ok := body["time"]; ok {
		r.t.Errorf("%s: an error carries no time", method)
	}
}

// batch sends commands and returns the five members.
func (r *rig) batch(halt any, cmd any) obj {
	r.t.Helper()
	return r.call("batch", obj{"halt": halt, "cmd": cmd}).(obj)
}

// do does a deed that must work.
func (r *rig) do(deed string, args Args) Made {
	r.t.Helper()
	made, err := r.Do(deed, args)
	if err != nil {
		r.t.Fatal(err)
	}
	return made
}

// sent waits until the queue is idle and returns the events since the last call, as "CODE id".
func (r *rig) sent() []string {
	r.t.Helper()
	if err := r.Flush(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []string{}
	for _, body := range r.events {
		e := php.ParseQuery(body, 1000)
		data := php.ArrayOf(e.Get("data"))
		id := php.String(php.ArrayOf(data.Get("FIELDS")).Get("ID"))
		if id == "" {
			id = php.String(data.Get("ID"))
		}
		out = append(out, strings.TrimSpace(php.String(e.Get("event"))+" "+id))
	}
	r.events = nil
	return out
}

// subscribe ticks further events.
func (r *rig) subscribe(events ...string) {
	r.Portal.mu.Lock()
	defer r.Portal.mu.Unlock()
	r.tick(r.outbound[0], append(ManualEvents(), events...))
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func sameList[T comparable](t *testing.T, what string, got []T, want ...T) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s = %v, want %v", what, got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s = %v, want %v", what, got, want)
			return
		}
	}
}

// A clock that tests step.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

// words puts values beside each other.
func words(values ...any) string {
	return strings.TrimSpace(fmt.Sprintln(values...))
}
