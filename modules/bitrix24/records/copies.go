package records

import (
	"context"
	"fmt"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// Copies returns the numbers of deals that carry the keys of orders and are not theirs, by order, lowest first.
func (b *Book) Copies(ctx context.Context, e plan.Entity, orderIDs []int64) (map[int64][]int64, error) {
	if len(orderIDs) == 0 {
		return nil, nil
	}
	var rows []plan.Copy
	err := b.DB.From(ctx).
		Where("portal_id = ? AND entity = ? AND order_id IN ?", b.PortalID, e, orderIDs).
		Order("remote_id").
		Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read copies: %w", err)
	}
	byOrder := map[int64][]int64{}
	for _, row := range rows {
		byOrder[row.OrderID] = append(byOrder[row.OrderID], row.RemoteID)
	}
	return byOrder, nil
}

// NoteCopies remembers copies. Those that are known already stay as they are.
func NoteCopies(tx *db.Tx, copies []plan.Copy) error {
	if len(copies) == 0 {
		return nil
	}
	rows := lo.Map(copies, func(c plan.Copy, _ int) plan.Copy {
		c.FoundAt = db.Now()
		return c
	})
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
		return fmt.Errorf("note copies: %w", err)
	}
	return nil
}

// ForgetCopy drops what is known of a copy: people have made it the order's deal, or it is not there any more.
func ForgetCopy(tx *db.Tx, portalID int64, e plan.Entity, remoteID int64) error {
	err := tx.Where("portal_id = ? AND entity = ? AND remote_id = ?", portalID, e, remoteID).Delete(&plan.Copy{}).Error
	if err != nil {
		return fmt.Errorf("forget a copy: %w", err)
	}
	return nil
}
