package exchange_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// What TestChaos has found, each in its smallest form.

func TestLostAnswer_whoseOrderHasOtherItemsByThenLeavesNoRowBehind(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		for i := range 3 {
			x.Fail(emulator.Fault{Fault: "half_body", Method: "crm.item.add", Count: 1})
			id := x.Place(bitrix24test.Set("Comment", fmt.Sprint(i)))
			x.Call("PUT", fmt.Sprintf("/api/orders/%d/items", id), apptest.JSON{"Items": []apptest.JSON{{"Name": "Другое", "Quantity": 7, "ItemPrice": "33.33"}}})
			x.Recover()
			deal, record := x.Deal(id)
			bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, record["OPPORTUNITY"]), orders.Money(7*33_33-50_50+300_25))
			bitrix24test.Equal(t, "sum of rows", x.RowsSum(deal), orders.Money(7*33_33-50_50+300_25))
			bitrix24test.Equal(t, "number of rows", len(x.Portal.Rows(deal)), 2)
		}
	}, func(a *bitrix24test.Arranged) { a.Options.Settle = 50 * time.Millisecond })
}

func TestDealMovedBeforeItsLostAnswerIsMadeUpFor_theStageIsTaken(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		order := x.Place()
		x.Must(x.Portal.MoveDeal(x.Portal.IDs("deal")[0], "EXECUTING"))
		x.Recover()
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "PrintingInProgress")
	})
}

func TestDealMovedWithoutAnEvent_isNoticedWhenItIsWrittenTo(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		x.Fail(emulator.Fault{Fault: "drop_events"})
		x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
		x.ChangeOrder(order, func(o *orders.Order) { o.DeliveryPrice = 0 })
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "PrintingInProgress")
	})
}
