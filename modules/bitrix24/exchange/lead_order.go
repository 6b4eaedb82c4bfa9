package exchange

import (
	"context"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// targetLeads decides which of the orders without a deal go into a lead: those that are in one already, and new orders
// of clients who are leads themselves, even if the switch is off by now.
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
	open, err := r.Book.Intents(
		ctx, plan.Lead, lo.Map(without, func(id int64, _ int) string { return mapping.OrderLeadKey(id) }),
	)
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
		if l := links[id]; l != nil && l.State == plan.Converted {
			w.FromLead = l.RemoteID // no deal came of the lead: it is created now
			continue
		}
		intent := open[mapping.OrderLeadKey(id)]
		leading := links[id] != nil || leads[found[id].ClientID]
		if !leading && intent == nil {
			continue
		}
		w.LeadUnsure = !leading
		w.Target, w.Link, w.Rows, w.Open = plan.Lead, links[id], owned(rows[id]), intent
	}
	return nil
}

// leadClients reports which clients are leads: they have no contact, and have an open lead or are to have one.
// Somebody who is only a guest of organizations is none. If an employee sends his orders, he gets a contact and deals.
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
	begun, err := r.Book.Intents(
		ctx, plan.Lead, lo.Map(ids, func(id int64, _ int) string { return mapping.ClientLeadKey(id) }),
	)
	if err != nil {
		return nil, err
	}
	are, wishing := map[int64]bool{}, []int64{}
	for _, id := range ids {
		isBegun := begun[mapping.ClientLeadKey(id)] != nil
		switch open := leads[id] != nil && leads[id].State == plan.Linked; {
		case contacts[id] != nil:
		case open, isBegun && leads[id] == nil && chosen[id] == plan.ChoiceLead:
			are[id] = true
		case r.leadsOn() && chosen[id] == plan.ChoiceLead:
			wishing = append(wishing, id)
		}
	}
	if len(wishing) == 0 {
		return are, nil
	}
	employers, err := r.Organizations.OfMany(ctx, wishing)
	if err != nil {
		return nil, err
	}
	for _, id := range wishing {
		mayOrder := func(o *organizations.Organization) bool { return o.MayOrder(id) }
		are[id] = len(employers[id]) == 0 || slices.ContainsFunc(employers[id], mayOrder)
	}
	return are, nil
}
