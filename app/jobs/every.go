package jobs

import (
	"context"
	"time"

	"github.com/pixlpark/panel/app/db"
)

// recurring is a job that is planted anew whenever it has run.
type recurring struct {
	interval time.Duration
	args     Args
	opts     []Option
}

// Every has a job run again and again, interval after its last run ended, the first time when one interval has passed.
// The next run is a waiting row like any other: one for all processes, and there after a restart. Enqueue the same
// args to have it run now. A failed run is tried again after at most interval, for ever.
func (q *Queue) Every(interval time.Duration, args Args, opts ...Option) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.recurring[kindKey{args.Kind(), args.Key()}] = recurring{interval, args, opts}
}

// plant makes sure that each recurring job waits, and no longer than its interval says now.
func (q *Queue) plant(ctx context.Context) error {
	q.mu.Lock()
	all := make([]recurring, 0, len(q.recurring))
	for _, r := range q.recurring {
		all = append(all, r)
	}
	q.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	return q.db.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		for _, r := range all {
			// One that waits is joined, at the earlier of the two times; one that runs plants itself.
			if err := q.Enqueue(tx, r.args, append(r.opts[:len(r.opts):len(r.opts)], After(r.interval))...); err != nil {
				return err
			}
		}
		return nil
	})
}

// plantAgain plants the next run of a recurring job that has ended, and has not gone back to waiting by itself.
func (q *Queue) plantAgain(tx *db.Tx, job Job, outcome error) error {
	r, ok := q.recurs(job)
	if !ok || outcome != nil && !IsPermanent(outcome) {
		return nil
	}
	return q.Enqueue(tx, r.args, append(r.opts[:len(r.opts):len(r.opts)], After(r.interval))...)
}

func (q *Queue) recurs(job Job) (recurring, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r, ok := q.recurring[kindKey{job.Kind, job.Key}]
	return r, ok
}
