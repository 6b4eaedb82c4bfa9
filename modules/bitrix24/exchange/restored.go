package exchange

import (
	"context"
	"fmt"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// twin is a record of the portal that was modified lately and carries the key of a record of ours.
type twin struct {
	modified
	owner plan.Record
	token string // in its key: the record of that number may be another
}

// takeTwins looks into the deals or leads that were modified lately and carry keys of ours. What carries the key of a
// record whose own deal or lead is another is either that one, restored, or a copy.
func (r *run) takeTwins(ctx context.Context, e plan.Entity, list []modified) error {
	known, err := r.Book.LinksTo(ctx, e, lo.Map(list, func(m modified, _ int) int64 { return m.ID.Int64() }))
	if err != nil {
		return err
	}
	linked := lo.GroupBy(known, func(l *plan.Link) int64 { return l.RemoteID })
	twins := map[plan.Local][]twin{}
	for _, m := range list {
		owner, as, token, ours := OwnerByKey(r.Origin, m.Origin)
		isKnown := slices.ContainsFunc(linked[m.ID.Int64()], func(l *plan.Link) bool { return l.State != plan.Deleted })
		if ours && as == e && !isKnown {
			twins[owner.Kind] = append(twins[owner.Kind], twin{m, owner, token})
		}
	}
	for kind, some := range twins {
		if err := r.takeTwinsOf(ctx, kind, e, some); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) takeTwinsOf(ctx context.Context, kind plan.Local, e plan.Entity, twins []twin) error {
	ids := lo.Uniq(lo.Map(twins, func(t twin, _ int) int64 { return t.owner.ID }))
	tokens, err := r.exchange.Tokens(ctx, map[plan.Local][]int64{kind: ids})
	if err != nil {
		return err
	}
	twins = lo.Filter(twins, func(t twin, _ int) bool {
		token, exists := tokens[t.owner]
		return exists && token == t.token
	})
	links, err := r.Book.Links(ctx, kind, e, ids)
	if err != nil {
		return err
	}
	copies, err := r.Book.Copies(ctx, e, ids)
	if err != nil {
		return err
	}
	unlinked, beside := []twin{}, []twin{}
	for _, t := range twins {
		switch l := links[t.owner.ID]; {
		case kind == plan.Order && slices.Contains(copies[t.owner.ID], t.ID.Int64()):
		case l == nil:
			unlinked = append(unlinked, t)
		case l.State != plan.Converted:
			beside = append(beside, t)
		}
	}
	if err := r.besideLinked(ctx, links, beside); err != nil {
		return err
	}
	if e == plan.Lead {
		return r.adoptLeads(ctx, kind, unlinked)
	}
	return r.adoptUnlinked(ctx, unlinked, copies)
}

// besideLinked looks at the linked records that twins stand beside. If one is gone, the look finds out whether the twin
// is it. If it is there, the twin is a copy.
func (r *run) besideLinked(ctx context.Context, links map[int64]*plan.Link, twins []twin) error {
	present := lo.UniqBy(lo.Map(twins, func(t twin, _ int) *plan.Link { return links[t.owner.ID] }),
		func(l *plan.Link) int64 { return l.ID })
	missing, err := r.missing(ctx, lo.Filter(present, func(l *plan.Link, _ int) bool { return l.State != plan.Deleted }))
	if err != nil {
		return err
	}
	var looks []plan.Look
	var copies []plan.Copy
	for _, t := range twins {
		l := links[t.owner.ID]
		record := plan.Look{Entity: l.Entity, ID: l.RemoteID}
		switch {
		case l.State == plan.Deleted || slices.Contains(missing, record):
			looks = append(looks, record)
		case l.Local == plan.Order && l.Entity == plan.Deal:
			copies = append(copies, l.Copies([]plan.Twin{{ID: t.ID.Int64()}}, l.RemoteID)...)
		}
	}
	if len(looks)+len(copies) == 0 {
		return nil
	}
	return r.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		if err := records.NoteCopies(tx, copies); err != nil {
			return err
		}
		return r.exchange.LookAgain(tx, lo.Uniq(looks))
	})
}

// adoptUnlinked links orders of which no deal is known to deals that carry their keys.
func (r *run) adoptUnlinked(ctx context.Context, twins []twin, copies map[int64][]int64) error {
	deals := map[int64][]int64{} // by order
	for _, t := range twins {
		deals[t.owner.ID] = append(deals[t.owner.ID], t.ID.Int64())
	}
	if len(deals) == 0 {
		return nil
	}
	ids := lo.Keys(deals)
	found, err := r.Orders.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	chosen, err := r.Book.Choices(ctx, plan.Order, ids)
	if err != nil {
		return err
	}
	keys := lo.MapValues(found, func(o *orders.Order, id int64) string {
		return plan.Key(plan.Order, plan.Deal, id, o.Token)
	})
	open, err := r.intents(ctx, plan.Deal, lo.Values(keys))
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := r.storeBack(ctx, func() plan.Plan {
			return plan.ForUnlinked(plan.UnlinkedFacts{
				Frame: r.frame(), OrderID: id, Exists: found[id] != nil, Deals: deals[id], Copies: copies[id],
				Choice: chosen[id], Open: open[keys[id]],
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// adoptLeads links clients, organizations and orders to leads that carry their keys and are linked to nothing.
func (r *run) adoptLeads(ctx context.Context, kind plan.Local, twins []twin) error {
	if len(twins) == 0 || kind == plan.Order {
		return nil
	}
	ids := lo.Map(twins, func(t twin, _ int) int64 { return t.owner.ID })
	contacts, err := r.Book.Links(ctx, kind, map[plan.Local]plan.Entity{
		plan.Client: plan.Contact, plan.Organization: plan.Company,
	}[kind], ids)
	if err != nil {
		return err
	}
	chosen, err := r.Book.Choices(ctx, kind, ids)
	if err != nil {
		return err
	}
	leadKey := func(t twin) string { return plan.Key(kind, plan.Lead, t.owner.ID, t.token) }
	open, err := r.intents(ctx, plan.Lead, lo.Map(twins, func(t twin, _ int) string { return leadKey(t) }))
	if err != nil {
		return err
	}
	var deleted map[int64][]*plan.Link
	if kind == plan.Client {
		if deleted, err = r.deletedLeads(ctx, ids); err != nil {
			return err
		}
	}
	for _, t := range twins {
		err := r.storeBack(ctx, func() plan.Plan {
			return plan.ForUnlinkedLead(plan.UnlinkedLeadFacts{
				Frame: r.frame(), Lead: plan.Twin{ID: t.ID.Int64(), Created: t.CreatedTime.At}, Owner: t.owner,
				Choice: chosen[t.owner.ID], Open: open[leadKey(t)], Contact: contacts[t.owner.ID],
				Deleted: deleted[t.owner.ID],
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// deletedLeads returns the links from clients' orders to leads that were deleted, by client.
func (r *run) deletedLeads(ctx context.Context, clientIDs []int64) (map[int64][]*plan.Link, error) {
	var rows []struct{ ID, ClientID int64 }
	err := r.DB.From(ctx).
		Table("orders o").Select("o.id, o.client_id").
		Joins("JOIN bitrix24_links l ON l.local = ? AND l.local_id = o.id AND l.entity = ?", plan.Order, plan.Lead).
		Where("l.portal_id = ? AND l.state = ? AND o.client_id IN ?", r.Portal.ID, plan.Deleted, clientIDs).
		Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read which orders had leads: %w", err)
	}
	orderIDs := make([]int64, len(rows))
	for i, row := range rows {
		orderIDs[i] = row.ID
	}
	links, err := r.Book.Links(ctx, plan.Order, plan.Lead, orderIDs)
	if err != nil {
		return nil, err
	}
	byClient := map[int64][]*plan.Link{}
	for _, row := range rows {
		byClient[row.ClientID] = append(byClient[row.ClientID], links[row.ID])
	}
	return byClient, nil
}

// storeBack stores what follows when a record of ours is on the portal again, and counts it as caught. The plan is made
// within the transaction, since one that is run again needs links that were not saved.
func (r *run) storeBack(ctx context.Context, make func() plan.Plan) error {
	if make().Now.Empty() {
		return nil
	}
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := r.store(tx, make().Now, nil); err != nil {
			return err
		}
		return r.catch(tx, 1)
	})
}
