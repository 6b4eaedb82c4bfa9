package plan_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// group is the handling of some jobs at once.
type group struct {
	jobs    []job
	about   [][]*attempt // of each job
	leads   []*leadWork
	orders  []*work
	clients []*clientWork
}

// attempt is what came of the work on one record.
type attempt struct {
	done     bool // nothing is to be done
	failure  error
	commands []*plan.Command
}

// why is why the record could not be dealt with; nil if it was.
func (a *attempt) why() error {
	failure := a.failure
	for _, c := range a.commands {
		if failure == nil {
			failure = c.Outcome.Err
		}
	}
	return failure
}

// isComplete reports whether nothing is left to do, whatever becomes of the rest of the group.
func (a *attempt) isComplete() bool {
	isKnown := func(c *plan.Command) bool { return c.Outcome.Known }
	return a.failure != nil || lo.EveryBy(a.commands, isKnown)
}

// handle takes up to some due jobs. It reads, plans and performs, as package exchange does.
func (w *world) handle(most int) {
	g := &group{}
	w.jobs = slices.DeleteFunc(w.jobs, func(j job) bool {
		take := len(g.jobs) < most && !j.due.After(w.now)
		if take {
			g.jobs = append(g.jobs, j)
		}
		return take
	})
	if len(g.jobs) == 0 {
		return
	}
	w.tellJobs(g.jobs)
	w.read(g)
	w.meanwhile(beforePlan)
	for _, l := range g.leads {
		w.planLead(g, l)
	}
	var commands []*plan.Command
	for _, c := range g.clients {
		w.planClient(c)
		commands = append(commands, c.commands...)
	}
	for _, o := range g.orders {
		w.plan(o)
		commands = append(commands, o.commands...)
	}
	ended := w.perform(commands)
	for _, o := range g.orders {
		if ended == nil && !w.met && o.why() == nil {
			w.checkNew(o)
		}
	}
	for i, j := range g.jobs {
		w.finish(j, g.about[i], ended)
	}
}

// read finds out which records the jobs are about. It reads what the panel knows of them, and asks the portal for the
// rest.
func (w *world) read(g *group) {
	for _, j := range g.jobs {
		g.about = append(g.about, w.sort(g, j))
	}
	slices.SortFunc(g.leads, func(a, b *leadWork) int { return int(a.ID - b.ID) })
	for _, l := range g.leads {
		w.loadLead(l)
	}
	slices.SortFunc(g.orders, func(a, b *work) int { return int(a.id - b.id) })
	for _, o := range g.orders {
		w.loadOrder(g, o)
	}
	slices.SortFunc(g.clients, func(a, b *clientWork) int { return int(a.ID - b.ID) })
	for _, c := range g.clients {
		w.loadClient(c)
	}
	for _, o := range g.orders {
		w.readTarget(o)
	}
}

// sort adds to a group the works that a job means. A look at a record that is nobody's costs nothing.
func (w *world) sort(g *group, j job) []*attempt {
	record, isLook := j.push, j.look.ID != 0
	if isLook && j.look.Entity == plan.Lead {
		if len(w.linksTo(plan.Lead, j.look.ID)) == 0 {
			return nil
		}
		return []*attempt{&g.lead(j.look.ID).attempt}
	}
	if isLook {
		l := w.linkTo(j.look.Entity, j.look.ID)
		if l == nil {
			return nil
		}
		record = plan.Record{Kind: l.Local, ID: l.LocalID}
	}
	if record.Kind == plan.Client {
		c := g.client(record.ID)
		c.Compare = true
		return []*attempt{&c.attempt}
	}
	o := g.order(record.ID)
	o.look = o.look || isLook
	return []*attempt{&o.attempt}
}

// order returns the work on an order, new or begun.
func (g *group) order(id int64) *work {
	i := slices.IndexFunc(g.orders, func(known *work) bool { return known.id == id })
	if i < 0 {
		g.orders = append(g.orders, &work{id: id})
		return g.orders[len(g.orders)-1]
	}
	return g.orders[i]
}

// client returns the work on a client, new or begun.
func (g *group) client(id int64) *clientWork {
	i := slices.IndexFunc(g.clients, func(known *clientWork) bool { return known.ID == id })
	if i < 0 {
		c := &clientWork{}
		c.Kind, c.Entity, c.ID = plan.Client, plan.Contact, id
		g.clients = append(g.clients, c)
		return c
	}
	return g.clients[i]
}

// open is an intent without an outcome; nil if there is none.
func (w *world) open(e plan.Entity, key string) *plan.Intent {
	if i := w.intents[plan.Open{Entity: e, Key: key}]; i != nil {
		c := *i
		return &c
	}
	return nil
}

// finish says what becomes of a job. ended is why the group was not finished.
func (w *world) finish(j job, about []*attempt, ended error) {
	var failure error
	isComplete := true
	for _, a := range about {
		if failure == nil {
			failure = a.why()
		}
		isComplete = isComplete && a.isComplete()
	}
	again := func(after time.Duration) {
		j.due = w.now.Add(after)
		w.enqueue(j)
	}
	var wait *plan.Wait
	refused, isRefusal := rest.AsRefusal(failure)
	switch {
	case errors.Is(ended, errDied), ended != nil && (!isComplete || errors.Is(ended, failure)):
		again(0)
	case errors.As(failure, &wait):
		again(wait.For)
	case isRefusal && !refused.Temporary():
		if !w.met { // or else somebody has deleted the record after it was read
			w.fail("the portal refuses for good to %v: %v", j, refused)
		}
	case failure == nil:
		return
	default:
		again(10 * time.Second)
	}
}

func (w *world) tellJobs(all []job) {
	if w.history != nil {
		w.tell("  %v:", all)
	}
}

// told writes down what was planned, for people.
func (w *world) told(p plan.Plan, stored error) {
	if w.history == nil {
		return
	}
	var did []string
	for _, line := range p.Now.Lines {
		did = append(did, line.Text)
	}
	for _, c := range p.Commands {
		text := c.Name
		for _, field := range []string{"stageId", "contactIds", "opportunity", "title", "productName", "price", "lastName", "fm"} {
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
	w.tell("  %s", strings.Join(did, "; "))
}
