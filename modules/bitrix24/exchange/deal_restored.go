package exchange

import (
	"context"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// adoptRestored links deals again that came out of the portal's recycle bin: they carry the key of an order that has
// no deal.
func (r *run) adoptRestored(ctx context.Context, list []modified) error {
	deals := map[int64][]int64{} // by order
	for _, m := range list {
		if order, e, ours := OrderByKey(r.Origin, m.Origin); ours && e == plan.Deal {
			deals[order] = append(deals[order], m.ID.Int64())
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
	open, err := r.intents(
		ctx, plan.Deal, lo.Map(ids, func(id int64, _ int) string { return mapping.OrderKey(id) }),
	)
	if err != nil {
		return err
	}
	for _, id := range ids {
		f := plan.RestoredFacts{
			Frame: r.frame(), OrderID: id, Exists: found[id] != nil, Deals: deals[id],
			Choice: chosen[id], Link: links[id], Open: open[mapping.OrderKey(id)],
		}
		if plan.ForRestored(f).Now.Empty() {
			continue
		}
		err := r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := r.store(tx, plan.ForRestored(f).Now, nil); err != nil {
				return err
			}
			return r.catch(tx, 1)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
