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

// readPairs reads the deals and leads, fifty to a command, then the rows of those that are there. One that the list
// leaves out is looked at by itself.
func (c *connection) readPairs(ctx context.Context, pairs []*pair) error {
	linkedPairs := lo.Filter(pairs, func(p *pair, _ int) bool { return p.link != nil && !p.leftOut })
	var questions, singles []question
	for _, e := range []entity{aDeal, aLead} {
		of := lo.Filter(linkedPairs, func(p *pair, _ int) bool { return p.target() == e })
		for _, some := range lo.Chunk(of, 50) {
			questions = append(questions, c.askPairs(e, some, func(p *pair) { singles = append(singles, askPair(p)) }))
		}
	}
	if err := c.ask(ctx, questions, rest.Background); err != nil {
		return err
	}
	if err := c.ask(ctx, singles, rest.Background); err != nil {
		return err
	}
	return c.readRows(ctx, lo.Filter(linkedPairs, func(p *pair, _ int) bool { return p.deal != nil }))
}

// askPairs reads up to fifty deals, or leads; those that the list leaves out are given to missing.
func (c *connection) askPairs(e entity, some []*pair, missing func(*pair)) question {
	fields := c.settings.Fields
	names := append([]string{"id", "stageId", "stageSemanticId", "opportunity", "contactId", "contactIds", "companyId", "comments"},
		lo.Compact([]string{fields.Discussion, fields.Delivery, fields.DeliveryID, fields.Payment})...)
	if e == aDeal {
		names = append(names, "categoryId")
	}
	return question{
		method: "crm.item.list",
		params: rest.Params{
			"entityTypeId": e.typeID(), "start": -1, "useOriginalUfNames": "Y", "select": names,
			"filter": rest.Params{"@id": lo.Map(some, func(p *pair, _ int) int64 { return p.link.RemoteID })},
		},
		answer: func(result *rest.Result, name string) error {
			var items rest.Items[rest.Deal]
			if err := result.Decode(name, &items); err != nil {
				return err
			}
			byID := lo.KeyBy(items.Items, func(d rest.Deal) int64 { return d.ID.Int64() })
			for _, p := range some {
				if deal, ok := byID[p.link.RemoteID]; ok {
					p.deal = &deal
					continue
				}
				missing(p)
			}
			return nil
		},
	}
}

// askPair reads one deal, or lead.
func askPair(p *pair) question {
	return question{
		method: "crm.item.get", params: rest.Params{"entityTypeId": p.target().typeID(), "id": p.link.RemoteID, "useOriginalUfNames": "Y"},
		answer: func(result *rest.Result, name string) error {
			p.deal, p.gone, p.err = confirm(result, name, func(x *rest.Deal) *rest.ID { return &x.ID })
			return p.err
		},
	}
}

// readRows reads the product rows of deals and leads, those of fifty to a request, until none has more.
func (c *connection) readRows(ctx context.Context, pairs []*pair) error {
	last := map[*pair]int64{}
	for len(pairs) > 0 {
		var more []*pair
		questions := lo.Map(pairs, func(p *pair, _ int) question {
			return question{
				method: "crm.item.productrow.list",
				params: rest.Params{
					"filter": rest.Params{"=ownerType": p.target().owner(), "=ownerId": p.link.RemoteID, ">id": last[p]}, "order": rest.Params{"id": "ASC"}, "start": -1,
				},
				answer: func(result *rest.Result, name string) error {
					var read rest.ProductRows
					if err := result.Decode(name, &read); err != nil {
						return err
					}
					p.rows = append(p.rows, read.ProductRows...)
					if len(read.ProductRows) == 50 {
						last[p] = read.ProductRows[49].ID.Int64()
						more = append(more, p)
					}
					return nil
				},
			}
		})
		if err := c.ask(ctx, questions, rest.Background); err != nil {
			return err
		}
		pairs = more
	}
	return nil
}
