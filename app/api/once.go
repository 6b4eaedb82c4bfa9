package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
)

const (
	answersKept = 24 * time.Hour
	maxKey      = 255
)

// stored is an answer to a POST with an Idempotency-Key.
type stored struct {
	SiteID    int64  `gorm:"primaryKey"`
	Path      string `gorm:"primaryKey"`
	Key       string `gorm:"primaryKey"`
	BodyHash  string
	Status    int
	Answer    string
	CreatedAt time.Time
	Repeated  bool `gorm:"-"` // it was there already
}

// TableName says whose answers they are.
func (stored) TableName() string { return "api_answers" }

// Models lists what the package stores, for the check against the migrated tables.
func Models() []any { return []any{&stored{}} }

// Forget removes the answers that are kept no longer. It is for a recurring job.
func Forget(ctx context.Context, d *db.DB) error {
	err := d.From(ctx).Where("created_at <= ?", db.Now().Add(-answersKept)).Delete(&stored{}).Error
	if err != nil {
		return fmt.Errorf("forget answers of the public API: %w", err)
	}
	return nil
}

// once does a POST in one transaction. With a key its answer is stored in that transaction, and the same request sent
// again is told the same answer without doing anything. A refusal rolls back and is not stored.
func (a *api) once(ctx context.Context, c *call, status int, do handler) (answer stored, err error) {
	if err := checkKey(c.key); err != nil {
		return stored{}, err
	}
	err = a.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if c.key == "" {
			answer, err = a.simply(ctx, c, status, do)
			return err
		}
		if err := lockKey(tx, c); err != nil {
			return err
		}
		sum := sha256.Sum256(c.body)
		hash := hex.EncodeToString(sum[:])
		known, err := recall(tx, c)
		if err != nil {
			return err
		}
		if known != nil && known.BodyHash != hash {
			return refusal.Taken("Idempotency-Key", "С этим ключом уже был другой запрос.")
		}
		if known != nil {
			answer = *known
			return nil
		}
		if answer, err = a.simply(ctx, c, status, do); err != nil {
			return err
		}
		answer.SiteID, answer.Path, answer.Key, answer.BodyHash, answer.CreatedAt = c.site.ID, c.path, c.key, hash, db.Now()
		if err := tx.Create(&answer).Error; err != nil {
			return fmt.Errorf("store answer: %w", err)
		}
		return nil
	})
	if err != nil {
		return stored{}, err
	}
	return answer, nil
}

func checkKey(key string) error {
	if len(key) > maxKey {
		return refusal.Value("Idempotency-Key", "Ключ длиннее %d знаков.", maxKey)
	}
	for _, r := range []byte(key) {
		if r < ' ' || r > '~' {
			return refusal.Value("Idempotency-Key", "В ключе допустимы только латинские буквы, цифры и знаки.")
		}
	}
	return nil
}

// lockKey refuses what another request is doing at the moment. On SQLite there is never another: it has waited for the
// one connection, and finds the stored answer.
func lockKey(tx *db.Tx, c *call) error {
	if tx.Dialect() != db.Postgres {
		return nil
	}
	place := fmt.Sprintf("api %d %s %s", c.site.ID, c.path, c.key)
	var locked bool
	if err := tx.Raw("SELECT pg_try_advisory_xact_lock(hashtextextended(?, 0))", place).Scan(&locked).Error; err != nil {
		return fmt.Errorf("lock key: %w", err)
	}
	if !locked {
		return refusal.Taken("Idempotency-Key", "Запрос с этим ключом ещё выполняется. Повторите чуть позже.")
	}
	return nil
}

// recall finds the stored answer, unless it is too old; that one is removed, so that the key can be used again.
func recall(tx *db.Tx, c *call) (*stored, error) {
	var known stored
	err := tx.Where("site_id = ? AND path = ? AND key = ?", c.site.ID, c.path, c.key).First(&known).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("recall answer: %w", err)
	}
	if known.CreatedAt.After(db.Now().Add(-answersKept)) {
		known.Repeated = true
		return &known, nil
	}
	if err := tx.Delete(&known).Error; err != nil {
		return nil, fmt.Errorf("forget answer: %w", err)
	}
	return nil, nil
}
