package jobs_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
)

// run runs the queue until stop is called, and that waits for its end.
func run(t *testing.T, q *jobs.Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// until waits for something that another goroutine brings about.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !happened() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func next[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second):
		t.Fatalf("never: %s", what)
		panic("unreachable")
	}
}

func TestRun_twoProcessesOneLane(t *testing.T) {
	t.Parallel()
	o := dbtest.Fresh(t, db.Postgres)
	var busy, overlaps, handled atomic.Int64
	start := func() (*db.DB, *jobs.Queue) {
		d := dbtest.Open(t, o)
		q := jobs.New(d, jobs.Config{Log: dbtest.Silent(), Poll: 50 * time.Millisecond})
		jobs.Handle(q, "shop", 7, func(_ context.Context, group []jobs.Job) []error {
			if busy.Add(1) > 1 {
				overlaps.Add(1)
			}
			handled.Add(int64(len(group)))
			time.Sleep(time.Millisecond) // room for an overlap
			busy.Add(-1)
			return make([]error, len(group))
		})
		return d, q
	}
	d1, q1 := start()
	d2, q2 := start()
	stop1, stop2 := run(t, q1), run(t, q2)
	for i := range 60 {
		enqueue(t, d1, q1, push{Thing: fmt.Sprint("one", i)})
		enqueue(t, d2, q2, push{Thing: fmt.Sprint("two", i)})
		if i == 20 {
			stop1() // the other one takes over
		}
	}
	until(t, "all jobs done", func() bool { return handled.Load() >= 120 })
	stop2()
	if overlaps.Load() > 0 || handled.Load() != 120 {
		t.Errorf("%d overlaps, %d jobs handled; want none, 120", overlaps.Load(), handled.Load())
	}
}

func TestTakeOver_afterACrashEverythingWaitsAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &shop{}
		q := newQueue(d, newClock(), s)
		for _, thing := range []string{"a", "b"} {
			enqueue(t, d, q, push{Thing: thing, Note: "old"})
		}
		if err := d.From(t.Context()).Exec("UPDATE jobs SET state = 'running'").Error; err != nil { // and the power failed
			t.Fatal(err)
		}
		enqueue(t, d, q, push{Thing: "b", Note: "new"})
		drain(t, q)
		if got, want := s.got(), "a b"; got != want {
			t.Fatalf("groups = %q, want %q", got, want)
		}
		var args push
		if err := s.groups[0][1].Decode(&args); err != nil || args.Note != "new" {
			t.Errorf("b = %+v, %v, want the newer one alone", args, err)
		}
	})
}

// With DO NOTHING instead of DO UPDATE a worker could take the waiting job and read the thing as it was before the
// transaction that enqueued it again: the change would be lost.
func TestEnqueue_aChangeBeingCommittedIsNotMissed(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.Postgres)
	color := func(ctx context.Context) string {
		var color string
		if err := d.From(ctx).Raw("SELECT document FROM settings WHERE name = 'color'").Scan(&color).Error; err != nil {
			t.Error(err)
		}
		return color
	}
	if err := d.From(t.Context()).Exec("INSERT INTO settings VALUES ('color', 'red', now())").Error; err != nil {
		t.Fatal(err)
	}
	other := make(chan bool)
	var sent []string
	q := jobs.New(d, jobs.Config{Log: dbtest.Silent()})
	jobs.Handle(q, "shop", 10, func(ctx context.Context, group []jobs.Job) []error {
		for _, job := range group {
			if job.Key == "other" {
				close(other)
			} else {
				sent = append(sent, color(ctx))
			}
		}
		return make([]error, len(group))
	})
	enqueue(t, d, q, push{Thing: "color"})
	enqueue(t, d, q, push{Thing: "other"})
	drained := make(chan error, 1)
	err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
		if err := tx.Exec("UPDATE settings SET document = 'green' WHERE name = 'color'").Error; err != nil {
			return err
		}
		if err := q.Enqueue(tx, push{Thing: "color"}); err != nil {
			return err
		}
		go func() { drained <- q.Drain(t.Context()) }()
		next(t, "the worker has taken what it could", other)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-drained; err != nil {
		t.Fatal(err)
	}
	if len(sent) == 0 || sent[len(sent)-1] != "green" {
		t.Errorf("sent %q, want the last to be green", sent)
	}
}

func TestAwait_aRunInAnotherProcess(t *testing.T) {
	t.Parallel()
	o := dbtest.Fresh(t, db.Postgres)
	here, there := dbtest.Open(t, o), dbtest.Open(t, o)
	s := &shop{}
	holder := jobs.New(there, jobs.Config{Log: dbtest.Silent()})
	jobs.Handle(holder, "shop", 10, s.handle)
	run(t, holder)
	until(t, "the other process holds the lane", func() bool {
		lane, err := holder.Lane(t.Context(), "shop")
		return err == nil && lane.Holder != ""
	})
	q := jobs.New(here, jobs.Config{Log: dbtest.Silent()})
	jobs.Handle(q, "shop", 10, func(context.Context, []jobs.Job) []error {
		t.Error("handled by who is not the holder")
		return nil
	})
	for i := range 3 {
		key := fmt.Sprint("thing", i)
		enqueue(t, here, q, push{Thing: key}, jobs.Await(time.Minute))
		if got := find(t, q, key); got.State != jobs.Done {
			t.Errorf("%s = %s when the wait was over, want done", key, got.State)
		}
	}
}

func TestEvery_oneRowForAllProcesses(t *testing.T) {
	t.Parallel()
	o := dbtest.Fresh(t, db.Postgres)
	c := newClock()
	var queues []*jobs.Queue
	var shops []*shop
	for range 3 {
		s := &shop{}
		q := newQueue(dbtest.Open(t, o), c, s)
		q.Every(10*time.Minute, push{Thing: "look"}, jobs.WithPriority(jobs.Reconcile))
		queues, shops = append(queues, q), append(shops, s)
	}
	everywhere := func() {
		var all sync.WaitGroup
		for _, q := range queues {
			all.Go(func() {
				if err := q.Drain(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	for want := range 4 {
		everywhere()
		runs := 0
		for _, s := range shops {
			runs += len(s.groups)
		}
		if runs != want {
			t.Errorf("%d runs after %d intervals, want as many", runs, want)
		}
		c.pass(10 * time.Minute)
	}
}
