package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/db"
)

// Option changes how a job is enqueued.
type Option func(o *options)

type options struct {
	priority Priority
	await    time.Duration
	after    time.Duration
}

// Await puts the job before all others and has whoever commits the transaction wait for its first outcome, at most
// limit; await.go says when nobody waits. A limit of zero is no wait and no hurry.
func Await(limit time.Duration) Option {
	return func(o *options) {
		if limit > 0 {
			o.priority, o.await = Awaited, limit
		}
	}
}

// Behind makes it bulk work: after everything that is live.
func Behind() Option { return WithPriority(Bulk) }

// WithPriority is for everything that is not Live.
func WithPriority(p Priority) Option { return func(o *options) { o.priority = p } }

// After has the job run not before d has passed.
func After(d time.Duration) Option { return func(o *options) { o.after = d } }

// Enqueue adds a job within tx; nothing happens before that is committed. An equal job that waits is joined: it gets
// these args, the earlier time and the higher priority of the two, and keeps its count of attempts. An equal job that
// runs is left alone, and this one runs after it.
func (q *Queue) Enqueue(tx *db.Tx, args Args, opts ...Option) error {
	return q.EnqueueAll(tx, []Args{args}, opts...)
}

// EnqueueAll is Enqueue for many jobs at once.
func (q *Queue) EnqueueAll(tx *db.Tx, all []Args, opts ...Option) error {
	o := options{priority: Live}
	for _, opt := range opts {
		opt(&o)
	}
	rows, err := q.rows(all, o)
	if err != nil {
		return err
	}
	lanes := map[string]bool{}
	for chunk := range slices.Chunk(rows, 500) {
		marks, err := insert(tx, chunk)
		if err != nil {
			return err
		}
		for _, r := range chunk {
			lanes[r.Lane] = true
		}
		if o.await > 0 {
			q.awaitAfter(tx, o.await, marks)
		}
	}
	for name := range lanes {
		if err := tx.Notify(channel, "wake "+name); err != nil {
			return err
		}
		tx.AfterCommit(func(context.Context) { q.handling(name).wakeUp() })
	}
	return nil
}

// rows are in the order of their keys, so that two transactions that enqueue the same jobs lock them in the same
// order. Of equal ones the last counts.
func (q *Queue) rows(all []Args, o options) ([]Status, error) {
	now := q.now()
	at := now.Add(o.after.Truncate(time.Millisecond))
	byKey := make(map[kindKey]Status, len(all))
	for _, args := range all {
		lane, err := laneOf(args.Kind())
		if err != nil {
			return nil, err
		}
		if q.handling(lane) == nil {
			return nil, fmt.Errorf("job %s: lane %s has no handler", args.Kind(), lane)
		}
		text, err := json.Marshal(args)
		if err != nil {
			return nil, fmt.Errorf("write job %s %s: %w", args.Kind(), args.Key(), err)
		}
		job := Job{Kind: args.Kind(), Key: args.Key(), Args: text, Priority: o.priority, EnqueuedAt: now}
		byKey[kindKey{job.Kind, job.Key}] = Status{Job: job, Lane: lane, RunAt: at}
	}
	rows := make([]Status, 0, len(byKey))
	for _, row := range byKey {
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b Status) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
	return rows, nil
}

// mark tells one row's runs apart: the job has run once more when claim is another.
type mark struct {
	ID    int64
	Claim int64
	Lane  string
}

// insert must update on a conflict and not do nothing: the update locks the waiting row, so that no worker can take it
// and read the thing as it was before this transaction.
func insert(tx *db.Tx, rows []Status) ([]mark, error) {
	var sql strings.Builder
	sql.WriteString("INSERT INTO jobs (lane, kind, key, args, priority, state, enqueued_at, run_at) VALUES ")
	values := make([]any, 0, 7*len(rows))
	for i, r := range rows {
		if i > 0 {
			sql.WriteString(", ")
		}
		sql.WriteString("(?, ?, ?, ?, ?, 'waiting', ?, ?)")
		values = append(values, r.Lane, r.Kind, r.Key, string(r.Args), r.Priority, r.EnqueuedAt, r.RunAt)
	}
	sql.WriteString(` ON CONFLICT (kind, key) WHERE state = 'waiting' DO UPDATE SET
		args = excluded.args,
		version = jobs.version + 1,
		run_at = CASE WHEN excluded.run_at < jobs.run_at THEN excluded.run_at ELSE jobs.run_at END,
		priority = CASE WHEN excluded.priority < jobs.priority THEN excluded.priority ELSE jobs.priority END
		RETURNING id, claim, lane`)
	var marks []mark
	if err := tx.Raw(sql.String(), values...).Scan(&marks).Error; err != nil {
		return nil, fmt.Errorf("enqueue %s: %w", rows[0].Kind, err)
	}
	return marks, nil
}
