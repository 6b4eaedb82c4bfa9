// Package apptest puts the whole panel on a test database and a test server, with modules, for tests that prove what
// people see from end to end:
//
//	p := apptest.New(t, db.SQLite, hello.New())
//	p.Call("POST", "/api/orders", apptest.JSON{"Client": …}).Want(t, 201)
//	p.Drain()
//	p.As(staff.Operator).Get("/admin/orders").Want(t, 200, "Оформлен")
//
// Jobs are done when somebody waits for them, and by Drain; there is no loop behind a test's back unless it asks for
// one with Run.
package apptest

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/app/tariff"
)

// Panel is the program as main puts it together, on a server of its own.
type Panel struct {
	*app.App
	URL      string
	Database db.Options // how to open the same database again
	End      func()     // ends the panel before the test ends

	t        testing.TB
	log      *log
	mu       sync.Mutex
	browsers map[staff.Role]*Browser
}

// New starts a panel with the modules: migrated, with the demo's site and on the tariff «Профессиональный», but
// without any client or order. It ends with the test, and is empty afterwards.
func New(t testing.TB, dialect db.Dialect, modules ...app.Module) *Panel {
	t.Helper()
	return Open(t, dbtest.Fresh(t, dialect), modules...)
}

// Open is New on a database that exists already: another process of the same panel, or the same one after its end. The
// site and the tariff are made unless they are there.
func Open(t testing.TB, database db.Options, modules ...app.Module) *Panel {
	t.Helper()
	return OpenWith(t, database, func(*app.Config) {}, modules...)
}

// OpenWith is Open with another configuration. Browsers go to where the test server listens, whatever the PUBLIC_URL.
func OpenWith(t testing.TB, database db.Options, change func(cfg *app.Config), modules ...app.Module) *Panel {
	t.Helper()
	p := &Panel{Database: database, t: t, log: &log{}, browsers: map[staff.Role]*Browser{}}
	handler := &later{}
	server := httptest.NewUnstartedServer(handler)
	p.URL = "http://" + server.Listener.Addr().String()
	cfg := app.Config{
		Addr: server.Listener.Addr().String(), PublicURL: p.URL, DatabaseURL: database.URL, TimeZone: "Europe/Moscow",
		SecretKey:    base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))),
		PasswordCost: staff.TestCost,
	}
	if database.URL == "" {
		cfg.DataDir = filepath.Dir(database.Path)
	}
	change(&cfg)
	logger := logrus.New()
	logger.SetOutput(p.log)
	logger.SetLevel(logrus.DebugLevel)
	var err error
	if p.App, err = app.New(t.Context(), cfg, logger, modules...); err != nil {
		t.Fatal(err)
	}
	handler.app = p.App
	server.Start()
	p.End = sync.OnceFunc(func() {
		server.Close()
		p.Host().Jobs.Wait()
		if err := p.Close(); err != nil {
			t.Errorf("close the panel: %v", err)
		}
	})
	t.Cleanup(func() {
		p.End()
		if t.Failed() {
			t.Logf("the panel's log:\n%s", p.Log())
		}
		// A parallel test keeps its cleanups, and what they refer to, until the last test has ended.
		p.App, p.End, p.log, p.browsers, handler.app, server = nil, nil, nil, nil, nil, nil
	})
	p.furnish()
	return p
}

// furnish makes the demo's site and switches the tariff.
func (p *Panel) furnish() {
	p.t.Helper()
	ctx := p.t.Context()
	shops, err := p.Host().Sites.All(ctx)
	p.must(err)
	if len(shops) > 0 {
		return
	}
	_, _, err = p.Host().Sites.Add(ctx, "Типография «Демо»", "https://shop.example.ru", app.DemoToken)
	p.must(err)
	p.must(p.Host().Tariff.Switch(ctx, tariff.Professional))
}

// later is the server's handler, known before the panel is.
type later struct{ app *app.App }

func (l *later) ServeHTTP(w http.ResponseWriter, r *http.Request) { l.app.ServeHTTP(w, r) }

// Drain does every job that is due, and what becomes due by it.
func (p *Panel) Drain() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	p.Host().Jobs.Wait()
	p.must(p.Host().Jobs.Drain(ctx))
}

// Hurry lets time pass for what was put off: jobs that wait for another attempt are due, and paused lanes ask whether
// the other side is back. Recurring work keeps its hours. Drain does what is due then.
func (p *Panel) Hurry() {
	p.t.Helper()
	p.Host().Jobs.Wait()
	database := p.Host().DB.From(p.t.Context())
	now := db.Now()
	p.must(database.Exec("UPDATE jobs SET run_at = ? WHERE state = 'waiting' AND last_error <> ''", now).Error)
	p.must(database.Exec("UPDATE lanes SET paused_until = ? WHERE paused_since IS NOT NULL", now).Error)
}

// Run works the jobs in the background until the test ends, as the program does.
func (p *Panel) Run() {
	ctx, stop := context.WithCancel(p.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Host().Jobs.Run(ctx) }()
	p.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			p.t.Errorf("work the jobs: %v", err)
		}
	})
}

// Log is everything the panel has logged so far, debug lines included.
func (p *Panel) Log() string { return p.log.String() }

func (p *Panel) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// log is a buffer for several goroutines.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
