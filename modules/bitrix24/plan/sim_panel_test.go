package plan_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// panel is what the database holds. It is there after a crash.
type panel struct {
	orders  []*orders.Order // their numbers are 1, 2, …
	links   map[int64]*plan.Link
	intents map[plan.Open]*plan.Intent
	rows    map[int64]map[string]plan.OwnedRow
	sent    map[int64]map[string]bool
	copies  map[int64][]int64 // deals that carry the keys of orders and are not theirs
	refuses map[int64]bool    // orders whose status the panel's own rules hold fast
	contact int64             // of the client, whose orders all are; 0: not known
	jobs    []job
	since   time.Time // how far deals were reconciled, on the portal's clock

	lastLink int64
	lastItem int64
	payments map[int64]int // how often an order was paid since its deal came to a stage
}

// job is a push of an order, or a look at a deal.
type job struct {
	look bool
	id   int64
	due  time.Time
}

func (j job) String() string {
	if j.look {
		return fmt.Sprintf("look at deal %d", j.id)
	}
	return fmt.Sprintf("push order %d", j.id)
}

func newPanel(now time.Time) panel {
	return panel{
		links: map[int64]*plan.Link{}, intents: map[plan.Open]*plan.Intent{},
		rows: map[int64]map[string]plan.OwnedRow{}, sent: map[int64]map[string]bool{}, copies: map[int64][]int64{},
		refuses: map[int64]bool{}, payments: map[int64]int{}, since: now,
	}
}

// order returns an order by its number.
func (p *panel) order(id int64) *orders.Order { return p.orders[id-1] }

// linkTo returns the link to a deal; nil if it is nobody's.
func (p *panel) linkTo(deal int64) *plan.Link {
	for _, o := range p.orders {
		if l := p.links[o.ID]; l != nil && l.RemoteID == deal {
			return l
		}
	}
	return nil
}

// enqueue adds a job. It joins one about the same record that waits.
func (p *panel) enqueue(j job) {
	i := slices.IndexFunc(p.jobs, func(other job) bool { return other.look == j.look && other.id == j.id })
	if i < 0 {
		p.jobs = append(p.jobs, j)
	} else if j.due.Before(p.jobs[i].due) {
		p.jobs[i].due = j.due
	}
}

// changed is what follows when a person has changed an order: it is pushed if it has a deal, or is to get one.
func (w *world) changed(o *orders.Order) {
	if w.links[o.ID] != nil || o.Status != orders.Deleted {
		w.enqueue(job{id: o.ID, due: w.now})
	}
}

// errOvertaken puts off an order that was changed after it was read.
var errOvertaken = &plan.Wait{Why: "the order was changed at this very moment"}

// errRefused says that the panel's own rules do not take a stage.
var errRefused = errors.New("the panel refuses the stage")

// store stores changes, all of them or none. It fails with errOvertaken then, and with errRefused if all was stored but
// the order stays as it is.
func (w *world) store(c plan.Changes) error {
	var failure error
	if take := c.Order; take != nil {
		o := w.order(take.ID)
		if o.Status != take.From {
			return errOvertaken
		}
		if failure = w.take(o, *take); failure == nil {
			w.changed(o)
		}
	}
	for _, l := range c.Links {
		w.saveLink(l)
	}
	for _, a := range c.Agree {
		l := w.links[a.Link.LocalID]
		if l == nil || l.RemoteID != a.Link.RemoteID {
			w.fail("agreed about a link that is not there: order %d, deal %d", a.Link.LocalID, a.Link.RemoteID)
			continue
		}
		maps.Copy(l.Agreed, a.Fields)
		if a.Seen != nil {
			l.See(a.Seen)
		}
		l.UpdatedAt = w.now
	}
	for _, l := range c.Unlink {
		delete(w.links, l.LocalID)
	}
	for _, open := range c.Settled {
		delete(w.intents, open)
	}
	if c.RowsAnew != nil {
		w.rows[c.RowsAnew.OrderID] = maps.Clone(c.RowsAnew.Rows)
	}
	for _, row := range c.Rows {
		if w.rows[row.OrderID] == nil {
			w.rows[row.OrderID] = map[string]plan.OwnedRow{}
		}
		w.rows[row.OrderID][row.Key] = plan.OwnedRow{ID: row.RowID, Print: row.Print}
	}
	for _, row := range c.RowsGone {
		delete(w.rows[row.OrderID], row.Key)
	}
	for _, known := range c.Copies {
		w.copies[known.OrderID] = append(w.copies[known.OrderID], known.RemoteID)
	}
	for _, id := range c.RowsUnknown {
		w.rowsUnknown(id)
	}
	w.storeSent(c.SentRows)
	for _, follow := range c.Follow {
		if follow.Push != nil {
			w.enqueue(job{id: follow.Push.ID, due: w.now})
		} else {
			w.enqueue(job{look: true, id: follow.Look.ID, due: w.now})
		}
	}
	return failure
}

// take changes an order as its deal says. The panel's own rules may refuse.
func (w *world) take(o *orders.Order, t plan.OrderTake) error {
	if w.refuses[o.ID] && t.To != o.Status {
		return errRefused
	}
	if o.Status == orders.Deleted {
		w.fail("deleted order %d comes back as its deal moves", o.ID)
	}
	w.setStatus(o, t.To)
	if t.Paid && o.Due() > 0 {
		w.payments[o.ID]++
		o.Pay(o.Due(), orders.Cash)
		o.StatusAt = w.now
	}
	return nil
}

func (w *world) setStatus(o *orders.Order, s orders.Status) {
	if o.Status != s {
		o.Status, o.StatusAt = s, w.now
	}
}

// saveLink stores a link. A new one settles the intent to create its record.
func (w *world) saveLink(l *plan.Link) {
	if l.Local == plan.Client {
		w.contact = l.RemoteID
		delete(w.intents, plan.Open{Entity: l.Entity, Key: plan.Key(l.Local, l.Entity, l.LocalID, "")})
		return
	}
	saved := copyOf(l)
	saved.UpdatedAt = w.now
	if former := w.links[l.LocalID]; former != nil && former.RemoteID != l.RemoteID && knowsAge(former) {
		w.checkRestored(former.RemoteID, l.RemoteID)
	}
	if saved.ID == 0 {
		saved.CreatedAt = w.now
	}
	if d, before := w.portal.deal(l.RemoteID), w.links[l.LocalID].Number(); d != nil && before != d.id {
		d.isCopy = d.isCopy || before != 0 && !slices.Contains(d.former, before)
		d.isUnknown = d.isUnknown || d.isCopy || l.Agreed["contactIds"].Ours == ""
		d.amountByHand = d.amountByHand || d.isCopy // nobody looks whether it is that of the deal it is a copy of
		words := w.words[l.LocalID]
		// A deal that was restored is taken for the one whose answer was lost, and its stage for a move.
		isTaken := w.intents[plan.Open{Entity: l.Entity, Key: d.key}] != nil || d.stage != words.stage
		words.unsure = words.unsure || words.moved > 0 || d.isCopy && isTaken
		if o := w.order(l.LocalID); saved.ID == 0 {
			words.say(o, o.StatusAt) // the deal comes to where its order stands
		}
	}
	if saved.ID == 0 {
		if w.links[l.LocalID] != nil {
			w.fail("order %d is linked twice", l.LocalID)
		}
		w.lastLink++
		saved.ID = w.lastLink
		delete(w.intents, plan.Open{Entity: l.Entity, Key: plan.Key(l.Local, l.Entity, l.LocalID, "")})
	}
	w.links[l.LocalID] = saved
}

// knowsAge reports whether it is known when the deal of a link was created. Of one that was imported and not read since
// the panel can only guess.
func knowsAge(l *plan.Link) bool { return l.Agreed["createdTime"].Theirs != "" }

// copyOf is a link as it is read from the database: whoever changes it changes nothing that is stored.
func copyOf(l *plan.Link) *plan.Link {
	if l == nil {
		return nil
	}
	c := *l
	c.Agreed = maps.Clone(l.Agreed)
	if c.Agreed == nil {
		c.Agreed = mapping.Agreed{}
	}
	return &c
}

// rowsUnknown notes that nobody knows which rows of an order's deal are ours. An answer that is waited for stays noted.
func (w *world) rowsUnknown(id int64) {
	open := plan.Open{Entity: plan.Rows, Key: mapping.OrderKey(id, "")}
	if w.intents[open] == nil {
		w.intents[open] = &plan.Intent{Entity: open.Entity, Key: open.Key, SentAt: w.now.Add(-settle)}
	}
}

func (w *world) storeSent(rows []plan.SentRow) {
	for _, row := range rows {
		if w.sent[row.OrderID] == nil {
			w.sent[row.OrderID] = map[string]bool{}
		}
		w.sent[row.OrderID][row.Looks] = true
	}
}

// forget drops an order's link with what depends on it, as «Создать заново» does.
func (w *world) forget(id int64) {
	delete(w.links, id)
	delete(w.rows, id)
	delete(w.intents, plan.Open{Entity: plan.Rows, Key: mapping.OrderKey(id, "")})
}
