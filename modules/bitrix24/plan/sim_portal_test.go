package plan_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// ahead is how far the portal's clock is ahead of ours.
const ahead = 90 * time.Second

// portal is the model of a portal: deals with rows and timelines, contacts, and what it does by itself. What people did
// there is kept apart, so that it can be looked for in the end.
type portal struct {
	deals    []*deal
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

// deal is a deal, and what people did to it.
type deal struct {
	id             int64
	key            string // the external key
	title          string
	category       int64
	stage          string
	comments       string
	opportunity    orders.Money
	manual         bool // its amount is not that of its rows
	contacts       []int64
	responsible    int64
	created        time.Time
	moved, updated time.Time
	rows           []dealRow
	notes          []string
	gone           bool
	former         []int64 // its numbers before it was restored
	isCopy         bool    // it carries the key of an order that has a deal already
	amountByHand   bool    // a person let the rows count since the amount was last sent
	ownTitle       string
	heldBy         int64    // the employee whom people made responsible
	texts          []string // of people, in the comment
	guests         []int64  // contacts that people added
	main           int64    // the one of them that they put before the client's
	merged         []int64  // contacts that a contact of its was merged into
	isUnknown      bool     // which contact it was given when it was created was lost with an answer
	lostRow        bool     // people removed or changed a row of ours
	handRows       int      // rows that managers added
}

// dealRow is a row, and whose it is.
type dealRow struct {
	id     int64
	row    mapping.Row
	byHand bool // a manager's own
	edited bool // ours, which a manager changed
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

// touched notes that a deal was saved, and tells of it.
func (w *world) touched(d *deal) {
	d.updated = w.clock()
	if !d.manual {
		d.opportunity = 0
		for _, r := range d.rows {
			d.opportunity += r.row.Price * orders.Money(r.row.Quantity)
		}
	}
	w.tellEvent(plan.Deal, d.id)
}

// moveTo moves a deal to a stage.
func (w *world) moveTo(d *deal, category int64, stage string) {
	if d.stage != stage {
		d.category, d.stage, d.moved = category, stage, w.clock()
	}
}

// notFound is the refusal of a command whose record is not there.
func notFound(method string) error {
	return &rest.Error{Method: method, Code: "NOT_FOUND", Status: 200}
}

// do carries out one command. params hold numbers where a plan has references.
func (w *world) do(method string, params rest.Params) (result any, err error) {
	switch method {
	case "crm.item.add":
		if params["entityTypeId"] == rest.TypeContact {
			return w.newContact(params["fields"].(rest.Params)).answer(), nil
		}
		d := w.create(params["fields"].(rest.Params))
		w.robot(d)
		w.touched(d)
		return d.answer(), nil
	case "crm.item.update":
		if params["entityTypeId"] == rest.TypeContact {
			return w.updateContact(method, params)
		}
		d := w.portal.deal(numberIn(params["id"]))
		if d == nil {
			return nil, notFound(method)
		}
		w.update(d, params["fields"].(rest.Params))
		return d.answer(), nil
	case "crm.timeline.comment.add":
		fields := params["fields"].(rest.Params)
		d := w.portal.deal(numberIn(fields["ENTITY_ID"]))
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

// create makes a deal as crm.item.add is told to. Without a stage it begins at the first of its funnel.
func (w *world) create(fields rest.Params) *deal {
	d := &deal{id: w.number(), created: w.clock(), moved: w.clock(), stage: "NEW"}
	w.set(d, fields)
	d.moved = d.created
	w.portal.deals = append(w.portal.deals, d)
	return d
}

// set writes fields into a deal and reports whether anything has changed.
func (w *world) set(d *deal, fields rest.Params) bool {
	before := *d
	for name, value := range fields {
		switch name {
		case "title":
			d.title = value.(string)
		case "categoryId":
			d.category = value.(int64)
		case "comments":
			d.comments = value.(string)
			if w.belated {
				isLost := func(text string) bool { return !strings.Contains(d.comments, text) }
				d.texts = slices.DeleteFunc(d.texts, isLost)
			}
		case "originId":
			d.key = value.(string)
		case "isManualOpportunity":
			d.manual = value == "Y"
		case "opportunity":
			d.opportunity, d.amountByHand = money(value.(string)), false
		case "assignedById":
			d.responsible = value.(int64)
		case "contactIds":
			var list []int64
			for _, id := range value.([]any) {
				if n := numberIn(id); w.isThere(n) {
					list = append(list, n)
				}
			}
			d.contacts = list
			if w.belated {
				d.main = 0
				d.guests = slices.DeleteFunc(d.guests, func(id int64) bool { return !slices.Contains(list, id) })
			}
		}
	}
	if stage, moves := fields["stageId"].(string); moves {
		w.moveTo(d, d.category, stage)
	}
	return before.title != d.title || before.comments != d.comments || before.key != d.key ||
		before.opportunity != d.opportunity || before.stage != d.stage || before.manual != d.manual ||
		!slices.Equal(before.contacts, d.contacts)
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

// answer is the deal as crm.item.* answers with it.
func (d *deal) answer() rest.Deal {
	a := rest.Deal{
		ID: rest.ID(d.id), Title: rest.Text(d.title), CategoryID: rest.ID(d.category), StageID: rest.Text(d.stage),
		Opportunity: rest.Money(d.opportunity), Comments: rest.Text(d.comments), MovedTime: rest.Time{At: d.moved},
	}
	a.CreatedTime.At, a.UpdatedTime.At = d.created, d.updated
	for _, id := range d.contacts {
		a.ContactIDs = append(a.ContactIDs, rest.ID(id))
	}
	return a
}

// newRows puts rows into a deal: all anew (crm.item.productrow.set), or one more (crm.item.productrow.add).
func (w *world) newRows(method string, params rest.Params) (any, error) {
	fields, isAdd := params["fields"].(rest.Params)
	if !isAdd {
		fields = params
	}
	d := w.portal.deal(numberIn(fields["ownerId"]))
	if d == nil {
		return nil, &rest.Error{Method: method, Code: "OWNER_NOT_FOUND", Status: 200}
	}
	defer w.touched(d)
	if isAdd {
		d.rows = append(d.rows, dealRow{id: w.number(), row: rowOf(fields)})
		return rest.ProductRowItem{ProductRow: d.rows[len(d.rows)-1].answer()}, nil
	}
	d.rows = nil
	if w.belated || w.met {
		d.handRows = 0 // somebody was faster than the rows of a new deal
	}
	var set rest.ProductRows
	for _, row := range params["productRows"].([]any) {
		d.rows = append(d.rows, dealRow{id: w.number(), row: rowOf(row.(rest.Params))})
		set.ProductRows = append(set.ProductRows, d.rows[len(d.rows)-1].answer())
	}
	slices.Reverse(set.ProductRows) // ordered by nothing that was promised
	return set, nil
}

// changeRow changes or removes a row by its number.
func (w *world) changeRow(method string, params rest.Params) (any, error) {
	id := numberIn(params["id"])
	for _, d := range w.portal.deals {
		i := slices.IndexFunc(d.rows, func(r dealRow) bool { return r.id == id })
		if i < 0 || d.gone {
			continue
		}
		defer w.touched(d)
		if method == "crm.item.productrow.delete" {
			d.rows = slices.Delete(slices.Clone(d.rows), i, i+1)
			return true, nil
		}
		d.rows[i].row, d.rows[i].edited = rowOf(params["fields"].(rest.Params)), false
		return rest.ProductRowItem{ProductRow: d.rows[i].answer()}, nil
	}
	return nil, notFound(method)
}

// answer is the row as the portal lists it.
func (r dealRow) answer() rest.ProductRow {
	return rest.ProductRow{
		ID: rest.ID(r.id), ProductName: rest.Text(r.row.Name), Price: rest.Money(r.row.Price),
		Quantity: rest.Number(r.row.Quantity), Sort: rest.ID(r.row.Sort),
	}
}

// rowOf reads a row's fields as crm.item.productrow.* takes them.
func rowOf(fields rest.Params) mapping.Row {
	return mapping.Row{
		Name: fields["productName"].(string), Price: money(fields["price"].(string)),
		Quantity: fields["quantity"].(int64), Sort: fields["sort"].(int),
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
