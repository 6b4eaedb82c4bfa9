package bitrix24_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// addItem adds an item of 100,00 to an order.
func (x *exchange) addItem(order int64) {
	x.t.Helper()
	x.changeOrder(order, func(o *orders.Order) {
		o.Items = append(o.Items, orders.Item{Name: "Конверт", Quantity: 1, Price: 100_00})
	})
}

// What the portal answered about the rows of a lead is not forgotten because it answered well about the lead itself.
func TestRowsOfALeadUnknown_andTheirListRefused_noneIsAddedAgain(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		x.fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.productrow.add", Count: 1})
		x.addItem(order)
		x.settle()
		x.fail(emulator.Fault{Fault: "operating", Method: "crm.item.productrow.list", Count: 1})
		x.changeOrder(order, func(o *orders.Order) { o.ArchiveKey = "another" })
		x.recover()
		lead, _ := x.lead(clientLead(client), 1)
		equal(t, "number of rows", len(x.state().Rows[fmt.Sprintf("L%d", lead)]), 4)
		equal(t, "sum of rows", x.leadSum(lead), orders.Money(1249_75))
	})
}

// onlyItem leaves an order with one item of 500,00 and nothing else.
func (x *exchange) onlyItem(order int64) {
	x.t.Helper()
	x.changeOrder(order, func(o *orders.Order) {
		o.Discount, o.DeliveryPrice = 0, 0
		o.Items = []orders.Item{{Name: "Печать", Quantity: 1, Price: 500_00}}
	})
}

// A deal that was made of a lead has the rows that the lead had then, and the panel's order has others by now.
func TestItemsChangedAfterAnUnheardConversion_theFormerRowsAreStillOurs(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		x.unheard(func() {
			x.do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true, "company": false})
			x.onlyItem(order)
		})
		x.reconcile()
		x.recover()
		id, deal := x.deal(order)
		equal(t, "amount", kopecks(t, deal["OPPORTUNITY"]), orders.Money(500_00))
		equal(t, "sum of rows", x.rowsSum(id), orders.Money(500_00))
		equal(t, "number of rows", len(x.portal.Rows(id)), 1)
		x.atRest()
	})
}

// A restored deal has its rows back under other numbers; what a manager added to it stays his.
func TestItemsChangedWhileTheDealWasDeleted_theFormerRowsAreStillOurs(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		x.settle()
		x.do("add_row", emulator.Args{"deal": deal, "row": map[string]any{"PRODUCT_NAME": "Срочность", "PRICE": 70, "QUANTITY": 1}})
		x.settle()
		x.do("delete_deal", emulator.Args{"id": deal})
		x.settle()
		x.onlyItem(order)
		x.settle()
		x.do("restore_deal", emulator.Args{"id": deal})
		x.reconcile()
		x.recover()
		again, record := x.deal(order)
		equal(t, "amount", kopecks(t, record["OPPORTUNITY"]), orders.Money(500_00))
		equal(t, "sum of rows", x.rowsSum(again), orders.Money(500_00+70_00))
		equal(t, "number of rows", len(x.portal.Rows(again)), 2)
		x.atRest()
	})
}

// The note of a deleted order is looked for in the timeline while its rows still wait for an answer that was lost.
func TestNoteOfADeletedOrderFound_itsRowsStillWait(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		x.settle()
		x.fail(emulator.Fault{Fault: "error_500", Method: "crm.item.productrow.add", Count: 1})
		x.addItem(order)
		x.settle()
		x.fail(emulator.Fault{Fault: "lost_response", Method: "crm.timeline.comment.add", Count: 1})
		x.setStatus(order, orders.Deleted)
		x.recover()
		equal(t, "number of rows", len(x.portal.Rows(deal)), 4)
		equal(t, "sum of rows", x.rowsSum(deal), orders.Money(1249_75))
		x.atRest()
	}, func(a *arranged) { a.options.Settle = 150 * time.Millisecond })
}
