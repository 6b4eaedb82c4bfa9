package plan_test

import (
	"slices"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// reconcile looks at the records that were modified since it last did, and reports whether there is anything to do. It
// looks at deals that may have been restored, and notes which are copies.
func (w *world) reconcile() bool {
	before := len(w.jobs)
	since := w.since[plan.Deal].Add(-overlap)
	for _, d := range w.deals {
		if !d.gone && !d.updated.Before(since) {
			w.modified(plan.Deal, d.id, d.updated)
			w.takeTwin(d)
		}
	}
	since = w.since[plan.Contact].Add(-overlap)
	for _, c := range w.contacts {
		if !c.gone && !c.UpdatedTime.At.Before(since) {
			w.modified(plan.Contact, c.ID.Int64(), c.UpdatedTime.At)
		}
	}
	since = w.since[plan.Lead].Add(-overlap)
	for _, l := range w.leads {
		if !l.gone && !l.updated.Before(since) {
			w.modified(plan.Lead, l.id, l.updated)
			w.takeLeadTwin(l)
		}
	}
	return len(w.jobs) > before
}

// overlap is how far reconciliation looks back.
const overlap = 2 * time.Minute

// modified has a record looked at that was modified, if it is linked and that is news.
func (w *world) modified(e plan.Entity, id int64, at time.Time) {
	if at.After(w.since[e]) {
		w.since[e] = at
	}
	for _, l := range w.linksTo(e, id) {
		if l.IsNews(at, ahead, time.Second) {
			w.look(e, id)
		}
	}
}

// takeTwin finds out about a deal that carries the key of an order whose own deal is another.
func (w *world) takeTwin(d *deal) {
	for _, o := range w.orders {
		if d.key != w.key(plan.Order, plan.Deal, o.ID) || w.linkTo(plan.Deal, d.id) != nil || slices.Contains(w.copies[o.ID], d.id) {
			continue
		}
		l := w.links[dealOf(o.ID)]
		switch {
		case l == nil:
			p := plan.ForUnlinked(plan.UnlinkedFacts{
				Frame: w.frame(), OrderID: o.ID, Exists: true, Deals: []int64{d.id}, Copies: w.copies[o.ID],
				Open: w.intents[plan.Open{Entity: plan.Deal, Key: d.key}],
			})
			_ = w.store(p.Now)
			if !p.Now.Empty() {
				w.words[o.ID].unsure = true
				w.tell("deal %d is linked to order %d", d.id, o.ID)
			}
		case l.State == plan.Deleted || w.portal.deal(l.RemoteID) == nil:
			w.look(plan.Deal, l.RemoteID)
		default:
			w.copies[o.ID] = append(w.copies[o.ID], d.id)
			w.tell("deal %d is a copy of deal %d", d.id, l.RemoteID)
		}
	}
}

// twins are the deals that carry the key of an order, beside the one that is linked.
func (w *world) twins(o int64) (twins []plan.Twin) {
	for _, id := range w.byKey(mapping.OrderKey(o, "")) {
		t := plan.Twin{ID: id, Created: w.portal.deal(id).created, Rows: []int64{}}
		for _, r := range w.portal.deal(id).rows {
			t.Rows = append(t.Rows, r.id)
		}
		twins = append(twins, t)
	}
	return twins
}

// checkDeleted looks whether everything is still there.
func (w *world) checkDeleted() {
	for _, l := range w.allLinks() {
		isThere := w.card(l.Entity, l.RemoteID) != nil
		if l.Entity == plan.Contact {
			isThere = w.contact(l.RemoteID) != nil
		}
		if l.State == plan.Linked && !isThere {
			w.look(l.Entity, l.RemoteID)
		}
	}
}

// mend compares everything about an order with its deal or lead, as «Сверка» does.
func (w *world) mend(id int64) {
	if id < 1 || id > int64(len(w.orders)) {
		return
	}
	l := w.links[dealOf(id)]
	if l == nil {
		l = w.links[leadOf(plan.Order, id)]
	}
	if l == nil || l.State != plan.Linked {
		return
	}
	w.tell("order %d is compared", id)
	w.rowsUnknown(id)
	w.look(l.Entity, l.RemoteID)
	w.push(plan.Order, id)
}
