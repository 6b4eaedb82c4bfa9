package orders

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/pixlpark/panel/app/db"
)

// answer remembers which order a form made, beside the answers of the public API and for as long.
type answer struct {
	SiteID    int64
	Path, Key string
	Answer    string
}

var errPlacedBefore = errors.New("this form has made an order already")

// PlaceOnce places an order for a form that carries a key of its own: sent twice, by two clicks say, it makes one order
// and returns that one both times.
func (s *Service) PlaceOnce(ctx context.Context, path, key string, d Draft) (*Order, error) {
	var placed *Order
	err := s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if placed, err = s.Place(ctx, d); err != nil {
			return err
		}
		stored := tx.Exec(`INSERT INTO api_answers (site_id, path, key, body_hash, status, answer, created_at)
			VALUES (?, ?, ?, '', 303, ?, ?) ON CONFLICT DO NOTHING`, d.SiteID, path, key, strconv.FormatInt(placed.ID, 10), db.Now())
		if stored.Error != nil {
			return fmt.Errorf("remember the form: %w", stored.Error)
		}
		if stored.RowsAffected == 0 {
			return errPlacedBefore
		}
		return nil
	})
	if !errors.Is(err, errPlacedBefore) {
		return placed, err
	}
	var before answer
	err = s.db.From(ctx).Table("api_answers").Where("site_id = ? AND path = ? AND key = ?", d.SiteID, path, key).Take(&before).Error
	if err != nil {
		return nil, fmt.Errorf("read what the form made: %w", err)
	}
	id, err := strconv.ParseInt(before.Answer, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read what the form made: %w", err)
	}
	return s.Find(ctx, id)
}
