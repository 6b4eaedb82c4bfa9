package plan_test

import (
	"slices"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// deal is a deal, or what a lead has in common with one, and what people did to it.
type deal struct {
	entity         plan.Entity
	id             int64
	lead           int64  // that it was made of
	key            string // the external key
	title          string
	category       int64
	stage          string
	comments       string
	opportunity    orders.Money
	payment        string // a custom field of ours
	manual         bool   // its amount is not that of its rows
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

// touched notes that a deal was saved, and tells of it.
func (w *world) touched(d *deal) {
	d.updated = w.clock()
	if !d.manual {
		d.opportunity = 0
		for _, r := range d.rows {
			d.opportunity += r.row.Price * orders.Money(r.row.Quantity)
		}
	}
	w.tellEvent(d.entity, d.id)
}

// moveTo moves a deal to a stage.
func (w *world) moveTo(d *deal, category int64, stage string) {
	if d.stage != stage {
		d.category, d.stage, d.moved = category, stage, w.clock()
	}
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
		case "UF_PAYMENT":
			d.payment = value.(string)
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
		before.payment != d.payment || !slices.Equal(before.contacts, d.contacts)
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
