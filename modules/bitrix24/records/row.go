package records

import (
	"context"
	"fmt"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// RowLinks returns the rows that orders have in their deals or leads, by order and key.
func (b *Book) RowLinks(ctx context.Context, e plan.Entity, orderIDs []int64) (map[int64]map[string]plan.RowLink, error) {
	var rows []plan.RowLink
	err := b.DB.From(ctx).
		Where("portal_id = ? AND entity = ? AND order_id IN ?", b.PortalID, e, orderIDs).
		Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read row links: %w", err)
	}
	byOrder := map[int64]map[string]plan.RowLink{}
	for _, r := range rows {
		if byOrder[r.OrderID] == nil {
			byOrder[r.OrderID] = map[string]plan.RowLink{}
		}
		byOrder[r.OrderID][r.Key] = r
	}
	return byOrder, nil
}

// StoreSentRows notes how rows look that are about to leave, or turned out to have been sent. Rows that are noted
// already are fine.
func StoreSentRows(tx *db.Tx, rows []plan.SentRow) error {
	for _, some := range lo.Chunk(rows, 500) {
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&some).Error; err != nil {
			return fmt.Errorf("note the rows that are sent: %w", err)
		}
	}
	return nil
}

// SentRows returns how all rows look that were ever sent for orders, by order.
func (b *Book) SentRows(ctx context.Context, orderIDs []int64) (map[int64]map[string]bool, error) {
	var rows []plan.SentRow
	if len(orderIDs) == 0 {
		return nil, nil
	}
	err := b.DB.From(ctx).Where("portal_id = ? AND order_id IN ?", b.PortalID, orderIDs).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the rows that were sent: %w", err)
	}
	looks := map[int64]map[string]bool{}
	for _, row := range rows {
		if looks[row.OrderID] == nil {
			looks[row.OrderID] = map[string]bool{}
		}
		looks[row.OrderID][row.Looks] = true
	}
	return looks, nil
}
