package exchange

import (
	"context"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// loadLeadOwners finds the client and the organization that each converted lead stands for. They are those of the lead
// itself or of its order. Without an organization, it is the one that the client may order for.
func (r *run) loadLeadOwners(ctx context.Context) error {
	works := lo.Filter(lo.Values(r.leads), func(w *leadWork, _ int) bool {
		return w.err == nil && w.lead != nil && w.lead.StageSemanticID == rest.Success
	})
	if len(works) == 0 {
		return nil
	}
	var ids []int64
	for _, w := range works {
		for _, l := range w.links {
			if l.Local == plan.Order {
				ids = append(ids, l.LocalID)
			}
		}
	}
	found, err := r.Orders.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	var employees []int64
	for _, w := range works {
		for _, l := range w.links {
			w.standsFor(l, found[l.LocalID])
		}
		if w.organizationID == 0 && w.clientID != 0 {
			employees = append(employees, w.clientID)
		}
	}
	employers, err := r.Organizations.OfMany(ctx, employees)
	if err != nil {
		return err
	}
	for _, w := range works {
		if w.organizationID != 0 {
			continue
		}
		employer, ok := lo.Find(
			employers[w.clientID], func(o *organizations.Organization) bool { return o.MayOrder(w.clientID) },
		)
		if ok {
			w.organizationID = employer.ID
		}
	}
	return nil
}

// standsFor notes whom a link of the lead is about. o is the order of an order's link, if it still exists.
func (w *leadWork) standsFor(l *plan.Link, o *orders.Order) {
	switch {
	case l.Local == plan.Client:
		w.clientID = l.LocalID
	case l.Local == plan.Organization:
		w.organizationID = l.LocalID
	case o != nil:
		w.clientID = o.ClientID
		if o.OrganizationID != nil {
			w.organizationID = *o.OrganizationID
		}
	}
}

// clientsPage is how many of a client's orders are read at a time.
const clientsPage = 100

// enqueueOtherLeads enqueues pushes of the client's orders that are in other open leads. These get his contact and
// company, so that the dialog of their conversion offers them.
func (r *run) enqueueOtherLeads(ctx context.Context, tx *db.Tx, clientID int64) error {
	if clientID == 0 {
		return nil
	}
	var push []jobs.Args
	for before, more := int64(0), true; more; {
		list, err := r.Orders.List(ctx, orders.Query{ClientID: clientID, Before: before, Take: clientsPage})
		if err != nil {
			return err
		}
		leads, err := r.Book.Links(
			ctx, plan.Order, plan.Lead, lo.Map(list, func(o *orders.Order, _ int) int64 { return o.ID }),
		)
		if err != nil {
			return err
		}
		for id, l := range leads {
			if l.State == plan.Linked {
				push = append(push, PushOrder{ID: id})
			}
		}
		if more = len(list) == clientsPage; more {
			before = list[len(list)-1].ID
		}
	}
	if len(push) == 0 {
		return nil
	}
	return r.Jobs.EnqueueAll(tx, push)
}
