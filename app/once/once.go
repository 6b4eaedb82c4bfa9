// Package once remembers what came of a request that carries a key of its own, so that the same request sent again is
// told the same and does nothing. The public API keeps its answers here by Idempotency-Key, and a form that places an
// order keeps the order's number. An answer is stored in the transaction of what it answers: both are there or
// neither.
package once

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
)

// kept is how long an answer is remembered.
const kept = 24 * time.Hour

// Key says which request it is: the same key at another site or address is another request.
type Key struct {
	SiteID int64  `gorm:"primaryKey"`
	Path   string `gorm:"primaryKey"`
	Key    string `gorm:"primaryKey"`
}

// Answer is what a request was answered.
type Answer struct {
	Key       `gorm:"embedded"`
	BodyHash  string // of what was asked, where the key alone does not say it
	Status    int    // of HTTP
	Answer    string
	CreatedAt time.Time
}

// TableName is GORM's. The public API was the first to have answers.
func (Answer) TableName() string { return "api_answers" }

// Models lists what the package stores, for the check against the migrated tables.
func Models() []any { return []any{&Answer{}} }

// Store keeps an answer in tx, as of now. False says that the key has one already, and that one stays.
func Store(tx *db.Tx, a Answer) (bool, error) {
	a.CreatedAt = db.Now()
	created := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&a)
	if created.Error != nil {
		return false, fmt.Errorf("store an answer: %w", created.Error)
	}
	return created.RowsAffected > 0, nil
}

// Find returns the answer to a request, however old, or nil when there is none.
func Find(ctx context.Context, d *db.DB, k Key) (*Answer, error) {
	var known Answer
	err := d.From(ctx).Where("site_id = ? AND path = ? AND key = ?", k.SiteID, k.Path, k.Key).Take(&known).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find an answer: %w", err)
	}
	return &known, nil
}

// Recall is Find for whom a key counts no longer than its answer is kept: an older answer is removed, so that the key
// can be used again.
func Recall(ctx context.Context, d *db.DB, k Key) (*Answer, error) {
	known, err := Find(ctx, d, k)
	if err != nil || known == nil || known.CreatedAt.After(db.Now().Add(-kept)) {
		return known, err
	}
	if err := d.From(ctx).Delete(known).Error; err != nil {
		return nil, fmt.Errorf("forget an answer: %w", err)
	}
	return nil, nil
}

// Forget removes the answers that are kept no longer. It is for a recurring job.
func Forget(ctx context.Context, d *db.DB) error {
	if err := d.From(ctx).Where("created_at <= ?", db.Now().Add(-kept)).Delete(&Answer{}).Error; err != nil {
		return fmt.Errorf("forget old answers: %w", err)
	}
	return nil
}
