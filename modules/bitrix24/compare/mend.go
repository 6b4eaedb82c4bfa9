package compare

import (
	"context"
	"fmt"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// MendAll is the job that has everything sent that a comparison found. It enqueues itself until nothing is left.
type MendAll struct {
	ID    int64
	Actor string
}

// Kind is the same for all comparisons.
func (MendAll) Kind() string { return portal.BulkLane + ".mend" }

// Key keeps two jobs from mending the same comparison.
func (a MendAll) Key() string { return fmt.Sprintf("comparison/%d", a.ID) }

const mendPage = 200 // orders that one job enqueues

// MendAll has the next orders of a comparison sent.
func (x *Comparisons) MendAll(ctx context.Context, a MendAll) error {
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var rows []row
		err := mendable(tx.DB, a.ID).Order("order_id").Limit(mendPage).Find(&rows).Error
		if err != nil {
			return fmt.Errorf("read what differs: %w", err)
		}
		for _, r := range rows {
			if err := x.mend(ctx, tx, r, a.Actor, jobs.Behind()); err != nil {
				return err
			}
		}
		if len(rows) < mendPage {
			return nil
		}
		return x.Jobs.Enqueue(tx, a, jobs.Behind())
	})
}

// mend has one order sent as if nothing were agreed on. The order is marked, so that nobody sends it twice from the same comparison.
func (x *Comparisons) mend(ctx context.Context, tx *db.Tx, r row, who string, opts ...jobs.Option) error {
	var c comparison
	if err := tx.First(&c, r.ComparisonID).Error; err != nil {
		return fmt.Errorf("read comparison %d: %w", r.ComparisonID, err)
	}
	l, err := x.portals.Book(c.PortalID).Link(ctx, plan.Order, r.Entity, r.OrderID)
	if err != nil {
		return err
	}
	next := jobs.Args(exchange.MendOrder{ID: r.OrderID})
	switch {
	case r.Result == resultRejected:
		return refusal.Value("", "Лид заказа № %d отклонён в Битрикс24: верните его там в работу.", r.OrderID)
	case r.Result == resultGone && l != nil:
		err = x.mendGone(ctx, tx, l, who)
	case r.Result == resultMissing && l == nil:
		err = x.portals.Book(c.PortalID).Choose(tx, plan.Order, r.OrderID, plan.ChoiceSend, who)
	}
	if err != nil {
		return err
	}
	err = tx.Model(&row{}).Where("comparison_id = ? AND order_id = ?", r.ComparisonID, r.OrderID).
		Update("mended_at", db.Now()).Error
	if err != nil {
		return fmt.Errorf("note what is mended: %w", err)
	}
	return x.Jobs.Enqueue(tx, next, opts...)
}

// mendGone has an order sent anew whose deal or lead was deleted. The comparison may be the first to notice that a
// lead is gone; then the client is still linked to it, and the link goes too.
func (x *Comparisons) mendGone(ctx context.Context, tx *db.Tx, l *plan.Link, who string) error {
	s, err := x.portals.Current(ctx)
	if err != nil {
		return err
	}
	o, err := x.Orders.Find(ctx, l.LocalID)
	if err != nil {
		return err
	}
	if l.Entity == plan.Lead {
		client, err := x.portals.Book(l.PortalID).Link(ctx, plan.Client, plan.Lead, o.ClientID)
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
