package bitrix24_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// What TestChaos has found, each in its smallest form.

func TestLostAnswer_whoseOrderHasOtherItemsByThenLeavesNoRowBehind(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		for i := range 3 {
			x.fail(emulator.Fault{Fault: "half_body", Method: "crm.item.add", Count: 1})
			id := x.place(set("Comment", fmt.Sprint(i)))
			x.Call("PUT", fmt.Sprintf("/api/orders/%d/items", id), apptest.JSON{"Items": []apptest.JSON{{"Name": "Другое", "Quantity": 7, "ItemPrice": "33.33"}}})
			x.recover()
			deal, record := x.deal(id)
			equal(t, "amount", kopecks(t, record["OPPORTUNITY"]), orders.Money(7*33_33-50_50+300_25))
			equal(t, "sum of rows", x.rowsSum(deal), orders.Money(7*33_33-50_50+300_25))
			equal(t, "number of rows", len(x.portal.Rows(deal)), 2)
		}
	}, func(a *arranged) { a.options.Settle = 50 * time.Millisecond })
}

func TestDealMovedBeforeItsLostAnswerIsMadeUpFor_theStageIsTaken(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		order := x.place()
		x.must(x.portal.MoveDeal(x.portal.IDs("deal")[0], "EXECUTING"))
		x.recover()
		x.settle()
		equal(t, "status", x.order(order).Value("Status"), "PrintingInProgress")
	})
}

func TestDealMovedWithoutAnEvent_isNoticedWhenItIsWrittenTo(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		x.settle()
		x.fail(emulator.Fault{Fault: "drop_events"})
		x.must(x.portal.MoveDeal(deal, "EXECUTING"))
		x.changeOrder(order, func(o *orders.Order) { o.DeliveryPrice = 0 })
		x.settle()
		equal(t, "status", x.order(order).Value("Status"), "PrintingInProgress")
	})
}
