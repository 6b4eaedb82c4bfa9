package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
)

// push is a job of the lane "shop".
type push struct {
	Thing string
	Note  string
}

func (p push) Kind() string { return "shop.push" }
func (p push) Key() string  { return p.Thing }

// clock is time that passes when a test says so.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return newClockAt(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)) }

func newClockAt(now time.Time) *clock { return &clock{now: now} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// shop is the other side of the lane: it notes the groups it is given and answers as it is told.
type shop struct {
	mu     sync.Mutex
	groups [][]jobs.Job
	answer func(job jobs.Job) error
}

func (s *shop) handle(_ context.Context, group []jobs.Job) []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups = append(s.groups, group)
	outcomes := make([]error, len(group))
	for i, job := range group {
		if s.answer != nil {
			outcomes[i] = s.answer(job)
		}
	}
	return outcomes
}

// got are the groups so far, as the keys of their jobs.
func (s *shop) got() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var groups []string
	for _, g := range s.groups {
		var keys []string
		for _, job := range g {
			keys = append(keys, job.Key)
		}
		groups = append(groups, strings.Join(keys, " "))
	}
	return strings.Join(groups, ", ")
}

func newQueue(d *db.DB, c *clock, s *shop) *jobs.Queue {
	q := jobs.New(d, jobs.Config{Now: c.Now, Log: dbtest.Silent(), Poll: 50 * time.Millisecond})
	jobs.Handle(q, "shop", 10, s.handle)
	return q
}

func enqueue(t *testing.T, d *db.DB, q *jobs.Queue, args jobs.Args, opts ...jobs.Option) {
	t.Helper()
	err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
		return q.Enqueue(tx, args, opts...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func drain(t *testing.T, q *jobs.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := q.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, q *jobs.Queue, key string) *jobs.Status {
	t.Helper()
	s, err := q.Find(t.Context(), "shop.push", key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDrain_mostUrgentFirstBulkApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, s := newClock(), &shop{}
		q := newQueue(d, c, s)
		enqueue(t, d, q, push{Thing: "bulk"}, jobs.Behind())
		enqueue(t, d, q, push{Thing: "pull"}, jobs.WithPriority(jobs.Pull))
		enqueue(t, d, q, push{Thing: "later"}, jobs.After(time.Minute))
		enqueue(t, d, q, push{Thing: "live"})
		drain(t, q)
		if got, want := s.got(), "live pull, bulk"; got != want {
			t.Errorf("groups = %q, want %q", got, want)
		}
		c.pass(time.Minute)
		drain(t, q)
		if got, want := s.got(), "live pull, bulk, later"; got != want {
			t.Errorf("groups = %q, want %q", got, want)
		}
	})
}

func TestEnqueue_equalJobsWaitAsOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, s := newClock(), &shop{}
		q := newQueue(d, c, s)
		enqueue(t, d, q, push{Thing: "a", Note: "old"}, jobs.Behind(), jobs.After(time.Hour))
		enqueue(t, d, q, push{Thing: "a", Note: "new"})
		enqueue(t, d, q, push{Thing: "a", Note: "newest"}, jobs.Behind(), jobs.After(time.Hour))
		drain(t, q)
		if len(s.groups) != 1 || len(s.groups[0]) != 1 {
			t.Fatalf("groups = %q, want one job", s.got())
		}
		job := s.groups[0][0]
		var args push
		if err := job.Decode(&args); err != nil {
			t.Fatal(err)
		}
		if args.Note != "newest" || job.Priority != jobs.Live || job.Version != 3 {
			t.Errorf("note %q, priority %d, version %d; want newest, live, 3", args.Note, job.Priority, job.Version)
		}
	})
}

func TestFinish_everyOutcomeHasItsPlace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, s := newClock(), &shop{}
		q := newQueue(d, c, s)
		s.answer = func(job jobs.Job) error {
			switch job.Key {
			case "refused":
				return fmt.Errorf("push: %w", jobs.Permanent(errors.New("no such stage")))
			case "early":
				return jobs.RetryAfter(70*time.Second, errors.New("settling"))
			case "broken":
				return errors.New("odd answer")
			}
			return nil
		}
		for _, key := range []string{"fine", "refused", "early", "broken"} {
			enqueue(t, d, q, push{Thing: key})
		}
		drain(t, q)
		for _, want := range []struct {
			key      string
			state    jobs.State
			attempts int
			err      string
			wait     time.Duration
			give     time.Duration
		}{
			{"fine", jobs.Done, 0, "", 0, 0},
			{"refused", jobs.Failed, 1, "push: no such stage", 0, 0},
			{"early", jobs.Waiting, 0, "settling", 70 * time.Second, 0},
			{"broken", jobs.Waiting, 1, "odd answer", time.Minute, 6 * time.Second},
		} {
			got := find(t, q, want.key)
			if got.State != want.state || got.Attempts != want.attempts || got.LastError != want.err {
				t.Errorf("%s = %s, %d attempts, %q; want %s, %d, %q", want.key,
					got.State, got.Attempts, got.LastError, want.state, want.attempts, want.err)
			}
			if wait := got.RunAt.Sub(c.Now()); want.wait > 0 && (wait-want.wait).Abs() > want.give {
				t.Errorf("%s waits %v, want %v", want.key, wait, want.wait)
			}
		}
	})
}

func TestPause_holdsTheLaneUntilTheProbeSucceeds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, s := newClock(), &shop{}
		q := newQueue(d, c, s)
		down := true
		probes := 0
		q.Probe("shop", func(context.Context) error {
			probes++
			if down {
				return jobs.PauseLane(0, errors.New("still down"))
			}
			return nil
		})
		s.answer = func(jobs.Job) error {
			if down {
				return jobs.PauseLane(0, errors.New("down"))
			}
			return nil
		}
		enqueue(t, d, q, push{Thing: "a"})
		drain(t, q)
		drain(t, q)
		if got := s.got(); got != "a" {
			t.Fatalf("groups = %q, want one try", got)
		}
		lane, err := q.Lane(t.Context(), "shop")
		if err != nil {
			t.Fatal(err)
		}
		if !lane.Paused || lane.Reason != "down" || lane.Waiting != 1 {
			t.Errorf("lane = %+v, want it paused", lane)
		}
		for n, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			c.pass(wait - time.Microsecond)
			drain(t, q)
			if probes != n {
				t.Fatalf("%d probes before pause %d is over, want %d", probes, n+1, n)
			}
			c.pass(time.Microsecond)
			drain(t, q)
			if probes != n+1 {
				t.Fatalf("%d probes after pause %d, want %d", probes, n+1, n+1)
			}
		}
		down = false
		if err := q.Resume(t.Context(), "shop"); err != nil {
			t.Fatal(err)
		}
		drain(t, q)
		if got := find(t, q, "a"); got.State != jobs.Done || got.Attempts != 0 {
			t.Errorf("job = %s after %d attempts, want done after 0", got.State, got.Attempts)
		}
	})
}

func TestAwait_withoutRunTheLaneIsWorkedAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &shop{}
		q := newQueue(d, newClock(), s)
		enqueue(t, d, q, push{Thing: "a"}, jobs.Await(time.Minute))
		if got := find(t, q, "a"); got.State != jobs.Done {
			t.Errorf("job = %s, want done", got.State)
		}
		if len(s.groups) != 1 || !slices.ContainsFunc(s.groups[0], func(j jobs.Job) bool { return j.Awaited }) {
			t.Errorf("groups = %+v, want one with an awaited job", s.groups)
		}
		q.Wait()
	})
}

func TestAlong_leavesBeforeItsTimeWithAGroupAndNeverByItself(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, s := newClock(), &shop{}
		q := jobs.New(d, jobs.Config{Log: dbtest.Silent(), Now: c.Now})
		jobs.Handle(q, "shop", 10, s.handle, jobs.Along(look{}.Kind(), 5*time.Second))
		enqueue(t, d, q, look{push{Thing: "soon"}}, jobs.After(5*time.Second))
		enqueue(t, d, q, look{push{Thing: "later"}}, jobs.After(time.Minute))
		drain(t, q)
		if got := s.got(); got != "" {
			t.Errorf("groups = %q, want none: nothing is due", got)
		}
		enqueue(t, d, q, push{Thing: "a"})
		enqueue(t, d, q, push{Thing: "b"}, jobs.After(time.Second))
		drain(t, q)
		if got := s.got(); got != "a soon" {
			t.Errorf("groups = %q, want one with what goes along", got)
		}
	})
}

// look is a job that goes along with others.
type look struct{ push }

func (look) Kind() string { return "shop.look" }
