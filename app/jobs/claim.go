package jobs

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/pixlpark/panel/app/db"
	"gorm.io/gorm/clause"
)

// group is what was claimed together.
type group struct {
	claim int64
	jobs  []Job
}

// claimGroup takes what is due: everything but bulk work, or else bulk work, never both. With the former goes what is
// taken along. Whoever is just enqueueing a job again has its waiting row locked, and it is left for the next turn.
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
			Order("priority, run_at, id").Limit(limit).Find(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		if l.along.kind != "" && !bulk && len(rows) < limit {
			var along []Status
			err := tx.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}).
				Where("lane = ? AND state = 'waiting' AND kind = ?", l.name, l.along.kind).
				Where("run_at > ? AND run_at <= ?", now, now.Add(l.along.within)).
				Order("run_at, id").Limit(limit - len(rows)).Find(&along).Error
			if err != nil {
				return err
			}
			rows = append(rows, along...)
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
		r.Job.Awaited, r.Job.Inherited = r.Priority == Awaited, r.ID <= l.inherited
		g.jobs = append(g.jobs, r.Job)
	}
	return g, nil
}
