package records

import (
	"context"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// Intent is a row of bitrix24_intents: a record we were about to make when we last heard. Agreed is what both sides have
// agreed on if it was made: without it, what either side has changed since could not be told from what was sent.
type Intent struct {
	PortalID int64  `gorm:"primaryKey"`
	Entity   Entity `gorm:"primaryKey"`
	Key      string `gorm:"primaryKey"`
	SentAt   time.Time
	Agreed   mapping.Agreed `gorm:"serializer:json"`
}

func (Intent) TableName() string { return "bitrix24_intents" }

// Intents returns those of the given keys that are open, by key.
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

// ClearIntent forgets that a record was about to be made.
func ClearIntent(tx *db.Tx, portalID int64, e Entity, key string) error {
	err := tx.Where("portal_id = ? AND entity = ? AND key = ?", portalID, e, key).Delete(&Intent{}).Error
	if err != nil {
		return fmt.Errorf("clear an intent: %w", err)
	}
	return nil
}
