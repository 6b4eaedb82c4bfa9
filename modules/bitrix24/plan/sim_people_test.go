package plan_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// mostOrders is how many orders a world may have.
const mostOrders = 2

// statuses are those that people choose. Two of them have no stage.
var statuses = []orders.Status{
	orders.Placed, orders.Pending, orders.WaitingForPayment, orders.Approved, orders.PrintingInProgress,
	orders.Fulfilled, orders.Shipped, orders.Delivered, orders.Cancelled,
}

// someOrder is the order that a step is about; nil if there is none yet.
func (w *world) someOrder(s step) *orders.Order {
	if len(w.orders) == 0 {
		return nil
	}
	return w.orders[s.Who%len(w.orders)]
}

// someLivingOrder is someOrder, unless it is deleted: the panel lets nobody change it then.
func (w *world) someLivingOrder(s step) *orders.Order {
	if o := w.someOrder(s); o != nil && o.Status != orders.Deleted {
		return o
	}
	return nil
}

func (w *world) place(s step) {
	if len(w.orders) == mostOrders {
		return
	}
	o := &orders.Order{
		ID: int64(len(w.orders) + 1), Status: orders.Placed, StatusAt: w.now, CreatedAt: w.now, Currency: "RUB",
		ArchiveKey: "1", Source: orders.FromSite, ClientID: w.someClient(s.B).ID,
	}
	w.orders = append(w.orders, o)
	w.words[o.ID] = &words{}
	for range s.A % 3 {
		w.addItem(o, s)
	}
	w.recount(o)
	w.tell("client %d places order %d with %d items", o.ClientID, o.ID, len(o.Items))
	w.changed(o)
}

// addItem adds an item. Few names and prices make rows that look alike.
func (w *world) addItem(o *orders.Order, s step) {
	w.lastItem++
	o.Items = append(o.Items, orders.Item{
		ID: w.lastItem, Name: []string{"Визитки", "Буклеты"}[s.A/3%2], Quantity: int64(1 + s.B%2),
		Price: orders.Money(100 + s.B/2%2),
	})
}

// recount brings up to date what follows from an order's items.
func (w *world) recount(o *orders.Order) {
	o.Recount()
	o.Revision++
}

func (w *world) editItem(s step) {
	o := w.someLivingOrder(s)
	if o == nil {
		return
	}
	if len(o.Items) == 0 || s.B%2 == 0 {
		w.addItem(o, s)
	} else {
		item := &o.Items[s.A%len(o.Items)]
		item.Price, item.Quantity = item.Price^1, int64(1+s.B/2%2)
	}
	w.recount(o)
	w.tell("order %d has %d items, %s", o.ID, len(o.Items), o.Total)
	w.changed(o)
}

func (w *world) dropItem(s step) {
	o := w.someLivingOrder(s)
	if o == nil || len(o.Items) == 0 {
		return
	}
	i := s.A % len(o.Items)
	o.Items = slices.Delete(slices.Clone(o.Items), i, i+1)
	w.recount(o)
	w.tell("an item of order %d is removed, %s", o.ID, o.Total)
	w.changed(o)
}

func (w *world) setDelivery(s step) {
	if o := w.someLivingOrder(s); o != nil {
		o.DeliveryPrice = orders.Money(s.A % 3 * 50)
		w.recount(o)
		w.tell("delivery of order %d costs %s", o.ID, o.DeliveryPrice)
		w.changed(o)
	}
}

func (w *world) changeStatus(s step) {
	o := w.someOrder(s)
	if o == nil || w.refuses[o.ID] {
		return
	}
	status := statuses[s.A%len(statuses)]
	if status != o.Status {
		w.listen(o)
		w.tell("order %d: %s", o.ID, status)
		w.setStatus(o, status)
		w.words[o.ID].say(o, w.now)
		w.changed(o)
	}
}

func (w *world) deleteOrder(s step) {
	if o := w.someLivingOrder(s); o != nil && !w.refuses[o.ID] {
		w.listen(o)
		w.tell("order %d is deleted", o.ID)
		w.setStatus(o, orders.Deleted)
		w.words[o.ID].say(o, w.now)
		w.changed(o)
	}
}

func (w *world) pay(s step) {
	o := w.someLivingOrder(s)
	if o == nil || o.Due() == 0 || w.refuses[o.ID] {
		return
	}
	w.listen(o)
	before := o.Status
	o.Pay(max(o.Due()/orders.Money(1+s.A%2), 1), orders.Cash)
	w.tell("order %d is paid: %s of %s", o.ID, o.Paid, o.Total)
	if o.Status != before {
		o.StatusAt = w.now
		w.words[o.ID].say(o, w.now)
	}
	w.changed(o)
}

func (w *world) say(s step) {
	if o := w.someLivingOrder(s); o != nil {
		o.Say("Менеджер", fmt.Sprint("Вопрос ", s.A), true)
		o.Messages[len(o.Messages)-1].CreatedAt = w.now.Truncate(time.Hour)
		w.tell("somebody says something about order %d", o.ID)
		w.changed(o)
	}
}

func (w *world) newArchive(s step) {
	if o := w.someLivingOrder(s); o != nil {
		o.ArchiveKey = fmt.Sprint(s.A)
		w.tell("the archive of order %d has another address", o.ID)
		w.changed(o)
	}
}

// startOver is «Создать заново», for an order whose deal or lead was deleted. What was restored is linked again instead.
func (w *world) startOver(s step) {
	o := w.someLivingOrder(s)
	if o == nil || w.goneLink(o) == nil {
		return
	}
	l := w.goneLink(o)
	twins := w.twins(o.ID)
	if l.Entity == plan.Lead {
		twins = w.leadTwins(w.leadKeys(l)...)
	}
	id, restored := l.Restored(twins, w.rows[tieOf(l)], ahead)
	if restored || w.card(l.Entity, l.RemoteID) != nil {
		w.tell("order %d has %s %d again", o.ID, l.Entity, id)
		w.look(l.Entity, l.RemoteID)
		return
	}
	if l.Entity == plan.Deal {
		for _, known := range l.Copies(twins, 0) {
			w.copies[o.ID] = append(w.copies[o.ID], known.RemoteID)
		}
	}
	w.tell("order %d is to get another %s", o.ID, l.Entity)
	w.partWith(o, l)
	w.choices[plan.Record{Kind: plan.Order, ID: o.ID}] = plan.ChoiceSend
	w.changed(o)
}

// goneLink is the link of an order to the deal or lead that it has lost; nil if it has one.
func (w *world) goneLink(o *orders.Order) *plan.Link {
	for _, t := range []tie{dealOf(o.ID), leadOf(plan.Order, o.ID)} {
		if l := w.links[t]; l != nil && l.State == plan.Deleted {
			return l
		} else if l != nil && l.State == plan.Linked {
			return nil
		}
	}
	return nil
}

// partWith drops what ties an order to its deal or lead. What carries its key by now is nobody's from then on.
func (w *world) partWith(o *orders.Order, l *plan.Link) {
	w.forget(tieOf(l))
	lead := w.links[leadOf(plan.Order, o.ID)]
	if l.Entity == plan.Deal && lead != nil && lead.State == plan.Deleted {
		w.forget(leadOf(plan.Order, o.ID))
	}
	client := plan.Record{Kind: plan.Client, ID: o.ClientID}
	if l.Entity == plan.Lead && w.Leads && w.links[contactOf(o.ClientID)] == nil {
		w.choices[client] = plan.ChoiceLead
	}
	for _, d := range w.deals {
		d.isCopy = d.isCopy || d.key == w.key(plan.Order, plan.Deal, o.ID)
	}
	for _, former := range w.leads {
		former.isCopy = former.isCopy || slices.Contains(w.leadKeys(l), former.key)
	}
}

// switchLeads is the administrator, who has new clients passed on as leads, or as contacts from now on.
func (w *world) switchLeads(step) {
	w.Leads, w.switched = !w.Leads, true
	w.tell("leads are switched: %t", w.Leads)
}

// holdStatus makes the panel's own rules refuse another status of an order.
func (w *world) holdStatus(s step) {
	if o := w.someLivingOrder(s); o != nil {
		w.tell("the panel's rules hold the status of order %d", o.ID)
		w.refuses[o.ID] = true
		w.words[o.ID].unsure = true
	}
}
