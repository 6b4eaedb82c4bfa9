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

// cutSessions ends every other session of the database, as a restart of Postgres or a failover does.
func cutSessions(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.From(t.Context()).Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity" +
		" WHERE datname = current_database() AND pid <> pg_backend_pid()").Error
	if err != nil {
		t.Error(err)
	}
}

func TestLease_aCutSessionIsNoLostTurn(t *testing.T) {
	t.Parallel()
	o := dbtest.Fresh(t, db.Postgres)
	there := dbtest.Open(t, o)
	o.MaxConns = 1 // when the handler has found it dead, there is no other that is
	here := dbtest.Open(t, o)
	begun, goOn := make(chan bool), make(chan bool)
	holder := unrenewed(here, func(ctx context.Context, _ []jobs.Job) []error {
		close(begun)
		<-goOn
		until(t, "the database answers again", func() bool { return write(ctx, here, "after the cut") == nil })
		return []error{nil}
	})
	other := unrenewed(there, func(context.Context, []jobs.Job) []error {
		t.Error("done twice at a time: the holder is alive")
		return []error{nil}
	})
	enqueue(t, here, holder, push{Thing: "a"})
	stop := run(t, holder)
	next(t, "the handler begins", begun)
	cutSessions(t, there)
	drainInVain(t, other)
	close(goOn)
	until(t, "the holder has done it", func() bool { return find(t, other, "a").State == jobs.Done })
	stop()
	if got := find(t, other, "a"); got.Attempts != 0 || lane(t, other).Epoch != 1 {
		t.Errorf("job = %+v, lane = %+v; want it done in the first turn", got, lane(t, other))
	}
}

// A transaction that has passed the fence is over before another process has the lane; renewals do not wait for it.
func TestLease_aTakeOverWaitsForTheTransaction(t *testing.T) {
	t.Parallel()
	o := dbtest.Fresh(t, db.Postgres)
	here, there := dbtest.Open(t, o), dbtest.Open(t, o)
	begun, goOn := make(chan bool), make(chan bool)
	holder := unrenewed(here, func(ctx context.Context, _ []jobs.Job) []error {
		return []error{here.Transaction(ctx, func(ctx context.Context, _ *db.Tx) error {
			close(begun)
			<-goOn
			return write(ctx, here, "in time")
		})}
	})
	var seen []string
	successor := unrenewed(there, func(context.Context, []jobs.Job) []error {
		seen = written(t, there)
		return []error{nil}
	})
	enqueue(t, here, holder, push{Thing: "a"})
	ended, taken := make(chan error, 1), make(chan error, 1)
	go func() { ended <- holder.Drain(context.Background()) }()
	next(t, "the transaction begins", begun)
	runOut(t, there) // with the row locked, as a renewal would
	go func() { taken <- successor.Drain(context.Background()) }()
	until(t, "the take-over waits", func() bool {
		var n int
		err := there.From(t.Context()).Raw("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()" +
			" AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO leases%'").Scan(&n).Error
		return err == nil && n == 1
	})
	close(goOn)
	if err := next(t, "the holder's turn ends", ended); !errors.Is(err, jobs.ErrLost) {
		t.Errorf("err = %v, want ErrLost: its outcome came too late", err)
	}
	if err := next(t, "the successor ends", taken); err != nil {
		t.Error(err)
	}
	if len(seen) != 1 || find(t, successor, "a").State != jobs.Done {
		t.Errorf("the successor saw %q, want what was committed before its turn", seen)
	}
}

// A process that froze in the middle of a transaction has rows locked, and the lease among them.
func TestLease_whoFrozeInATransactionIsReplaced(t *testing.T) {
	t.Parallel()
	o := dbtest.Fresh(t, db.Postgres)
	there := dbtest.Open(t, o)
	o.IdleInTransaction = 500 * time.Millisecond
	here := dbtest.Open(t, o)
	begun, thaw := make(chan bool), make(chan bool)
	late := make(chan error, 1)
	frozen := unrenewed(here, func(ctx context.Context, _ []jobs.Job) []error {
		err := here.Transaction(ctx, func(ctx context.Context, _ *db.Tx) error {
			close(begun)
			<-thaw
			return write(ctx, here, "too late")
		})
		late <- err
		return []error{err}
	})
	s := &shop{}
	successor := unrenewed(there, s.handle)
	enqueue(t, here, frozen, push{Thing: "a"})
	ended := make(chan error, 1)
	go func() { ended <- frozen.Drain(context.Background()) }()
	next(t, "the transaction begins", begun)
	runOut(t, there)
	drain(t, successor)
	close(thaw)
	if err := next(t, "it writes", late); err == nil || len(written(t, there)) > 0 {
		t.Errorf("err = %v, written = %q; want nothing written", err, written(t, there))
	}
	if err := next(t, "it ends", ended); err == nil {
		t.Error("its turn ended well")
	}
	if got := find(t, successor, "a"); got.State != jobs.Done || got.Attempts != 0 || s.got() != "a" {
		t.Errorf("job = %s after %d attempts, want it done by the successor", got.State, got.Attempts)
	}
}

func TestRun_leavesNoSessionLock(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.Postgres)
	q := unrenewed(d, func(context.Context, []jobs.Job) []error {
		var locks int
		err := d.From(t.Context()).Raw("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'" +
			" AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").Scan(&locks).Error
		if err != nil || locks > 0 {
			t.Errorf("%d session locks, %v; want none: a pooler would lend them to others", locks, err)
		}
		return []error{nil}
	})
	enqueue(t, d, q, push{Thing: "a"})
	drain(t, q)
}
