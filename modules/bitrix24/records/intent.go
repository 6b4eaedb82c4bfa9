package records

import (
	"context"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// Intent is a row of bitrix24_intents: a command that was about to leave. It is cleared with the command's outcome, so
// one that is found means that the outcome is unknown.
//
// Agreed is what both sides have agreed on if the command was carried out. Without it, what either side has changed
// since could not be told from what was sent.
type Intent struct {
	PortalID int64  `gorm:"primaryKey"`
	Entity   Entity `gorm:"primaryKey"`
	Key      string `gorm:"primaryKey"` // the record's external key, or one made of it
	SentAt   time.Time
	Agreed   mapping.Agreed `gorm:"serializer:json"`
}

// TableName is that of the module's table.
func (Intent) TableName() string { return "bitrix24_intents" }

// Intents returns the open intents of the given keys, by key. A key without an open intent is left out.
func (b *Book) Intents(ctx context.Context, e Entity, keys []string) (map[string]*Intent, error) {
	var rows []*Intent
	err := b.DB.From(ctx).Where("portal_id = ? AND entity = ? AND key IN ?", b.PortalID, e, keys).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read intents: %w", err)
	}
	open := make(map[string]*Intent, len(rows))
	for _, r := range rows {
		open[r.Key] = r
	}
	return open, nil
}

// ClearIntent drops an intent, since the outcome is known by now.
func ClearIntent(tx *db.Tx, portalID int64, e Entity, key string) error {
	err := tx.Where("portal_id = ? AND entity = ? AND key = ?", portalID, e, key).Delete(&Intent{}).Error
	if err != nil {
		return fmt.Errorf("clear an intent: %w", err)
	}
	return nil
}
