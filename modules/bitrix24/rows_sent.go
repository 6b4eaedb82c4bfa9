package bitrix24

import (
	"context"
	"fmt"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// sentRow is a row of bitrix24_sent_rows: what a product row that was ever sent for an order looks like, as Looks writes
// it. Rows that were sent before the table was made are there as Print writes them.
//
// A row's number is lost with an answer, by a conversion, or with a deal that was deleted and restored. Then every row
// that looks like one that was sent is ours, and only what was never sent is a manager's.
type sentRow struct {
	PortalID int64  `gorm:"primaryKey"`
	OrderID  int64  `gorm:"primaryKey"`
	Looks    string `gorm:"primaryKey"`
}

func (sentRow) TableName() string { return "bitrix24_sent_rows" }

// looksSent are what a task notes before it sends rows of the order.
func (r *run) looksSent(w *orderWork, rows ...mapping.Row) []sentRow {
	return lo.Map(rows, func(row mapping.Row, _ int) sentRow {
		return sentRow{PortalID: r.portal.ID, OrderID: w.id, Looks: row.Looks()}
	})
}

// storeSentRows notes rows that are about to leave, or were found to have been sent.
func storeSentRows(tx *db.Tx, rows []sentRow) error {
	for _, some := range lo.Chunk(rows, 500) {
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&some).Error; err != nil {
			return fmt.Errorf("note the rows that are sent: %w", err)
		}
	}
	return nil
}

// sentRows returns how the rows that were ever sent for orders look, by order.
func (m *Module) sentRows(ctx context.Context, portalID int64, orderIDs []int64) (map[int64]map[string]bool, error) {
	var rows []sentRow
	if len(orderIDs) == 0 {
		return nil, nil
	}
	if err := m.DB.From(ctx).Where("portal_id = ? AND order_id IN ?", portalID, orderIDs).Find(&rows).Error; err != nil {
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

// rowsUnknown notes that nobody knows which product rows of an order's deal or lead are ours: the next job reads them
// first. An answer about rows that is still waited for stays noted as it is.
func (m *Module) rowsUnknown(tx *db.Tx, portalID, orderID int64) error {
	rows := intent{PortalID: portalID, Entity: someRows, Key: mapping.OrderKey(orderID), SentAt: db.Now().Add(-m.opts.Settle)}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
		return fmt.Errorf("note that rows are unknown: %w", err)
	}
	return nil
}

// rowThere is a product row of the portal as the panel would send it.
func rowThere(row rest.ProductRow) mapping.Row {
	return mapping.Row{
		Name: string(row.ProductName), Price: orders.Money(row.Price), Quantity: int64(row.Quantity),
		ProductID: row.ProductID.Int64(), Sort: int(row.Sort),
	}
}

// formerKey is the part of the order that a row stands for whose part is gone or has changed: it is to be removed.
func formerKey(rowID int64) string { return fmt.Sprintf("former/%d", rowID) }
