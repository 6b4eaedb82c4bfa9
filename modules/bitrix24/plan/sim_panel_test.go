package plan_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// panel is what the database holds. It is there after a crash.
type panel struct {
	orders  []*orders.Order // their numbers are 1, 2, …
	clients []*clients.Client
	links   map[tie]*plan.Link
	intents map[plan.Open]*plan.Intent
	choices map[plan.Record]plan.Choice
	rows    map[tie]map[string]plan.OwnedRow // of the deal or lead of an order
	sent    map[int64]map[string]bool
	copies  map[int64][]int64 // deals that carry the keys of orders and are not theirs
	refuses map[int64]bool    // orders whose status the panel's own rules hold fast
	jobs    []job
	since   map[plan.Entity]time.Time // how far records were reconciled, on the portal's clock

	lastLink int64
	lastItem int64
	payments map[int64]int // how often an order was paid since its deal came to a stage
}

// tie is what a record of the panel is linked to one record of: an order to a deal.
type tie struct {
	local  plan.Local
	id     int64
	entity plan.Entity
}

func dealOf(order int64) tie { return tie{plan.Order, order, plan.Deal} }

func leadOf(kind plan.Local, id int64) tie { return tie{kind, id, plan.Lead} }

func contactOf(client int64) tie { return tie{plan.Client, client, plan.Contact} }

// job is a push of a record of the panel, or a look at one of the portal.
type job struct {
	push plan.Record
	look plan.Look
	due  time.Time
}

func (j job) String() string {
	if j.look.ID != 0 {
		return fmt.Sprintf("look at %s %d", j.look.Entity, j.look.ID)
	}
	return fmt.Sprintf("push %s %d", j.push.Kind, j.push.ID)
}

func newPanel(now time.Time) panel {
	return panel{
		links: map[tie]*plan.Link{}, intents: map[plan.Open]*plan.Intent{},
		choices: map[plan.Record]plan.Choice{}, copies: map[int64][]int64{},
		rows: map[tie]map[string]plan.OwnedRow{}, sent: map[int64]map[string]bool{},
		refuses: map[int64]bool{}, payments: map[int64]int{},
		since: map[plan.Entity]time.Time{plan.Deal: now, plan.Contact: now, plan.Lead: now},
	}
}

// order returns an order by its number.
func (p *panel) order(id int64) *orders.Order { return p.orders[id-1] }

// linkTo returns the link to a record of the portal; nil if it is nobody's.
func (p *panel) linkTo(e plan.Entity, id int64) *plan.Link {
	for t, l := range p.links {
		if t.entity == e && l.RemoteID == id {
			return l
		}
	}
	return nil
}

// allLinks are the links in the order they were made.
func (p *panel) allLinks() []*plan.Link {
	return slices.SortedFunc(maps.Values(p.links), func(a, b *plan.Link) int { return int(a.ID - b.ID) })
}

// linksTo are all links to a record of the portal. An order may be in the lead of its client.
func (p *panel) linksTo(e plan.Entity, id int64) []*plan.Link {
	return lo.FilterMap(p.allLinks(), func(l *plan.Link, _ int) (*plan.Link, bool) {
		return copyOf(l), l.Entity == e && l.RemoteID == id
	})
}

// enqueue adds a job. It joins one about the same record that waits.
func (p *panel) enqueue(j job) {
	i := slices.IndexFunc(p.jobs, func(other job) bool { return other.push == j.push && other.look == j.look })
	if i < 0 {
		p.jobs = append(p.jobs, j)
	} else if j.due.Before(p.jobs[i].due) {
		p.jobs[i].due = j.due
	}
}

// push has a record of the panel brought up to date on the portal.
func (w *world) push(kind plan.Local, id int64) {
	w.enqueue(job{push: plan.Record{Kind: kind, ID: id}, due: w.now})
}

// look has a record of the portal looked at.
func (w *world) look(e plan.Entity, id int64) {
	w.enqueue(job{look: plan.Look{Entity: e, ID: id}, due: w.now})
}

// changed is what follows when a person has changed an order: it is pushed if it has a deal, or is to get one.
func (w *world) changed(o *orders.Order) {
	if w.links[dealOf(o.ID)] != nil || w.links[leadOf(plan.Order, o.ID)] != nil || o.Status != orders.Deleted {
		w.push(plan.Order, o.ID)
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
		l := w.links[tieOf(a.Link)]
		if l == nil || l.RemoteID != a.Link.RemoteID {
			w.fail("agreed about a link that is not there: %v, %d", tieOf(a.Link), a.Link.RemoteID)
			continue
		}
		maps.Copy(l.Agreed, a.Fields)
		if a.Seen != nil {
			l.See(a.Seen)
		}
		l.UpdatedAt = w.now
	}
	for _, chosen := range c.Choices {
		w.choices[chosen.Record] = chosen.Choice
	}
	for _, l := range c.Unlink {
		delete(w.links, tieOf(l))
	}
	for _, open := range c.Settled {
		delete(w.intents, open)
	}
	if c.RowsAnew != nil {
		w.rows[tie{plan.Order, c.RowsAnew.OrderID, c.RowsAnew.Entity}] = maps.Clone(c.RowsAnew.Rows)
	}
	for _, row := range c.Rows {
		of := tie{plan.Order, row.OrderID, row.Entity}
		if w.rows[of] == nil {
			w.rows[of] = map[string]plan.OwnedRow{}
		}
		w.rows[of][row.Key] = plan.OwnedRow{ID: row.RowID, Print: row.Print}
	}
	for _, row := range c.RowsGone {
		delete(w.rows[tie{plan.Order, row.OrderID, row.Entity}], row.Key)
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
			w.push(follow.Push.Kind, follow.Push.ID)
		} else {
			w.look(follow.Look.Entity, follow.Look.ID)
		}
	}
	if c.Sent != nil && w.client(c.Sent.ID).Revision != c.Sent.Revision {
		w.push(plan.Client, c.Sent.ID)
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

// tieOf is what a link says of which record of the panel.
func tieOf(l *plan.Link) tie { return tie{l.Local, l.LocalID, l.Entity} }

// saveLink stores a link. A new one settles the intent to create its record.
func (w *world) saveLink(l *plan.Link) {
	t := tieOf(l)
	switch w.comesTo(l); {
	case l.ID == 0 && w.links[t] != nil:
		w.fail("%v is linked twice", t)
	case l.ID == 0:
		w.lastLink++
		l.ID, l.CreatedAt = w.lastLink, w.now
		delete(w.intents, plan.Open{Entity: l.Entity, Key: w.key(l.Local, l.Entity, l.LocalID)})
	}
	saved := copyOf(l)
	saved.UpdatedAt = w.now
	w.links[t] = saved
}

// comesTo notes what is to be expected of a record that is linked to another one than before.
func (w *world) comesTo(l *plan.Link) {
	if before := w.links[tieOf(l)].Number(); before == l.RemoteID {
		return
	} else if d := w.portal.deal(l.RemoteID); l.Entity == plan.Deal && d != nil {
		w.orderComesTo(l, d, before)
	} else if l.Entity == plan.Contact {
		w.clientComesTo(l)
	}
}

// orderComesTo notes what is to be expected of an order whose deal is another than before.
func (w *world) orderComesTo(l *plan.Link, d *deal, before int64) {
	if former := w.links[tieOf(l)]; former != nil && knowsAge(former) {
		w.checkRestored(before, l.RemoteID)
	}
	d.isCopy = d.isCopy || before != 0 && !slices.Contains(d.former, before)
	d.isUnknown = d.isUnknown || d.isCopy || l.Agreed["contactIds"].Ours == "" && d.lead == 0
	d.amountByHand = d.amountByHand || d.isCopy // nobody looks whether it is that of the deal it is a copy of
	words := w.words[l.LocalID]
	// A deal that was restored is taken for the one whose answer was lost, and its stage for a move.
	isTaken := w.intents[plan.Open{Entity: l.Entity, Key: d.key}] != nil || d.stage != words.stage
	words.unsure = words.unsure || words.moved > 0 || d.isCopy && isTaken
	if o := w.order(l.LocalID); l.ID == 0 {
		words.say(o, o.StatusAt) // the deal comes to where its order stands
	}
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
	open := plan.Open{Entity: plan.Rows, Key: plan.RowsKey(id)}
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
func (w *world) forget(t tie) {
	delete(w.links, t)
	delete(w.rows, t)
	delete(w.intents, plan.Open{Entity: plan.Rows, Key: plan.RowsKey(t.id)})
}

// token tells a record of the panel from another of the same number.
func (p *panel) token(r plan.Record) (token string, exists bool) {
	switch {
	case r.Kind == plan.Order && r.ID <= int64(len(p.orders)):
		return p.order(r.ID).Token, true
	case r.Kind == plan.Client && r.ID <= int64(len(p.clients)):
		return p.client(r.ID).Token, true
	}
	return "", false
}

// key is the external key of a record of the panel.
func (p *panel) key(kind plan.Local, e plan.Entity, id int64) string {
	token, _ := p.token(plan.Record{Kind: kind, ID: id})
	return plan.Key(kind, e, id, token)
}
