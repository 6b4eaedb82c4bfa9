package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
)

// ErrNoJob says that there is no job of that kind and key.
var ErrNoJob = errors.New("no such job")

// Find returns the job that matters most of a kind and key: the one that runs, else the one that waits, else the last.
// ErrNoJob says that there was none lately.
func (q *Queue) Find(ctx context.Context, kind, key string) (*Status, error) {
	found, err := q.FindMany(ctx, kind, []string{key})
	if err != nil {
		return nil, err
	}
	status, ok := found[key]
	if !ok {
		return nil, fmt.Errorf("find job %s %s: %w", kind, key, ErrNoJob)
	}
	return &status, nil
}

// FindMany is Find for many keys; those without a job are missing from the answer.
func (q *Queue) FindMany(ctx context.Context, kind string, keys []string) (map[string]Status, error) {
	found := make(map[string]Status, len(keys))
	for some := range slices.Chunk(keys, 1000) {
		var rows []Status
		err := q.db.From(ctx).Where("kind = ? AND key IN ?", kind, some).Order("id").Find(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("find jobs %s: %w", kind, err)
		}
		for _, row := range rows {
			if before, ok := found[row.Key]; !ok || row.weight() >= before.weight() {
				found[row.Key] = row
			}
		}
	}
	return found, nil
}

// weight tells which of several rows of a key matters.
func (s Status) weight() int {
	switch s.State {
	case Running:
		return 2
	case Waiting:
		return 1
	}
	return 0
}

// IsAwaited reports whether somebody waits for a job of the lane that is due.
func (q *Queue) IsAwaited(ctx context.Context, lane string) (bool, error) {
	var found []int64
	err := q.db.From(ctx).Model(&Status{}).
		Where("lane = ? AND state = 'waiting' AND priority = ? AND run_at <= ?", lane, Awaited, q.now()).
		Limit(1).Pluck("id", &found).Error
	if err != nil {
		return false, fmt.Errorf("look for awaited jobs of lane %s: %w", lane, err)
	}
	return len(found) > 0, nil
}

// Filter chooses jobs for a list; empty fields choose all.
type Filter struct {
	Lane  string
	Kind  string
	Key   string
	State State
}

// List returns jobs, the newest first: at most limit of those whose ID is below before, or of all when that is 0.
func (q *Queue) List(ctx context.Context, f Filter, before int64, limit int) ([]Status, error) {
	query := q.db.From(ctx).Order("id DESC").Limit(limit)
	for column, value := range map[string]string{"lane": f.Lane, "kind": f.Kind, "key": f.Key} {
		if value != "" {
			query = query.Where(column+" = ?", value)
		}
	}
	switch f.State { // literals, for the partial indexes
	case Waiting:
		query = query.Where("state = 'waiting'")
	case Running:
		query = query.Where("state = 'running'")
	case Failed:
		query = query.Where("state = 'failed'")
	case Done:
		query = query.Where("state = 'done'")
	}
	if before > 0 {
		query = query.Where("id < ?", before)
	}
	var rows []Status
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return rows, nil
}

// Backlog is how much waits in a lane.
type Backlog struct {
	Length int64
	Oldest *time.Time // when the longest waiting job was enqueued; nil when none waits
}

// Backlog counts what waits in a lane, put off jobs included. Kinds in except don't count: recurring work that waits
// for its hour, say.
func (q *Queue) Backlog(ctx context.Context, lane string, except ...string) (Backlog, error) {
	query := q.db.From(ctx).Model(&Status{}).Where("lane = ? AND state = 'waiting'", lane)
	if len(except) > 0 {
		query = query.Where("kind NOT IN ?", except)
	}
	var b Backlog
	if err := query.Session(&gorm.Session{}).Count(&b.Length).Error; err != nil {
		return b, fmt.Errorf("count what waits in lane %s: %w", lane, err)
	}
	var oldest []Status
	err := query.Session(&gorm.Session{}).Select("enqueued_at").Order("enqueued_at").Limit(1).Find(&oldest).Error
	if err != nil {
		return b, fmt.Errorf("find what waits longest in lane %s: %w", lane, err)
	}
	if len(oldest) > 0 {
		b.Oldest = &oldest[0].EnqueuedAt
	}
	return b, nil
}

// Unfinished is a subquery for a module that asks about very many things at once, too many to name their keys. It is
// for a kind whose keys are a thing and a number, such as "order/42", and has one row for each key with a job that
// waits, runs or failed:
//
//	id      the number, 42
//	failed  1 when a failed job is all there is, 0 when one waits or runs
//
// It stands in a FROM or a JOIN: "LEFT JOIN (" + sql + ") j ON j.id = orders.id".
func Unfinished(kind, thing string) (sql string, args []any) {
	return `SELECT CAST(substr(key, ?) AS bigint) AS id, MIN(CASE state WHEN 'failed' THEN 1 ELSE 0 END) AS failed
		FROM jobs WHERE kind = ? AND state IN ('waiting', 'running', 'failed') GROUP BY key`,
		[]any{len(thing+"/") + 1, kind}
}
