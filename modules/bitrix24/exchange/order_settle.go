package exchange

import (
	"context"
	"errors"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// settleOrders carries out the plans of the orders: what they store now, at once; their commands, with the run's.
func (r *run) settleOrders(ctx context.Context) error {
	for _, w := range inOrder(r.orders) {
		if w.err != nil || w.done {
			continue
		}
		if w.err = r.customerFailure(w); w.err != nil {
			continue
		}
		if err := r.settleOrder(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// settleOrder plans an order until its plan changes nothing any more that it was made of.
func (r *run) settleOrder(ctx context.Context, w *orderWork) error {
	for {
		p := plan.ForOrder(r.orderFacts(w))
		took, err := r.storeOrder(ctx, w, p.Now)
		if errors.Is(err, errOvertaken) {
			w.err = &plan.Wait{Why: err.Error()} // what was decided upon is no longer so
			return nil
		}
		if err != nil {
			return err
		}
		w.StageRefused = p.Now.Order != nil && !took
		if p.Again {
			continue
		}
		w.err = p.Failure
		w.done = w.err == nil && len(p.Commands) == 0
		w.client.busy = w.client.busy || p.InClientLead
		w.commands, r.commands = p.Commands, append(r.commands, p.Commands...)
		return nil
	}
}

// storeOrder stores what follows at once, and takes it over into the work. took says whether the order was changed.
func (r *run) storeOrder(ctx context.Context, w *orderWork, now plan.Changes) (took bool, err error) {
	if now.Empty() {
		return false, nil
	}
	if r.tries(now) {
		w.take(now, tried(w.order, now.Order))
		return now.Order != nil, nil
	}
	var changed *orders.Order
	anew := newLinks(now.Links)
	err = r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		anew()
		if err := r.store(tx, now, nil); err != nil {
			return err
		}
		changed = nil
		if now.Order != nil {
			var err error
			if changed, err = r.takeOrder(ctx, tx, now.Order); err != nil {
				return err
			}
		}
		if now.Caught && (now.Order == nil || changed != nil) {
			return r.countCaught(tx, w)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	w.take(now, changed)
	return changed != nil, nil
}

// take takes over into the work what was stored. changed is the order if it has changed.
func (w *orderWork) take(now plan.Changes, changed *orders.Order) {
	if changed != nil {
		w.order = changed
	}
	for _, l := range now.Links {
		if w.Link != nil && l.ID == w.Link.ID {
			w.Link = l
		}
	}
	for _, open := range now.Settled {
		if w.ChangeOpen != nil && open.Key == w.ChangeOpen.Key && open.Entity == w.ChangeOpen.Entity {
			w.ChangeOpen = nil
		}
	}
}

// orderFacts are what the plan of an order is made of.
func (r *run) orderFacts(w *orderWork) plan.OrderFacts {
	f := w.OrderFacts
	f.Frame, f.Input, f.Wanted = r.frame(), r.input(w), r.rowsOf(w)
	f.Contact = w.client.customer()
	if w.organization != nil {
		f.Company = w.organization.customer()
	} else if w.company != nil {
		f.Company = plan.Customer{ID: w.company.RemoteID}
	}
	c := w.client
	f.Client = plan.ClientLead{
		Client: c.sent(), Company: c.Lead.Company, Known: c.Link != nil, Link: c.Lead.Link, Read: c.Lead.Read,
		Creating: c.createsLead, Busy: c.busy, Begun: c.begun,
	}
	return f
}

// customerFailure is why a new deal cannot have its contact or company. No deal is created without them.
func (r *run) customerFailure(w *orderWork) error {
	if w.Link != nil {
		return nil
	}
	if w.client.err != nil {
		return w.client.err
	}
	if w.organization != nil {
		return w.organization.err
	}
	return nil
}
