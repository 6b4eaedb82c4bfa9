package bitrix24

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/refusal"
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

// mendable are the rows of a comparison that a push can mend and that nobody has had sent.
func mendable(q *gorm.DB, id int64) *gorm.DB {
	return q.Where("comparison_id = ? AND mended_at IS NULL AND result <> ?", id, resultRejected)
}

// mendAll takes up the next rows of a comparison.
func (m *Module) mendAll(ctx context.Context, a mendOrders) error {
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var rows []comparedRow
		err := mendable(tx.DB, a.ID).Order("order_id").Limit(mendPage).Find(&rows).Error
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

// mend makes the deal, or the lead, what the order is: what differs is forgotten as agreed, so that the next push sends it.
func (m *Module) mend(ctx context.Context, tx *db.Tx, row comparedRow, who string, opts ...jobs.Option) error {
	var it comparison
	if err := tx.First(&it, row.ComparisonID).Error; err != nil {
		return fmt.Errorf("read comparison %d: %w", row.ComparisonID, err)
	}
	l, err := m.link(ctx, it.PortalID, anOrder, row.Entity, row.OrderID)
	if err != nil {
		return err
	}
	next := jobs.Args(pushOrder{ID: row.OrderID})
	switch {
	case row.Result == resultRejected:
		return refusal.Value("", "Лид заказа № %d отклонён в Битрикс24: верните его там в работу.", row.OrderID)
	case l != nil && slices.ContainsFunc(row.Fields, func(f comparedField) bool { return f.Key == leadKey }):
		next = pull{Entity: aLead, ID: l.RemoteID} // what became of the lead comes first; the order follows
	case row.Result == resultDifferent && l != nil && l.State == linked:
		err = m.disagree(tx, l, row.Fields)
	case row.Result == resultGone && l != nil:
		err = m.mendGone(ctx, tx, l, who)
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
	return m.Jobs.Enqueue(tx, next, opts...)
}

// mendGone has an order sent anew whose deal or lead was deleted. If nobody has noticed yet, the client is still linked
// to that lead.
func (m *Module) mendGone(ctx context.Context, tx *db.Tx, l *Link, who string) error {
	s, err := m.settings(ctx)
	if err != nil {
		return err
	}
	o, err := m.Orders.Find(ctx, l.LocalID)
	if err != nil {
		return err
	}
	if l.Entity == aLead {
		client, err := m.link(ctx, l.PortalID, aClient, aLead, o.ClientID)
		if err != nil {
			return err
		}
		if client != nil && client.RemoteID == l.RemoteID {
			if err := m.unlink(tx, client); err != nil {
				return err
			}
		}
	}
	return m.startOver(ctx, tx, s, l, o.ClientID, who)
}

// disagree forgets that fields were ever sent.
func (m *Module) disagree(tx *db.Tx, l *Link, fields []comparedField) error {
	for _, f := range fields {
		switch f.Key {
		case stageField:
			l.Agreed[stageField] = mapping.Pair{Theirs: f.Code} // only the order has left it: the deal follows
		case rowsKey:
			err := tx.Model(&rowLink{}).Where("portal_id = ? AND entity = ? AND order_id = ?", l.PortalID, l.Entity, l.LocalID).Update("print", "").Error
			if err != nil {
				return fmt.Errorf("forget what rows were: %w", err)
			}
			// The next push reads the rows first: some of ours may be gone.
			if err := m.rowsUnknown(tx, l.PortalID, l.LocalID); err != nil {
				return err
			}
		default:
			delete(l.Agreed, f.Key)
		}
	}
	return m.saveLink(tx, l)
}
