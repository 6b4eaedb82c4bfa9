package jobs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
)

// tooLong is a limit that no test waits for: it would be noticed.
const tooLong = 10 * time.Minute

func TestAwait_oneWaitForAllOfATransaction(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &shop{}
		q := newQueue(d, newClock(), s)
		refused := errors.New("refused")
		err := d.Transaction(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := q.Enqueue(tx, push{Thing: "a"}, jobs.Await(tooLong)); err != nil {
				return err
			}
			tx.AfterCommit(func(context.Context) {
				if got := s.got(); got != "" {
					t.Errorf("groups = %q before everything else after the commit", got)
				}
			})
			// What a nested transaction took back is not waited for.
			err := d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
				return errors.Join(q.Enqueue(tx, push{Thing: "never"}, jobs.Await(tooLong)), refused)
			})
			if !errors.Is(err, refused) {
				return err
			}
			return q.Enqueue(tx, push{Thing: "b"}, jobs.Await(tooLong))
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.got(); got != "a b" {
			t.Errorf("groups = %q, want both in one", got)
		}
	})
}

func TestAwait_noneAfterARollback(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &shop{}
		q := newQueue(d, newClock(), s)
		refused := errors.New("refused")
		err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
			return errors.Join(q.Enqueue(tx, push{Thing: "a"}, jobs.Await(tooLong)), refused)
		})
		if !errors.Is(err, refused) {
			t.Fatal(err)
		}
		drain(t, q)
		if got := s.got(); got != "" {
			t.Errorf("groups = %q, want none", got)
		}
	})
}

func TestAwait_isOverWithTheFirstOutcomeWhateverItIs(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]error{
		"failed":    jobs.Permanent(errors.New("refused")),
		"put off":   jobs.RetryAfter(time.Hour, errors.New("later")),
		"try again": errors.New("odd answer"),
		"pause":     jobs.PauseLane(time.Hour, errors.New("down")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				s := &shop{answer: func(jobs.Job) error { return outcome }}
				q := newQueue(d, newClock(), s)
				run(t, q)
				enqueue(t, d, q, push{Thing: "a"}, jobs.Await(tooLong))
				if got := find(t, q, "a"); got.State == jobs.Running || len(s.groups) != 1 {
					t.Errorf("job = %s, groups = %q; want one run that has ended", got.State, s.got())
				}
				if got := find(t, q, "a"); got.State == jobs.Waiting && got.Priority != jobs.Live {
					t.Errorf("priority = %d, want live: nobody waits for the next attempt", got.Priority)
				}
			})
		})
	}
}

func TestAwait_onlyTheWaitingEndsWithTheLimitOrTheCaller(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"limit", "caller"} {
		for _, running := range []bool{true, false} {
			t.Run(by, func(t *testing.T) {
				t.Parallel()
				dbtest.Each(t, func(t *testing.T, d *db.DB) {
					begun, goOn, outcome := make(chan bool), make(chan bool), make(chan error, 1)
					q := jobs.New(d, jobs.Config{Log: dbtest.Silent()})
					jobs.Handle(q, "shop", 10, func(ctx context.Context, _ []jobs.Job) []error {
						close(begun)
						<-goOn
						outcome <- ctx.Err()
						return []error{ctx.Err()}
					})
					if running {
						run(t, q)
					}
					ctx, leave := context.WithCancel(t.Context())
					limit := tooLong
					if by == "limit" {
						limit = time.Millisecond
					} else {
						go func() { <-begun; leave() }()
					}
					err := d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
						return q.Enqueue(tx, push{Thing: "a"}, jobs.Await(limit))
					})
					if err != nil {
						t.Error(err)
					}
					leave()
					close(goOn)
					if err := next(t, "the handler ends", outcome); err != nil {
						t.Errorf("the run was cut short: %v", err)
					}
					until(t, "the outcome is written down", func() bool { return find(t, q, "a").State == jobs.Done })
					q.Wait()
				})
			})
		}
	}
}

func TestAwait_neverInsideAHandler(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &shop{}
		q := newQueue(d, newClock(), s)
		jobs.Handle(q, "office", 1, func(ctx context.Context, _ []jobs.Job) []error {
			err := d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
				// In its own lane that could never end, in another one it must not be waited for either.
				return errors.Join(q.Enqueue(tx, officeWork{"again"}, jobs.After(time.Hour), jobs.Await(tooLong)),
					q.Enqueue(tx, push{Thing: "a"}, jobs.Await(tooLong)))
			})
			if got := s.got(); got != "" {
				t.Errorf("groups = %q while the handler runs", got)
			}
			return []error{err}
		})
		enqueue(t, d, q, officeWork{"first"})
		drain(t, q)
		if got := s.got(); got != "a" {
			t.Errorf("groups = %q, want a afterwards", got)
		}
	})
}

type officeWork struct{ Thing string }

func (officeWork) Kind() string  { return "office.work" }
func (w officeWork) Key() string { return w.Thing }

func TestAwait_nobodyWaitsForAPausedLane(t *testing.T) {
	t.Parallel()
	for name, running := range map[string]bool{"with Run": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				c := newClock()
				s := &shop{answer: func(jobs.Job) error { return jobs.PauseLane(0, errors.New("down")) }}
				q := newQueue(d, c, s)
				asked, answer := make(chan bool), make(chan error)
				q.Probe("shop", func(context.Context) error {
					asked <- true
					return <-answer
				})
				enqueue(t, d, q, push{Thing: "first"})
				drain(t, q)

				enqueue(t, d, q, push{Thing: "paused"}, jobs.Await(tooLong))
				c.pass(time.Hour)
				if !running {
					enqueue(t, d, q, push{Thing: "due"}, jobs.Await(tooLong))
					if got := s.got(); got != "first" {
						t.Errorf("groups = %q: a live order was the probe", got)
					}
					return
				}
				s.answer = nil
				run(t, q)
				next(t, "the probe is under way", asked)
				enqueue(t, d, q, push{Thing: "probing"}, jobs.Await(tooLong))
				answer <- nil
				until(t, "everything is sent", func() bool { return find(t, q, "probing").State == jobs.Done })
				enqueue(t, d, q, push{Thing: "back"}, jobs.Await(tooLong))
				if got := find(t, q, "back"); got.State != jobs.Done {
					t.Errorf("job = %s, want it waited for again", got.State)
				}
			})
		})
	}
}

// An attempt is for who waits. Left alone it ends with its group, however much there is to do: it must not keep a
// process that is told to end.
func TestAwait_anAttemptEndsWithWhoeverWaits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var q *jobs.Queue
		ctx, leave := context.WithCancel(t.Context())
		groups := 0
		s := &shop{answer: func(j jobs.Job) error {
			groups++
			leave()
			if groups == 100 {
				return nil // else a failing test would never end
			}
			return jobs.RetryAfter(0, errors.New("there is always more"))
		}}
		q = newQueue(d, newClock(), s)
		err := d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
			return q.Enqueue(tx, push{Thing: "a"}, jobs.Await(tooLong))
		})
		if err != nil {
			t.Fatal(err)
		}
		q.Wait()
		if groups > 2 {
			t.Errorf("%d groups were worked, though nobody waited after the first", groups)
		}
	})
}
