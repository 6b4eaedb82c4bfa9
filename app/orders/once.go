package orders

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/once"
)

var errPlacedBefore = errors.New("this form has made an order already")

// PlaceOnce places an order for a form that carries a key of its own: sent twice, by two clicks say, it makes one
// order and returns that one both times.
func (s *Service) PlaceOnce(ctx context.Context, path, key string, d Draft) (*Order, error) {
	request := once.Key{SiteID: d.SiteID, Path: path, Key: key}
	var placed *Order
	err := s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if placed, err = s.Place(ctx, d); err != nil {
			return err
		}
		number := strconv.FormatInt(placed.ID, 10)
		first, err := once.Store(tx, once.Answer{Key: request, Status: http.StatusSeeOther, Answer: number})
		if err == nil && !first {
			return errPlacedBefore
		}
		return err
	})
	if !errors.Is(err, errPlacedBefore) {
		return placed, err
	}
	before, err := once.Find(ctx, s.db, request)
	if err != nil {
		return nil, err
	}
	if before == nil {
		return nil, fmt.Errorf("read what the form made: %w", gorm.ErrRecordNotFound)
	}
	id, err := strconv.ParseInt(before.Answer, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read what the form made: %w", err)
	}
	return s.Find(ctx, id)
}
