package backfill

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// Gather is the job that notes the next records of an export. It enqueues itself until all are noted.
type Gather struct{ ID int64 }

// Kind is the same for all exports.
func (Gather) Kind() string { return portal.BulkLane + ".gather" }

// Key keeps two jobs from gathering the same export.
func (a Gather) Key() string { return fmt.Sprintf("backfill/%d", a.ID) }

const gatherPages = 10 // in one job

// Gather notes the next records of an export. When there are no more, it puts the first of them into the queue.
func (x *Exports) Gather(ctx context.Context, a Gather) error {
	s, err := x.portals.Current(ctx)
	if err != nil {
		return err
	}
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := locked(tx, a.ID)
		if err != nil || e == nil || e.State != gathering {
			return err
		}
		for range gatherPages {
			if err := x.gatherPage(ctx, tx, s, e); err != nil {
				return err
			}
			if e.State != gathering {
				break
			}
		}
		if err := store(tx, e); err != nil {
			return err
		}
		if e.State == gathering {
			return x.Jobs.Enqueue(tx, a, jobs.Behind())
		}
		return x.queue.feed(tx, e)
	})
}

// gatherPage notes one page of records. After the last page of a kind the next kind follows, after the last kind the
// export runs.
func (x *Exports) gatherPage(ctx context.Context, tx *db.Tx, s portal.Settings, e *export) error {
	sel := e.selection()
	rank := slices.Index(sel.Kinds, e.Gathered)
	list, err := x.exchange.RecordsPage(ctx, s, sel, e.Gathered, e.BeforeID, exchange.GatherPage)
	if err != nil {
		return err
	}
	if err := noteFound(tx, e, rank, list); err != nil {
		return err
	}
	switch {
	case len(list) == exchange.GatherPage:
		e.BeforeID = list[len(list)-1].ID
	case rank+1 == len(sel.Kinds):
		e.State = running
	default:
		e.Gathered, e.BeforeID = sel.Kinds[rank+1], 0
	}
	return nil
}

// noteFound stores a row for each record that the export covers. One that was noted before keeps its row.
func noteFound(tx *db.Tx, e *export, rank int, list []exchange.FoundRecord) error {
	var rows []record
	for _, found := range list {
		if !e.selection().Covers(found.At) {
			continue
		}
		row := record{
			BackfillID: e.ID, Local: e.Gathered, LocalID: found.ID, Rank: rank, State: recordWaits, At: db.Now(),
		}
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
