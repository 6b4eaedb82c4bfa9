// Package bitrix24test is the harness of the module's scenarios: a whole panel with the module and a portal of the
// emulator, each on a server of its own, and the words in which a test says what people do on both sides.
//
//	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
//		order := x.Place()              // a customer orders on the site
//		deal, _ := x.Deal(order)        // the one deal of the order
//		x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
//		x.Settle()                      // events are delivered, jobs are done
//		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.PrintingInProgress)
//	})
//
// shop.go is what people do in the panel and on the site, portal.go what they do and see in the portal, pages.go the
// pages; settle.go lets time pass, check.go compares.
package bitrix24test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// The secrets of the test's portal. They are unlike anything else, so that a text can be searched for them.
const (
	WebhookCode = "wh00kc0desecretZ9"
	PortalToken = "outb0undtokensecretQ7"
)

// Pair is a panel and a portal that are connected in both directions.
type Pair struct {
	*apptest.Panel
	Portal    *emulator.Portal
	PortalURL string
	Module    *bitrix24.Module
	Poison    *atomic.Value // a text that the portal does not survive, wherever a request has it
	T         testing.TB

	options bitrix24.Options
}

// Setup is what a test may have otherwise than the others.
type Setup struct {
	Options bitrix24.Options // the module's
	Portal  emulator.Options

	Only        db.Dialect // for Each and OnSQLite: leaves the other database out
	Unconnected bool       // panel and portal do not know each other yet
	Leads       bool       // new clients are sent as leads, by the switch in the settings
}

// Each runs a scenario on both databases, with a panel and a portal of their own. It is for scenarios that bring a
// statement, a lock or a value to the database that no other brings there; the others run by [OnSQLite].
func Each(t *testing.T, scenario func(t *testing.T, x *Pair), changes ...func(s *Setup)) {
	t.Helper()
	on(t, []db.Dialect{db.SQLite, db.Postgres}, scenario, changes)
}

// OnSQLite is [Each] for scenarios about words, mapping and decisions: they touch the database in the ways of others.
func OnSQLite(t *testing.T, scenario func(t *testing.T, x *Pair), changes ...func(s *Setup)) {
	t.Helper()
	on(t, []db.Dialect{db.SQLite}, scenario, changes)
}

func on(t *testing.T, dialects []db.Dialect, scenario func(t *testing.T, x *Pair), changes []func(s *Setup)) {
	t.Helper()
	t.Parallel()
	var s Setup
	for _, change := range changes {
		change(&s)
	}
	if s.Only != "" {
		dialects = []db.Dialect{s.Only}
	}
	for _, dialect := range dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			scenario(t, New(t, dialect, changes...))
		})
	}
}

// Alternately spreads cases over both databases, where all of them on both would take too long.
func Alternately(names ...string) db.Dialect {
	n := 0
	for _, name := range names {
		n += len(name)
	}
	return []db.Dialect{db.SQLite, db.Postgres}[n%2]
}

// Unconnected is a panel that nobody has connected to the portal yet.
func Unconnected(s *Setup) { s.Unconnected = true }

// WithLeads has «Передавать новых клиентов в битрикс в качестве лидов» on.
func WithLeads(s *Setup) { s.Leads = true }

// WithTelephony has a webhook that may place calls.
func WithTelephony(s *Setup) { s.Portal.Scopes = []string{"crm", "telephony"} }

// New is a panel and a portal, connected unless the changes say otherwise. Both end with the test.
func New(t testing.TB, dialect db.Dialect, changes ...func(s *Setup)) *Pair {
	t.Helper()
	s := Setup{Options: quick(), Portal: emulator.Options{UserID: 1, Code: WebhookCode, Token: PortalToken, Control: true, Seed: 1}}
	for _, change := range changes {
		change(&s)
	}
	x := &Pair{Module: bitrix24.New(s.Options), Poison: &atomic.Value{}, T: t, options: s.Options}
	x.Panel = apptest.New(t, dialect, x.Module)
	s.Portal.EventsURL = x.URL + EventsPath
	x.Portal = emulator.New(s.Portal)
	server := httptest.NewServer(x.poisoned(x.Portal))
	x.PortalURL = server.URL
	t.Cleanup(func() {
		server.Close()
		_ = x.Portal.Close()
		server, x = nil, nil // a parallel test keeps its cleanups, and what they refer to, until the last test has ended
	})
	if !s.Unconnected {
		x.Must(x.Module.Connect(t.Context(), x.Webhook(), PortalToken))
		x.Drain()
		x.Must(x.Portal.Flush(t.Context()))
	}
	if s.Leads {
		x.SaveSettings("leads", "on")
		x.Settle()
	}
	return x
}

// quick are the module's options for tests: nobody waits for anything, except where the test is about that. The panel
// may ask as often as it likes, as the portal of a test counts no requests unless its options say so.
func quick() bitrix24.Options {
	return bitrix24.Options{
		Timeout: 10 * time.Second, AwaitStaff: 20 * time.Second, AwaitSite: 20 * time.Second, ReconcileEvery: time.Hour,
		ReconcileOverlap: 3 * time.Minute, PauseMax: time.Minute, AllowPrivate: true, Limits: rest.Limits{Rate: 1000},
	}
}

// Hasten makes the time of the portal's limits pass so many times faster, on a clock that the portal has too.
func Hasten(o *bitrix24.Options, factor float64, clock func() time.Time) {
	o.Limits, o.Clock = rest.Limits{Rate: 2 * factor}, clock
}

// poisoned breaks down before any work when a request holds the poison, as a portal may do on some record.
func (x *Pair) poisoned(portal http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if poison, _ := x.Poison.Load().(string); err != nil || poison != "" && strings.Contains(string(body), poison) {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		portal.ServeHTTP(w, r)
	})
}

// Webhook is the portal's inbound webhook.
func (x *Pair) Webhook() rest.Webhook {
	x.T.Helper()
	address, err := rest.ParsePortal(x.PortalURL)
	x.Must(err)
	return rest.Webhook{Portal: address, UserID: 1, Code: WebhookCode}
}

// Connect does what the administrator does first, and lets both sides come to rest.
func (x *Pair) Connect() {
	x.T.Helper()
	x.Must(x.Module.Connect(x.T.Context(), x.Webhook(), PortalToken))
	x.Settle()
}

// Another is a second process of the same panel, on the same database and portal.
func (x *Pair) Another() *Pair {
	x.T.Helper()
	y := *x
	y.Module = bitrix24.New(quick())
	y.Panel = apptest.Open(x.T, x.Database, y.Module)
	return &y
}

// Reopen ends the panel and starts it again on the same database, with another configuration. The portal goes on sending
// its events to where the panel was.
func (x *Pair) Reopen(change func(cfg *app.Config)) {
	x.T.Helper()
	x.End()
	x.Module = bitrix24.New(x.options)
	x.Panel = apptest.OpenWith(x.T, x.Database, change, x.Module)
}

// Must ends the test at an error.
func (x *Pair) Must(err error) {
	x.T.Helper()
	if err != nil {
		x.T.Fatal(err)
	}
}
