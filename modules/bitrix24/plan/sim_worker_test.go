package plan_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// work brings an order and its deal together, for jobs of one group.
type work struct {
	id       int64
	jobs     []job
	look     bool // the deal is read whatever is known of it
	facts    plan.OrderFacts
	done     bool
	failure  error
	commands []*plan.Command
}

// handle takes up to some due jobs. It reads, plans and performs, as package exchange does.
func (w *world) handle(most int) {
	var taken []job
	w.jobs = slices.DeleteFunc(w.jobs, func(j job) bool {
		take := len(taken) < most && !j.due.After(w.now)
		if take {
			taken = append(taken, j)
		}
		return take
	})
	if len(taken) == 0 {
		return
	}
	works := w.sort(taken)
	client := w.read(works)
	w.meanwhile(beforePlan)
	for _, work := range works {
		if !work.done && work.failure == nil {
			w.plan(work)
		}
	}
	var commands []*plan.Command
	if client.create != nil {
		commands = append(commands, client.create)
	}
	for _, work := range works {
		commands = append(commands, work.commands...)
	}
	err := w.perform(commands)
	for _, work := range works {
		w.finish(work, err)
	}
}

// sort finds out which orders the jobs are about. A look at a deal that is nobody's costs nothing.
func (w *world) sort(taken []job) (works []*work) {
	for _, j := range taken {
		id := j.id
		if j.look {
			l := w.linkTo(j.id)
			if l == nil {
				continue
			}
			id = l.LocalID
		}
		i := slices.IndexFunc(works, func(known *work) bool { return known.id == id })
		if i < 0 {
			i = len(works)
			works = append(works, &work{id: id})
		}
		works[i].look = works[i].look || j.look
		works[i].jobs = append(works[i].jobs, j)
	}
	slices.SortFunc(works, func(a, b *work) int { return int(a.id - b.id) })
	return works
}

// known are the facts that the panel has about an order.
func (w *world) known(id int64) plan.OrderFacts {
	o := *w.order(id)
	o.Items, o.Messages = slices.Clone(o.Items), slices.Clone(o.Messages)
	open := func(e plan.Entity, key string) *plan.Intent {
		if i := w.intents[plan.Open{Entity: e, Key: key}]; i != nil {
			c := *i
			return &c
		}
		return nil
	}
	f := plan.OrderFacts{
		Frame: w.frame(), Target: plan.Deal, Link: copyOf(w.links[id]),
		Input: mapping.OrderInput{
			Order: &o, SiteName: "Типография", SiteURL: "print.test", Zone: time.UTC, Rules: rules,
			Origin: "panel", PageURL: "https://print.test/o", ArchiveURL: "https://print.test/a/" + o.ArchiveKey,
		},
		Wanted: mapping.Rows(&o), Rows: maps.Clone(w.rows[id]),
		Copies: slices.Clone(w.copies[id]),
		Open:   open(plan.Deal, mapping.OrderKey(id, "")), RowsOpen: open(plan.Rows, mapping.OrderKey(id, "")),
		ChangeOpen: open(plan.Deal, plan.ChangeKey(mapping.OrderKey(id, ""))),
		NoteOpen:   open(plan.Comment, plan.NoteKey(mapping.OrderKey(id, ""))),
	}
	if f.RowsOpen != nil {
		f.Sent = maps.Clone(w.sent[id])
	}
	return f
}

// read reads what the panel knows and asks the portal for the rest. It returns what is known of the orders' client.
func (w *world) read(works []*work) *client {
	c := w.readClient(works)
	for _, work := range works {
		f := w.known(work.id)
		work.facts = f
		if f.Link == nil {
			if f.Open != nil {
				work.facts.ByKey = w.byKey(mapping.OrderKey(work.id, ""))
			}
			work.facts.Contact, work.failure = c.customer, c.wait
			work.done = f.Open == nil && f.Input.Order.Status == orders.Deleted
			continue
		}
		if f.Link.State != plan.Linked && !work.look {
			work.done = true
			continue
		}
		f.Contact = c.customer
		work.facts = f
		d := w.portal.deal(f.Link.RemoteID)
		work.facts.NoteThere = f.NoteOpen != nil && d != nil && slices.Contains(d.notes, plan.DeletedNote(work.id))
		if !work.look && !f.MustReadDeal() && !plan.GivesContact(f.Link, f.Contact.ID) {
			continue
		}
		if d == nil {
			work.facts.Gone, work.facts.Twins = true, w.twins(work.id)
			continue
		}
		read := d.answer()
		work.facts.Deal = &read
		if f.RowsOpen != nil {
			for _, row := range d.rows {
				work.facts.There = append(work.facts.There, row.answer())
			}
			slices.Reverse(work.facts.There)
		}
	}
	return c
}

// plan plans an order, anew as long as the plan changes what it was made of.
func (w *world) plan(work *work) {
	for range 5 {
		p := plan.ForOrder(work.facts)
		stored := w.store(p.Now)
		w.told(work, p, stored)
		if errors.Is(stored, errOvertaken) {
			work.failure = stored
			return
		}
		if p.Now.Order != nil && !p.Again {
			w.fail("order %d follows its deal, and is not planned anew", work.id)
		}
		if p.Again {
			fresh, f := w.known(work.id), work.facts
			fresh.Deal, fresh.There, fresh.NoteThere, fresh.Contact = f.Deal, f.There, f.NoteThere, f.Contact
			fresh.StageRefused = f.StageRefused || errors.Is(stored, errRefused)
			work.facts = fresh
			if len(p.Commands) > 0 {
				w.fail("a plan of order %d that is made anew has commands", work.id)
			}
			continue
		}
		work.failure = p.Failure
		work.commands = p.Commands
		return
	}
	w.fail("order %d is planned again and again", work.id)
}

// finish says what becomes of an order's jobs. ended is why the group was not finished.
func (w *world) finish(work *work, ended error) {
	failure, isComplete := work.failure, true
	for _, c := range work.commands {
		if failure == nil {
			failure = c.Outcome.Err
		}
		isComplete = isComplete && c.Outcome.Known
	}
	again := func(after time.Duration) {
		for _, j := range work.jobs {
			j.due = w.now.Add(after)
			w.enqueue(j)
		}
	}
	if ended == nil && failure == nil && !w.met {
		w.checkNew(work)
	}
	var wait *plan.Wait
	refused, isRefusal := rest.AsRefusal(failure)
	switch {
	case errors.Is(ended, errDied), ended != nil && (!isComplete && work.failure == nil || errors.Is(ended, failure)):
		again(0)
	case errors.As(failure, &wait):
		again(wait.For)
	case isRefusal && !refused.Temporary():
		if !w.met { // or else somebody has deleted the deal after it was read
			w.fail("the portal refuses order %d for good: %v", work.id, refused)
		}
	case failure == nil:
		return
	default:
		again(10 * time.Second)
	}
}

// told writes down what was planned, for people.
func (w *world) told(work *work, p plan.Plan, stored error) {
	if w.history == nil {
		return
	}
	var did []string
	for _, line := range p.Now.Lines {
		did = append(did, line.Text)
	}
	for _, c := range p.Commands {
		text := c.Name
		for _, field := range []string{"stageId", "contactIds", "opportunity", "title", "productName", "price"} {
			if value := c.Fields()[field]; value != nil {
				text += fmt.Sprint(" ", value)
			}
		}
		did = append(did, text)
	}
	if p.Failure != nil {
		did = append(did, p.Failure.Error())
	}
	if stored != nil {
		did = append(did, stored.Error())
	}
	if p.Again {
		did = append(did, "planned again")
	}
	w.tell("  %v: %s", work.jobs, strings.Join(did, "; "))
}
