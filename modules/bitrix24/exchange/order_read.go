package exchange

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// contactsField lists a deal's or lead's contacts, the main one first (crm.item.*).
const contactsField = "contactIds"

// OrderInput returns what a deal or lead of an order is made of. target says which of the two. The site's name and
// address, which only a new record gets, are left to the caller.
func (c *Connection) OrderInput(o *orders.Order, target plan.Entity) mapping.OrderInput {
	in := mapping.OrderInput{Order: o, Zone: c.Location, Rules: c.Current.Rules, Origin: c.Origin}
	there := c.Lists.DealFields
	if target == plan.Lead {
		there = c.Lists.LeadFields
	}
	in.Rules.Fields = portal.Present(in.Rules.Fields, there)
	in.PageURL = c.PublicURL.JoinPath("admin", "orders", strconv.FormatInt(o.ID, 10)).String()
	in.ArchiveURL = orders.ArchiveURL(c.PublicURL.String(), o)
	return in
}

// input is OrderInput with the site.
func (r *run) input(w *orderWork) mapping.OrderInput {
	in := r.OrderInput(w.order, w.Target)
	if w.site != nil {
		in.SiteName, in.SiteURL = w.site.Name, w.site.URL
	}
	return in
}

// rowsOf returns the rows that the order is to have on the portal, with the products of its catalogue.
func (r *run) rowsOf(w *orderWork) []mapping.Row {
	rows := mapping.Rows(w.order)
	if !r.Current.Catalog {
		return rows
	}
	for i := range rows {
		for _, item := range w.order.Items {
			p := r.products[material{w.order.SiteID, item.MaterialID}]
			if p != nil && rows[i].Key == fmt.Sprintf("item/%d", item.ID) {
				rows[i].ProductID = p.Linked
			}
		}
	}
	return rows
}

// owned are the rows of the portal that stand for parts of an order.
func owned(links map[string]plan.RowLink) map[string]plan.OwnedRow {
	return lo.MapValues(links, func(l plan.RowLink, _ string) plan.OwnedRow {
		return plan.OwnedRow{ID: l.RowID, Print: l.Print}
	})
}

// dealFields are the fields of a deal that say what people have changed in it.
var dealFields = []string{
	"id", "title", "stageId", "categoryId", "movedTime", "createdTime", "updatedTime",
	"opportunity", "comments", contactsField,
}

// readDeals reads the deals of orders (crm.item.list).
func (r *run) readDeals(works []*orderWork) {
	fields := slices.Clone(dealFields)
	if slices.ContainsFunc(works, func(w *orderWork) bool { return w.Afresh }) {
		fields = append(append(fields, "contactId", "companyId"), r.Current.Fields.All()...)
	}
	ReadByID(
		&r.questions,
		rest.TypeDeal,
		fields,
		DealNumber,
		lo.Map(works, func(w *orderWork, _ int) Sought[rest.Deal] {
			return Sought[rest.Deal]{
				ID: w.Link.RemoteID, Take: func(d *rest.Deal) { w.Deal = d }, Gone: &w.Gone, Err: &w.err, Seen: &w.seen,
			}
		}),
	)
}

// readOpenLeads reads what people may have put into the leads of orders, beside what is ours (crm.item.list).
func (r *run) readOpenLeads(works []*orderWork) {
	fields := []string{"id", "comments", "opportunity", contactsField}
	if slices.ContainsFunc(works, func(w *orderWork) bool { return w.Afresh }) {
		fields = append(fields, "stageId", "stageSemanticId", "contactId", "companyId")
		fields = append(fields, r.Current.Fields.All()...)
	}
	ReadByID(
		&r.questions,
		rest.TypeLead,
		fields,
		leadNumber,
		lo.Map(works, func(w *orderWork, _ int) Sought[rest.Lead] {
			s := Sought[rest.Lead]{ID: w.Link.RemoteID, Take: func(l *rest.Lead) { w.Lead = l }, Err: &w.err}
			if w.Afresh {
				s.Gone = &w.Gone
			}
			return s
		}),
	)
}

// readForContacts reads the deals and leads that are to get their client's contact. The field contactIds replaces all
// contacts that are there, and a manager may have added some.
func (r *run) readForContacts(context.Context) error {
	var deals, leads []*orderWork
	for _, w := range inOrder(r.orders) {
		switch {
		case w.done || w.err != nil || w.Link == nil || w.read || !w.givesContact():
		case w.Target == plan.Lead:
			leads = append(leads, w)
		default:
			deals = append(deals, w)
		}
	}
	r.readDeals(deals)
	r.readOpenLeads(leads)
	return nil
}

// givesContact reports whether the deal or lead is to get a contact that it was not given yet. It goes by what is
// known before the portal has answered.
func (w *orderWork) givesContact() bool {
	if w.client.Link == nil {
		lead := w.client.Lead
		return w.client.Needed || lead.Wanted && lead.Link == nil // the contact will be found or created in this run
	}
	return plan.GivesContact(w.Link, w.client.Link.RemoteID)
}

// askRows reads the rows of an order's deal or lead, since it is unknown which of them are ours.
func (r *run) askRows(w *orderWork) {
	ReadRows(&r.questions, w.Target, w.Link.RemoteID, &w.RowsErr, func(rows []rest.ProductRow) { w.There = rows })
}

// fewDeals is the greatest number of deals in a run whose rows are read only to be shown on the orders' pages. For
// more deals that would cost the portal more than it tells people.
const fewDeals = 5

// askRowsByHand reads the rows of deals that are read anyway, in the same request. It notes on their links what the
// rows come to that a manager added.
func (r *run) askRowsByHand(works []*orderWork) {
	for _, w := range works {
		if w.RowsOpen != nil || w.Afresh {
			continue // they are read to find out which are ours
		}
		var unread error // dropped: the page goes on saying what it said
		ReadRows(&r.questions, w.Target, w.Link.RemoteID, &unread, func(rows []rest.ProductRow) {
			ours := lo.SliceToMap(lo.Values(w.Rows), func(l plan.OwnedRow) (int64, bool) { return l.ID, true })
			w.Link.ByHand = 0
			for _, row := range rows {
				if !ours[row.ID.Int64()] {
					w.Link.ByHand += orders.Money(math.Round(float64(row.Price) * float64(row.Quantity)))
				}
			}
		})
	}
}

// askNote looks for the note of a deleted order whose answer was lost among the last comments of the timeline
// (crm.timeline.comment.list).
func (r *run) askNote(w *orderWork) {
	params := rest.Params{
		"filter": rest.Params{"ENTITY_ID": w.Link.RemoteID, "ENTITY_TYPE": string(w.Target)},
		"order":  rest.Params{"ID": "DESC"},
	}
	askFor(&r.questions, "crm.timeline.comment.list", params, &w.err, func(comments rest.List[rest.TimelineComment]) {
		for _, c := range comments {
			w.NoteThere = w.NoteThere || strings.Contains(string(c.Comment), plan.DeletedNote(w.id))
		}
	})
}
