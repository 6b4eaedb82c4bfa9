package orders

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// Refused is an order that a bulk change could not change, and why.
type Refused struct {
	ID      int64
	Message string
}

// SetStatuses moves several orders to a status in one transaction, so that whoever listens to the changes is waited
// for once. Orders that refuse are left as they are and returned; changed counts the ones that really moved. Deleting,
// and bringing back what is deleted, is not for crowds.
func (s *Service) SetStatuses(
	ctx context.Context, ids []int64, by staff.Actor, status Status,
) (changed int, refused []Refused, err error) {
	if !status.Known() || status == Deleted {
		return 0, nil, refusal.Value("status", "Выберите статус.")
	}
	err = s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		changed, refused = 0, nil
		// All orders are locked first, in one order: two bulk changes then never wait for each other's counters.
		var found []Order
		err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Select("id", "status").Where("id IN ?", ids).Order("id").
			Find(&found).Error
		if err != nil {
			return fmt.Errorf("lock orders: %w", err)
		}
		for _, o := range found {
			if o.Status == status {
				continue
			}
			if o.Status == Deleted {
				refused = append(refused, Refused{o.ID, "Заказ удалён."})
				continue
			}
			_, err := s.SetStatus(ctx, o.ID, by, status)
			if no, ok := refusal.From(err); ok {
				refused = append(refused, Refused{o.ID, no.Message})
			} else if err != nil {
				return err
			} else {
				changed++
			}
		}
		return nil
	})
	return changed, refused, err
}
