package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pixlpark/panel/app"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// Exports are «Выгрузка базы»: the exports that were made, and the one under way.
type Exports struct {
	*app.Host
	portals  *portal.Portals
	exchange *exchange.Exchange
}

// New returns the exports of a host. They begin to work once Connect has given them the exchange, which itself asks them
// what is held.
func New(h *app.Host, portals *portal.Portals) *Exports {
	return &Exports{Host: h, portals: portals}
}

// Connect gives the exports the exchange that sends their records.
func (x *Exports) Connect(e *exchange.Exchange) { x.exchange = e }

// Export is a row of bitrix24_backfills: one «Выгрузка базы», the export of what existed before the portal was
// connected. First its records are gathered, then they leave as bulk work, some hundreds at a time, behind everything
// that is live. Nothing of it is in memory only.
type Export struct {
	ID         int64 `gorm:"primaryKey"`
	PortalID   int64
	Actor      string
	Since      *time.Time // of placing or registering; nil: from the beginning
	Until      *time.Time // nil: to this day
	What       string     // the kinds of records, separated by commas
	State      exportState
	Gathered   records.Local // the kind that is being gathered
	BeforeID   int64         // … down to this number
	StartedAt  time.Time
	ResumedAt  time.Time // since when the rate counts
	FinishedAt *time.Time
}

func (Export) TableName() string { return "bitrix24_backfills" }

type exportState string

const (
	gathering exportState = "gathering"
	running   exportState = "running"
	paused    exportState = "paused"
	complete  exportState = "done"
	stopped   exportState = "stopped"
)

// Over reports whether nothing more will come of it.
func (b *Export) Over() bool { return b.State == complete || b.State == stopped }

// selection is what the export covers.
func (b *Export) selection() exchange.Selection {
	chosen := strings.Split(b.What, ",")
	return exchange.Selection{Since: b.Since, Until: b.Until, Kinds: lo.Filter([]records.Local{records.Organization, records.Client, records.Order}, func(kind records.Local, _ int) bool {
		return slices.Contains(chosen, string(kind))
	})}
}

// Record is a row of bitrix24_backfill_records.
type Record struct {
	BackfillID int64         `gorm:"primaryKey"`
	Local      records.Local `gorm:"primaryKey"`
	LocalID    int64         `gorm:"primaryKey"`
	Rank       int           // of the kind: organizations leave before clients, clients before orders
	State      recordState
	Note       string // why it failed or was left out
	At         time.Time
}

func (Record) TableName() string { return "bitrix24_backfill_records" }

type recordState string

const (
	recordWaits   recordState = "waiting"
	recordQueued  recordState = "queued"
	recordSent    recordState = "done"
	recordFailed  recordState = "failed"
	recordLeftOut recordState = "skipped"
)

// GatherExport notes the records of an export, a few pages at a time.
type GatherExport struct{ ID int64 }

// Kind and Key name the job.
func (GatherExport) Kind() string { return portal.BulkLane + ".gather" }

func (a GatherExport) Key() string { return fmt.Sprintf("backfill/%d", a.ID) }

const (
	gatherPages = 10  // in one go
	feedBelow   = 200 // when fewer wait in the queue,
	feedSize    = 500 // so many more are put there

	exportAttempts = 5 // then a record waits for a person, and the export goes on without it
)

// errOneAtATime refuses a second export while one is under way.
var errOneAtATime = errors.New("another export is under way")

// start starts an export.
func (x *Exports) start(ctx context.Context, b *Export) error {
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var busy int64
		err := tx.Model(&Export{}).Where("portal_id = ? AND state NOT IN ?", b.PortalID, []exportState{complete, stopped}).Count(&busy).Error
		if err != nil {
			return fmt.Errorf("look for an export under way: %w", err)
		}
		if busy > 0 {
			return errOneAtATime
		}
		b.State, b.StartedAt = gathering, db.Now()
		b.ResumedAt = b.StartedAt
		b.Gathered = b.selection().Kinds[0]
		if err := tx.Create(b).Error; err != nil {
			return fmt.Errorf("store an export: %w", err)
		}
		return x.Jobs.Enqueue(tx, GatherExport{ID: b.ID}, jobs.Behind())
	})
}

// Gather notes the next records of an export; when there are no more, it begins to send them.
func (x *Exports) Gather(ctx context.Context, id int64) error {
	s, err := x.portals.Current(ctx)
	if err != nil {
		return err
	}
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := x.locked(tx, id)
		if err != nil || b == nil || b.State != gathering {
			return err
		}
		sel := b.selection()
		rank := slices.Index(sel.Kinds, b.Gathered)
		for range gatherPages {
			list, err := x.exchange.RecordsPage(ctx, s, sel, b.Gathered, b.BeforeID, exchange.GatherPage)
			if err != nil {
				return err
			}
			if err := noteFound(tx, b, rank, list); err != nil {
				return err
			}
			if len(list) == exchange.GatherPage {
				b.BeforeID = list[len(list)-1].ID
				continue
			}
			if rank++; rank == len(sel.Kinds) {
				b.State = running
				break
			}
			b.Gathered, b.BeforeID = sel.Kinds[rank], 0
		}
		if err := tx.Save(b).Error; err != nil {
			return fmt.Errorf("store an export: %w", err)
		}
		if b.State == gathering {
			return x.Jobs.Enqueue(tx, GatherExport{ID: b.ID}, jobs.Behind())
		}
		return x.feed(tx, b)
	})
}

func noteFound(tx *db.Tx, b *Export, rank int, list []exchange.FoundRecord) error {
	var rows []Record
	for _, found := range list {
		if !b.selection().Covers(found.At) {
			continue
		}
		row := Record{BackfillID: b.ID, Local: b.Gathered, LocalID: found.ID, Rank: rank, State: recordWaits, At: db.Now()}
		if found.No != "" {
			row.State, row.Note = recordLeftOut, string(found.No)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
		return fmt.Errorf("note records of an export: %w", err)
	}
	return nil
}

// locked reads an export, locked; nil when there is none.
func (x *Exports) locked(tx *db.Tx, id int64) (*Export, error) {
	var b Export
	err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).First(&b, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read export %d: %w", id, err)
	}
	return &b, nil
}

// feed keeps the queue filled while the export runs, and notes its end.
func (x *Exports) feed(tx *db.Tx, b *Export) error {
	if b.State != running {
		return nil
	}
	of := func(state recordState) *gorm.DB {
		return tx.Model(&Record{}).Where("backfill_id = ? AND state = ?", b.ID, state)
	}
	var queued int64
	if err := of(recordQueued).Count(&queued).Error; err != nil {
		return fmt.Errorf("count the queue of an export: %w", err)
	}
	if queued >= feedBelow {
		return nil
	}
	var next []Record
	if err := of(recordWaits).Order("rank, local_id").Limit(feedSize).Find(&next).Error; err != nil {
		return fmt.Errorf("read what an export has to send: %w", err)
	}
	if len(next) == 0 && queued == 0 {
		now := db.Now()
		b.State, b.FinishedAt = complete, &now
		return tx.Save(b).Error
	}
	return x.queue(tx, next)
}

// queue has records sent.
func (x *Exports) queue(tx *db.Tx, list []Record) error {
	if len(list) == 0 {
		return nil
	}
	for kind, some := range lo.GroupBy(list, func(r Record) records.Local { return r.Local }) {
		ids := lo.Map(some, func(r Record, _ int) int64 { return r.LocalID })
		err := tx.Model(&Record{}).Where("backfill_id = ? AND local = ? AND local_id IN ?", list[0].BackfillID, kind, ids).
			Updates(map[string]any{"state": recordQueued, "at": db.Now()}).Error
		if err != nil {
			return fmt.Errorf("note what is queued: %w", err)
		}
	}
	work := lo.Map(list, func(r Record, _ int) jobs.Args {
		return exchange.SendRecord{Backfill: r.BackfillID, Local: r.Local, ID: r.LocalID}
	})
	return x.Jobs.EnqueueAll(tx, work, jobs.Behind())
}

// Held are the exports whose records must not leave now.
func (x *Exports) Held(ctx context.Context) (map[int64]bool, error) {
	var ids []int64
	err := x.DB.From(ctx).Model(&Export{}).Where("state IN ?", []exportState{paused, stopped}).Pluck("id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("read the exports that pause: %w", err)
	}
	return lo.SliceToMap(ids, func(id int64) (int64, bool) { return id, true }), nil
}

// NoteSent stores what came of the records of exports in a group, and queues the next.
func (x *Exports) NoteSent(ctx context.Context, group []jobs.Job, outcomes []error) error {
	touched := map[int64]bool{}
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		held, err := x.Held(ctx)
		if err != nil {
			return err
		}
		for i, j := range group {
			var a exchange.SendRecord
			if j.Kind != a.Kind() || j.Decode(&a) != nil || jobs.Pauses(outcomes[i]) || held[a.Backfill] && outcomes[i] == nil {
				continue
			}
			change := map[string]any{"at": db.Now(), "note": ""}
			switch cause := outcomes[i]; {
			case cause == nil:
				change["state"] = recordSent
			case jobs.IsPermanent(cause), j.Attempts+1 >= exportAttempts && !exchange.IsPutOff(cause):
				outcomes[i] = jobs.Permanent(cause)
				change["state"], change["note"] = recordFailed, cause.Error()
			default:
				change["note"] = cause.Error() // tried again
			}
			touched[a.Backfill] = true
			err := tx.Model(&Record{}).Where("backfill_id = ? AND local = ? AND local_id = ?", a.Backfill, a.Local, a.ID).Updates(change).Error
			if err != nil {
				return fmt.Errorf("note a record of an export: %w", err)
			}
		}
		for id := range touched {
			b, err := x.locked(tx, id)
			if err != nil || b == nil {
				return err
			}
			if err := x.feed(tx, b); err != nil {
				return err
			}
		}
		return nil
	})
}

// pause holds an export, or ends it, or lets it go on.
func (x *Exports) pause(ctx context.Context, id int64, to exportState) error {
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := x.locked(tx, id)
		if err != nil {
			return err
		}
		if b == nil {
			return errUnknownExport
		}
		if b.Over() {
			return refusal.Taken("", "Эта выгрузка уже закончена.")
		}
		now := db.Now()
		switch to {
		case running:
			b.State, b.ResumedAt = gathering, now // which goes on at once to sending what is gathered
			if err := tx.Save(b).Error; err != nil {
				return fmt.Errorf("store an export: %w", err)
			}
			return x.Jobs.Enqueue(tx, GatherExport{ID: b.ID}, jobs.Behind())
		case stopped:
			b.FinishedAt = &now
		}
		b.State = to
		if err := tx.Save(b).Error; err != nil {
			return fmt.Errorf("store an export: %w", err)
		}
		err = tx.Model(&Record{}).Where("backfill_id = ? AND state = ?", id, recordQueued).Update("state", recordWaits).Error
		if err != nil {
			return fmt.Errorf("take records of an export back: %w", err)
		}
		return nil
	})
}

// errUnknownExport is said of a number that no export has.
var errUnknownExport = refusal.Unknown("Такой выгрузки нет.")

// retry sends again what failed.
func (x *Exports) retry(ctx context.Context, id int64) error {
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := x.locked(tx, id)
		if err != nil {
			return err
		}
		if b == nil {
			return errUnknownExport
		}
		err = tx.Model(&Record{}).Where("backfill_id = ? AND state = ?", id, recordFailed).
			Updates(map[string]any{"state": recordWaits, "note": ""}).Error
		if err != nil {
			return fmt.Errorf("take up what failed: %w", err)
		}
		b.State, b.FinishedAt, b.ResumedAt = running, nil, db.Now()
		if err := tx.Save(b).Error; err != nil {
			return fmt.Errorf("store an export: %w", err)
		}
		return x.feed(tx, b)
	})
}
