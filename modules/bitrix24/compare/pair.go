package compare

import (
	"context"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// pair is an order and its deal, or the lead it is in.
type pair struct {
	order   *orders.Order
	link    *plan.Link // nil: the portal has nothing of the order
	leftOut bool       // by the rules
	contact int64      // that the customer is linked to; 0: none
	company int64
	known   map[string]plan.RowLink // by the keys of the order's rows

	deal *rest.Deal // or the lead, whose fields are among a deal's
	gone bool       // the portal has no such record any more
	rows []rest.ProductRow
	err  error // why the portal did not let it be read
}

// findPairs finds the links of a page of orders.
func findPairs(ctx context.Context, c *exchange.Connection, list []*orders.Order) ([]*pair, error) {
	ids := lo.Map(list, func(o *orders.Order, _ int) int64 { return o.ID })
	deals, err := c.Book.Links(ctx, plan.Order, plan.Deal, ids)
	if err != nil {
		return nil, err
	}
	leads, err := c.Book.Links(ctx, plan.Order, plan.Lead, ids)
	if err != nil {
		return nil, err
	}
	chosen, err := c.Book.Choices(ctx, plan.Order, ids)
	if err != nil {
		return nil, err
	}
	rows := map[plan.Entity]map[int64]map[string]plan.RowLink{}
	for _, e := range []plan.Entity{plan.Deal, plan.Lead} {
		if rows[e], err = c.Book.RowLinks(ctx, e, ids); err != nil {
			return nil, err
		}
	}
	clients := lo.Uniq(lo.Map(list, func(o *orders.Order, _ int) int64 { return o.ClientID }))
	contacts, err := c.Book.Links(ctx, plan.Client, plan.Contact, clients)
	if err != nil {
		return nil, err
	}
	organizations := lo.Uniq(lo.FilterMap(list, func(o *orders.Order, _ int) (int64, bool) {
		return lo.FromPtr(o.OrganizationID), o.OrganizationID != nil
	}))
	companies, err := c.Book.Links(ctx, plan.Organization, plan.Company, organizations)
	if err != nil {
		return nil, err
	}
	return lo.Map(list, func(o *orders.Order, _ int) *pair {
		p := &pair{order: o, link: deals[o.ID]}
		// A converted lead without a deal counts as nothing: the deal has yet to be found.
		if lead := leads[o.ID]; p.link == nil && lead != nil && lead.State != plan.Converted {
			p.link = lead
		}
		p.known = rows[p.target()][o.ID]
		p.leftOut = chosen[o.ID] == plan.ChoiceIgnore ||
			p.link == nil && c.Current.ExcludedFromExport(o, chosen[o.ID]) != ""
		if l := contacts[o.ClientID]; l != nil {
			p.contact = l.RemoteID
		}
		if l := companies[lo.FromPtr(o.OrganizationID)]; o.OrganizationID != nil && l != nil {
			p.company = l.RemoteID
		}
		return p
	}), nil
}

// target is what the order is compared with.
func (p *pair) target() plan.Entity {
	if p.link != nil {
		return p.link.Entity
	}
	return plan.Deal
}

// rejected reports whether the order is in a lead that was rejected there: there is nothing to compare any more.
func (p *pair) rejected() bool {
	return p.target() == plan.Lead && p.deal != nil && leadState(p.deal.StageSemanticID) == plan.Rejected
}

// readPairs reads the deals and leads, then the rows of those that are there.
func readPairs(ctx context.Context, c *exchange.Connection, pairs []*pair) error {
	linked := lo.Filter(pairs, func(p *pair, _ int) bool { return p.link != nil && !p.leftOut })
	var qs exchange.Questions
	for _, e := range []plan.Entity{plan.Deal, plan.Lead} {
		askPairs(c, &qs, e, lo.Filter(linked, func(p *pair, _ int) bool { return p.target() == e }))
	}
	if err := c.Inquire(ctx, &qs, rest.Background); err != nil {
		return err
	}
	for _, p := range linked {
		if p.deal != nil {
			exchange.ReadRows(&qs, p.target(), p.link.RemoteID, &p.err, func(rows []rest.ProductRow) { p.rows = rows })
		}
	}
	if err := c.Inquire(ctx, &qs, rest.Background); err != nil {
		return err
	}
	for _, p := range linked {
		if p.err != nil {
			return p.err
		}
	}
	return nil
}

// askPairs asks for deals, or leads.
func askPairs(c *exchange.Connection, qs *exchange.Questions, e plan.Entity, pairs []*pair) {
	names := append([]string{
		"id", "stageId", "stageSemanticId", "opportunity", "contactId", "contactIds", "companyId", "comments",
	}, c.Current.Fields.All()...)
	if e == plan.Deal {
		names = append(names, "categoryId")
	}
	sought := lo.Map(pairs, func(p *pair, _ int) exchange.Sought[rest.Deal] {
		take := func(d *rest.Deal) { p.deal = d }
		return exchange.Sought[rest.Deal]{ID: p.link.RemoteID, Take: take, Gone: &p.gone, Err: &p.err}
	})
	exchange.ReadByID(qs, e.TypeID(), names, exchange.DealNumber, sought)
}
