package plan_test

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// work brings an order and its deal together, or the lead that it is in.
type work struct {
	attempt
	id     int64
	look   bool // the deal is read whatever is known of it
	facts  plan.OrderFacts
	client *clientWork
}

// known are the facts that the panel has about an order. Without a deal it may be in a lead.
func (w *world) known(id int64) plan.OrderFacts {
	o := *w.order(id)
	o.Items, o.Messages = slices.Clone(o.Items), slices.Clone(o.Messages)
	about := plan.Record{Kind: plan.Order, ID: id}
	f := plan.OrderFacts{
		Frame: w.frame(), Target: plan.Deal, Link: copyOf(w.links[dealOf(id)]), Chosen: w.choices[about],
		Input: mapping.OrderInput{
			Order: &o, SiteName: "Типография", SiteURL: "print.test", Zone: time.UTC, Rules: rules,
			Origin: "panel", PageURL: "https://print.test/o", ArchiveURL: "https://print.test/a/" + o.ArchiveKey,
		},
		Wanted: mapping.Rows(&o), Copies: slices.Clone(w.copies[id]), RowsOpen: w.open(plan.Rows, plan.RowsKey(id)),
	}
	if f.Link == nil {
		open := w.open(plan.Lead, w.key(plan.Order, plan.Lead, id))
		f.Place(copyOf(w.links[leadOf(plan.Order, id)]), open, w.isLead(o.ClientID))
	}
	if f.FromLead != 0 && f.Chosen == plan.ChoiceNone {
		f.Chosen = plan.ChoiceSend
	}
	key := w.key(plan.Order, f.Target, id)
	f.Rows = maps.Clone(w.rows[tie{plan.Order, id, f.Target}])
	if f.Target == plan.Deal {
		f.Open = w.open(plan.Deal, key)
	}
	f.ChangeOpen = w.open(f.Target, plan.ChangeKey(key))
	f.NoteOpen = w.open(plan.Comment, plan.NoteKey(key))
	if f.RowsOpen != nil {
		f.Sent = maps.Clone(w.sent[id])
	}
	return f
}

// loadOrder reads what the panel knows of an order. A new deal needs its client's contact.
func (w *world) loadOrder(g *group, o *work) {
	o.facts = w.known(o.id)
	f := &o.facts
	f.Unwanted = f.Input.Order.Status == orders.Deleted
	isDeleted := f.Link != nil && f.Target == plan.Deal && f.Link.State == plan.Deleted
	if o.done = f.Idle() && (!isDeleted || !o.look); o.done { // a deal that was deleted may have been restored
		return
	}
	o.client = g.client(f.Input.Order.ClientID)
	o.client.joined = o.client.joined || f.Target == plan.Lead && f.Link == nil
	if f.Target == plan.Deal {
		o.client.Needed = o.client.Needed || f.Link == nil || f.Link.State == plan.Linked && !f.Link.Complete()
	}
}

// readTarget asks the portal for what it has of an order.
func (w *world) readTarget(o *work) {
	f := &o.facts
	switch {
	case o.done:
		return
	case f.Link == nil:
		if f.Open != nil && f.Target == plan.Lead {
			f.ByKey = w.leadNumbers(w.key(plan.Order, plan.Lead, o.id))
		} else if f.Open != nil {
			f.ByKey = w.byKey(w.key(plan.Order, plan.Deal, o.id))
		}
		return
	}
	d := w.card(f.Target, f.Link.RemoteID)
	f.NoteThere = f.NoteOpen != nil && d != nil && slices.Contains(d.notes, plan.DeletedNote(o.id))
	switch {
	case f.Target == plan.Lead:
		if w.readRows(f, d); d != nil && (f.ChangeOpen != nil || f.LacksComment(f.Input) || o.givesContact()) {
			f.Lead = lo.ToPtr(w.lead(d.id).answer())
		}
	case !o.look && !f.MustReadDeal() && !o.givesContact():
	case d == nil:
		f.Gone, f.Twins = true, w.twins(o.id)
	default:
		f.Deal = lo.ToPtr(d.answer())
		w.readRows(f, d)
	}
}

// readRows reads the rows of a deal or lead of which nobody knows which are ours.
func (w *world) readRows(f *plan.OrderFacts, d *deal) {
	if f.RowsOpen == nil {
		return
	}
	if d == nil {
		f.RowsErr = notFound("crm.item.productrow.list")
		return
	}
	for _, row := range d.rows {
		f.There = append(f.There, row.answer())
	}
	slices.Reverse(f.There)
}

// givesContact reports whether the deal is to get a contact that it was not given yet.
func (o *work) givesContact() bool {
	if o.client.Link == nil {
		return o.client.Needed || o.client.Lead.Wanted && o.client.Lead.Link == nil // it will be found or created
	}
	return plan.GivesContact(o.facts.Link, o.client.Link.RemoteID)
}

// plan plans an order, anew as long as the plan changes what it was made of.
func (w *world) plan(work *work) {
	if work.done {
		return
	}
	if work.facts.Link == nil && work.client.failure != nil {
		work.failure = work.client.failure // no deal is created without its contact
		return
	}
	for range 5 {
		work.facts.Contact, work.facts.Client = work.client.customer(), work.client.asLead()
		p := plan.ForOrder(work.facts)
		stored := w.store(p.Now)
		w.told(p, stored)
		if errors.Is(stored, errOvertaken) {
			work.failure = stored
			return
		}
		if p.Now.Order != nil && !p.Again {
			w.fail("order %d follows its deal, and is not planned anew", work.id)
		}
		if p.Again {
			fresh, f := w.known(work.id), work.facts
			fresh.Deal, fresh.Lead, fresh.There, fresh.NoteThere = f.Deal, f.Lead, f.There, f.NoteThere
			fresh.StageRefused = f.StageRefused || errors.Is(stored, errRefused)
			work.facts = fresh
			if len(p.Commands) > 0 {
				w.fail("a plan of order %d that is made anew has commands", work.id)
			}
			continue
		}
		work.failure, work.commands = p.Failure, p.Commands
		work.client.busy = work.client.busy || p.InClientLead
		return
	}
	w.fail("order %d is planned again and again", work.id)
}
