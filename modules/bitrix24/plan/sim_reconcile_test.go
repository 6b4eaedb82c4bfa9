package plan_test

import (
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// reconcile looks at the deals that were modified since it last did, and reports whether there is anything to do. It
// links deals again that were restored.
func (w *world) reconcile() bool {
	since, before := w.since.Add(-2*time.Minute), len(w.jobs)
	for _, d := range w.deals {
		if d.gone || d.updated.Before(since) {
			continue
		}
		if d.updated.After(w.since) {
			w.since = d.updated
		}
		l := w.linkTo(d.id)
		if l != nil && !d.updated.Before(l.UpdatedAt.Add(ahead-time.Second).Truncate(time.Second)) {
			w.enqueue(job{look: true, id: d.id, due: w.now})
		}
		w.adoptRestored(d)
	}
	return len(w.jobs) > before
}

// adoptRestored links a deal that carries the key of an order whose deal was deleted.
func (w *world) adoptRestored(d *deal) {
	o := w.owner(d)
	if o == nil || w.intents[plan.Open{Entity: plan.Deal, Key: d.key}] != nil || d.key != mapping.OrderKey(o.ID, "") {
		return
	}
	l := copyOf(w.links[o.ID])
	if l == nil {
		l = &plan.Link{
			PortalID: 1, Local: plan.Order, LocalID: o.ID, Entity: plan.Deal,
			Agreed: mapping.Agreed{"originId": {Ours: "Y"}},
		}
	} else if l.State != plan.Deleted {
		return
	}
	l.RemoteID, l.State = d.id, plan.Linked
	w.tell("deal %d is linked again to order %d", d.id, o.ID)
	w.saveLink(l)
	w.rowsUnknown(o.ID)
	w.enqueue(job{look: true, id: d.id, due: w.now})
}

// checkDeleted looks whether all deals are still there.
func (w *world) checkDeleted() {
	for _, o := range w.orders {
		if l := w.links[o.ID]; l != nil && l.State == plan.Linked && w.portal.deal(l.RemoteID) == nil {
			w.enqueue(job{look: true, id: l.RemoteID, due: w.now})
		}
	}
}

// mend compares everything about an order with its deal, as «Сверка» does.
func (w *world) mend(id int64) {
	if id < 1 || id > int64(len(w.orders)) {
		return
	}
	l := w.links[id]
	if l == nil || l.State != plan.Linked {
		return
	}
	w.tell("order %d is compared", id)
	w.rowsUnknown(id)
	w.enqueue(job{look: true, id: l.RemoteID, due: w.now})
}
