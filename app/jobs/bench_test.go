package jobs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
)

func benchEach(b *testing.B, fn func(b *testing.B, d *db.DB, q *jobs.Queue)) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		b.Run(string(dialect), func(b *testing.B) {
			d := dbtest.New(b, dialect)
			q := jobs.New(d, jobs.Config{Log: dbtest.Silent()})
			jobs.Handle(q, "shop", 50, func(_ context.Context, group []jobs.Job) []error {
				return make([]error, len(group))
			})
			fn(b, d, q)
		})
	}
}

func benchRun(b *testing.B, q *jobs.Queue) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- q.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
}

// A transaction that does nothing but enqueue one job.
func BenchmarkEnqueue(b *testing.B) {
	benchEach(b, func(b *testing.B, d *db.DB, q *jobs.Queue) {
		n := 0
		for b.Loop() {
			n++
			err := d.Transaction(b.Context(), func(_ context.Context, tx *db.Tx) error {
				return q.Enqueue(tx, push{Thing: fmt.Sprint(n)})
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// From the beginning of a transaction to the outcome of its job, by a worker that was asleep.
func BenchmarkAwait(b *testing.B) {
	benchEach(b, func(b *testing.B, d *db.DB, q *jobs.Queue) {
		benchRun(b, q)
		n := 0
		for b.Loop() {
			n++
			err := d.Transaction(b.Context(), func(_ context.Context, tx *db.Tx) error {
				return q.Enqueue(tx, push{Thing: fmt.Sprint(n)}, jobs.Await(time.Minute))
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// One job of bulk work, claimed and finished in groups of fifty, while 100,000 more wait.
func BenchmarkWork(b *testing.B) {
	benchEach(b, func(b *testing.B, d *db.DB, q *jobs.Queue) {
		fill := func(from, n int, opts ...jobs.Option) {
			all := make([]jobs.Args, n)
			for i := range all {
				all[i] = push{Thing: fmt.Sprint(from + i)}
			}
			err := d.Transaction(b.Context(), func(_ context.Context, tx *db.Tx) error {
				return q.EnqueueAll(tx, all, opts...)
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		fill(0, 100_000, jobs.Behind(), jobs.After(time.Hour))
		if d.Dialect() == db.Postgres { // the test server has no autovacuum
			if err := d.From(b.Context()).Exec("ANALYZE jobs").Error; err != nil {
				b.Fatal(err)
			}
		}
		b.ResetTimer()
		fill(100_000, b.N, jobs.Behind())
		if err := q.Drain(b.Context()); err != nil {
			b.Fatal(err)
		}
	})
}
