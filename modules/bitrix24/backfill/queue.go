package backfill

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// Queue gives the records of exports to the exchange, some hundreds at a time, and hears what came of them. It is the
// exchange.Exports of the module. It needs nothing of the exchange itself, so it can be there first.
type Queue struct{ *app.Host }

// NewQueue returns the queue of a host.
func NewQueue(h *app.Host) *Queue { return &Queue{Host: h} }

const (
	feedBelow = 200 // when fewer records than this are queued,
	feedSize  = 500 // this many more are

	attemptsMost = 5 // then a record waits for a person, and the export goes on without it
)

// record is a row of bitrix24_backfill_records.
type record struct {
	BackfillID int64      `gorm:"primaryKey"`
	Local      plan.Local `gorm:"primaryKey"`
	LocalID    int64      `gorm:"primaryKey"`
	Rank       int        // of the kind: organizations leave before clients, clients before orders
	State      recordState
	Note       string // why it failed or was left out
	At         time.Time
}

// TableName is where GORM keeps the records of exports.
func (record) TableName() string { return "bitrix24_backfill_records" }

type recordState string

const (
	recordWaits   recordState = "waiting"
	recordQueued  recordState = "queued"
	recordSent    recordState = "done"
	recordFailed  recordState = "failed"
	recordLeftOut recordState = "skipped"
)

// Held returns the numbers of the exports that are paused or stopped.
func (q *Queue) Held(ctx context.Context) (map[int64]bool, error) {
	var ids []int64
	err := q.DB.From(ctx).Model(&export{}).Where("state IN ?", []exportState{paused, stopped}).Pluck("id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("read the exports that are held: %w", err)
	}
	return lo.SliceToMap(ids, func(id int64) (int64, bool) { return id, true }), nil
}

// NoteSent stores what came of the records of exports in a group, and queues the next. After too many attempts it
// makes an outcome permanent.
func (q *Queue) NoteSent(ctx context.Context, group []jobs.Job, outcomes []error) error {
	touched := map[int64]bool{}
	return q.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		held, err := q.Held(ctx)
		if err != nil {
			return err
		}
		for i, j := range group {
			var a exchange.SendRecord
			if j.Kind != a.Kind() || j.Decode(&a) != nil || jobs.Pauses(outcomes[i]) {
				continue
			}
			if held[a.Backfill] && outcomes[i] == nil {
				continue // it was not sent, it only left the queue of jobs
			}
			change := map[string]any{"at": db.Now(), "note": ""}
			switch cause := outcomes[i]; {
			case cause == nil:
				change["state"] = recordSent
			case jobs.IsPermanent(cause), j.Attempts+1 >= attemptsMost && !exchange.IsPutOff(cause):
				outcomes[i] = jobs.Permanent(cause)
				change["state"], change["note"] = recordFailed, cause.Error()
			default:
				change["note"] = cause.Error() // tried again
			}
			touched[a.Backfill] = true
			err := tx.Model(&record{}).
				Where("backfill_id = ? AND local = ? AND local_id = ?", a.Backfill, a.Local, a.ID).Updates(change).Error
			if err != nil {
				return fmt.Errorf("note a record of an export: %w", err)
			}
		}
		for id := range touched {
			e, err := locked(tx, id)
			if err != nil || e == nil {
				return err
			}
			if err := q.feed(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// feed queues more records of an export that runs and has few queued. When none are left, the export is complete.
func (q *Queue) feed(tx *db.Tx, e *export) error {
	if e.State != running {
		return nil
	}
	in := func(state recordState) *gorm.DB {
		return tx.Model(&record{}).Where("backfill_id = ? AND state = ?", e.ID, state)
	}
	var queued int64
	if err := in(recordQueued).Count(&queued).Error; err != nil {
		return fmt.Errorf("count the queue of an export: %w", err)
	}
	if queued >= feedBelow {
		return nil
	}
	var next []record
	if err := in(recordWaits).Order("rank, local_id").Limit(feedSize).Find(&next).Error; err != nil {
		return fmt.Errorf("read what an export has to send: %w", err)
	}
	if len(next) > 0 {
		return q.enqueue(tx, e, next)
	}
	if queued == 0 {
		now := db.Now()
		e.State, e.FinishedAt = complete, &now
		return store(tx, e)
	}
	return nil
}

// enqueue gives records of an export to the exchange, behind all other work.
func (q *Queue) enqueue(tx *db.Tx, e *export, list []record) error {
	for kind, some := range lo.GroupBy(list, func(r record) plan.Local { return r.Local }) {
		ids := lo.Map(some, func(r record, _ int) int64 { return r.LocalID })
		err := tx.Model(&record{}).Where("backfill_id = ? AND local = ? AND local_id IN ?", e.ID, kind, ids).
			Updates(map[string]any{"state": recordQueued, "at": db.Now()}).Error
		if err != nil {
			return fmt.Errorf("note what is queued: %w", err)
		}
	}
	work := lo.Map(list, func(r record, _ int) jobs.Args {
		return exchange.SendRecord{Backfill: r.BackfillID, Local: r.Local, ID: r.LocalID}
	})
	return q.Jobs.EnqueueAll(tx, work, jobs.Behind())
}
