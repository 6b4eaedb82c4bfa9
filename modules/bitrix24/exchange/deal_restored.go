package exchange

import (
	"context"
	"fmt"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// adoptRestored links deals again that came out of the portal's recycle bin: they carry the key of an order that has
// no deal.
func (r *run) adoptRestored(ctx context.Context, list []modified) error {
	deals := map[int64]int64{} // by order
	for _, m := range list {
		order, e, ours := OrderByKey(r.Origin, m.Origin)
		if ours && e == plan.Deal && deals[order] == 0 {
			deals[order] = m.ID.Int64()
		}
	}
	if len(deals) == 0 {
		return nil
	}
	ids := lo.Keys(deals)
	found, err := r.Orders.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	links, err := r.Book.Links(ctx, plan.Order, plan.Deal, ids)
	if err != nil {
		return err
	}
	chosen, err := r.Book.Choices(ctx, plan.Order, ids)
	if err != nil {
		return err
	}
	open, err := r.Book.Intents(
		ctx, plan.Deal, lo.Map(ids, func(id int64, _ int) string { return mapping.OrderKey(id) }),
	)
	if err != nil {
		return err
	}
	for order, deal := range deals {
		l := links[order]
		if open[mapping.OrderKey(order)] != nil {
			continue // the answer about this deal was lost: the order's own push links it, and knows what was sent
		}
		hasDeal := l != nil && l.State != plan.Deleted
		if found[order] == nil || chosen[order] == plan.ChoiceIgnore || hasDeal {
			continue
		}
		if l == nil {
			l = r.Book.NewLink(plan.Order, order, plan.Deal, deal, mapping.Agreed{plan.OriginField: {Ours: "Y"}})
		}
		if err := r.linkRestored(ctx, l, deal); err != nil {
			return err
		}
	}
	return nil
}

// linkRestored links a restored deal and enqueues a look at it.
func (r *run) linkRestored(ctx context.Context, l *plan.Link, deal int64) error {
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		l.RemoteID, l.State = deal, plan.Linked
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
		// A restored deal's rows have other numbers than before: the next push reads them first.
		if err := r.exchange.RowsUnknown(tx, r.Portal.ID, l.LocalID); err != nil {
			return err
		}
		text := fmt.Sprintf("Сделка %d снова в Битрикс24: связана с заказом по внешнему ключу", deal)
		about := plan.About(plan.Order, l.LocalID, plan.Deal, deal)
		if err := r.Journal(tx, about, plan.Inward, text); err != nil {
			return err
		}
		if err := r.catch(tx, 1); err != nil {
			return err
		}
		return r.Jobs.Enqueue(tx, Pull{Entity: plan.Deal, ID: deal}, jobs.WithPriority(jobs.Reconcile))
	})
}
