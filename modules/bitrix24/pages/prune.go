package pages

import (
	"context"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// journalKept is how long a line of the journal and a check stay.
const journalKept = 90 * 24 * time.Hour

// PruneJournal is the daily job that removes old lines of the journal, and old checks.
type PruneJournal struct{}

// Kind is the only thing that tells this job from others.
func (PruneJournal) Kind() string { return portal.BulkLane + ".prune_journal" }

// Key is the same always: there is one journal.
func (PruneJournal) Key() string { return "all" }

// PruneJournal removes what is older than ninety days.
func (x *Pages) PruneJournal(ctx context.Context) error {
	before := db.Now().Add(-journalKept)
	for {
		// A portion at a time, so that nobody waits behind a long deletion.
		gone := x.DB.From(ctx).Exec(`DELETE FROM bitrix24_journal WHERE id IN
			(SELECT id FROM bitrix24_journal WHERE at < ? ORDER BY at LIMIT 1000)`, before)
		if gone.Error != nil {
			return fmt.Errorf("prune the journal: %w", gone.Error)
		}
		if gone.RowsAffected == 0 {
			break
		}
	}
	if err := x.DB.From(ctx).Where("started_at < ?", before).Delete(&check{}).Error; err != nil {
		return fmt.Errorf("prune checks: %w", err)
	}
	return nil
}
