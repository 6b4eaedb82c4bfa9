package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
)

// refusing is a shop that refuses for good what "bad" is part of, and stumbles over the rest once told to.
func newRefusing(t *testing.T, d *db.DB) (*jobs.Queue, *shop, *bool) {
	t.Helper()
	refuse := true
	s := &shop{}
	s.answer = func(job jobs.Job) error {
		switch {
		case !refuse:
			return nil
		case job.Key[0] == 'b':
			return jobs.Permanent(errors.New("refused"))
		}
		return errors.New("odd answer")
	}
	return newQueue(d, newClock(), s), s, &refuse
}

func TestRetry(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q, _, refuse := newRefusing(t, d)
		for _, key := range []string{"bad", "odd"} {
			enqueue(t, d, q, push{Thing: key})
		}
		drain(t, q)
		*refuse = false
		for _, key := range []string{"bad", "odd"} {
			if err := q.Retry(t.Context(), "shop.push", key); err != nil {
				t.Fatal(err)
			}
			if got := find(t, q, key); got.State != jobs.Waiting || got.Attempts != 0 {
				t.Errorf("%s = %s after %d attempts, want waiting with a new count", key, got.State, got.Attempts)
			}
		}
		drain(t, q)
		for _, key := range []string{"bad", "odd"} {
			if got := find(t, q, key); got.State != jobs.Done {
				t.Errorf("%s = %s, want done", key, got.State)
			}
		}
		for _, key := range []string{"bad", "unheard of"} {
			if err := q.Retry(t.Context(), "shop.push", key); !errors.Is(err, jobs.ErrNoJob) {
				t.Errorf("%s: err = %v, want ErrNoJob", key, err)
			}
		}
	})
}

func TestRetryAll(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q, s, refuse := newRefusing(t, d)
		for _, key := range []string{"bad1", "bad2", "odd1"} {
			enqueue(t, d, q, push{Thing: key})
		}
		enqueue(t, d, q, push{Thing: "put off"}, jobs.After(time.Hour))
		drain(t, q)
		enqueue(t, d, q, push{Thing: "bad2", Note: "new"}, jobs.After(time.Hour)) // beside the one that failed
		*refuse = false
		n, err := q.RetryAll(t.Context(), "shop")
		if err != nil || n != 2 {
			t.Errorf("%d jobs, %v; want bad1 and odd1", n, err)
		}
		drain(t, q)
		if got := s.got(); got != "bad1 bad2 odd1, bad1 odd1" {
			t.Errorf("groups = %q", got)
		}
		if lane, err := q.Lane(t.Context(), "shop"); err != nil || lane.Failed != 0 || lane.Waiting != 2 {
			t.Errorf("lane = %+v, %v; want none failed, two put off", lane, err)
		}
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q, _, _ := newRefusing(t, d)
		enqueue(t, d, q, push{Thing: "bad"})
		drain(t, q)
		enqueue(t, d, q, push{Thing: "bad"})
		err := d.Transaction(t.Context(),
			func(_ context.Context, tx *db.Tx) error { return q.Cancel(tx, "shop.push", "bad") })
		if err != nil {
			t.Fatal(err)
		}
		if got, err := q.Find(t.Context(), "shop.push", "bad"); !errors.Is(err, jobs.ErrNoJob) {
			t.Errorf("job = %+v, %v; want none", got, err)
		}
	})
}

func TestFind_tellsWhatMattersMost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q, _, refuse := newRefusing(t, d)
		state := func(want jobs.State) {
			t.Helper()
			if got := find(t, q, "bad"); got.State != want {
				t.Errorf("state = %s, want %s", got.State, want)
			}
		}
		enqueue(t, d, q, push{Thing: "bad"})
		drain(t, q)
		state(jobs.Failed)
		enqueue(t, d, q, push{Thing: "bad"})
		state(jobs.Waiting)
		*refuse = false
		drain(t, q)
		state(jobs.Done)
		many, err := q.FindMany(t.Context(), "shop.push", []string{"bad", "unheard of"})
		if err != nil || len(many) != 1 || many["bad"].State != jobs.Done {
			t.Errorf("many = %+v, %v", many, err)
		}
	})
}

func TestList_pagesAndFilters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q, _, _ := newRefusing(t, d)
		for i := range 5 {
			enqueue(t, d, q, push{Thing: fmt.Sprint("bad", i)})
		}
		drain(t, q)
		enqueue(t, d, q, push{Thing: "new"})
		var keys []string
		var before int64
		for {
			page, err := q.List(t.Context(), jobs.Filter{Lane: "shop", Kind: "shop.push", State: jobs.Failed}, before, 2)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, s := range page {
				keys = append(keys, s.Key)
			}
			before = page[len(page)-1].ID
		}
		if got, want := fmt.Sprint(keys), "[bad4 bad3 bad2 bad1 bad0]"; got != want {
			t.Errorf("keys = %s, want %s", got, want)
		}
	})
}

func TestBacklog_countsWhatWaitsWithoutSomeKinds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := newQueue(d, c, &shop{})
		want := func(length int64, oldest time.Time, except ...string) {
			t.Helper()
			got, err := q.Backlog(t.Context(), "shop", except...)
			if err != nil {
				t.Fatal(err)
			}
			var since time.Time
			if got.Oldest != nil {
				since = *got.Oldest
			}
			if got.Length != length || !since.Equal(oldest) {
				t.Errorf("without %v %d wait since %v, want %d since %v", except, got.Length, since, length, oldest)
			}
		}
		want(0, time.Time{})
		recurring := c.Now()
		enqueue(t, d, q, named("shop.look"), jobs.After(time.Hour))
		want(1, recurring)
		want(0, time.Time{}, "shop.look", "shop.prune")
		c.pass(time.Minute)
		first := c.Now()
		enqueue(t, d, q, push{Thing: "a"}, jobs.After(time.Hour))
		c.pass(time.Minute)
		enqueue(t, d, q, push{Thing: "b"})
		want(3, recurring)
		want(2, first, "shop.look", "shop.prune")
		drain(t, q)
		want(1, first, "shop.look")
	})
}

func TestUnfinished_hasARowForEachThingWithAJobLeft(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d, newClock(), &shop{})
		state := func(thing, state string) {
			t.Helper()
			enqueue(t, d, q, push{Thing: thing})
			const sql = "UPDATE jobs SET state = ? WHERE state = 'waiting' AND key = ?"
			if err := d.From(t.Context()).Exec(sql, state, thing).Error; err != nil {
				t.Fatal(err)
			}
		}
		state("order/1", "waiting")
		state("order/20", "running")
		state("order/300", "failed")
		state("order/4", "failed") // and is tried again
		state("order/4", "waiting")
		state("order/5", "done")
		state("order/6", "failed") // and is made up for just now
		state("order/6", "running")
		enqueue(t, d, q, named("shop.look")) // another kind, with a key of its own

		var rows []struct{ ID, Failed int64 }
		sql, args := jobs.Unfinished("shop.push", "order")
		err := d.From(t.Context()).Raw("SELECT j.id, j.failed FROM ("+sql+") j ORDER BY j.id", args...).Scan(&rows).Error
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(rows), "[{1 0} {4 0} {6 0} {20 0} {300 1}]"; got != want {
			t.Errorf("rows = %s, want %s", got, want)
		}
	})
}

func TestEvery_survivesRestartsFailuresAndImpatience(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, s := newClock(), &shop{}
		start := func() *jobs.Queue {
			q := newQueue(d, c, s)
			q.Every(10*time.Minute, push{Thing: "look"})
			drain(t, q)
			return q
		}
		runs := func(want int, when string) {
			t.Helper()
			if len(s.groups) != want {
				t.Fatalf("%d runs %s, want %d", len(s.groups), when, want)
			}
		}
		start()
		runs(0, "at first")
		c.pass(9 * time.Minute)
		q := start()
		runs(0, "after a restart")
		c.pass(time.Minute)
		drain(t, q)
		runs(1, "after an interval")
		enqueue(t, d, q, push{Thing: "look"})
		drain(t, q)
		runs(2, "when asked")
		s.answer = func(jobs.Job) error { return errors.New("odd answer") }
		for n := range 30 {
			c.pass(10 * time.Minute)
			drain(t, q)
			runs(3+n, "failing")
		}
		s.answer = func(jobs.Job) error { return jobs.Permanent(errors.New("refused")) }
		c.pass(10 * time.Minute)
		drain(t, q)
		c.pass(10 * time.Minute)
		drain(t, q)
		runs(34, "refused")
		if lane, err := q.Lane(t.Context(), "shop"); err != nil || lane.Failed != 1 || lane.Waiting != 1 {
			t.Errorf("lane = %+v, %v; want the refusal shown and the next run waiting", lane, err)
		}
	})
}
