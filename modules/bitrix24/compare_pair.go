package bitrix24

import (
	"context"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// pair is an order and its deal, or the lead it is in.
type pair struct {
	order   *orders.Order
	link    *Link
	leftOut bool // by the rules
	contact int64
	company int64
	known   map[string]rowLink

	deal *rest.Deal // or the lead, whose fields are among a deal's
	gone bool
	rows []rest.ProductRow
	err  error
}

// pair finds the links of a page of orders.
func (c *connection) pair(ctx context.Context, list []*orders.Order) ([]*pair, error) {
	ids := lo.Map(list, func(o *orders.Order, _ int) int64 { return o.ID })
	deals, err := c.links(ctx, c.portal.ID, anOrder, aDeal, ids)
	if err != nil {
		return nil, err
	}
	leads, err := c.links(ctx, c.portal.ID, anOrder, aLead, ids)
	if err != nil {
		return nil, err
	}
	chosen, err := c.choices(ctx, c.portal.ID, anOrder, ids)
	if err != nil {
		return nil, err
	}
	rows := map[entity]map[int64]map[string]rowLink{}
	for _, e := range []entity{aDeal, aLead} {
		if rows[e], err = c.rowLinks(ctx, c.portal.ID, e, ids); err != nil {
			return nil, err
		}
	}
	contacts, err := c.links(ctx, c.portal.ID, aClient, aContact, lo.Uniq(lo.Map(list, func(o *orders.Order, _ int) int64 { return o.ClientID })))
	if err != nil {
		return nil, err
	}
	companies, err := c.links(ctx, c.portal.ID, anOrganization, aCompany, lo.Uniq(lo.FilterMap(list, func(o *orders.Order, _ int) (int64, bool) {
		return lo.FromPtr(o.OrganizationID), o.OrganizationID != nil
	})))
	if err != nil {
		return nil, err
	}
	return lo.Map(list, func(o *orders.Order, _ int) *pair {
		p := &pair{order: o, link: deals[o.ID]}
		if lead := leads[o.ID]; p.link == nil && lead != nil && lead.State != converted { // of a converted one no deal has come yet
			p.link = lead
		}
		p.known = rows[p.target()][o.ID]
		p.leftOut = chosen[o.ID] == choiceIgnore || p.link == nil && c.settings.leavesOut(o, chosen[o.ID]) != ""
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
func (p *pair) target() entity {
	if p.link != nil {
		return p.link.Entity
	}
	return aDeal
}

// readPairs reads the deals and leads, then the rows of those that are there.
func (c *connection) readPairs(ctx context.Context, pairs []*pair) error {
	linkedPairs := lo.Filter(pairs, func(p *pair, _ int) bool { return p.link != nil && !p.leftOut })
	var qs questions
	for _, e := range []entity{aDeal, aLead} {
		c.askPairs(&qs, e, lo.Filter(linkedPairs, func(p *pair, _ int) bool { return p.target() == e }))
	}
	if err := c.inquire(ctx, &qs, rest.Background); err != nil {
		return err
	}
	for _, p := range linkedPairs {
		if p.deal != nil {
			readRows(&qs, p.target(), p.link.RemoteID, &p.err, func(rows []rest.ProductRow) { p.rows = rows })
		}
	}
	if err := c.inquire(ctx, &qs, rest.Background); err != nil {
		return err
	}
	for _, p := range linkedPairs {
		if p.err != nil {
			return p.err
		}
	}
	return nil
}

// askPairs asks for deals, or leads.
func (c *connection) askPairs(qs *questions, e entity, pairs []*pair) {
	names := append([]string{"id", "stageId", "stageSemanticId", "opportunity", "contactId", "contactIds", "companyId", "comments"},
		c.settings.Fields.All()...)
	if e == aDeal {
		names = append(names, "categoryId")
	}
	readByID(qs, e.typeID(), names, dealNumber, lo.Map(pairs, func(p *pair, _ int) sought[rest.Deal] {
		return sought[rest.Deal]{id: p.link.RemoteID, take: func(d *rest.Deal) { p.deal = d }, gone: &p.gone, err: &p.err}
	}))
}
