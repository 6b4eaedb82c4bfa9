package exchange

import (
	"fmt"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// looksSent are what a task notes before it sends rows of the order.
func (r *Run) looksSent(w *OrderWork, rows ...mapping.Row) []records.SentRow {
	return lo.Map(rows, func(row mapping.Row, _ int) records.SentRow {
		return records.SentRow{PortalID: r.Portal.ID, OrderID: w.ID, Looks: row.Looks()}
	})
}

// RowsUnknown notes that nobody knows which product rows of an order's deal or lead are ours: the next job reads them
// first. An answer about rows that is still waited for stays noted as it is.
func (x *Exchange) RowsUnknown(tx *db.Tx, portalID, orderID int64) error {
	rows := records.Intent{PortalID: portalID, Entity: records.Rows, Key: mapping.OrderKey(orderID), SentAt: db.Now().Add(-x.portals.Options.Settle)}
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
