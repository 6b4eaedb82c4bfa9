package bitrix24_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestOrder_becomesADealWithEverythingTheManualNames(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		id, deal := x.deal(order)
		reply := x.order(order)

		equal(t, "title", deal["TITLE"], fmt.Sprintf("Заказ № %d", order))
		equal(t, "amount", kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
		equal(t, "currency", deal["CURRENCY_ID"], "RUB")
		equal(t, "fixed amount", deal["IS_MANUAL_OPPORTUNITY"], "Y")
		equal(t, "type", deal["TYPE_ID"], "SALE")
		equal(t, "stage", deal["STAGE_ID"], "NEW")
		equal(t, "funnel", deal["CATEGORY_ID"], "0")
		equal(t, "source", deal["SOURCE_ID"], "WEB")
		contains(t, "about the source", deal["SOURCE_DESCRIPTION"], "Типография «Демо»", "https://shop.example.ru")
		equal(t, "responsible", deal["ASSIGNED_BY_ID"], "1")
		equal(t, "open to all", deal["OPENED"], "N")
		contains(t, "start date", deal["BEGINDATE"], reply.Value("DateCreated")[:10])
		contains(t, "comment", deal["COMMENTS"], "[URL="+x.URL+page(order)+"]", "[URL="+reply.Value("DownloadLink")+"]")
		contains(t, "discussion", deal["UF_CRM_PIXLPARK_DISCUSSION"], "Позвоните, когда будет готово")
		contains(t, "delivery", deal["UF_CRM_PIXLPARK_DELIVERY"], "Офис компании на Белинского")
		equal(t, "delivery id", deal["UF_CRM_PIXLPARK_DELIVERY_ID"], "8106")
		contains(t, "payment", deal["UF_CRM_PIXLPARK_PAYMENT"], "Не оплачен")
		equal(t, "utm", deal["UTM_SOURCE"]+"/"+deal["UTM_CAMPAIGN"], "yandex/autumn")

		contact, ok := x.portal.Contact(number(t, deal["CONTACT_ID"]))
		if !ok {
			t.Fatalf("the deal's contact %q does not exist", deal["CONTACT_ID"])
		}
		equal(t, "contact", contact["LAST_NAME"]+" "+contact["NAME"]+" "+contact["SECOND_NAME"], "Соколова Мария Игоревна")
		equal(t, "phone", contact["PHONE.MOBILE"], "+79123456701")
		equal(t, "e-mail", contact["EMAIL.HOME"], "sokolova@example.ru")

		rows := x.portal.Rows(id)
		if len(rows) != 3 {
			t.Fatalf("%d rows, want 3: %v", len(rows), rows)
		}
		contains(t, "first row", rows[0]["PRODUCT_NAME"], "Фотографии (9x13 см); тип бумаги (матовая)")
		contains(t, "last row", rows[2]["PRODUCT_NAME"], "Доставка: Офис компании на Белинского")
		equal(t, "sum of rows", x.rowsSum(id), orders.Money(1149_75))

		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Битрикс24", "отправлен", fmt.Sprintf("%s/crm/deal/details/%d/", x.portalURL, id))
	})
}

func TestOrder_ofAKnownClientTakesOneRequestAndOfAnUnknownOneTwo(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		var first int64
		if got := x.requests(func() { first = x.place() }); got != 2 {
			t.Errorf("an unknown client's order took %d requests, want 2", got)
		}
		client := int64(x.order(first).Number("UserId"))
		x.settle()
		var second int64
		if got := x.requests(func() { second = x.place(by(client)) }); got != 1 {
			t.Errorf("a known client's order took %d requests, want 1", got)
		}
		_, a := x.deal(first)
		_, b := x.deal(second)
		if a["CONTACT_ID"] != b["CONTACT_ID"] || len(x.state().Contacts) != 1 {
			t.Errorf("the client has contacts %s and %s, want one", a["CONTACT_ID"], b["CONTACT_ID"])
		}
	})
}

func TestFiftyWaitingOrders_leaveInTwoRequests(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		first := x.place()
		x.settle()
		client := int64(x.order(first).Number("UserId"))
		x.fail(emulator.Fault{Fault: "drop_events"}) // each of them is answered by a look, which is not counted here
		placed := make([]int64, 50)
		for i := range placed {
			placed[i] = x.place(by(client))
		}
		if got := x.requests(x.Drain); got != 2 {
			t.Errorf("50 orders of three rows took %d requests, want 2", got)
		}
		for _, order := range placed {
			id, deal := x.deal(order)
			equal(t, "amount", kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
			equal(t, "sum of rows", x.rowsSum(id), orders.Money(1149_75))
		}
	}, func(a *arranged) { a.options.AwaitSite = 0 })
}

func TestDealMovedOnTheKanban_changesTheStatusOfTheOrder(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		x.settle()
		changes := x.portal.Stats().Changes
		x.must(x.portal.MoveDeal(deal, "EXECUTING"))
		x.settle()
		equal(t, "status", x.order(order).Value("Status"), orders.PrintingInProgress)
		if got := x.portal.Stats().Changes - changes; got != 1 {
			t.Errorf("the portal counts %d changes, want the person's own only", got)
		}
		x.As(staff.Operator).Get(page(order)+"/history").Want(t, http.StatusOK, "Битрикс24", "В работе")
	})
}

func TestStatusChangedInThePanel_movesTheDeal(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		x.setStatus(order, orders.WaitingForPayment)
		_, deal := x.deal(order)
		equal(t, "stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
		changes := x.portal.Stats().Changes
		history := len(x.order(order).Body["History"].([]any))
		x.settle()
		if got := x.portal.Stats().Changes - changes; got != 0 {
			t.Errorf("the echo changed %d records of the portal", got)
		}
		if got := len(x.order(order).Body["History"].([]any)); got != history {
			t.Errorf("the echo wrote into the order's history: %d lines, want %d", got, history)
		}
	})
}

func TestRowsAddedByHand_surviveAChangeOfItems(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		x.do("add_row", emulator.Args{"deal": deal, "row": map[string]any{"PRODUCT_NAME": "Выезд замерщика", "PRICE": 500, "QUANTITY": 1}})
		x.settle()
		x.Call("PUT", fmt.Sprintf("/api/orders/%d/items", order), apptest.JSON{"Items": []apptest.JSON{
			{"Name": "Визитки", "Quantity": 300, "ItemPrice": "3.33"},
		}}).Want(t, http.StatusOK)
		x.settle()
		// 999,00 − 50,50 + 300,25 = 1248,75, and 500,00 by hand.
		equal(t, "sum of rows", x.rowsSum(deal), orders.Money(1748_75))
		_, record := x.deal(order)
		equal(t, "amount", kopecks(t, record["OPPORTUNITY"]), orders.Money(1248_75))
		var names []string
		for _, row := range x.portal.Rows(deal) {
			names = append(names, row["PRODUCT_NAME"])
		}
		contains(t, "rows", fmt.Sprint(names), "Выезд замерщика", "Визитки", "Доставка")
	})
}

func number(t testing.TB, text string) int64 {
	t.Helper()
	var n int64
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatalf("%q is no number", text)
	}
	return n
}
