package plan_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// ahead is how far the portal's clock is ahead of ours.
const ahead = 90 * time.Second

// portal is the model of a portal: deals and leads with rows and timelines, contacts, and what it does by itself. What people did
// there is kept apart, so that it can be looked for in the end.
type portal struct {
	deals    []*deal
	leads    []*lead
	contacts []*contact
	last     int64 // number given last, to whatever it was
	late     []late
	robots   map[string]string // a command that moves a deal to a stage makes it go on to another one
	calm     bool              // robots rest
	belated  bool              // it does what it was told some time ago; what people wrote meanwhile may be overwritten
}

// late is work of requests whose connection was closed before it was done.
type late struct {
	at time.Time
	do func()
}

func (p *portal) number() int64 {
	p.last++
	return p.last
}

// deal finds a deal; nil if it is not there.
func (p *portal) deal(id int64) *deal {
	for _, d := range p.deals {
		if d.id == id && !d.gone {
			return d
		}
	}
	return nil
}

// card finds a deal or lead; nil if it is not there.
func (p *portal) card(e plan.Entity, id int64) *deal {
	if e == plan.Deal {
		return p.deal(id)
	}
	if l := p.lead(id); l != nil {
		return &l.deal
	}
	return nil
}

// cards are all deals and leads, with those that are gone.
func (p *portal) cards() []*deal {
	all := slices.Clone(p.deals)
	for _, l := range p.leads {
		all = append(all, &l.deal)
	}
	return all
}

// owning finds the deal or lead that rows belong to.
func (p *portal) owning(ownerType string, id int64) *deal {
	if ownerType == plan.Lead.OwnerType() {
		return p.card(plan.Lead, id)
	}
	return p.deal(id)
}

// byKey are the numbers of the deals with an external key.
func (p *portal) byKey(key string) (ids []int64) {
	for _, d := range p.deals {
		if d.key == key && !d.gone {
			ids = append(ids, d.id)
		}
	}
	slices.Reverse(ids) // in no order that anybody may rely on
	return ids
}

// clock is what the portal's own clock says, in whole seconds.
func (w *world) clock() time.Time { return w.now.Add(ahead).Truncate(time.Second) }

// notFound is the refusal of a command whose record is not there.
func notFound(method string) error {
	return &rest.Error{Method: method, Code: "NOT_FOUND", Status: 200}
}

// do carries out one command. params hold numbers where a plan has references.
func (w *world) do(method string, params rest.Params) (result any, err error) {
	switch method {
	case "crm.item.add":
		return w.add(params["entityTypeId"].(int), params["fields"].(rest.Params)), nil
	case "crm.item.update":
		result, found := w.updateItem(params["entityTypeId"].(int), numberIn(params["id"]), params["fields"].(rest.Params))
		if !found {
			return nil, notFound(method)
		}
		return result, nil
	case "crm.timeline.comment.add":
		fields := params["fields"].(rest.Params)
		d := w.card(plan.Entity(fields["ENTITY_TYPE"].(string)), numberIn(fields["ENTITY_ID"]))
		if d == nil {
			return nil, notFound(method)
		}
		d.notes = append(d.notes, fields["COMMENT"].(string))
		return rest.ID(w.number()), nil
	case "crm.item.productrow.set", "crm.item.productrow.add":
		return w.newRows(method, params)
	}
	return w.changeRow(method, params)
}

// add creates a record as crm.item.add is told to.
func (w *world) add(typeID int, fields rest.Params) any {
	switch typeID {
	case rest.TypeContact:
		return w.newContact(fields).answer()
	case rest.TypeLead:
		return w.newLead(fields).answer()
	}
	d := w.create(fields)
	w.robot(d)
	w.touched(d)
	return d.answer()
}

// updateItem changes a record as crm.item.update is told to, if it is there.
func (w *world) updateItem(typeID int, id int64, fields rest.Params) (answer any, found bool) {
	switch typeID {
	case rest.TypeContact:
		if c := w.contact(id); c != nil {
			w.setContact(c, fields)
			return c.answer(), true
		}
	case rest.TypeLead:
		if l := w.lead(id); l != nil {
			w.updateLead(l, fields)
			return l.answer(), true
		}
	case rest.TypeDeal:
		if d := w.portal.deal(id); d != nil {
			w.update(d, fields)
			return d.answer(), true
		}
	}
	return nil, false
}

// create makes a deal as crm.item.add is told to. Without a stage it begins at the first of its funnel.
func (w *world) create(fields rest.Params) *deal {
	d := &deal{entity: plan.Deal, id: w.number(), created: w.clock(), moved: w.clock(), stage: "NEW"}
	w.set(d, fields)
	d.moved = d.created
	w.portal.deals = append(w.portal.deals, d)
	return d
}

// update changes a deal as crm.item.update is told to. What changes nothing is not saved.
func (w *world) update(d *deal, fields rest.Params) {
	stage := d.stage
	if !w.set(d, fields) {
		return
	}
	if d.stage != stage {
		w.robot(d)
	}
	w.touched(d)
}

// robot lets a robot of the stage go on with a deal that a command has brought there, within the command.
func (w *world) robot(d *deal) {
	if next := w.robots[d.stage]; next != "" && !w.calm {
		w.tell("  a robot moves deal %d from %s to %s", d.id, d.stage, next)
		w.portalMoves(d, d.category, next)
	}
}

// money reads an amount with two decimals.
func money(text string) orders.Money {
	n, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 64)
	if err != nil {
		panic(err)
	}
	return orders.Money(n)
}

// numberIn is a number among parameters. A reference must have been resolved by now.
func numberIn(value any) int64 {
	if n, ok := value.(int64); ok {
		return n
	}
	panic(fmt.Sprintf("a number of a record is %T %v", value, value))
}

// resolve replaces references in parameters by the numbers of what commands of the group have created.
func resolve(value any, number func(plan.Ref) int64) any {
	switch value := value.(type) {
	case plan.Ref:
		return number(value)
	case rest.Params:
		resolved := make(rest.Params, len(value))
		for name, v := range value {
			resolved[name] = resolve(v, number)
		}
		return resolved
	case []any:
		resolved := make([]any, len(value))
		for i, v := range value {
			resolved[i] = resolve(v, number)
		}
		return resolved
	}
	return value
}
