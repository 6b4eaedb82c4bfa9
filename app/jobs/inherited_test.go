package jobs_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
)

// heir is a process that keeps which of the jobs it was given were inherited, and how often it took the lane over.
type heir struct {
	*jobs.Queue
	t         *testing.T
	db        *db.DB
	inherited map[string]bool
	takeovers int
	fail      bool
}

func newHeir(t *testing.T, d *db.DB) *heir {
	h := &heir{t: t, db: d, inherited: map[string]bool{}}
	h.Queue = jobs.New(d, jobs.Config{Log: dbtest.Silent(), Lease: time.Hour, RetryFirst: time.Nanosecond})
	jobs.Handle(h.Queue, "shop", 10, func(_ context.Context, group []jobs.Job) []error {
		outcomes := make([]error, len(group))
		for i, j := range group {
			h.inherited[j.Key] = j.Inherited
			if h.fail {
				outcomes[i] = jobs.RetryAfter(0, errors.New("not yet"))
			}
		}
		h.fail = false
		return outcomes
	}, jobs.TakenOver(func(context.Context, *db.Tx) error {
		h.takeovers++
		return nil
	}))
	return h
}

// work enqueues jobs and does what is due. It checks which of the jobs that were done were inherited.
func (h *heir) work(enqueue []string, inherited ...string) {
	h.t.Helper()
	h.inherited = map[string]bool{}
	for _, key := range enqueue {
		err := h.db.Transaction(h.t.Context(), func(_ context.Context, tx *db.Tx) error {
			return h.Enqueue(tx, push{Thing: key})
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	if err := h.Drain(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	for key, was := range h.inherited {
		if was != slices.Contains(inherited, key) {
			h.t.Errorf("job %s inherited: %v", key, was)
		}
	}
	if len(h.inherited) < len(inherited) {
		h.t.Errorf("done: %v, want %v", h.inherited, inherited)
	}
}

func (h *heir) tookOver(times int) {
	h.t.Helper()
	if h.takeovers != times {
		h.t.Errorf("took the lane over %d times, want %d", h.takeovers, times)
	}
}

func TestInherited_isWhatWasThereAtTheTakeOver(t *testing.T) {
	t.Parallel()
	twoProcesses(t, func(t *testing.T, d, e *db.DB) {
		a, b := newHeir(t, d), newHeir(t, e)
		a.work([]string{"1"}, "1")
		a.work([]string{"2"}) // it gave the lane back in between, and nobody has had it
		a.tookOver(1)

		b.work([]string{"3"}, "3")
		b.work([]string{"4"})
		b.tookOver(1)
		a.work([]string{"5"}, "5") // b has had it
		a.work([]string{"6"})
		a.tookOver(2)
	})
}

// A job that waits keeps its place, so it stays inherited until it is done, however often it is put off or joined.
func TestInherited_untilItIsDone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newHeir(t, d)
		a.fail = true
		a.work([]string{"1"}, "1")
		a.work([]string{"1"}) // another, by now
		a.tookOver(1)
	})
}

// Whoever lost the lane does not know what became of it meanwhile, even if the lease says that nobody has had it.
func TestInherited_afterALostTurn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newHeir(t, d)
		a.work([]string{"1"}, "1")
		if err := d.From(t.Context()).Exec("UPDATE leases SET epoch = epoch - 1").Error; err != nil {
			t.Fatal(err)
		}
		a.work([]string{"2"}, "2") // the row is that of an older copy
		a.tookOver(2)
	})
}
