package bitrix24_test

import (
	"fmt"
	"testing"

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
