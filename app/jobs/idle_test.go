package jobs_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
)

// idle runs the queue with nothing to do for ten minutes by the bubble's clock, and returns how many statements that
// took once the lanes were held.
func idle(t *testing.T, d *db.DB, q *jobs.Queue) int64 {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	synctest.Wait()
	time.Sleep(time.Second / 2) // between two looks
	begun := d.Statements()
	time.Sleep(10 * time.Minute)
	count := d.Statements() - begun
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	return count
}

func TestRun_anIdleLaneAsksTheDatabaseThreeThingsInTenSeconds(t *testing.T) {
	t.Parallel()
	o := dbtest.Fresh(t, db.SQLite)
	synctest.Test(t, func(t *testing.T) {
		d := dbtest.Open(t, o)
		q := jobs.New(d, jobs.Config{Log: dbtest.Silent()})
		for _, lane := range []string{"shop", "post", "bank"} {
			jobs.Handle(q, lane, 10, (&shop{}).handle)
		}
		enqueue(t, d, q, push{Thing: "tomorrow"}, jobs.After(24*time.Hour))
		// Of each lane: the lease is renewed twice, and once it is asked whether there is anything to do.
		if got, want := idle(t, d, q), int64(3*60*3); got > want {
			t.Errorf("%d statements in ten minutes, want %d", got, want)
		}
	})
}
