package exchange

import (
	"context"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// targetLeads reads what it takes to tell which of the orders without a deal go into a lead.
func (r *run) targetLeads(ctx context.Context, found map[int64]*orders.Order, deals map[int64]*plan.Link) error {
	var without, customers []int64
	for id, o := range found {
		if deals[id] == nil {
			without, customers = append(without, id), append(customers, o.ClientID)
		}
	}
	if len(without) == 0 {
		return nil
	}
	links, err := r.Book.Links(ctx, plan.Order, plan.Lead, without)
	if err != nil {
		return err
	}
	leads, err := r.leadClients(ctx, lo.Uniq(customers))
	if err != nil {
		return err
	}
	leadKey := func(id int64) string { return mapping.OrderLeadKey(id, found[id].Token) }
	open, err := r.intents(ctx, plan.Lead, lo.FlatMap(without, func(id int64, _ int) []string {
		return []string{leadKey(id), plan.ChangeKey(leadKey(id))}
	}))
	if err != nil {
		return err
	}
	rows, err := r.Book.RowLinks(ctx, plan.Lead, without)
	if err != nil {
		return err
	}
	employers := lo.FilterMap(lo.Values(found), func(o *orders.Order, _ int) (int64, bool) {
		return lo.FromPtr(o.OrganizationID), o.OrganizationID != nil && links[o.ID] != nil
	})
	companies, err := r.Book.Links(ctx, plan.Organization, plan.Company, employers)
	if err != nil {
		return err
	}
	for _, id := range without {
		w := r.orders[id]
		w.company = companies[lo.FromPtr(found[id].OrganizationID)]
		w.Place(links[id], open[leadKey(id)], leads[found[id].ClientID])
		if w.Target == plan.Lead {
			w.Rows, w.ChangeOpen = owned(rows[id]), open[plan.ChangeKey(leadKey(id))]
		}
	}
	return nil
}

// leadClients reports which clients are leads.
func (r *run) leadClients(ctx context.Context, ids []int64) (map[int64]bool, error) {
	contacts, err := r.Book.Links(ctx, plan.Client, plan.Contact, ids)
	if err != nil {
		return nil, err
	}
	leads, err := r.Book.Links(ctx, plan.Client, plan.Lead, ids)
	if err != nil {
		return nil, err
	}
	chosen, err := r.Book.Choices(ctx, plan.Client, ids)
	if err != nil {
		return nil, err
	}
	found, err := r.Clients.FindMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	clientKey := func(c *clients.Client, _ int) string { return mapping.ClientLeadKey(c.ID, c.Token) }
	begun, err := r.intents(ctx, plan.Lead, lo.Map(lo.Values(found), clientKey))
	if err != nil {
		return nil, err
	}
	employers, err := r.Organizations.OfMany(ctx, lo.Filter(ids, func(id int64, _ int) bool {
		return contacts[id] == nil && chosen[id] == plan.ChoiceLead
	}))
	if err != nil {
		return nil, err
	}
	f, are := r.frame(), map[int64]bool{}
	for id, client := range found {
		isBegun := begun[clientKey(client, 0)] != nil
		are[id] = f.IsLead(id, contacts[id], leads[id], isBegun, chosen[id], employers[id])
	}
	return are, nil
}
