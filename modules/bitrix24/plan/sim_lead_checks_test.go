package plan_test

import (
	"slices"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// checkClientLead checks that a client has one lead at most, and that what the panel knows of it is so.
func (w *world) checkClientLead(c *clients.Client, all bool) {
	if n := w.owned(plan.Lead, w.key(plan.Client, plan.Lead, c.ID)); n > 1 {
		w.fail("client %d has %d leads", c.ID, n)
	}
	l := w.links[leadOf(plan.Client, c.ID)]
	if l != nil && all {
		w.checkLeadState(l)
	}
	if there := w.lead(l.Number()); there != nil && l.State == plan.Linked && w.links[contactOf(c.ID)] == nil {
		w.checkPerson(c, there)
	}
	isNobody := l == nil && w.links[contactOf(c.ID)] == nil
	wasDeleted := slices.ContainsFunc(w.contacts, func(c *contact) bool { return c.gone }) ||
		slices.ContainsFunc(w.leads, func(l *lead) bool { return l.gone }) // nothing is created again unasked
	if isNobody && !wasDeleted && !w.switched && w.isLead(c.ID) {
		w.fail("client %d has neither lead nor contact", c.ID)
	}
}

// checkPerson checks that a client's open lead says who he is, where no manager has written something else. What was
// agreed on about a lead that was deleted is forgotten: nobody says who is right then.
func (w *world) checkPerson(c *clients.Client, l *lead) {
	if len(l.former) > 0 {
		return
	}
	there := mapping.PresentLead(l.answer())
	for field, pair := range mapping.SentContact(c) {
		if (pair.Ours != "" || field == "phone" || field == "email") && !l.byHand[field] && !same(field, pair.Theirs, there[field]) {
			w.fail("client %d has the %s %q, lead %d %q", c.ID, field, pair.Theirs, l.id, there[field])
		}
	}
}

// checkLeadState checks that the panel knows what people have done with a lead.
func (w *world) checkLeadState(l *plan.Link) {
	there := w.lead(l.RemoteID)
	switch {
	case there == nil && l.State != plan.Deleted && l.State != plan.Converted && l.State != plan.Rejected:
		w.fail("%s %d is linked to lead %d, which is not there", l.Local, l.LocalID, l.RemoteID)
	case there != nil && there.state != l.State:
		w.fail("lead %d of %s %d is %q, not %q", there.id, l.Local, l.LocalID, there.state, l.State)
	}
}

// checkOrderLead checks that an order without a deal is in a lead that is open, or people have decided otherwise.
func (w *world) checkOrderLead(o *orders.Order, l *plan.Link, all bool) {
	if n := w.owned(plan.Lead, w.key(plan.Order, plan.Lead, o.ID)); n > 1 {
		w.fail("order %d has %d leads", o.ID, n)
	}
	if all {
		w.checkLeadState(l)
	}
	there := w.lead(l.RemoteID)
	switch {
	case l.State == plan.Converted && o.Status != orders.Deleted:
		w.fail("order %d has no deal, though lead %d was converted", o.ID, l.RemoteID)
	case l.State == plan.Linked && there != nil:
		for _, other := range w.linksTo(plan.Lead, l.RemoteID) {
			if other.Local == plan.Order && other.LocalID != o.ID {
				w.fail("orders %d and %d are both in lead %d", o.ID, other.LocalID, l.RemoteID)
			}
		}
		w.checkCard(o, &there.deal, all)
		w.checkContacts(o, &there.deal, all)
		w.checkRows(o, &there.deal, all)
	}
}
