// Package settings keeps what an administrator sets up: one JSON document per name, a module's under the module's
// name.
//
// Documents are cached and forgotten by every process as soon as a new one is committed. Secrets stand in them sealed
// (sealed.go): a settings type has a [Sealed] field where it would have a string, so what is saved, logged or printed
// is never the secret itself.
package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/cache"
	"github.com/pixlpark/panel/app/db"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Store is where the documents are.
type Store struct {
	db    *db.DB
	cache *cache.Cache

	// Keys seal and open the secrets in the documents.
	Keys *Keys
}

// New makes the store.
func New(d *db.DB, c *cache.Cache, keys *Keys) *Store {
	return &Store{db: d, cache: c, Keys: keys}
}

// document is a row of the table.
type document struct {
	Name      string `gorm:"primaryKey"`
	Document  string
	UpdatedAt time.Time
}

func (document) TableName() string { return "settings" }

// Models are the package's GORM models, for the check at start.
func Models() []any { return []any{&document{}} }

// lifetime is the net below the notifications.
const lifetime = time.Minute

func cacheKey(name string) string { return "settings/" + name }

// Load returns the document saved under name, decoded anew for each caller; the zero value when none was saved.
// Defaults are the caller's to fill in.
func Load[T any](ctx context.Context, s *Store, name string) (T, error) {
	var value T
	text, err := cache.Get(ctx, s.cache, cacheKey(name), lifetime, func(ctx context.Context) (string, error) {
		var row document
		err := s.db.From(ctx).Where("name = ?", name).Take(&row).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return "", nil
		}
		return row.Document, err
	})
	if err != nil {
		return value, fmt.Errorf("load settings %s: %w", name, err)
	}
	if text == "" {
		return value, nil
	}
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return value, fmt.Errorf("read settings %s: %w", name, err)
	}
	return value, nil
}

// Save stores value under name within tx. Once that is committed every process reads it afresh.
func (s *Store) Save(tx *db.Tx, name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write settings %s: %w", name, err)
	}
	row := document{Name: name, Document: string(text), UpdatedAt: db.Now()}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("save settings %s: %w", name, err)
	}
	return s.cache.ForgetAfter(tx, cacheKey(name))
}

// Change changes the document saved under name within tx, with nobody else changing it meanwhile. What change returns
// says whether there is anything to save. A document that was never saved is not changed.
func Change[T any](tx *db.Tx, s *Store, name string, change func(value *T) (changed bool)) error {
	var row document
	err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("name = ?", name).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load settings %s: %w", name, err)
	}
	var value T
	if err := json.Unmarshal([]byte(row.Document), &value); err != nil {
		return fmt.Errorf("read settings %s: %w", name, err)
	}
	if !change(&value) {
		return nil
	}
	return s.Save(tx, name, value)
}
