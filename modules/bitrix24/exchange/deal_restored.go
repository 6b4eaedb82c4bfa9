package exchange

import (
	"context"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// adoptRestored links deals again that came out of the portal's recycle bin: they carry the key of an order that has
// no deal.
func (r *run) adoptRestored(ctx context.Context, list []modified) error {
	deals := map[string][]int64{} // by key
	var ids []int64
	for _, m := range list {
		if order, _, e, ours := OrderByKey(r.Origin, m.Origin); ours && e == plan.Deal {
			deals[string(m.OriginID)] = append(deals[string(m.OriginID)], m.ID.Int64())
			ids = append(ids, order)
		}
	}
	if len(deals) == 0 {
		return nil
	}
	ids = lo.Uniq(ids)
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
	keys := lo.MapValues(found, func(o *orders.Order, _ int64) string { return mapping.OrderKey(o.ID, o.Token) })
	open, err := r.intents(ctx, plan.Deal, lo.Values(keys))
	if err != nil {
		return err
	}
	for _, id := range ids {
		f := plan.RestoredFacts{
			Frame: r.frame(), OrderID: id, Exists: found[id] != nil, Deals: deals[keys[id]],
			Choice: chosen[id], Link: links[id], Open: open[keys[id]],
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
