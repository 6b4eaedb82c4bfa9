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
)

// An intent is stored before a command leaves, and cleared in the transaction that stores its outcome. One that is
// found later means that the answer was lost: nobody knows whether the portal has done what it was told.
//
// To create a record is not all that has an intent. Fields that both sides may change have one, too: what the portal
// says next may be what we sent. If that were taken for the portal's own change, it would undo what has changed in the
// panel since.

// storeIntentsOf stores what is about to leave: the intents of tasks, and the product rows that they send.
func (c *Connection) storeIntentsOf(ctx context.Context, tasks []*task) error {
	err := c.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		rows := lo.FlatMap(tasks, func(t *task, _ int) []plan.SentRow { return t.rows })
		if err := records.StoreSentRows(tx, rows); err != nil {
			return err
		}
		return c.storeIntents(tx, tasks)
	})
	if err != nil {
		return fmt.Errorf("store intents: %w", err)
	}
	return nil
}

// storeIntents notes that the outcomes of tasks are unknown as of now. Tasks of the same key share an intent.
func (c *Connection) storeIntents(tx *db.Tx, tasks []*task) error {
	var rows []plan.Intent
	now := db.Now()
	for _, t := range tasks {
		if t.entity == "" {
			continue
		}
		i := slices.IndexFunc(
			rows, func(row plan.Intent) bool { return row.Entity == t.entity && row.Key == t.key },
		)
		if i < 0 {
			i = len(rows)
			rows = append(rows, plan.Intent{
				PortalID: c.Portal.ID, Entity: t.entity, Key: t.key, SentAt: now, Agreed: mapping.Agreed{},
			})
		}
		maps.Copy(rows[i].Agreed, t.agreed)
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&rows).Error
}

// clearIntents clears the intents of tasks whose outcome is certain. An intent stays while another task of its key
// that left with them has no certain outcome.
func (c *Connection) clearIntents(tx *db.Tx, taken, certain []*task) error {
	keys := map[plan.Entity][]string{}
	for _, t := range certain {
		isOpen := slices.ContainsFunc(taken, func(o *task) bool {
			return o.entity == t.entity && o.key == t.key && !slices.Contains(certain, o)
		})
		if t.entity != "" && !isOpen {
			keys[t.entity] = append(keys[t.entity], t.key)
		}
	}
	for e, list := range keys {
		err := tx.Where("portal_id = ? AND entity = ? AND key IN ?", c.Portal.ID, e, list).
			Delete(&plan.Intent{}).Error
		if err != nil {
			return fmt.Errorf("clear intents: %w", err)
		}
	}
	return nil
}

// unsettled puts off a record that was looked for and not found, while the portal may still carry out an earlier
// command: it may go on working after the connection was closed. It returns nil when there is nothing to wait for.
func (c *Connection) unsettled(i *plan.Intent) error {
	if i == nil {
		return nil
	}
	wait := i.SentAt.Add(c.portals.Options.Settle).Sub(db.Now())
	if wait <= 0 {
		return nil
	}
	return settling(wait)
}

// settling puts off a record that the portal may still be working on.
func settling(wait time.Duration) error {
	return &plan.Wait{
		For: wait, Why: "ответ Битрикс24 потерян; проверяем, не создана ли запись, прежде чем создавать её снова",
	}
}
