package exchange

import (
	"context"
	"errors"
	"fmt"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// store carries out what a plan says the panel is to store, in the given transaction. by is the work that was planned.
func (r *run) store(tx *db.Tx, c plan.Changes, by work) error {
	for _, l := range c.Unlink {
		if err := records.Unlink(tx, l); err != nil {
			return err
		}
	}
	for _, l := range c.Links {
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
	}
	for _, a := range c.Agree {
		if err := r.agree(tx, a); err != nil {
			return err
		}
	}
	if err := records.ClearIntents(tx, r.Portal.ID, c.Settled...); err != nil {
		return err
	}
	for _, chosen := range c.Choices {
		err := r.Book.Choose(tx, chosen.Record.Kind, chosen.Record.ID, chosen.Choice, portal.Actor.Name)
		if err != nil {
			return err
		}
	}
	if err := records.NoteCopies(tx, c.Copies); err != nil {
		return err
	}
	if err := r.storeRows(tx, c); err != nil {
		return err
	}
	if err := r.storeProducts(tx, c); err != nil {
		return err
	}
	for _, line := range c.Lines {
		if err := r.journalLine(tx, line); err != nil {
			return err
		}
	}
	if c.Relist || r.exchange.doubts.isNew(r.Portal.ID, c.Dropped) {
		if err := r.Jobs.Enqueue(tx, RefreshLists{}); err != nil {
			return err
		}
		tx.AfterCommit(func(context.Context) { r.exchange.doubts.raise(r.Portal.ID, c.Dropped) })
	}
	if c.Lacks != "" {
		r.exchange.lacks.Store(lack{r.Portal.ID, c.Lacks}, true)
	}
	if c.Caught && by != nil {
		if err := r.countCaught(tx, by); err != nil {
			return err
		}
	}
	if err := r.enqueueFollowing(tx, c.Follow); err != nil || c.Sent == nil {
		return err
	}
	return r.compareLater(tx, c.Sent)
}

// storeNow stores what follows at once, in a transaction of its own.
func (r *run) storeNow(ctx context.Context, now plan.Changes, by work) error {
	if now.Empty() || r.tries(now) {
		return nil
	}
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error { return r.store(tx, now, by) })
}

// agree notes on a link what both sides have agreed on.
func (r *run) agree(tx *db.Tx, a plan.Agreement) error {
	l := a.Link
	for field, pair := range a.Fields {
		l.Agreed[field] = pair
	}
	if a.Seen != nil {
		l.See(a.Seen)
	}
	if a.Instead {
		err := tx.Where("portal_id = ? AND entity = ? AND remote_id = ?", l.PortalID, l.Entity, l.RemoteID).
			Where("local = ? AND local_id <> ?", l.Local, l.LocalID).
			Delete(&plan.Link{}).Error
		if err != nil {
			return fmt.Errorf("drop the former link of %s %d: %w", l.Entity, l.RemoteID, err)
		}
	}
	return records.SaveLink(tx, l)
}

// newLinks returns what makes those of the links new again that are new now. A transaction that is run again begins
// with it.
func newLinks(links []*plan.Link) (anew func()) {
	fresh := lo.Filter(links, func(l *plan.Link, _ int) bool { return l.ID == 0 })
	return func() {
		for _, l := range fresh {
			l.ID = 0
		}
	}
}

// compareLater enqueues a push of a client who was changed after he was sent.
func (r *run) compareLater(tx *db.Tx, sent *plan.SentClient) error {
	var now clients.Client
	err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Select("id", "revision").First(&now, sent.ID).Error
	if err != nil {
		return fmt.Errorf("read client %d again: %w", sent.ID, err)
	}
	if now.Revision == sent.Revision {
		return nil
	}
	return r.Jobs.Enqueue(tx, PushClient{ID: sent.ID})
}

// storeRows stores what is known of product rows.
func (r *run) storeRows(tx *db.Tx, c plan.Changes) error {
	if set := c.RowsAnew; set != nil {
		err := tx.Where("portal_id = ? AND entity = ? AND order_id = ?", r.Portal.ID, set.Entity, set.OrderID).
			Delete(&plan.RowLink{}).Error
		if err != nil {
			return fmt.Errorf("forget row links: %w", err)
		}
		for key, row := range set.Rows {
			link := plan.RowLink{
				PortalID: r.Portal.ID, Entity: set.Entity, OrderID: set.OrderID, Key: key, RowID: row.ID, Print: row.Print,
			}
			if err := tx.Create(&link).Error; err != nil {
				return fmt.Errorf("save row link: %w", err)
			}
		}
	}
	for _, row := range c.Rows {
		if err := tx.Save(&row).Error; err != nil {
			return fmt.Errorf("save row link: %w", err)
		}
	}
	for _, row := range c.RowsGone {
		if err := tx.Delete(&row).Error; err != nil {
			return fmt.Errorf("forget a row link: %w", err)
		}
	}
	for _, order := range c.RowsUnknown {
		if err := r.exchange.RowsUnknown(tx, r.Portal.ID, order); err != nil {
			return err
		}
	}
	return records.StoreSentRows(tx, c.SentRows)
}

// storeProducts stores which product of the portal is which product of a site, and tells the works of the run.
func (r *run) storeProducts(tx *db.Tx, c plan.Changes) error {
	for _, link := range c.Products {
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&link).Error; err != nil {
			return fmt.Errorf("link a product: %w", err)
		}
		r.products[material{link.SiteID, link.MaterialID}].Linked = link.ProductID
	}
	if c.ProductGone == 0 {
		return nil
	}
	err := tx.Where("portal_id = ? AND product_id = ?", r.Portal.ID, c.ProductGone).Delete(&plan.ProductLink{}).Error
	if err != nil {
		return fmt.Errorf("drop a product link: %w", err)
	}
	return nil
}

// RowsUnknown notes that it is unknown which product rows of an order's deal or lead are ours, so that the next push
// reads them first. If an answer about its rows is still waited for, that stays noted as it is.
func (x *Exchange) RowsUnknown(tx *db.Tx, portalID, orderID int64) error {
	rows := x.unawaited(portalID, plan.Rows, plan.RowsKey(orderID))
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(rows).Error; err != nil {
		return fmt.Errorf("note that rows are unknown: %w", err)
	}
	return nil
}

// unawaited is the intent of a command that nobody here knows of, and whose answer is not waited for.
func (x *Exchange) unawaited(portalID int64, e plan.Entity, key string) *plan.Intent {
	return &plan.Intent{PortalID: portalID, Entity: e, Key: key, SentAt: db.Now().Add(-x.portals.Options.Settle)}
}

// journalLine writes a line that a plan has worded.
func (r *run) journalLine(tx *db.Tx, line plan.Line) error {
	if line.Failed {
		return r.journalFailure(tx, line.About, line.Direction, line.Text)
	}
	return r.Journal(tx, line.About, line.Direction, line.Text)
}

// enqueueFollowing enqueues what is to be done next. What follows from an export stays behind live work.
func (r *run) enqueueFollowing(tx *db.Tx, follow []plan.Job) error {
	for _, next := range follow {
		var err error
		switch {
		case next.Push != nil:
			err = r.Jobs.Enqueue(tx, PushOf(next.Push.Kind, next.Push.ID), r.follow()...)
		case next.Slow:
			err = r.Jobs.Enqueue(tx, Pull{Entity: next.Look.Entity, ID: next.Look.ID}, jobs.WithPriority(jobs.Reconcile))
		default:
			err = r.Jobs.Enqueue(tx, Pull{Entity: next.Look.Entity, ID: next.Look.ID}, jobs.WithPriority(jobs.Pull))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// errOvertaken ends a change of an order that somebody else has changed since it was read.
var errOvertaken = errors.New("заказ изменён в это же мгновение; сравниваем ещё раз")

// takeOrder changes the order to what its deal says, and stores the rest of what follows with it. It returns the order
// as it is then; nil if the panel's own rules refuse the change. The hook of the order enqueues a push, which finds
// nothing to send unless something else followed from the change. This is where a plan meets the panel's rules, which
// only the host knows.
func (r *run) takeOrder(ctx context.Context, tx *db.Tx, take *plan.OrderTake) (*orders.Order, error) {
	changed, err := r.Orders.Change(ctx, take.ID, portal.Actor, func(o *orders.Order) error {
		if o.Status != take.From {
			return errOvertaken
		}
		take.Apply(o)
		return nil
	})
	if no, refused := refusal.From(err); refused {
		return nil, r.journalFailure(tx, take.About, plan.Inward, take.Refused+no.Message)
	}
	if err != nil {
		return nil, err
	}
	return changed, r.Journal(tx, take.About, plan.Inward, take.Took)
}
