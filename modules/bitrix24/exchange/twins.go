package exchange

import (
	"context"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Records of the portal that carry a key of ours are not always ours: package plan tells a deal or lead that came out
// of the recycle bin from a copy, by what is read here.

// askTwins asks for the deals or leads that carry one of the keys (crm.item.list).
func (c *Connection) askTwins(
	qs *Questions, e plan.Entity, keys []string, failure *error, take func(twins []plan.Twin),
) {
	params := rest.Params{
		"entityTypeId": e.TypeID(), "select": []string{"id", "createdTime", "originatorId", "originId"},
		"order": rest.Params{"id": "ASC"}, "start": -1,
		"filter": rest.Params{"=originatorId": string(c.Origin), "@originId": keys},
	}
	askFor(qs, "crm.item.list", params, failure, func(items rest.Items[modified]) {
		var twins []plan.Twin
		for _, item := range items.Items {
			if slices.ContainsFunc(keys, func(key string) bool { return HasKey(c.Origin, item.Origin, key) }) {
				twins = append(twins, plan.Twin{ID: item.ID.Int64(), Created: item.CreatedTime.At})
			}
		}
		take(twins)
	})
}

// askDealTwins asks for the deals that carry an order's key, which ends in its token. The rows of those that may be the
// linked deal are read as well, since a copy may have been made in the same second.
func (c *Connection) askDealTwins(
	qs *Questions, l *plan.Link, token string, failure *error, take func(twins []plan.Twin),
) {
	key := plan.Key(plan.Order, plan.Deal, l.LocalID, token)
	c.askTwins(qs, plan.Deal, []string{key}, failure, func(twins []plan.Twin) {
		take(twins)
		for i := range twins {
			if !l.IsAsOld(twins[i], c.clockOffset()) {
				continue
			}
			ReadRows(qs, plan.Deal, twins[i].ID, failure, func(rows []rest.ProductRow) {
				twins[i].Rows = lo.Map(rows, func(row rest.ProductRow, _ int) int64 { return row.ID.Int64() })
			})
		}
	})
}

// seekRestored asks for what may be the deals and leads that turned out to be gone: out of the recycle bin they come
// under other numbers.
func (r *run) seekRestored(ctx context.Context) error {
	for _, w := range inOrder(r.orders) {
		if w.Gone && w.Target == plan.Deal && w.Link != nil && !w.done {
			r.askDealTwins(&r.questions, w.Link, w.order.Token, &w.err, func(twins []plan.Twin) { w.Twins = twins })
		}
	}
	var gone []*leadWork
	for _, w := range inOrder(r.leads) {
		if w.Gone {
			gone = append(gone, w)
		}
	}
	keys, err := r.leadKeys(ctx, lo.FlatMap(gone, func(w *leadWork, _ int) []*plan.Link { return w.Links }))
	if err != nil {
		return err
	}
	for _, w := range gone {
		carried := lo.FlatMap(w.Links, func(l *plan.Link, _ int) []string { return keys[plan.Record{Kind: l.Local, ID: l.LocalID}] })
		r.askTwins(&r.questions, plan.Lead, carried, &w.err, func(twins []plan.Twin) { w.Twins = twins })
	}
	return r.ask(ctx)
}

// leadKeys returns the keys that the leads of links may carry, by the record of the panel. An order may be in the lead
// of its client, whose own link is dropped when the lead is deleted.
func (c *Connection) leadKeys(ctx context.Context, links []*plan.Link) (map[plan.Record][]string, error) {
	of := func(kind plan.Local) []int64 {
		return lo.FilterMap(links, func(l *plan.Link, _ int) (int64, bool) { return l.LocalID, l.Local == kind })
	}
	found, err := c.Orders.FindMany(ctx, of(plan.Order))
	if err != nil {
		return nil, err
	}
	customers := lo.Map(lo.Values(found), func(o *orders.Order, _ int) int64 { return o.ClientID })
	people, err := c.Clients.FindMany(ctx, lo.Uniq(append(of(plan.Client), customers...)))
	if err != nil {
		return nil, err
	}
	companies, err := c.Organizations.FindMany(ctx, of(plan.Organization))
	if err != nil {
		return nil, err
	}
	keys := map[plan.Record][]string{}
	for id, o := range companies {
		keys[plan.Record{Kind: plan.Organization, ID: id}] = []string{plan.Key(plan.Organization, plan.Lead, id, o.Token)}
	}
	for id, person := range people {
		keys[plan.Record{Kind: plan.Client, ID: id}] = []string{plan.Key(plan.Client, plan.Lead, id, person.Token)}
	}
	for id, o := range found {
		own := plan.Key(plan.Order, plan.Lead, id, o.Token)
		keys[plan.Record{Kind: plan.Order, ID: id}] = append([]string{own}, keys[plan.Record{Kind: plan.Client, ID: o.ClientID}]...)
	}
	return keys, nil
}

// Twins asks the portal what carries the key of an order whose deal or lead is gone. restored reports whether that one
// is there again; copies are deals that are not it.
func (c *Connection) Twins(ctx context.Context, l *plan.Link, o *orders.Order) (restored bool, copies []plan.Copy, err error) {
	var qs Questions
	var refused error
	var twins []plan.Twin
	rows := map[string]plan.OwnedRow{}
	if l.Entity == plan.Deal {
		known, err := c.Book.RowLinks(ctx, plan.Deal, []int64{o.ID})
		if err != nil {
			return false, nil, err
		}
		rows = owned(known[o.ID])
		c.askDealTwins(&qs, l, o.Token, &refused, func(found []plan.Twin) { twins = found })
	} else {
		keys, err := c.leadKeys(ctx, []*plan.Link{l})
		if err != nil {
			return false, nil, err
		}
		c.askTwins(&qs, l.Entity, keys[plan.Record{Kind: l.Local, ID: l.LocalID}], &refused, func(found []plan.Twin) { twins = found })
	}
	there := false
	ReadByID(&qs, l.Entity.TypeID(), []string{"id"}, DealNumber, []Sought[rest.Deal]{{
		ID: l.RemoteID, Take: func(*rest.Deal) { there = true }, Err: &refused,
	}})
	if err := c.Inquire(ctx, &qs, rest.People); err != nil {
		return false, nil, err
	}
	id, restored := l.Restored(twins, rows, c.clockOffset())
	if l.Entity == plan.Deal {
		copies = l.Copies(twins, id)
	}
	return restored || there, copies, refused
}
