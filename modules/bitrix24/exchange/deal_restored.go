package exchange

import (
	"context"
	"fmt"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// adoptRestored links deals again that carry an order's key while the order has none: they came out of the recycle bin.
func (r *run) adoptRestored(ctx context.Context, list []modified) error {
	deals := map[int64]int64{} // by order
	for _, m := range list {
		order, e, ours := OrderByKey(r.Origin, m.Origin)
		if ours && e == records.Deal && deals[order] == 0 {
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
	links, err := r.Book.Links(ctx, records.Order, records.Deal, ids)
	if err != nil {
		return err
	}
	chosen, err := r.Book.Choices(ctx, records.Order, ids)
	if err != nil {
		return err
	}
	open, err := r.Book.Intents(ctx, records.Deal, lo.Map(ids, func(id int64, _ int) string { return mapping.OrderKey(id) }))
	if err != nil {
		return err
	}
	for order, deal := range deals {
		l := links[order]
		if open[mapping.OrderKey(order)] != nil {
			continue // its answer was lost: the order's own job adopts it, and knows what was sent
		}
		if found[order] == nil || chosen[order] == records.ChoiceIgnore || l != nil && l.State != records.Deleted {
			continue
		}
		if l == nil {
			l = r.Book.NewLink(records.Order, order, records.Deal, deal, mapping.Agreed{originField: {Ours: "Y"}})
		}
		if err := r.adoptAgain(ctx, l, deal); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) adoptAgain(ctx context.Context, l *records.Link, deal int64) error {
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		l.RemoteID, l.State = deal, records.Linked
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
		// Its rows have other numbers now: the next job reads them first.
		if err := r.exchange.RowsUnknown(tx, r.Portal.ID, l.LocalID); err != nil {
			return err
		}
		text := fmt.Sprintf("Сделка %d снова в Битрикс24: связана с заказом по внешнему ключу", deal)
		if err := r.Journal(tx, records.About(records.Order, l.LocalID, records.Deal, deal), records.Inward, text); err != nil {
			return err
		}
		if err := r.catch(tx, 1); err != nil {
			return err
		}
		return r.Jobs.Enqueue(tx, Pull{Entity: records.Deal, ID: deal}, jobs.WithPriority(jobs.Reconcile))
	})
}
