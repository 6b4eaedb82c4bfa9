package bitrix24

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// adoptRestored links deals again that carry an order's key while the order has none: they came out of the recycle bin.
func (r *run) adoptRestored(ctx context.Context, list []modified) error {
	deals := map[int64]int64{} // by order
	for _, m := range list {
		text, ours := strings.CutPrefix(string(m.OriginID), "order:")
		if order, err := strconv.ParseInt(text, 10, 64); ours && err == nil && string(m.OriginatorID) == string(r.origin) && deals[order] == 0 {
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
	links, err := r.links(ctx, r.portal.ID, anOrder, aDeal, ids)
	if err != nil {
		return err
	}
	chosen, err := r.choices(ctx, r.portal.ID, anOrder, ids)
	if err != nil {
		return err
	}
	open, err := r.intents(ctx, r.portal.ID, aDeal, lo.Map(ids, func(id int64, _ int) string { return mapping.OrderKey(id) }))
	if err != nil {
		return err
	}
	for order, deal := range deals {
		l := links[order]
		if _, making := open[mapping.OrderKey(order)]; making {
			continue // its answer was lost: the order's own job adopts it, and knows what was sent
		}
		if found[order] == nil || chosen[order] == choiceIgnore || l != nil && l.State != deleted {
			continue
		}
		if l == nil {
			l = &Link{PortalID: r.portal.ID, Local: anOrder, LocalID: order, Entity: aDeal, Checked: true, Agreed: mapping.Agreed{originField: {Ours: "Y"}}}
		}
		if err := r.adoptAgain(ctx, l, deal); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) adoptAgain(ctx context.Context, l *Link, deal int64) error {
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		l.RemoteID, l.State = deal, linked
		if err := r.saveLink(tx, l); err != nil {
			return err
		}
		// Its rows have other numbers now: the next job reads them first.
		if err := r.rowsUnknown(tx, r.portal.ID, l.LocalID); err != nil {
			return err
		}
		text := fmt.Sprintf("Сделка %d снова в Битрикс24: связана с заказом по внешнему ключу", deal)
		if err := r.journal(tx, note{anOrder, l.LocalID, aDeal, deal}, inward, text); err != nil {
			return err
		}
		if err := r.catch(tx, 1); err != nil {
			return err
		}
		return r.Jobs.Enqueue(tx, pull{Entity: aDeal, ID: deal}, jobs.WithPriority(jobs.Reconcile))
	})
}
