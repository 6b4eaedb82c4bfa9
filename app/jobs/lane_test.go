package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
)

func TestModels_matchTheTables(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Check(t.Context(), jobs.Models()...); err != nil {
			t.Error(err)
		}
	})
}

func TestEnqueue_refusesWhatNobodyWouldRun(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	q := newQueue(d, newClock(), &shop{})
	for _, args := range []jobs.Args{named("shop"), named(".push"), named("shop."), named("office.push")} {
		err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error { return q.Enqueue(tx, args) })
		if err == nil {
			t.Errorf("kind %q was enqueued", args.Kind())
		}
	}
}

type named string

func (n named) Kind() string { return string(n) }
func (n named) Key() string  { return "a" }

func TestEnqueueAll_manyAtOnceAndTwiceTheSame(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &shop{}
		q := newQueue(d, newClock(), s)
		var all []jobs.Args
		for i := range 1200 {
			all = append(all, push{Thing: fmt.Sprint(i % 1100)})
		}
		err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
			return q.EnqueueAll(tx, all, jobs.Behind())
		})
		if err != nil {
			t.Fatal(err)
		}
		drain(t, q)
		if len(s.groups) != 110 {
			t.Errorf("%d groups of ten, want 110", len(s.groups))
		}
	})
}

func TestLane_aChangeDuringTheRunRunsAfterwards(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]error{"a run that succeeds": nil, "a run that fails": errors.New("odd answer")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				var q *jobs.Queue
				s := &shop{}
				s.answer = func(job jobs.Job) error {
					if len(s.groups) > 1 {
						return nil
					}
					enqueue(t, d, q, push{Thing: "a", Note: "new"})
					return first
				}
				q = newQueue(d, newClock(), s)
				enqueue(t, d, q, push{Thing: "a", Note: "old"})
				drain(t, q)
				if len(s.groups) != 2 {
					t.Fatalf("groups = %q, want two", s.got())
				}
				var args push
				if err := s.groups[1][0].Decode(&args); err != nil || args.Note != "new" {
					t.Errorf("second run = %+v, %v, want the newer job", args, err)
				}
				left, err := q.List(t.Context(), jobs.Filter{State: jobs.Waiting}, 0, 10)
				if err != nil || len(left) != 0 {
					t.Errorf("left = %+v, %v, want nothing: the older job ends", left, err)
				}
			})
		})
	}
}

func TestFinish_givesUpAfterTwentyAttempts(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	c := newClock()
	s := &shop{answer: func(jobs.Job) error { return errors.New("odd answer") }}
	q := newQueue(d, c, s)
	enqueue(t, d, q, push{Thing: "a"})
	for n := 1; n < 20; n++ {
		drain(t, q)
		got := find(t, q, "a")
		wait, want := got.RunAt.Sub(c.Now()), time.Duration(n*n)*time.Minute
		if got.State != jobs.Waiting || got.Attempts != n || (wait-want).Abs() > want/10+time.Millisecond {
			t.Fatalf("after attempt %d: %s, %d attempts, waits %v; want waiting, %d, %v", n, got.State,
				got.Attempts, wait, n, want)
		}
		c.pass(wait)
	}
	drain(t, q)
	if got := find(t, q, "a"); got.State != jobs.Failed || got.Attempts != 20 {
		t.Errorf("job = %s after %d attempts, want failed after 20", got.State, got.Attempts)
	}
}

func TestFinish_aSuccessClosesWhatFailedBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		refuse := true
		s := &shop{answer: func(jobs.Job) error {
			if refuse {
				return jobs.Permanent(errors.New("refused"))
			}
			return nil
		}}
		q := newQueue(d, newClock(), s)
		for range 2 { // the second failure takes the place of the first
			enqueue(t, d, q, push{Thing: "a"})
			enqueue(t, d, q, push{Thing: "b"})
			drain(t, q)
			if lane, err := q.Lane(t.Context(), "shop"); err != nil || lane.Failed != 2 {
				t.Fatalf("failed = %d, %v, want 2", lane.Failed, err)
			}
		}
		refuse = false
		enqueue(t, d, q, push{Thing: "a"})
		drain(t, q)
		failed, err := q.List(t.Context(), jobs.Filter{State: jobs.Failed}, 0, 10)
		if err != nil || len(failed) != 1 || failed[0].Key != "b" {
			t.Errorf("failed = %+v, %v, want b alone", failed, err)
		}
	})
}

func TestHandle_aPanicIsTheOutcomeOfItsJobAlone(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	s := &shop{answer: func(job jobs.Job) error {
		if job.Key == "b" {
			panic("oops")
		}
		return nil
	}}
	q := newQueue(d, newClock(), s)
	for _, key := range []string{"a", "b", "c"} {
		enqueue(t, d, q, push{Thing: key})
	}
	drain(t, q)
	for key, want := range map[string]jobs.State{"a": jobs.Done, "b": jobs.Waiting, "c": jobs.Done} {
		if got := find(t, q, key); got.State != want {
			t.Errorf("%s = %s, want %s", key, got.State, want)
		}
	}
	if got := find(t, q, "b"); got.Attempts != 1 || !strings.Contains(got.LastError, "oops") {
		t.Errorf("b = %d attempts, %q", got.Attempts, got.LastError)
	}
}

func TestHandle_outcomesMustBeAsManyAsJobs(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	for _, n := range []int{0, 1, 3} {
		q := jobs.New(d, jobs.Config{Log: dbtest.Silent()})
		jobs.Handle(q, "shop", 10, func(context.Context, []jobs.Job) []error { return make([]error, n) })
		a, b := fmt.Sprint("a", n), fmt.Sprint("b", n)
		enqueue(t, d, q, push{Thing: a})
		enqueue(t, d, q, push{Thing: b})
		drain(t, q)
		for _, key := range []string{a, b} {
			if got := find(t, q, key); got.State != jobs.Waiting || !strings.Contains(got.LastError, "outcomes for 2 jobs") {
				t.Errorf("%s = %s, %q", key, got.State, got.LastError)
			}
		}
	}
}

func TestPause_withoutAProbeTheNextGroupIsTheTrial(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, down := newClock(), true
		s := &shop{answer: func(jobs.Job) error {
			if down {
				return jobs.PauseLane(90*time.Second, errors.New("portal says: come later"))
			}
			return errors.New("an answer, if an odd one")
		}}
		q := newQueue(d, c, s)
		enqueue(t, d, q, push{Thing: "a"})
		drain(t, q)
		c.pass(89 * time.Second) // what the other side asked for is more than the first second
		drain(t, q)
		if len(s.groups) != 1 {
			t.Fatalf("groups = %q, want one before the pause is over", s.got())
		}
		c.pass(time.Second)
		down = false
		drain(t, q)
		lane, err := q.Lane(t.Context(), "shop")
		if err != nil || lane.Paused || len(s.groups) != 2 {
			t.Errorf("paused = %v, %v, groups = %q; want it to go on after the second", lane.Paused, err, s.got())
		}
	})
}

func TestHandle_bulkGroupsMayBeSmallerAndLiveWorkGoesBetween(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var q *jobs.Queue
		s := &shop{}
		s.answer = func(job jobs.Job) error {
			if job.Key == "bulk1" {
				enqueue(t, d, q, push{Thing: "live"})
			}
			return nil
		}
		q = jobs.New(d, jobs.Config{Now: newClock().Now, Log: dbtest.Silent()})
		jobs.Handle(q, "shop", 10, s.handle, jobs.BulkLimit(2))
		for i := range 5 {
			enqueue(t, d, q, push{Thing: fmt.Sprint("bulk", i)}, jobs.Behind())
		}
		drain(t, q)
		if got, want := s.got(), "bulk0 bulk1, live, bulk2 bulk3, bulk4"; got != want {
			t.Errorf("groups = %q, want %q", got, want)
		}
	})
}

// The times are the lane's; what it does not say is the queue's. No database has a say in it.
func TestHandle_timesBelongToTheLane(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options           []jobs.LaneOption
		retry, thirdPause time.Duration
	}{
		"the queue's":     {nil, 10 * time.Second, 3 * time.Second},
		"zero is as none": {[]jobs.LaneOption{jobs.RetryFirst(0), jobs.PauseMax(0)}, 10 * time.Second, 3 * time.Second},
		"the lane's": {
			[]jobs.LaneOption{jobs.RetryFirst(time.Hour), jobs.PauseMax(2 * time.Second)}, time.Hour, 2 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, c := dbtest.New(t, db.SQLite), newClock()
			down := false
			s := &shop{answer: func(jobs.Job) error {
				if down {
					return jobs.PauseLane(0, errors.New("down"))
				}
				return errors.New("odd answer")
			}}
			q := jobs.New(d, jobs.Config{
				RetryFirst: 10 * time.Second, PauseMax: 3 * time.Second, Now: c.Now, Log: dbtest.Silent(),
			})
			jobs.Handle(q, "shop", 10, s.handle, tt.options...)
			enqueue(t, d, q, push{Thing: "a"})
			drain(t, q)
			if wait := find(t, q, "a").RunAt.Sub(c.Now()); (wait - tt.retry).Abs() > tt.retry/10 {
				t.Errorf("the second attempt is in %v, want %v", wait, tt.retry)
			}

			down = true
			c.pass(2 * time.Hour)
			for range 3 {
				drain(t, q)
				lane, err := q.Lane(t.Context(), "shop")
				if err != nil {
					t.Fatal(err)
				}
				c.pass(lane.PausedUntil.Sub(c.Now()))
			}
			lane, err := q.Lane(t.Context(), "shop")
			if err != nil {
				t.Fatal(err)
			}
			if pause := lane.PausedUntil.Sub(*lane.ProbedAt); pause != tt.thirdPause {
				t.Errorf("the third pause takes %v, want %v", pause, tt.thirdPause)
			}
		})
	}
}

func TestRun_waitsForWhatIsRunning(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		begun, goOn := make(chan bool), make(chan bool)
		q := jobs.New(d, jobs.Config{Log: dbtest.Silent()})
		jobs.Handle(q, "shop", 10, func(ctx context.Context, group []jobs.Job) []error {
			close(begun)
			<-goOn
			return []error{ctx.Err()}
		})
		enqueue(t, d, q, push{Thing: "a"})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx) }()
		next(t, "the handler begins", begun)
		cancel()
		select {
		case <-ended:
			t.Fatal("Run left a handler behind")
		default:
		}
		close(goOn)
		if err := next(t, "Run ends", ended); err != nil {
			t.Error(err)
		}
		if got := find(t, q, "a"); got.State != jobs.Done {
			t.Errorf("job = %s, want done: its context outlives Run's", got.State)
		}
	})
}

func TestRun_cancelsHandlersWhenTheGraceIsOver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		begun := make(chan bool)
		q := jobs.New(d, jobs.Config{Log: dbtest.Silent(), Grace: time.Millisecond})
		jobs.Handle(q, "shop", 10, func(ctx context.Context, _ []jobs.Job) []error {
			close(begun)
			<-ctx.Done()
			return []error{ctx.Err()}
		})
		enqueue(t, d, q, push{Thing: "a"})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx) }()
		next(t, "the handler begins", begun)
		cancel()
		if err := next(t, "Run ends", ended); err != nil {
			t.Error(err)
		}
		if got := find(t, q, "a"); got.State != jobs.Waiting || got.Attempts != 0 {
			t.Errorf("job = %s after %d attempts, want it waiting after none", got.State, got.Attempts)
		}
		again := &shop{}
		drain(t, newQueue(d, newClockAt(time.Now().Add(time.Second)), again))
		if got := again.got(); got != "a" {
			t.Errorf("after a restart = %q, want a done again", got)
		}
	})
}

func TestPrune_doneJobsAreKeptForADay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := newQueue(d, c, &shop{})
		enqueue(t, d, q, push{Thing: "a"})
		drain(t, q)
		c.pass(24 * time.Hour)
		drain(t, q)
		if got := find(t, q, "a"); got.State != jobs.Done {
			t.Errorf("job = %s, want it kept", got.State)
		}
		c.pass(time.Hour)
		drain(t, q)
		if _, err := q.Find(t.Context(), "shop.push", "a"); !errors.Is(err, jobs.ErrNoJob) {
			t.Errorf("err = %v, want the job gone", err)
		}
	})
}
