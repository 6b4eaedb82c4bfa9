package records

import (
	"context"
	"fmt"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
)

// RowLink is a row of bitrix24_rows: which product row of a deal or lead stands for which part of an order.
type RowLink struct {
	PortalID int64  `gorm:"primaryKey"`
	Entity   Entity `gorm:"primaryKey"`
	OrderID  int64  `gorm:"primaryKey"`
	Key      string `gorm:"primaryKey"` // of the part of the order: "item/7"
	RowID    int64
	Print    string // fingerprint of what was last sent
}

// TableName is that of the module's table.
func (RowLink) TableName() string { return "bitrix24_rows" }

// RowLinks returns the rows that orders have in their deals or leads, by order and key.
func (b *Book) RowLinks(ctx context.Context, e Entity, orderIDs []int64) (map[int64]map[string]RowLink, error) {
	var rows []RowLink
	err := b.DB.From(ctx).
		Where("portal_id = ? AND entity = ? AND order_id IN ?", b.PortalID, e, orderIDs).
		Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read row links: %w", err)
	}
	byOrder := map[int64]map[string]RowLink{}
	for _, r := range rows {
		if byOrder[r.OrderID] == nil {
			byOrder[r.OrderID] = map[string]RowLink{}
		}
		byOrder[r.OrderID][r.Key] = r
	}
	return byOrder, nil
}

// SentRow is a row of bitrix24_sent_rows: what a product row that was ever sent for an order looks like, as Looks
// writes it. Rows that were sent before the table was made are there as Print writes them.
//
// The number of a row is lost with an answer, when a lead is converted, and when a deal is deleted and restored. Then
// every row that looks like one that was sent is ours, and a row that was never sent is a manager's.
type SentRow struct {
	PortalID int64  `gorm:"primaryKey"`
	OrderID  int64  `gorm:"primaryKey"`
	Looks    string `gorm:"primaryKey"`
}

// TableName is that of the module's table.
func (SentRow) TableName() string { return "bitrix24_sent_rows" }

// StoreSentRows notes how rows look that are about to leave, or turned out to have been sent. Rows that are noted
// already are fine.
func StoreSentRows(tx *db.Tx, rows []SentRow) error {
	for _, some := range lo.Chunk(rows, 500) {
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&some).Error; err != nil {
			return fmt.Errorf("note the rows that are sent: %w", err)
		}
	}
	return nil
}

// SentRows returns how all rows look that were ever sent for orders, by order.
func (b *Book) SentRows(ctx context.Context, orderIDs []int64) (map[int64]map[string]bool, error) {
	var rows []SentRow
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
