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
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// TestChaos runs the built program on a real database against a portal that fails by chance, loses events, and is worked
// with by its own people, while sites order and change things over the API and processes are killed. When everything has
// calmed down there must be exactly one deal for every order, and both sides must agree.
//
// A short run is part of the tests. The long one has half an hour for each database, and a limit above both:
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
	long    bool
	orders  int
	kills   int
	workers int
	seed    uint64
	limit   time.Duration // for the whole run
	faults  time.Duration // how long the portal goes on failing when no order comes any more, unless all have arrived
	lease   time.Duration // of the lane that exchanges
	env     []string      // the panel's times
	late    time.Duration // how long a late portal works on after it hung up; shorter than the settling time
}

func chaosSize() chaosScale {
	s := chaosScale{
		orders: 150, kills: 4, workers: 6, seed: rand.Uint64() % 1_000_000, limit: 3 * time.Minute,
		faults: 10 * time.Second, late: 300 * time.Millisecond, lease: 2 * time.Second,
		env: []string{
			"BITRIX24_SETTLE=1s", "BITRIX24_RECONCILE_EVERY=2s", "BITRIX24_RETRY_FIRST=200ms", "BITRIX24_PAUSE_MAX=300ms",
			"JOBS_LEASE=2s",
		},
	}
	if os.Getenv("CHAOS") == "long" {
		s.long, s.orders, s.kills, s.workers, s.limit, s.faults, s.late = true, 10_000, 50, 12, 30*time.Minute, 25*time.Minute, 2*time.Second
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
	t      *testing.T
	ctx    context.Context
	began  time.Time
	portal *emulator.Portal
	fleet  *fleet
	deals  dealIndex

	workers []*chaosWorker
	placed  atomic.Int64 // orders that the panel has confirmed
	killed  atomic.Int64
	frozen  atomic.Int64
	cuts    atomic.Int64 // of all sessions of the database at once
	retries atomic.Int64 // calls of the API that had to be repeated
	broken  atomic.Int64 // calls that the panel answered with 5xx itself
}

func newChaos(t *testing.T, size chaosScale, binary string, dialect db.Dialect, processes int) *chaos {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), size.limit)
	t.Cleanup(cancel)
	c := &chaos{chaosScale: size, t: t, ctx: ctx, began: time.Now(), fleet: newFleet(t, binary, dialect)}
	c.portal = emulator.New(emulator.Options{
		UserID: 1, Code: bitrix24test.WebhookCode, Token: bitrix24test.PortalToken,
		EventsURL: c.fleet.url() + "/api/bitrix/events", Seed: size.seed, Empty: true,
	})
	server := httptest.NewServer(c.portal)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		_ = c.portal.Close()
	})
	c.fleet.connect(server.URL)
	c.fleet.env = append(c.fleet.env, size.env...)
	c.fleet.start(processes)
	c.deals.portal = c.portal
	return c
}

// run does everything and says in one line what came of it.
func (c *chaos) run() {
	c.t.Helper()
	c.fail()
	var load, kills sync.WaitGroup
	delivered := make(chan struct{})
	for i := range c.chaosScale.workers {
		w := newChaosWorker(c, i)
		c.workers = append(c.workers, w)
		load.Go(w.work)
	}
	kills.Go(func() { c.strikeAtRandom(delivered) })
	load.Wait()
	loadTook := time.Since(c.began)
	calm := time.Now().Add(c.faults)
	c.waitFor(nil, func() bool { return c.deals.count() >= c.placed.Load() || time.Now().After(calm) })
	close(delivered)
	kills.Wait()
	failedTook := time.Since(c.began)

	if err := c.portal.Fail(emulator.Fault{Fault: "none"}); err != nil {
		c.t.Fatal(err)
	}
	differences := c.agree()
	stats := c.portal.Stats()
	c.t.Logf("chaos: seed %d, %s, %d processes: %d orders placed, %d killed, %d frozen, %d sessions cut, "+
		"%d calls of the API repeated, %d answered with 5xx; "+
		"portal: %d requests, %d refused, %d events sent, %d failed; load %v, under faults %v, all %v; %d differences",
		c.seed, c.fleet.dialect, len(c.fleet.processes), c.placed.Load(), c.killed.Load(), c.frozen.Load(), c.cuts.Load(),
		c.retries.Load(), c.broken.Load(),
		stats.Requests, refusals(stats), stats.EventsSent, stats.EventsFailed, loadTook.Round(time.Second),
		failedTook.Round(time.Second), time.Since(c.began).Round(time.Second),
		len(differences))
	for _, d := range differences[:min(len(differences), 20)] {
		c.t.Error(d)
	}
	if c.broken.Load() > 0 && c.cuts.Load() == 0 { // a call whose session is cut has no better answer
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

// strikeAtRandom kills or freezes processes or cuts their sessions, each at a random moment of the exchange. Half of the moments are
// counted in orders placed, half in deals made: those of a long run come when no order comes any more.
func (c *chaos) strikeAtRandom(delivered <-chan struct{}) {
	random := rand.New(rand.NewPCG(c.seed, 99))
	moments := make([]int64, c.kills)
	for i := range moments {
		moments[i] = random.Int64N(int64(2 * c.orders))
	}
	slices.Sort(moments)
	for _, moment := range moments {
		c.waitFor(delivered, func() bool { return c.placed.Load()+c.deals.count() >= moment })
		pause(c.ctx, time.Duration(random.Int64N(int64(500*time.Millisecond))))
		if c.ctx.Err() != nil {
			return
		}
		switch c.fleet.strike(random, c.lease) {
		case "cut":
			c.cuts.Add(1)
		case "frozen":
			c.frozen.Add(1)
		default:
			c.killed.Add(1)
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
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// agree waits until both sides agree and nothing is left to do, and returns what differs when the time is up.
func (c *chaos) agree() []string {
	differences := []string{"there was no time to compare"}
	for {
		found := append(c.compare(), c.unfinished()...)
		if c.ctx.Err() != nil {
			return differences
		}
		if differences = found; len(found) == 0 {
			return nil
		}
		pause(c.ctx, max(time.Second, time.Duration(c.orders)*time.Millisecond/2))
	}
}

// dealIndex knows the deals of the portal by their external keys. Deals are never deleted here, so it reads on from
// where it was.
type dealIndex struct {
	portal *emulator.Portal
	mu     sync.Mutex
	last   int64
	byKey  map[string]int64
}

// of is the deal of an order, or 0 when there is none yet.
func (x *dealIndex) of(order int64) int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.read()
	return x.byKey[fmt.Sprintf("order:%d", order)]
}

// count is how many deals there are.
func (x *dealIndex) count() int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.read()
	return x.last
}

func (x *dealIndex) read() {
	if x.byKey == nil {
		x.byKey = map[string]int64{}
	}
	for {
		deal, ok := x.portal.Deal(x.last + 1)
		if !ok {
			return
		}
		x.last++
		x.byKey[bitrix24test.WithoutToken(deal["ORIGIN_ID"])] = x.last
	}
}
