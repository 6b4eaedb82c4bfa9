// Package backfill is «Выгрузка базы»: the export of orders, clients and organizations that the panel had before the
// portal was connected.
//
// An export is a row that a person starts, pauses, resumes and stops. First its records are noted in rows of their own
// (gather.go). Then they leave as bulk work, some hundreds at a time, behind everything that is live (queue.go).
// Nothing of an export is in memory only, so it survives a restart.
//
// The package sends nothing itself: each record becomes an exchange.SendRecord, and package exchange tells the Queue
// what came of it. Begin with Exports, then Queue; page.go is the page.
package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// Exports starts, pauses and shows exports.
type Exports struct {
	*app.Host
	portals  *portal.Portals
	exchange *exchange.Exchange
	queue    *Queue
}

// New returns the exports of a host. The queue is the one that the exchange reports to.
func New(h *app.Host, portals *portal.Portals, x *exchange.Exchange, queue *Queue) *Exports {
	return &Exports{Host: h, portals: portals, exchange: x, queue: queue}
}

// Models are the tables of this package, for the check of the schema at the start.
func Models() []any { return []any{&export{}, &record{}} }

// export is a row of bitrix24_backfills.
type export struct {
	ID         int64 `gorm:"primaryKey"`
	PortalID   int64
	Actor      string
	Since      *time.Time // of placing or registering; nil: from the beginning
	Until      *time.Time // nil: to this day
	What       string     // the kinds of records, separated by commas
	State      exportState
	Gathered   plan.Local // the kind that is being gathered
	BeforeID   int64      // … down to this number
	StartedAt  time.Time
	ResumedAt  time.Time // since when the rate counts
	FinishedAt *time.Time
}

// TableName is where GORM keeps exports.
func (export) TableName() string { return "bitrix24_backfills" }

type exportState string

const (
	gathering exportState = "gathering"
	running   exportState = "running"
	paused    exportState = "paused"
	complete  exportState = "done"
	stopped   exportState = "stopped"
)

// Over reports whether the export has ended: it is complete, or was stopped.
func (e *export) Over() bool { return e.State == complete || e.State == stopped }

// selection is what the export covers, its kinds in the order in which they leave.
func (e *export) selection() exchange.Selection {
	chosen := strings.Split(e.What, ",")
	all := []plan.Local{plan.Organization, plan.Client, plan.Order}
	kinds := lo.Filter(all, func(kind plan.Local, _ int) bool { return slices.Contains(chosen, string(kind)) })
	return exchange.Selection{Since: e.Since, Until: e.Until, Kinds: kinds}
}

var (
	// errOneAtATime refuses a second export while one is under way.
	errOneAtATime = errors.New("another export is under way")
	// errUnknown is the answer to a number that no export has.
	errUnknown = refusal.Unknown("Такой выгрузки нет.")
	// errOver refuses to pause, resume or stop an export that has ended.
	errOver = refusal.Taken("", "Эта выгрузка уже закончена.")
)

// start stores a new export and enqueues the gathering of its records.
func (x *Exports) start(ctx context.Context, e *export) error {
	return x.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		var busy int64
		err := tx.Model(&export{}).
			Where("portal_id = ? AND state NOT IN ?", e.PortalID, []exportState{complete, stopped}).Count(&busy).Error
		if err != nil {
			return fmt.Errorf("look for an export under way: %w", err)
		}
		if busy > 0 {
			return errOneAtATime
		}
		e.State, e.StartedAt = gathering, db.Now()
		e.ResumedAt = e.StartedAt
		e.Gathered = e.selection().Kinds[0]
		if err := tx.Create(e).Error; err != nil {
			return fmt.Errorf("store an export: %w", err)
		}
		return x.Jobs.Enqueue(tx, Gather{ID: e.ID}, jobs.Behind())
	})
}

// change locks an export and does with it what a person asked for.
func (x *Exports) change(ctx context.Context, id int64, do func(*Exports, *db.Tx, *export) error) error {
	return x.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		e, err := locked(tx, id)
		if err != nil {
			return err
		}
		if e == nil {
			return errUnknown
		}
		return do(x, tx, e)
	})
}

// pause keeps what is queued from being sent until the export is resumed.
func (x *Exports) pause(tx *db.Tx, e *export) error {
	if e.Over() {
		return errOver
	}
	e.State = paused
	return takeBack(tx, e)
}

// stop ends an export before all its records are sent. What is on the portal by then stays there.
func (x *Exports) stop(tx *db.Tx, e *export) error {
	if e.Over() {
		return errOver
	}
	now := db.Now()
	e.State, e.FinishedAt = stopped, &now
	return takeBack(tx, e)
}

// resume goes on where the export was paused.
func (x *Exports) resume(tx *db.Tx, e *export) error {
	if e.Over() {
		return errOver
	}
	// It may have been paused while it gathered. If everything is gathered, the job goes on to sending at once.
	e.State, e.ResumedAt = gathering, db.Now()
	if err := store(tx, e); err != nil {
		return err
	}
	return x.Jobs.Enqueue(tx, Gather{ID: e.ID}, jobs.Behind())
}

// retry sends again what failed, even of an export that is over.
func (x *Exports) retry(tx *db.Tx, e *export) error {
	err := tx.Model(&record{}).Where("backfill_id = ? AND state = ?", e.ID, recordFailed).
		Updates(map[string]any{"state": recordWaits, "note": ""}).Error
	if err != nil {
		return fmt.Errorf("retry the failed records of export %d: %w", e.ID, err)
	}
	e.State, e.FinishedAt, e.ResumedAt = running, nil, db.Now()
	if err := store(tx, e); err != nil {
		return err
	}
	return x.queue.feed(tx, e)
}

// takeBack stores an export and returns its queued records to those that wait. Their jobs find it held and do nothing.
func takeBack(tx *db.Tx, e *export) error {
	if err := store(tx, e); err != nil {
		return err
	}
	err := tx.Model(&record{}).Where("backfill_id = ? AND state = ?", e.ID, recordQueued).
		Update("state", recordWaits).Error
	if err != nil {
		return fmt.Errorf("take back the queued records of export %d: %w", e.ID, err)
	}
	return nil
}

func store(tx *db.Tx, e *export) error {
	if err := tx.Save(e).Error; err != nil {
		return fmt.Errorf("store an export: %w", err)
	}
	return nil
}

// locked reads an export and locks it until the transaction ends. It returns nil when there is none.
func locked(tx *db.Tx, id int64) (*export, error) {
	var e export
	err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).First(&e, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read export %d: %w", id, err)
	}
	return &e, nil
}
