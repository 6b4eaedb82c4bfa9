package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// world carries out the commands of a run on the portal, and stores what comes of them in the panel's database. It is
// the real plan.World.
type world struct {
	*run
	took time.Duration // of the last request
}

// perform carries out commands of the run.
func (r *run) perform(ctx context.Context, commands []*plan.Command) error {
	return plan.Perform(ctx, &world{run: r}, commands, r.class)
}

// An intent is stored before a command leaves, and cleared in the transaction that stores its outcome. One that is
// found later means that the answer was lost: nobody knows whether the portal has done what it was told.
//
// To create a record is not all that has an intent. Fields that both sides may change have one, too: what the portal
// says next may be what we sent. If that were taken for the portal's own change, it would undo what has changed in the
// panel since.

// StoreIntents stores what is about to leave: the intents of commands, and the product rows that they send.
func (w *world) StoreIntents(ctx context.Context, commands []*plan.Command) error {
	err := w.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		return w.storeIntents(tx, commands)
	})
	if err != nil {
		return fmt.Errorf("store intents: %w", err)
	}
	return nil
}

// storeIntents notes that the outcomes of commands are unknown as of now. Commands of the same key share an intent.
func (w *world) storeIntents(tx *db.Tx, commands []*plan.Command) error {
	var intents []plan.Intent
	var rows []plan.SentRow
	now := db.Now()
	for _, c := range commands {
		if c.Intent == nil {
			continue
		}
		rows = append(rows, c.Intent.Rows...)
		i := slices.IndexFunc(intents, func(other plan.Intent) bool {
			return other.Entity == c.Intent.Entity && other.Key == c.Intent.Key
		})
		if i < 0 {
			i = len(intents)
			intents = append(intents, plan.Intent{
				PortalID: w.Portal.ID, Entity: c.Intent.Entity, Key: c.Intent.Key, SentAt: now, Agreed: mapping.Agreed{},
			})
		}
		maps.Copy(intents[i].Agreed, c.Intent.Agreed)
	}
	if err := records.StoreSentRows(tx, rows); err != nil {
		return err
	}
	if len(intents) == 0 {
		return nil
	}
	return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&intents).Error
}

// Send makes one request to the portal.
func (w *world) Send(ctx context.Context, batch *rest.Batch) (plan.Answers, error) {
	began := time.Now()
	result, err := w.Client.Do(ctx, batch)
	w.took = time.Since(began)
	return result, err
}

// StoreOutcomes stores everything that came of a request in one transaction.
func (w *world) StoreOutcomes(ctx context.Context, sent plan.Sent) error {
	result, _ := sent.Answers.(*rest.Result)
	return w.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, open := range sent.Settled {
			if err := records.ClearIntent(tx, w.Portal.ID, open.Entity, open.Key); err != nil {
				return err
			}
		}
		for _, c := range sent.Commands {
			if !c.Outcome.Known {
				continue
			}
			if err := w.store(ctx, tx, c.Outcome.Changes, nil); err != nil {
				return fmt.Errorf("store the outcome of %s: %w", c.Name, err)
			}
			if err := w.journalCommand(tx, c, sent, w.took); err != nil {
				return err
			}
		}
		if sent.Unknown {
			return w.storeIntents(tx, sent.Commands)
		}
		if result == nil {
			return nil
		}
		return w.noteClock(tx, result)
	})
}

// firstFailure keeps in failure why a work could not be done: its own reason, else that of the first command that
// failed.
func firstFailure(failure *error, commands []*plan.Command) error {
	for _, c := range commands {
		keepFirst(failure, c.Outcome.Err)
	}
	return *failure
}

// finished reports whether commands were found necessary and all of them have been answered. A work without commands
// is either done, or nothing has been decided about it yet.
func finished(commands []*plan.Command) bool {
	return len(commands) > 0 && lo.EveryBy(commands, func(c *plan.Command) bool { return c.Outcome.Known })
}
