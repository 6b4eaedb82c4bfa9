package jobs_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/migrations"
)

// A pooler in transaction mode lends every connection to somebody else after each transaction, and notifications reach
// nobody. Three processes behind it, stopped one after the other, do everything once, one at a time.
func TestRun_behindAPoolerInTransactionMode(t *testing.T) {
	t.Parallel()
	o := dbtest.Pooled(t, dbtest.Empty(t, db.Postgres))
	var busy, overlaps, handled atomic.Int64
	var databases []*db.DB
	var queues []*jobs.Queue
	var stops []func()
	for range 3 {
		d := dbtest.Open(t, o)
		if err := d.Migrate(t.Context(), db.Line{Name: "app", FS: migrations.FS}); err != nil {
			t.Fatal(err)
		}
		q := jobs.New(d, jobs.Config{Log: dbtest.Silent(), Poll: 20 * time.Millisecond, Lease: time.Hour})
		jobs.Handle(q, "shop", 7, func(ctx context.Context, group []jobs.Job) []error {
			if busy.Add(1) > 1 {
				overlaps.Add(1)
			}
			defer busy.Add(-1)
			for _, job := range group {
				if err := write(ctx, d, job.Key); err != nil { // a second time it would be refused
					t.Error(err)
				}
			}
			handled.Add(int64(len(group)))
			return make([]error, len(group))
		})
		databases, queues, stops = append(databases, d), append(queues, q), append(stops, run(t, q))
	}
	for n := range 3 {
		for i := range 20 {
			enqueue(t, databases[2], queues[2], push{Thing: fmt.Sprint(n, "/", i)})
		}
		until(t, "the jobs are done", func() bool { return handled.Load() == int64(20*(n+1)) })
		stops[n]()
	}
	for _, d := range databases {
		if d.Hears() {
			t.Error("it believes that notifications reach it, and would hardly look for work")
		}
	}
	if overlaps.Load() > 0 || len(written(t, databases[0])) != 60 {
		t.Errorf("%d overlaps, %d written; want none and 60", overlaps.Load(), len(written(t, databases[0])))
	}
}
