package bitrix24_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// TestChaos runs the built program on a real database against a portal that fails by chance, loses events, and is worked
// with by its own people, while sites order and change things over the API and [troubles] happen. When everything has
// calmed down there must be exactly one deal or lead for every order, and both sides must agree.
//
// A short run is part of the tests: its seed chooses a few of the troubles. The long one has half an hour for each
// database, and a limit above both; the medium one is for finding faults with many seeds:
//
//	CHAOS=long go test -run TestChaos -timeout 90m -v ./modules/bitrix24
//
// CHAOS_ORDERS, CHAOS_KILLS, CHAOS_SEED and CHAOS_MINUTES change its size, TEST_DB leaves a database out.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	size := chaosSize()
	binary := buildPanel(t)
	for _, place := range []struct {
		dialect   db.Dialect
		processes int
	}{{db.SQLite, 1}, {db.Postgres, 3}} {
		t.Run(string(place.dialect), func(t *testing.T) {
			if !size.long {
				t.Parallel()
			}
			newChaos(t, size, binary, place.dialect, place.processes).run()
		})
	}
}

// chaosScale is how much happens, and how long anything may take.
type chaosScale struct {
	long     bool
	orders   int
	kills    int // moments at which a trouble strikes
	workers  int
	seed     uint64
	limit    time.Duration // for the whole run
	faults   time.Duration // how long the portal goes on failing when no order comes any more, unless all have arrived
	lease    time.Duration // of the lane that exchanges
	env      []string      // the panel's times
	patience time.Duration // how long nothing may come nearer in the end
	late     time.Duration // how long a late portal works on after it hung up; shorter than the settling time
}

func chaosSize() chaosScale {
	s := chaosScale{
		orders: 150, kills: 4, workers: 6, seed: rand.Uint64() % 1_000_000, limit: 3 * time.Minute,
		faults: 10 * time.Second, patience: 30 * time.Second, late: 300 * time.Millisecond, lease: 2 * time.Second,
		env: []string{
			"BITRIX24_SETTLE=1s", "BITRIX24_RECONCILE_EVERY=2s", "BITRIX24_RETRY_FIRST=200ms", "BITRIX24_PAUSE_MAX=300ms",
			"JOBS_LEASE=2s",
		},
	}
	if os.Getenv("CHAOS") == "medium" {
		s.long, s.orders, s.kills, s.limit, s.faults = true, 500, 25, 10*time.Minute, 2*time.Minute
	}
	if os.Getenv("CHAOS") == "long" {
		s.long, s.orders, s.kills, s.workers = true, 10_000, 50, 12
		s.limit, s.faults, s.late, s.patience = 30*time.Minute, 25*time.Minute, 2*time.Second, 2*time.Minute
		s.env = []string{
			"BITRIX24_SETTLE=3s", "BITRIX24_RECONCILE_EVERY=10s", "BITRIX24_RETRY_FIRST=1s", "BITRIX24_PAUSE_MAX=1s",
			"JOBS_LEASE=2s",
		}
	}
	for name, to := range map[string]*int{"CHAOS_ORDERS": &s.orders, "CHAOS_KILLS": &s.kills} {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			*to = n
		}
	}
	if n, err := strconv.ParseUint(os.Getenv("CHAOS_SEED"), 10, 64); err == nil {
		s.seed = n
	}
	if n, err := strconv.Atoi(os.Getenv("CHAOS_MINUTES")); err == nil {
		s.limit = time.Duration(n) * time.Minute
	}
	return s
}

// chaos is one run.
type chaos struct {
	chaosScale
	t         *testing.T
	ctx       context.Context
	began     time.Time
	portal    *emulator.Portal
	addresses []string // of the portal
	fleet     *fleet

	workers  []*chaosWorker
	world    sync.RWMutex // held while somebody works; for writing, when a database is replaced
	placed   atomic.Int64 // orders that the panel has confirmed
	lost     atomic.Int64 // of these, with a database that was replaced
	loaded   atomic.Bool  // no order comes any more
	restores atomic.Int64 // of the database
	retries  atomic.Int64 // calls of the API that had to be repeated
	broken   atomic.Int64 // calls that the panel answered with 5xx itself

	mu       sync.Mutex
	happened map[string]int  // troubles, by name
	foreign  map[string]bool // records of the portal that are no order's or client's, though they look so: "deal 7"
	funnels  []int64         // that people added
	altered  map[int64]bool  // funnels whose stages people added or deleted
	dropped  int             // deals deleted for good
}

func newChaos(t *testing.T, size chaosScale, binary string, dialect db.Dialect, processes int) *chaos {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), size.limit)
	t.Cleanup(cancel)
	c := &chaos{
		chaosScale: size, t: t, ctx: ctx, began: time.Now(), fleet: chaosFleet(t, binary, dialect),
		happened: map[string]int{}, foreign: map[string]bool{}, altered: map[int64]bool{},
	}
	c.portal = emulator.New(emulator.Options{
		UserID: 1, Code: bitrix24test.WebhookCode, Token: bitrix24test.PortalToken,
		EventsURL: c.fleet.url() + "/api/bitrix/events", Seed: size.seed, Empty: true,
	})
	t.Cleanup(func() { _ = c.portal.Close() })
	c.behave()
	for range 2 {
		server := httptest.NewServer(c.portal)
		t.Cleanup(func() {
			server.CloseClientConnections()
			server.Close()
		})
		c.addresses = append(c.addresses, server.URL)
	}
	c.fleet.connect(c.addresses[0])
	c.fleet.env = append(c.fleet.env, size.env...)
	c.fleet.start(processes)
	return c
}

// chaosFleet has a Postgres of its own, since that is restarted.
func chaosFleet(t *testing.T, binary string, dialect db.Dialect) *fleet {
	t.Helper()
	if dialect == db.SQLite {
		return newFleet(t, binary, dialect)
	}
	server := dbtest.Own(t)
	f := newFleetOn(t, binary, dialect, server.Empty(t))
	f.server = &server
	return f
}

// behave has the seed decide what the vendor's documents leave open.
func (c *chaos) behave() {
	random := rand.New(rand.NewPCG(c.seed, 98))
	c.portal.SetBehaviour(func(b *emulator.Behaviour) {
		for _, to := range []*bool{
			&b.ConversionCopiesCustom, &b.ConversionCopiesOrigin, &b.CopyKeepsOrigin, &b.OldUpdateAlwaysSaves,
			&b.RowsAlwaysSave, &b.LinkSavesOwner,
		} {
			*to = random.IntN(2) == 0
		}
		b.UnknownStage = []string{"error", "keep"}[random.IntN(2)]
		b.ConversionDelayMS = []int{0, 300}[random.IntN(2)]
	})
}

// run does everything and says in one line what came of it.
func (c *chaos) run() {
	c.t.Helper()
	if c.chaosScale.long && c.seed%2 == 1 {
		c.saveSettings("leads", "on")
	}
	c.fail()
	var load, strikes sync.WaitGroup
	delivered := make(chan struct{})
	for i := range c.chaosScale.workers {
		c.workers = append(c.workers, newChaosWorker(c, i))
	}
	for _, w := range c.workers {
		load.Go(w.work)
	}
	strikes.Go(func() { c.strikeAtRandom(delivered) })
	load.Wait()
	c.loaded.Store(true)
	loadTook := time.Since(c.began)
	calm := time.Now().Add(c.faults)
	c.waitFor(nil, func() bool {
		return c.deals() >= c.placed.Load()-c.lost.Load() || time.Now().After(calm)
	})
	close(delivered)
	strikes.Wait()
	failedTook := time.Since(c.began)

	if err := c.portal.Fail(emulator.Fault{Fault: "none"}); err != nil {
		c.t.Fatal(err)
	}
	differences := c.agree()
	stats := c.portal.Stats()
	c.t.Logf("chaos: seed %d, %s, %d processes: %d orders placed, %d of them lost with a database, "+
		"%d calls of the API repeated, %d answered with 5xx; "+
		"portal: %d requests, %d refused, %d events sent, %d failed; load %v, under faults %v, all %v; %d differences; %s",
		c.seed, c.fleet.dialect, len(c.fleet.processes), c.placed.Load(), c.lost.Load(),
		c.retries.Load(), c.broken.Load(),
		stats.Requests, refusals(stats), stats.EventsSent, stats.EventsFailed, loadTook.Round(time.Second),
		failedTook.Round(time.Second), time.Since(c.began).Round(time.Second),
		len(differences), c.told())
	for _, d := range differences[:min(len(differences), 20)] {
		c.t.Error(d)
	}
	if c.broken.Load() > 0 && c.times("sessions cut")+c.times("Postgres restarted") == 0 { // it has no better answer then
		c.t.Errorf("the panel answered %d calls with 5xx", c.broken.Load())
	}
	c.tell(differences)
	c.fleet.stop()
}

func refusals(s emulator.Stats) int {
	n := 0
	for _, count := range s.Refused {
		n += count
	}
	return n
}

// fail makes every fifth answer of the portal faulty and drops every fifth event.
func (c *chaos) fail() {
	c.t.Helper()
	for _, f := range []emulator.Fault{
		{Fault: "lost_response", Probability: 0.05},
		{Fault: "half_body", Probability: 0.03},
		{Fault: "late", Probability: 0.03, DelayMS: int(c.late.Milliseconds())},
		{Fault: "error_500", Probability: 0.03},
		{Fault: "html_502", Probability: 0.03},
		{Fault: "down", Probability: 0.02},
		{Fault: "limit", Probability: 0.01},
		{Fault: "slow", Probability: 0.1, DelayMS: 100},
		{Fault: "drop_events", Probability: 0.2},
		{Fault: "double_events", Probability: 0.05},
		{Fault: "shuffle_events", Probability: 0.1},
		{Fault: "delay_events", Probability: 0.05, DelayMS: 500},
	} {
		if err := c.portal.Fail(f); err != nil {
			c.t.Fatal(err)
		}
	}
}

// waitFor waits until it is so, over is closed, or the time is up.
func (c *chaos) waitFor(over <-chan struct{}, so func() bool) {
	for !so() {
		select {
		case <-over:
			return
		case <-c.ctx.Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// agree waits until both sides agree and nothing is left to do. When that comes no nearer it returns what differs.
func (c *chaos) agree() []string {
	c.passDay()
	differences, since := []string{"there was no time to compare"}, time.Now()
	for {
		found := append(c.compare(), c.unfinished()...)
		switch {
		case len(found) == 0:
			return nil
		case !slices.Equal(found, differences):
			since = time.Now()
		}
		if differences = found; c.ctx.Err() != nil || time.Since(since) > c.patience {
			return differences
		}
		pause(c.ctx, max(time.Second, time.Duration(c.orders)*time.Millisecond/2))
	}
}

// passDay has the daily look at what was deleted happen now. No event may have told of that, and nobody else does.
func (c *chaos) passDay() {
	c.waitFor(nil, func() bool {
		return c.fleet.change("UPDATE jobs SET run_at = '2020-01-01 00:00:00+00:00' " +
			"WHERE kind = 'bitrix24_bulk.check_deleted' AND state = 'waiting'")
	})
}

// deals is how many orders have arrived in the portal, as the panel knows.
func (c *chaos) deals() int64 {
	var n int64
	rows := c.fleet.query("SELECT count(DISTINCT local_id) FROM bitrix24_links WHERE local = 'order'")
	if len(rows) == 1 {
		_, _ = fmt.Sscan(rows[0], &n)
	}
	return n
}
