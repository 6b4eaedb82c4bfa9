package compare

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// MendOrders sends everything that a comparison found, some hundreds at a time.
type MendOrders struct {
	ID    int64
	Actor string
}

// Kind and Key name the job.
func (MendOrders) Kind() string { return portal.BulkLane + ".mend" }

func (a MendOrders) Key() string { return fmt.Sprintf("comparison/%d", a.ID) }

const mendPage = 200

// mendable are the rows of a comparison that a push can mend and that nobody has had sent.
func mendable(q *gorm.DB, id int64) *gorm.DB {
	return q.Where("comparison_id = ? AND mended_at IS NULL AND result <> ?", id, resultRejected)
}

// MendAll takes up the next rows of a comparison.
func (x *Comparisons) MendAll(ctx context.Context, a MendOrders) error {
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var rows []Row
		err := mendable(tx.DB, a.ID).Order("order_id").Limit(mendPage).Find(&rows).Error
		if err != nil {
			return fmt.Errorf("read what differs: %w", err)
		}
		for _, row := range rows {
			if err := x.mend(ctx, tx, row, a.Actor, jobs.Behind()); err != nil {
				return err
			}
		}
		if len(rows) < mendPage {
			return nil
		}
		return x.Jobs.Enqueue(tx, a, jobs.Behind())
	})
}

// mend makes the deal, or the lead, what the order is: what differs is forgotten as agreed, so that the next push sends it.
func (x *Comparisons) mend(ctx context.Context, tx *db.Tx, row Row, who string, opts ...jobs.Option) error {
	var it Comparison
	if err := tx.First(&it, row.ComparisonID).Error; err != nil {
		return fmt.Errorf("read comparison %d: %w", row.ComparisonID, err)
	}
	l, err := x.portals.Book(it.PortalID).Link(ctx, records.Order, row.Entity, row.OrderID)
	if err != nil {
		return err
	}
	next := jobs.Args(exchange.PushOrder{ID: row.OrderID})
	switch {
	case row.Result == resultRejected:
		return refusal.Value("", "Лид заказа № %d отклонён в Битрикс24: верните его там в работу.", row.OrderID)
	case l != nil && slices.ContainsFunc(row.Fields, func(f field) bool { return f.Key == leadKey }):
		next = exchange.Pull{Entity: records.Lead, ID: l.RemoteID} // what became of the lead comes first; the order follows
	case row.Result == resultDifferent && l != nil && l.State == records.Linked:
		err = x.disagree(tx, l, row.Fields)
	case row.Result == resultGone && l != nil:
		err = x.mendGone(ctx, tx, l, who)
	case row.Result == resultMissing && l == nil:
		err = x.portals.Book(it.PortalID).Choose(tx, records.Order, row.OrderID, records.ChoiceSend, who)
	}
	if err != nil {
		return err
	}
	err = tx.Model(&Row{}).Where("comparison_id = ? AND order_id = ?", row.ComparisonID, row.OrderID).Update("mended_at", db.Now()).Error
	if err != nil {
		return fmt.Errorf("note what is mended: %w", err)
	}
	return x.Jobs.Enqueue(tx, next, opts...)
}

// mendGone has an order sent anew whose deal or lead was deleted. If nobody has noticed yet, the client is still linked
// to that lead.
func (x *Comparisons) mendGone(ctx context.Context, tx *db.Tx, l *records.Link, who string) error {
	s, err := x.portals.Current(ctx)
	if err != nil {
		return err
	}
	o, err := x.Orders.Find(ctx, l.LocalID)
	if err != nil {
		return err
	}
	if l.Entity == records.Lead {
		client, err := x.portals.Book(l.PortalID).Link(ctx, records.Client, records.Lead, o.ClientID)
		if err != nil {
			return err
		}
		if client != nil && client.RemoteID == l.RemoteID {
			if err := records.Unlink(tx, client); err != nil {
				return err
			}
		}
	}
	return x.exchange.StartOver(ctx, tx, s, l, o.ClientID, who)
}

// disagree forgets that fields were ever sent.
func (x *Comparisons) disagree(tx *db.Tx, l *records.Link, fields []field) error {
	for _, f := range fields {
		switch f.Key {
		case exchange.StageField:
			l.Agreed[exchange.StageField] = mapping.Pair{Theirs: f.Code} // only the order has left it: the deal follows
		case rowsKey:
			err := tx.Model(&records.RowLink{}).Where("portal_id = ? AND entity = ? AND order_id = ?", l.PortalID, l.Entity, l.LocalID).Update("print", "").Error
			if err != nil {
				return fmt.Errorf("forget what rows were: %w", err)
			}
			// The next push reads the rows first: some of ours may be gone.
			if err := x.exchange.RowsUnknown(tx, l.PortalID, l.LocalID); err != nil {
				return err
			}
		default:
			delete(l.Agreed, f.Key)
		}
	}
	return records.SaveLink(tx, l)
}
