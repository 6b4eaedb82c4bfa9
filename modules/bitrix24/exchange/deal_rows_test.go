package exchange_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestRowOfOursRemovedByAManager_theOrderIsStillSent(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		id, _ := x.Deal(order)
		x.Settle()
		x.Do("add_row", emulator.Args{"deal": id, "row": map[string]any{"PRODUCT_NAME": "Срочность", "PRICE": 500, "QUANTITY": 1}})
		for _, row := range x.Portal.Rows(id) {
			if strings.Contains(row["PRODUCT_NAME"], "Фото") {
				x.CallPortal("crm.item.productrow.delete", "id=%s", row["ID"])
			}
		}
		x.Settle()
		x.ChangeOrder(order, func(o *orders.Order) { o.Discount = 0 })
		x.Settle()
		x.Hurry()
		x.Settle()
		x.AtRest()
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1200_25+500_00))

		for _, row := range x.Portal.Rows(id) {
			if strings.Contains(row["PRODUCT_NAME"], "Доставка") {
				x.CallPortal("crm.item.productrow.delete", "id=%s", row["ID"])
			}
		}
		x.ChangeOrder(order, func(o *orders.Order) { o.DeliveryPrice = 0 })
		x.Settle()
		x.Hurry()
		x.Settle()
		x.AtRest()
		bitrix24test.Equal(t, "sum of rows without delivery", x.RowsSum(id), orders.Money(900_00+500_00))
	})
}

// addItem adds an item of 100,00 to an order.
func addItem(x *bitrix24test.Pair, order int64) {
	x.T.Helper()
	x.ChangeOrder(order, func(o *orders.Order) {
		o.Items = append(o.Items, orders.Item{Name: "Конверт", Quantity: 1, Price: 100_00})
	})
}

// What the portal answered about the rows of a lead is not forgotten because it answered well about the lead itself.
func TestRowsOfALeadUnknown_andTheirListRefused_noneIsAddedAgain(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.productrow.add", Count: 1})
		addItem(x, order)
		x.Settle()
		x.Fail(emulator.Fault{Fault: "operating", Method: "crm.item.productrow.list", Count: 1})
		x.ChangeOrder(order, func(o *orders.Order) { o.ArchiveKey = "another" })
		x.Recover()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "number of rows", len(x.State().Rows[fmt.Sprintf("L%d", lead)]), 4)
		bitrix24test.Equal(t, "sum of rows", x.LeadSum(lead), orders.Money(1249_75))
	}, bitrix24test.WithLeads)
}

// onlyItem leaves an order with one item of 500,00 and nothing else.
func onlyItem(x *bitrix24test.Pair, order int64) {
	x.T.Helper()
	x.ChangeOrder(order, func(o *orders.Order) {
		o.Discount, o.DeliveryPrice = 0, 0
		o.Items = []orders.Item{{Name: "Печать", Quantity: 1, Price: 500_00}}
	})
}

// A deal that was made of a lead has the rows that the lead had then, and the panel's order has others by now.
func TestItemsChangedAfterAnUnheardConversion_theFormerRowsAreStillOurs(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.WithoutEvents(func() {
			x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true, "company": false})
			onlyItem(x, order)
		})
		x.Reconcile()
		x.Recover()
		id, deal := x.Deal(order)
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, deal["OPPORTUNITY"]), orders.Money(500_00))
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(500_00))
		bitrix24test.Equal(t, "number of rows", len(x.Portal.Rows(id)), 1)
		x.AtRest()
	}, bitrix24test.WithLeads)
}

// A restored deal has its rows back under other numbers; what a manager added to it stays his.
func TestItemsChangedWhileTheDealWasDeleted_theFormerRowsAreStillOurs(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		x.Do("add_row", emulator.Args{"deal": deal, "row": map[string]any{"PRODUCT_NAME": "Срочность", "PRICE": 70, "QUANTITY": 1}})
		x.Settle()
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		onlyItem(x, order)
		x.Settle()
		x.Do("restore_deal", emulator.Args{"id": deal})
		x.Reconcile()
		x.Recover()
		again, record := x.Deal(order)
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, record["OPPORTUNITY"]), orders.Money(500_00))
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(again), orders.Money(500_00+70_00))
		bitrix24test.Equal(t, "number of rows", len(x.Portal.Rows(again)), 2)
		x.AtRest()
	})
}

// The note of a deleted order is looked for in the timeline while its rows still wait for an answer that was lost.
func TestNoteOfADeletedOrderFound_itsRowsStillWait(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		x.Fail(emulator.Fault{Fault: "error_500", Method: "crm.item.productrow.add", Count: 1})
		addItem(x, order)
		x.Settle()
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.timeline.comment.add", Count: 1})
		x.SetStatus(order, orders.Deleted)
		x.Recover()
		bitrix24test.Equal(t, "number of rows", len(x.Portal.Rows(deal)), 4)
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(deal), orders.Money(1249_75))
		x.AtRest()
	}, func(s *bitrix24test.Setup) { s.Options.Settle = 150 * time.Millisecond })
}

// Found by the histories of package plan: the portal had done a change whose answer was lost, and when the order was
// changed back the panel took the row for what it had been before.
func TestItemChangedAndChangedBackWhileTheAnswerWasLost_theRowFollows(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		id, _ := x.Deal(order)
		x.Settle()
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.productrow.update", Count: 1})
		x.ChangeOrder(order, func(o *orders.Order) { o.Items[1].Price = 900_00 })
		x.Settle()
		x.ChangeOrder(order, func(o *orders.Order) { o.Items[1].Price = 810_00 })
		x.Recover()
		x.AtRest()
		bitrix24test.Equal(t, "number of rows", len(x.Portal.Rows(id)), 3)
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
	}, func(s *bitrix24test.Setup) { s.Options.Settle = 100 * time.Millisecond })
}
