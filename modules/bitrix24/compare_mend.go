package bitrix24

import (
	"context"
	"fmt"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// mendOrders sends everything that a comparison found, some hundreds at a time.
type mendOrders struct {
	ID    int64
	Actor string
}

// Kind and Key name the job.
func (mendOrders) Kind() string  { return bulkLane + ".mend" }
func (a mendOrders) Key() string { return fmt.Sprintf("comparison/%d", a.ID) }

const mendPage = 200

// mendAll takes up the next rows of a comparison.
func (m *Module) mendAll(ctx context.Context, a mendOrders) error {
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var rows []comparedRow
		err := tx.Where("comparison_id = ? AND mended_at IS NULL", a.ID).Order("order_id").Limit(mendPage).Find(&rows).Error
		if err != nil {
			return fmt.Errorf("read what differs: %w", err)
		}
		for _, row := range rows {
			if err := m.mend(ctx, tx, row, a.Actor, jobs.Behind()); err != nil {
				return err
			}
		}
		if len(rows) < mendPage {
			return nil
		}
		return m.Jobs.Enqueue(tx, a, jobs.Behind())
	})
}

// mend makes the deal what the order is: what differs is forgotten as agreed, so that the next push sends it.
func (m *Module) mend(ctx context.Context, tx *db.Tx, row comparedRow, who string, opts ...jobs.Option) error {
	var it comparison
	if err := tx.First(&it, row.ComparisonID).Error; err != nil {
		return fmt.Errorf("read comparison %d: %w", row.ComparisonID, err)
	}
	l, err := m.link(ctx, it.PortalID, anOrder, aDeal, row.OrderID)
	if err != nil {
		return err
	}
	switch {
	case row.Result == resultDifferent && l != nil && l.State == linked:
		err = m.disagree(tx, l, row.Fields)
	case row.Result == resultGone && l != nil:
		if err = m.forget(tx, l); err == nil {
			err = m.choose(tx, it.PortalID, anOrder, row.OrderID, choiceSend, who)
		}
	case row.Result == resultMissing && l == nil:
		err = m.choose(tx, it.PortalID, anOrder, row.OrderID, choiceSend, who)
	}
	if err != nil {
		return err
	}
	err = tx.Model(&comparedRow{}).Where("comparison_id = ? AND order_id = ?", row.ComparisonID, row.OrderID).Update("mended_at", db.Now()).Error
	if err != nil {
		return fmt.Errorf("note what is mended: %w", err)
	}
	return m.Jobs.Enqueue(tx, pushOrder{ID: row.OrderID}, opts...)
}

// disagree forgets that fields were ever sent.
func (m *Module) disagree(tx *db.Tx, l *Link, fields []comparedField) error {
	for _, f := range fields {
		switch f.Key {
		case stageField:
			l.Agreed[stageField] = mapping.Pair{Theirs: f.Code} // only the order has left it: the deal follows
		case rowsKey:
			err := tx.Model(&rowLink{}).Where("portal_id = ? AND entity = ? AND order_id = ?", l.PortalID, aDeal, l.LocalID).Update("print", "").Error
			if err != nil {
				return fmt.Errorf("forget what rows were: %w", err)
			}
			// The next push reads the rows first: some of ours may be gone.
			rows := intent{PortalID: l.PortalID, Entity: someRows, Key: mapping.OrderKey(l.LocalID), SentAt: db.Now().Add(-m.opts.Settle)}
			if err := tx.Save(&rows).Error; err != nil {
				return fmt.Errorf("note that rows are unknown: %w", err)
			}
		default:
			delete(l.Agreed, f.Key)
		}
	}
	return m.saveLink(tx, l)
}
