package jobs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pixlpark/panel/app/db"
	"gorm.io/gorm/clause"
)

// group is what was claimed together.
type group struct {
	claim int64
	jobs  []Job
}

// claimGroup takes what is due: everything but bulk work, or else bulk work, never both. A key that runs in another
// group of the lane is left for later. Who is just enqueueing has his waiting row locked, and it is left for the next
// turn too.
func (l *lane) claimGroup(ctx context.Context, bulk bool) (group, error) {
	g := group{claim: rand.Int64()}
	limit, which := l.limit, "priority < ?"
	if bulk {
		which = "priority = ?"
		if l.bulkLimit > 0 {
			limit = min(limit, l.bulkLimit)
		}
	}
	now := l.q.now()
	var rows []Status
	err := l.q.db.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		rows = nil
		err := tx.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}).
			Where("lane = ? AND state = 'waiting' AND run_at <= ? AND "+which, l.name, now, Bulk).
			Where(`NOT EXISTS (SELECT 1 FROM jobs r WHERE r.lane = jobs.lane AND r.key = jobs.key AND r.state = 'running')`).
			Order("priority, run_at, id").Limit(limit).Find(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
		}
		return tx.Exec("UPDATE jobs SET state = 'running', claim = ?, started_at = ? WHERE id IN ?", g.claim, now, ids).Error
	})
	if err != nil {
		return group{}, fmt.Errorf("claim jobs of lane %s: %w", l.name, err)
	}
	for _, r := range rows {
		r.Job.Awaited = r.Priority == Awaited
		g.jobs = append(g.jobs, r.Job)
	}
	return g, nil
}

// nextDue is how long until the next job of the lane is due, at most limit. While bulk work beside the turn has all it
// may have, its end is what to wait for.
func (l *lane) nextDue(ctx context.Context, limit time.Duration) (time.Duration, error) {
	below := Bulk + 1
	if l.parallel > 0 && int(l.beside.Load()) >= l.parallel {
		below = Bulk
	}
	var rows []Status
	err := l.q.db.From(ctx).Select("run_at").Where("lane = ? AND state = 'waiting' AND priority < ?", l.name, below).
		Order("run_at").Limit(1).Find(&rows).Error
	if err != nil {
		return 0, fmt.Errorf("look at lane %s: %w", l.name, err)
	}
	if len(rows) == 0 {
		return limit, nil
	}
	// What is due already was left because its key runs or its row is locked: look again shortly.
	return min(limit, max(rows[0].RunAt.Sub(l.q.now()), 20*time.Millisecond)), nil
}
