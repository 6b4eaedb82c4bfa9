package records

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// Intents returns the open intents of the given keys, by key. A key without an open intent is left out.
func (b *Book) Intents(ctx context.Context, e plan.Entity, keys []string) (map[string]*plan.Intent, error) {
	var rows []*plan.Intent
	err := b.DB.From(ctx).Where("portal_id = ? AND entity = ? AND key IN ?", b.PortalID, e, keys).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read intents: %w", err)
	}
	open := make(map[string]*plan.Intent, len(rows))
	for _, r := range rows {
		open[r.Key] = r
	}
	return open, nil
}

// settleCreation drops the intent to create the record that a new link leads to, whatever token its key ends in.
func settleCreation(tx *db.Tx, l *plan.Link) error {
	key := plan.Key(l.Local, l.Entity, l.LocalID, "")
	err := tx.Where("portal_id = ? AND entity = ? AND (key = ? OR key LIKE ?)", l.PortalID, l.Entity, key, key+":%").
		Delete(&plan.Intent{}).Error
	if err != nil {
		return fmt.Errorf("clear the intent of a new link: %w", err)
	}
	return nil
}

// ClearIntents drops intents, since their outcomes are known by now.
func ClearIntents(tx *db.Tx, portalID int64, settled ...plan.Open) error {
	for e, some := range lo.GroupBy(settled, func(o plan.Open) plan.Entity { return o.Entity }) {
		keys := lo.Map(some, func(o plan.Open, _ int) string { return o.Key })
		err := tx.Where("portal_id = ? AND entity = ? AND key IN ?", portalID, e, keys).Delete(&plan.Intent{}).Error
		if err != nil {
			return fmt.Errorf("clear intents: %w", err)
		}
	}
	return nil
}

// DateIntent notes since when the outcome of an intent is unknown. It does nothing if there is no such intent.
func DateIntent(tx *db.Tx, portalID int64, e plan.Entity, key string, since time.Time) error {
	err := tx.Model(&plan.Intent{}).Where("portal_id = ? AND entity = ? AND key = ?", portalID, e, key).
		Update("sent_at", since).Error
	if err != nil {
		return fmt.Errorf("date an intent: %w", err)
	}
	return nil
}
