package bitrix24

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

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/refusal"
)

// backfill is a row of bitrix24_backfills: one «Выгрузка базы», the export of what existed before the portal was
// connected. First its records are gathered, then they leave as bulk work, some hundreds at a time, behind everything
// that is live. Nothing of it is in memory only.
type backfill struct {
	ID         int64 `gorm:"primaryKey"`
	PortalID   int64
	Actor      string
	Since      *time.Time // of placing or registering; nil: from the beginning
	Until      *time.Time // nil: to this day
	What       string     // the kinds of records, separated by commas
	State      backfillState
	Gathered   local // the kind that is being gathered
	BeforeID   int64 // … down to this number
	StartedAt  time.Time
	ResumedAt  time.Time // since when the rate counts
	FinishedAt *time.Time
}

func (backfill) TableName() string { return "bitrix24_backfills" }

type backfillState string

const (
	gathering backfillState = "gathering"
	running   backfillState = "running"
	paused    backfillState = "paused"
	complete  backfillState = "done"
	stopped   backfillState = "stopped"
)

// Over reports whether nothing more will come of it.
func (b *backfill) Over() bool { return b.State == complete || b.State == stopped }

// selection is what the export covers.
func (b *backfill) selection() selection {
	chosen := strings.Split(b.What, ",")
	return selection{Since: b.Since, Until: b.Until, Kinds: lo.Filter([]local{anOrganization, aClient, anOrder}, func(kind local, _ int) bool {
		return slices.Contains(chosen, string(kind))
	})}
}

// backfilled is a row of bitrix24_backfill_records.
type backfilled struct {
	BackfillID int64 `gorm:"primaryKey"`
	Local      local `gorm:"primaryKey"`
	LocalID    int64 `gorm:"primaryKey"`
	Rank       int   // of the kind: organizations leave before clients, clients before orders
	State      recordState
	Note       string // why it failed or was left out
	At         time.Time
}

func (backfilled) TableName() string { return "bitrix24_backfill_records" }

type recordState string

const (
	recordWaits   recordState = "waiting"
	recordQueued  recordState = "queued"
	recordSent    recordState = "done"
	recordFailed  recordState = "failed"
	recordLeftOut recordState = "skipped"
)

// gatherBackfill notes the records of an export, a few pages at a time.
type gatherBackfill struct{ ID int64 }

// Kind and Key name the job.
func (gatherBackfill) Kind() string  { return bulkLane + ".gather" }
func (a gatherBackfill) Key() string { return fmt.Sprintf("backfill/%d", a.ID) }

// sendRecord sends one record of an export. Its key is that of the record's other jobs, so that they never meet.
type sendRecord struct {
	Backfill int64
	Local    local
	ID       int64
}

// Kind and Key name the job.
func (sendRecord) Kind() string  { return lane + ".backfill" }
func (a sendRecord) Key() string { return fmt.Sprintf("%s/%d", a.Local, a.ID) }

// gatherPage is how many records of a kind are read at a time.
const gatherPage = 100

const (
	gatherPages = 10  // in one go
	feedBelow   = 200 // when fewer wait in the queue,
	feedSize    = 500 // so many more are put there

	exportAttempts = 5 // then a record waits for a person, and the export goes on without it
)

// waits reports whether a record is only put off.
func waits(cause error) bool {
	var wait *waitError
	return errors.As(cause, &wait) || errors.Is(cause, errNextGroup)
}

// errOneAtATime refuses a second export while one is under way.
var errOneAtATime = errors.New("another export is under way")

// begin starts an export.
func (m *Module) begin(ctx context.Context, b *backfill) error {
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var busy int64
		err := tx.Model(&backfill{}).Where("portal_id = ? AND state NOT IN ?", b.PortalID, []backfillState{complete, stopped}).Count(&busy).Error
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
		return m.Jobs.Enqueue(tx, gatherBackfill{ID: b.ID}, jobs.Behind())
	})
}

// selection says which records an export covers.
type selection struct {
	Since, Until *time.Time // of placing or registering; nil: without a bound. Until itself is left out
	Kinds        []local    // in the order they leave: a deal needs its contact and company
}

// covers reports whether a record of that time is in the period.
func (s selection) covers(at time.Time) bool {
	return (s.Since == nil || !at.Before(*s.Since)) && (s.Until == nil || at.Before(*s.Until))
}

// foundRecord is a record that an export may cover.
type foundRecord struct {
	id int64
	at time.Time
	no reason // why it is not sent
}

// recordsPage reads one page of a kind of records, newest first.
func (m *Module) recordsPage(ctx context.Context, s Settings, sel selection, kind local, before int64, take int) ([]foundRecord, error) {
	switch kind {
	case aClient:
		list, err := m.Clients.List(ctx, clients.Query{Before: before, Take: take})
		return lo.Map(list, func(c *clients.Client, _ int) foundRecord { return foundRecord{id: c.ID, at: c.RegisteredAt} }), err
	case anOrganization:
		list, err := m.Organizations.List(ctx, organizations.Query{Before: before, Take: take})
		return lo.Map(list, func(o *organizations.Organization, _ int) foundRecord {
			return foundRecord{id: o.ID, at: o.RegisteredAt}
		}), err
	}
	q := orders.Query{Before: before, Take: take}
	q.From, q.To = lo.FromPtr(sel.Since), lo.FromPtr(sel.Until)
	list, err := m.Orders.List(ctx, q)
	if err != nil {
		return nil, err
	}
	chosen, err := m.choices(ctx, s.PortalID, anOrder, lo.Map(list, func(o *orders.Order, _ int) int64 { return o.ID }))
	if err != nil {
		return nil, err
	}
	return lo.Map(list, func(o *orders.Order, _ int) foundRecord {
		return foundRecord{id: o.ID, at: o.CreatedAt, no: s.leavesOut(o, chosen[o.ID])}
	}), nil
}

// leavesOut says why an order is not exported: the rules hold, but neither the automatic switch nor the day of the
// connection does.
func (s Settings) leavesOut(o *orders.Order, chosen choice) reason {
	s.Auto, s.ConnectedAt = true, time.Time{}
	return s.wants(o, chosen)
}

// gatherRecords notes the next records of an export; when there are no more, it begins to send them.
func (m *Module) gatherRecords(ctx context.Context, id int64) error {
	s, err := m.settings(ctx)
	if err != nil {
		return err
	}
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := m.backfill(tx, id)
		if err != nil || b == nil || b.State != gathering {
			return err
		}
		sel := b.selection()
		rank := slices.Index(sel.Kinds, b.Gathered)
		for range gatherPages {
			list, err := m.recordsPage(ctx, s, sel, b.Gathered, b.BeforeID, gatherPage)
			if err != nil {
				return err
			}
			if err := noteFound(tx, b, rank, list); err != nil {
				return err
			}
			if len(list) == gatherPage {
				b.BeforeID = list[len(list)-1].id
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
			return m.Jobs.Enqueue(tx, gatherBackfill{ID: b.ID}, jobs.Behind())
		}
		return m.feed(tx, b)
	})
}

func noteFound(tx *db.Tx, b *backfill, rank int, list []foundRecord) error {
	var rows []backfilled
	for _, found := range list {
		if !b.selection().covers(found.at) {
			continue
		}
		row := backfilled{BackfillID: b.ID, Local: b.Gathered, LocalID: found.id, Rank: rank, State: recordWaits, At: db.Now()}
		if found.no != "" {
			row.State, row.Note = recordLeftOut, string(found.no)
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

// backfill reads an export, locked; nil when there is none.
func (m *Module) backfill(tx *db.Tx, id int64) (*backfill, error) {
	var b backfill
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
func (m *Module) feed(tx *db.Tx, b *backfill) error {
	if b.State != running {
		return nil
	}
	of := func(state recordState) *gorm.DB {
		return tx.Model(&backfilled{}).Where("backfill_id = ? AND state = ?", b.ID, state)
	}
	var queued int64
	if err := of(recordQueued).Count(&queued).Error; err != nil {
		return fmt.Errorf("count the queue of an export: %w", err)
	}
	if queued >= feedBelow {
		return nil
	}
	var next []backfilled
	if err := of(recordWaits).Order("rank, local_id").Limit(feedSize).Find(&next).Error; err != nil {
		return fmt.Errorf("read what an export has to send: %w", err)
	}
	if len(next) == 0 && queued == 0 {
		now := db.Now()
		b.State, b.FinishedAt = complete, &now
		return tx.Save(b).Error
	}
	return m.queue(tx, next)
}

// queue has records sent.
func (m *Module) queue(tx *db.Tx, list []backfilled) error {
	if len(list) == 0 {
		return nil
	}
	for kind, some := range lo.GroupBy(list, func(r backfilled) local { return r.Local }) {
		ids := lo.Map(some, func(r backfilled, _ int) int64 { return r.LocalID })
		err := tx.Model(&backfilled{}).Where("backfill_id = ? AND local = ? AND local_id IN ?", list[0].BackfillID, kind, ids).
			Updates(map[string]any{"state": recordQueued, "at": db.Now()}).Error
		if err != nil {
			return fmt.Errorf("note what is queued: %w", err)
		}
	}
	work := lo.Map(list, func(r backfilled, _ int) jobs.Args {
		return sendRecord{Backfill: r.BackfillID, Local: r.Local, ID: r.LocalID}
	})
	return m.Jobs.EnqueueAll(tx, work, jobs.Behind())
}

// Held are the exports whose records must not leave now.
func (m *Module) Held(ctx context.Context) (map[int64]bool, error) {
	var ids []int64
	err := m.DB.From(ctx).Model(&backfill{}).Where("state IN ?", []backfillState{paused, stopped}).Pluck("id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("read the exports that pause: %w", err)
	}
	return lo.SliceToMap(ids, func(id int64) (int64, bool) { return id, true }), nil
}

// NoteSent stores what came of the records of exports in a group, and queues the next.
func (m *Module) NoteSent(ctx context.Context, group []jobs.Job, outcomes []error) error {
	touched := map[int64]bool{}
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		held, err := m.Held(ctx)
		if err != nil {
			return err
		}
		for i, j := range group {
			var a sendRecord
			if j.Kind != a.Kind() || j.Decode(&a) != nil || jobs.Pauses(outcomes[i]) || held[a.Backfill] && outcomes[i] == nil {
				continue
			}
			change := map[string]any{"at": db.Now(), "note": ""}
			switch cause := outcomes[i]; {
			case cause == nil:
				change["state"] = recordSent
			case jobs.IsPermanent(cause), j.Attempts+1 >= exportAttempts && !waits(cause):
				outcomes[i] = jobs.Permanent(cause)
				change["state"], change["note"] = recordFailed, cause.Error()
			default:
				change["note"] = cause.Error() // tried again
			}
			touched[a.Backfill] = true
			err := tx.Model(&backfilled{}).Where("backfill_id = ? AND local = ? AND local_id = ?", a.Backfill, a.Local, a.ID).Updates(change).Error
			if err != nil {
				return fmt.Errorf("note a record of an export: %w", err)
			}
		}
		for id := range touched {
			b, err := m.backfill(tx, id)
			if err != nil || b == nil {
				return err
			}
			if err := m.feed(tx, b); err != nil {
				return err
			}
		}
		return nil
	})
}

// pauseBackfill holds an export, or ends it, or lets it go on.
func (m *Module) pauseBackfill(ctx context.Context, id int64, to backfillState) error {
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := m.backfill(tx, id)
		if err != nil {
			return err
		}
		if b == nil {
			return noBackfill
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
			return m.Jobs.Enqueue(tx, gatherBackfill{ID: b.ID}, jobs.Behind())
		case stopped:
			b.FinishedAt = &now
		}
		b.State = to
		if err := tx.Save(b).Error; err != nil {
			return fmt.Errorf("store an export: %w", err)
		}
		err = tx.Model(&backfilled{}).Where("backfill_id = ? AND state = ?", id, recordQueued).Update("state", recordWaits).Error
		if err != nil {
			return fmt.Errorf("take records of an export back: %w", err)
		}
		return nil
	})
}

// noBackfill is said of a number that no export has.
var noBackfill = refusal.Unknown("Такой выгрузки нет.")

// retryBackfill sends again what failed.
func (m *Module) retryBackfill(ctx context.Context, id int64) error {
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := m.backfill(tx, id)
		if err != nil {
			return err
		}
		if b == nil {
			return noBackfill
		}
		err = tx.Model(&backfilled{}).Where("backfill_id = ? AND state = ?", id, recordFailed).
			Updates(map[string]any{"state": recordWaits, "note": ""}).Error
		if err != nil {
			return fmt.Errorf("take up what failed: %w", err)
		}
		b.State, b.FinishedAt, b.ResumedAt = running, nil, db.Now()
		if err := tx.Save(b).Error; err != nil {
			return fmt.Errorf("store an export: %w", err)
		}
		return m.feed(tx, b)
	})
}
