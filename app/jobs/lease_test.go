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

// twoProcesses runs a test with two handles of one database, as two processes have them on Postgres. An SQLite file has
// one process; there they are two queues in it.
func twoProcesses(t *testing.T, test func(t *testing.T, a, b *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t, db.SQLite)
		test(t, d, d)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		o := dbtest.Fresh(t, db.Postgres)
		test(t, dbtest.Open(t, o), dbtest.Open(t, o))
	})
}

type handler = func(ctx context.Context, group []jobs.Job) []error

// unrenewed is a queue whose leases nobody renews during a test: a holder is as good as frozen, and its lease runs out
// when runOut says so.
func unrenewed(d *db.DB, handle handler) *jobs.Queue {
	q := jobs.New(d, jobs.Config{Log: dbtest.Silent(), Poll: 5 * time.Millisecond, Lease: time.Hour})
	jobs.Handle(q, "shop", 10, handle)
	return q
}

func runOut(t *testing.T, d *db.DB) {
	t.Helper()
	if err := d.From(t.Context()).Exec("UPDATE leases SET ends_at = ?", d.Clock(-time.Millisecond)).Error; err != nil {
		t.Error(err)
	}
}

// write writes a row in a transaction, as handlers do before they tell another system anything.
func write(ctx context.Context, d *db.DB, name string) error {
	return d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		return tx.Exec("INSERT INTO settings (name, document, updated_at) VALUES (?, '', ?)", name, db.Now()).Error
	})
}

func written(t *testing.T, d *db.DB) []string {
	t.Helper()
	var names []string
	if err := d.From(t.Context()).Raw("SELECT name FROM settings ORDER BY name").Scan(&names).Error; err != nil {
		t.Error(err)
	}
	return names
}

func lane(t *testing.T, q *jobs.Queue) jobs.LaneState {
	t.Helper()
	state, err := q.Lane(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// drainInVain drains a queue that cannot get at the lane.
func drainInVain(t *testing.T, q *jobs.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := q.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v, want it to wait for the other process", err)
	}
}

// Whatever the handler of a holder that froze says when it goes on, it says it too late.
func TestLease_whoThawsWritesNothing(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]error{
		"it succeeded":           nil,
		"it failed":              errors.New("odd answer"),
		"it was refused":         jobs.Permanent(errors.New("refused")),
		"it is too early":        jobs.RetryAfter(time.Hour, errors.New("settling")),
		"the other side is down": jobs.PauseLane(time.Hour, errors.New("down")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			twoProcesses(t, func(t *testing.T, a, b *db.DB) {
				begun, thaw := make(chan bool), make(chan bool)
				late := make(chan error, 1)
				frozen := unrenewed(a, func(ctx context.Context, _ []jobs.Job) []error {
					if err := write(ctx, a, "in time"); err != nil {
						t.Error(err)
					}
					close(begun)
					<-thaw
					late <- write(ctx, a, "too late")
					return []error{outcome}
				})
				successor := unrenewed(b, func(context.Context, []jobs.Job) []error {
					return []error{jobs.RetryAfter(time.Minute, errors.New("the successor's"))}
				})
				enqueue(t, a, frozen, push{Thing: "a"})
				ended := make(chan error, 1)
				go func() { ended <- frozen.Drain(context.Background()) }()
				next(t, "the handler begins", begun)
				drainInVain(t, successor)
				runOut(t, b)
				drain(t, successor)
				want := *find(t, successor, "a")

				close(thaw)
				if err := next(t, "it writes", late); !errors.Is(err, jobs.ErrLost) {
					t.Errorf("it wrote with %v, want ErrLost", err)
				}
				if err := next(t, "it ends", ended); !errors.Is(err, jobs.ErrLost) {
					t.Errorf("its turn ended with %v, want ErrLost", err)
				}
				got := *find(t, successor, "a")
				if got.State != jobs.Waiting || got.LastError != "the successor's" || got.Attempts != 0 ||
					!got.RunAt.Equal(want.RunAt) || got.Claim != want.Claim {
					t.Errorf("job = %+v, want what the successor made of it: %+v", got, want)
				}
				if lane(t, successor).Paused {
					t.Error("a turn that was over paused the lane")
				}
				if got := written(t, b); len(got) != 1 || got[0] != "in time" {
					t.Errorf("written = %q, want nothing of what came too late", got)
				}
			})
		})
	}
}

// A lease that ran out is lost even if nobody took it, for somebody may be about to.
func TestLease_whoLostItBeginsAnew(t *testing.T) {
	t.Parallel()
	twoProcesses(t, func(t *testing.T, d, _ *db.DB) {
		var q *jobs.Queue
		var told []error
		q = unrenewed(d, func(ctx context.Context, _ []jobs.Job) []error {
			if len(told) == 0 {
				runOut(t, d)
			}
			told = append(told, write(ctx, d, "a"))
			return []error{told[len(told)-1]}
		})
		enqueue(t, d, q, push{Thing: "a"})
		if err := q.Drain(t.Context()); !errors.Is(err, jobs.ErrLost) {
			t.Errorf("err = %v, want ErrLost", err)
		}
		if got := find(t, q, "a"); got.State != jobs.Running {
			t.Errorf("job = %s, want it left to whoever takes the lane", got.State)
		}
		drain(t, q)
		if got := find(t, q, "a"); got.State != jobs.Done || got.Attempts != 0 || len(told) != 2 {
			t.Errorf("job = %s after %d attempts, told %v; want it done by the second turn", got.State, got.Attempts, told)
		}
	})
}

// The lane is held, but by another turn: the next of the same process, or, after a failover to a copy that lacks the
// last take-over, one of another process with the same epoch.
func TestLease_anotherTurnIsNotOurs(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"a later turn of the same process": "epoch = epoch + 1",
		"another holder in the same epoch": "holder = 'another'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			twoProcesses(t, func(t *testing.T, d, _ *db.DB) {
				q := unrenewed(d, func(ctx context.Context, _ []jobs.Job) []error {
					if err := write(ctx, d, "in time"); err != nil {
						t.Error(err)
					}
					if err := d.From(t.Context()).Exec("UPDATE leases SET " + change).Error; err != nil {
						t.Error(err)
					}
					if err := write(ctx, d, "too late"); !errors.Is(err, jobs.ErrLost) {
						t.Errorf("err = %v, want ErrLost", err)
					}
					return []error{nil}
				})
				enqueue(t, d, q, push{Thing: "a"})
				if err := q.Drain(t.Context()); !errors.Is(err, jobs.ErrLost) {
					t.Errorf("err = %v, want ErrLost", err)
				}
				var held int64
				err := d.From(t.Context()).Raw("SELECT count(*) FROM leases WHERE ends_at > ?", d.Clock(0)).Scan(&held).Error
				if err != nil || held != 1 {
					t.Errorf("%d leases are held, %v; want the other turn's: it is not ours to give back", held, err)
				}
			})
		})
	}
}

func TestLease_aProbeOfAnotherEpochDecidesNothing(t *testing.T) {
	t.Parallel()
	twoProcesses(t, func(t *testing.T, d, _ *db.DB) {
		down := errors.New("down")
		q := unrenewed(d, func(context.Context, []jobs.Job) []error { return []error{jobs.PauseLane(0, down)} })
		q.Probe("shop", func(context.Context) error {
			runOut(t, d)
			return nil
		})
		enqueue(t, d, q, push{Thing: "a"})
		drain(t, q)
		if err := q.Resume(t.Context(), "shop"); err != nil {
			t.Fatal(err)
		}
		if err := q.Drain(t.Context()); !errors.Is(err, jobs.ErrLost) {
			t.Errorf("err = %v, want ErrLost", err)
		}
		if l := lane(t, q); !l.Paused {
			t.Error("a turn that was over ended the pause")
		}
	})
}

func TestLease_aStoppedHolderHandsOverAtOnce(t *testing.T) {
	t.Parallel()
	twoProcesses(t, func(t *testing.T, a, b *db.DB) {
		s := &shop{}
		first, second := unrenewed(a, s.handle), unrenewed(b, s.handle)
		stop := run(t, first)
		until(t, "the first holds the lane", func() bool { return lane(t, first).Epoch == 1 })
		run(t, second)
		enqueue(t, a, first, push{Thing: "a"})
		until(t, "the job is done", func() bool { return find(t, first, "a").State == jobs.Done })
		if l := lane(t, first); l.Holder == "" || l.Epoch != 1 {
			t.Errorf("lane = %+v, want it with its first holder", l)
		}
		stop()
		// Its lease would last for an hour.
		until(t, "the second holds the lane", func() bool {
			l := lane(t, second)
			return l.Holder != "" && l.Epoch == 2
		})
	})
}

func TestLease_isRenewedWhileAHandlerTakesItsTime(t *testing.T) {
	t.Parallel()
	twoProcesses(t, func(t *testing.T, a, b *db.DB) {
		const lease = 2 * time.Second
		endsAt := func() (ends time.Time) {
			if err := b.From(t.Context()).Raw("SELECT ends_at FROM leases").Scan(&ends).Error; err != nil {
				t.Error(err)
			}
			return ends
		}
		q := jobs.New(a, jobs.Config{Log: dbtest.Silent(), Lease: lease})
		jobs.Handle(q, "shop", 10, func(ctx context.Context, _ []jobs.Job) []error {
			first := endsAt()
			until(t, "the lease is renewed twice", func() bool { return endsAt().Sub(first) > lease/3 })
			if l := lane(t, q); l.Holder == "" || l.Epoch != 1 {
				t.Errorf("lane = %+v, want it held in the first turn", l)
			}
			return []error{write(ctx, a, "after all that time")}
		})
		enqueue(t, a, q, push{Thing: "a"})
		drain(t, q)
		if got := find(t, q, "a"); got.State != jobs.Done {
			t.Errorf("job = %s, want done", got.State)
		}
	})
}

func TestLease_aHandlersContextEndsWithIt(t *testing.T) {
	t.Parallel()
	twoProcesses(t, func(t *testing.T, d, _ *db.DB) {
		q := jobs.New(d, jobs.Config{Log: dbtest.Silent(), Lease: 200 * time.Millisecond})
		var cause error
		jobs.Handle(q, "shop", 10, func(ctx context.Context, _ []jobs.Job) []error {
			if err := d.From(ctx).Exec("UPDATE leases SET epoch = epoch + 1, holder = 'another'").Error; err != nil {
				t.Error(err)
			}
			next(t, "the context ends", ctx.Done())
			cause = context.Cause(ctx)
			return []error{ctx.Err()}
		})
		enqueue(t, d, q, push{Thing: "a"})
		if err := q.Drain(t.Context()); !errors.Is(err, jobs.ErrLost) || !errors.Is(cause, jobs.ErrLost) {
			t.Errorf("err = %v, cause = %v; want ErrLost", err, cause)
		}
	})
}

// The lease is the database's: clocks of processes don't come into it.
func TestLease_aWrongClockDoesNoHarm(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]time.Duration{"an hour fast": time.Hour, "an hour slow": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			twoProcesses(t, func(t *testing.T, a, b *db.DB) {
				config := jobs.Config{
					Log: dbtest.Silent(), Lease: 30 * time.Minute,
					Now: func() time.Time { return time.Now().Add(wrong) },
				}
				q := jobs.New(a, config)
				other := unrenewed(b, func(context.Context, []jobs.Job) []error {
					t.Error("the lane was taken from its holder")
					return []error{nil}
				})
				jobs.Handle(q, "shop", 10, func(ctx context.Context, _ []jobs.Job) []error {
					drainInVain(t, other)
					return []error{write(ctx, a, "in time")}
				})
				enqueue(t, a, q, push{Thing: "a"})
				drain(t, q)
				if got := find(t, q, "a"); got.State != jobs.Done {
					t.Errorf("job = %s, want done", got.State)
				}
			})
		})
	}
}

// The power failed, and another process has the name of the dead one in its way. An SQLite file is locked by its
// process, so whoever opens it knows that the holder is dead; on Postgres it may be alive.
func TestLease_ofADeadHolder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var epochs []int64
		var q *jobs.Queue
		q = unrenewed(d, func(context.Context, []jobs.Job) []error {
			epochs = append(epochs, lane(t, q).Epoch)
			return []error{nil}
		})
		enqueue(t, d, q, push{Thing: "a"})
		err := d.From(t.Context()).Exec("INSERT INTO leases (lane, holder, epoch, ends_at) VALUES ('shop', 'dead', 7, ?)",
			d.Clock(time.Hour)).Error
		if err != nil {
			t.Fatal(err)
		}
		if d.Dialect() == db.Postgres {
			drainInVain(t, q)
			runOut(t, d)
		}
		drain(t, q)
		if len(epochs) != 1 || epochs[0] != 8 {
			t.Errorf("handled in epochs %d, want it once in 8", epochs)
		}
	})
}

// A process that waits for the lane is told of no death. It looks again when the lease runs out, not some time later.
func TestLease_isTakenWhenItRunsOut(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.Postgres)
	s := &shop{}
	q := jobs.New(d, jobs.Config{Log: dbtest.Silent(), Poll: time.Hour})
	jobs.Handle(q, "shop", 10, s.handle)
	err := d.From(t.Context()).Exec("INSERT INTO leases (lane, holder, epoch, ends_at) VALUES ('shop', 'vanished', 1, ?)",
		d.Clock(300*time.Millisecond)).Error
	if err != nil {
		t.Fatal(err)
	}
	run(t, q)
	until(t, "the lane is taken over", func() bool { return lane(t, q).Epoch == 2 })
}
