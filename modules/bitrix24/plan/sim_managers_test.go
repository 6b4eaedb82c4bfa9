package plan_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// someDeal is the deal that a step is about; nil if there is none.
func (w *world) someDeal(s step) *deal {
	var there []*deal
	for _, d := range w.deals {
		if !d.gone {
			there = append(there, d)
		}
	}
	if len(there) == 0 {
		return nil
	}
	return there[s.Who%len(there)]
}

// someCard is the deal or open lead that a step is about; nil if there is none.
func (w *world) someCard(s step) *deal {
	if l := w.someLead(s.Who/2, plan.Linked); l != nil && s.Who%2 == 0 {
		return &l.deal
	}
	return w.someDeal(s)
}

// owner is the order whose key or link a deal or lead has, or that was in the lead of the deal; nil: nobody's.
func (w *world) owner(d *deal) *orders.Order {
	for _, o := range w.orders {
		lead := w.links[leadOf(plan.Order, o.ID)].Number()
		if lead != 0 && (d.entity == plan.Lead && lead == d.id || lead == d.lead) {
			return o
		}
		if l := w.links[dealOf(o.ID)]; l != nil && l.RemoteID == d.id || d.key == w.key(plan.Order, plan.Deal, o.ID) {
			return o
		}
	}
	return nil
}

// portalMoves moves a deal otherwise than by our command.
func (w *world) portalMoves(d *deal, category int64, stage string) {
	o := w.owner(d)
	isLinked := o != nil && w.links[dealOf(o.ID)].Number() == d.id
	if isLinked {
		w.listen(o)
	}
	w.moveTo(d, category, stage)
	rule, _ := rules.Status(category, stage)
	if rule.Paid && o != nil && (isLinked || !d.isCopy || w.links[dealOf(o.ID)] == nil) {
		w.payments[o.ID]--
	}
	if isLinked {
		w.words[o.ID].move(o, d, w.now)
	} else if o != nil {
		w.words[o.ID].unsure = true
	}
}

// moveDeal moves a deal. The portal sends no event about a move to another funnel.
func (w *world) moveDeal(s step) {
	d := w.someDeal(s)
	if d == nil {
		return
	}
	category := d.category
	if s.B%6 == 0 {
		category = 9 - category
	}
	table := rules.Funnels[category].Stages
	stage := table[s.A%len(table)].StageID
	if stage == d.stage {
		return
	}
	if category != d.category {
		w.step.news = lost
	}
	w.tell("deal %d is moved from %s to %s", d.id, d.stage, stage)
	w.portalMoves(d, category, stage)
	w.touched(d)
}

func (w *world) addHandRow(s step) {
	if d := w.someCard(s); d != nil {
		d.handRows++
		row := mapping.Row{Name: "Скидка менеджера", Price: 7, Quantity: 1, Sort: s.A % 30}
		d.rows = append(d.rows, dealRow{id: w.number(), row: row, byHand: true})
		w.tell("a manager adds row %d to %s %d", w.last, d.entity, d.id)
		w.touched(d)
	}
}

// editRow changes a row of ours by hand.
func (w *world) editRow(s step) {
	d := w.someCard(s)
	if d == nil || len(d.rows) == 0 {
		return
	}
	r := &d.rows[s.A%len(d.rows)]
	if r.byHand {
		return
	}
	r.row.Name, r.edited, d.lostRow = "Исправлено", true, true
	w.tell("a manager changes row %d of %s %d", r.id, d.entity, d.id)
	w.touched(d)
}

// removeRow removes any row.
func (w *world) removeRow(s step) {
	d := w.someCard(s)
	if d == nil || len(d.rows) == 0 {
		return
	}
	i := s.A % len(d.rows)
	w.tell("a manager removes row %d of %s %d", d.rows[i].id, d.entity, d.id)
	d.lostRow = d.lostRow || !d.rows[i].byHand
	if d.rows[i].byHand {
		d.handRows--
	}
	d.rows = slices.Delete(slices.Clone(d.rows), i, i+1)
	w.touched(d)
}

// write writes into the comment of a deal: below our links, or in their place.
func (w *world) write(s step) {
	d := w.someCard(s)
	if d == nil {
		return
	}
	text := fmt.Sprint("Позвонить ", s.A)
	if s.B%4 == 0 {
		d.comments, d.texts = text, []string{text}
	} else {
		d.comments, d.texts = d.comments+"\n"+text, append(d.texts, text)
	}
	w.tell("a manager writes into %s %d", d.entity, d.id)
	w.touched(d)
}

// addGuest adds a contact to a deal, before the others or behind them.
func (w *world) addGuest(s step) {
	d := w.someCard(s)
	if d == nil {
		return
	}
	guest := w.number()
	d.guests = append(d.guests, guest)
	if s.B%2 == 0 {
		if o := w.owner(d); d.main != 0 || o != nil && slices.Contains(d.contacts, w.links[contactOf(o.ClientID)].Number()) {
			d.main = guest
		}
		d.contacts = append([]int64{guest}, d.contacts...)
	} else {
		d.contacts = append(slices.Clone(d.contacts), guest)
	}
	w.tell("a manager adds contact %d to %s %d", guest, d.entity, d.id)
	w.touched(d)
}

// rename changes what is a manager's: the title, and who is responsible.
func (w *world) rename(s step) {
	if d := w.someCard(s); d != nil {
		d.title, d.ownTitle = fmt.Sprint("Сделка ", s.A), fmt.Sprint("Сделка ", s.A)
		d.responsible, d.heldBy = 2, 2
		w.tell("a manager renames %s %d", d.entity, d.id)
		w.touched(d)
	}
}

// countRows makes a deal's amount that of its rows.
func (w *world) countRows(s step) {
	if d := w.someCard(s); d != nil {
		d.manual, d.amountByHand = false, true
		w.tell("the amount of %s %d is that of its rows", d.entity, d.id)
		w.touched(d)
	}
}

func (w *world) deleteDeal(s step) {
	if d := w.someDeal(s); d != nil {
		if o := w.owner(d); o != nil {
			w.listen(o)
		}
		d.gone = true
		w.tell("deal %d is deleted", d.id)
		w.tellEvent(plan.Deal, d.id)
	}
}

// restoreDeal brings a deleted deal back. It gets a new number, and its rows keep theirs.
func (w *world) restoreDeal(s step) {
	i := slices.IndexFunc(w.deals, func(d *deal) bool { return d.gone })
	if i < 0 {
		return
	}
	d := *w.deals[i]
	w.deals = slices.Delete(slices.Clone(w.deals), i, i+1)
	l := w.linkTo(plan.Deal, d.id)
	d.isCopy = d.isCopy || l == nil
	w.tell("deal %d is restored as %d", d.id, w.last+1)
	d.former = append(slices.Clone(d.former), d.id)
	d.id, d.gone = w.number(), false
	w.takeIn(&d, false)
	if o := w.owner(&d); o != nil {
		w.payments[o.ID]-- // if nobody knows it any more, the panel may take its stage
	}
}

// copyDeal is a robot that copies a deal with its key, as older portals do.
func (w *world) copyDeal(s step) {
	from := w.someDeal(s)
	if from == nil {
		return
	}
	d := *from
	d.id, d.isCopy, d.notes, d.former = w.number(), true, nil, nil
	d.created, d.moved = w.clock(), w.clock()
	if d.created.Equal(from.created) {
		d.created = d.created.Add(time.Second) // only rows tell two deals of the same second apart, and orders may lose them
	}
	w.tell("a robot copies deal %d as %d", from.id, d.id)
	w.takeIn(&d, true)
	if o := w.owner(&d); o != nil && w.links[dealOf(o.ID)] == nil {
		w.words[o.ID].unsure = true
		w.payments[o.ID]-- // nobody knows the deal yet: if it is deleted, its copy is all that there is
	}
}

// takeIn adds a deal to the portal, with rows of its own.
func (w *world) takeIn(d *deal, newRows bool) {
	d.rows, d.texts, d.guests = slices.Clone(d.rows), slices.Clone(d.texts), slices.Clone(d.guests)
	for i := range d.rows {
		if newRows {
			d.rows[i].id = w.number()
		}
	}
	w.deals = append(w.deals, d)
	w.touched(d)
}

// tieDeal ties an order, whose deal was deleted, to a deal that people made by hand.
func (w *world) tieDeal(s step) {
	o := w.someLivingOrder(s)
	if o == nil || w.links[dealOf(o.ID)] == nil || w.links[dealOf(o.ID)].State == plan.Linked {
		return
	}
	d := &deal{
		entity: plan.Deal, id: w.number(), created: w.clock(), moved: w.clock(), stage: "NEW", manual: s.B%2 == 0,
		responsible: 2, heldBy: 2,
		title: "По звонку", ownTitle: "По звонку", comments: "Срочно", texts: []string{"Срочно"},
	}
	w.deals = append(w.deals, d)
	w.partWith(o, w.links[dealOf(o.ID)])
	l := &plan.Link{
		PortalID: 1, Local: plan.Order, LocalID: o.ID, Entity: plan.Deal, RemoteID: d.id,
		Agreed: mapping.Agreed{plan.StageField: {Theirs: d.stage}},
	}
	seen := d.answer()
	l.See(&seen)
	w.saveLink(l)
	w.rowsUnknown(o.ID)
	w.tell("order %d is tied to deal %d", o.ID, d.id)
	w.changed(o)
}
