package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestOrder_becomesADealWithEverythingTheManualNames(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		id, deal := x.Deal(order)
		reply := x.Order(order)

		bitrix24test.Equal(t, "title", deal["TITLE"], fmt.Sprintf("Заказ № %d", order))
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
		bitrix24test.Equal(t, "currency", deal["CURRENCY_ID"], "RUB")
		bitrix24test.Equal(t, "fixed amount", deal["IS_MANUAL_OPPORTUNITY"], "Y")
		bitrix24test.Equal(t, "type", deal["TYPE_ID"], "SALE")
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "NEW")
		bitrix24test.Equal(t, "funnel", deal["CATEGORY_ID"], "0")
		bitrix24test.Equal(t, "source", deal["SOURCE_ID"], "WEB")
		bitrix24test.Contains(t, "about the source", deal["SOURCE_DESCRIPTION"], "Типография «Демо»", "https://shop.example.ru")
		bitrix24test.Equal(t, "responsible", deal["ASSIGNED_BY_ID"], "1")
		bitrix24test.Equal(t, "open to all", deal["OPENED"], "N")
		bitrix24test.Contains(t, "start date", deal["BEGINDATE"], reply.Value("DateCreated")[:10])
		bitrix24test.Contains(t, "comment", deal["COMMENTS"], "[URL="+x.URL+bitrix24test.Page(order)+"]", "[URL="+reply.Value("DownloadLink")+"]")
		bitrix24test.Contains(t, "discussion", deal["UF_CRM_PIXLPARK_DISCUSSION"], "Позвоните, когда будет готово")
		bitrix24test.Contains(t, "delivery", deal["UF_CRM_PIXLPARK_DELIVERY"], "Офис компании на Белинского")
		bitrix24test.Equal(t, "delivery id", deal["UF_CRM_PIXLPARK_DELIVERY_ID"], "8106")
		bitrix24test.Contains(t, "payment", deal["UF_CRM_PIXLPARK_PAYMENT"], "Не оплачен")
		bitrix24test.Equal(t, "utm", deal["UTM_SOURCE"]+"/"+deal["UTM_CAMPAIGN"], "yandex/autumn")

		contact, ok := x.Portal.Contact(bitrix24test.Number(t, deal["CONTACT_ID"]))
		if !ok {
			t.Fatalf("the deal's contact %q does not exist", deal["CONTACT_ID"])
		}
		bitrix24test.Equal(t, "contact", contact["LAST_NAME"]+" "+contact["NAME"]+" "+contact["SECOND_NAME"], "Соколова Мария Игоревна")
		bitrix24test.Equal(t, "phone", contact["PHONE.MOBILE"], "+79123456701")
		bitrix24test.Equal(t, "e-mail", contact["EMAIL.HOME"], "sokolova@example.ru")

		rows := x.Portal.Rows(id)
		if len(rows) != 3 {
			t.Fatalf("%d rows, want 3: %v", len(rows), rows)
		}
		bitrix24test.Contains(t, "first row", rows[0]["PRODUCT_NAME"], "Фотографии (9x13 см); тип бумаги (матовая)")
		bitrix24test.Contains(t, "last row", rows[2]["PRODUCT_NAME"], "Доставка: Офис компании на Белинского")
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))

		x.As(staff.Operator).Get(bitrix24test.Page(order)).
			Want(t, http.StatusOK, "Битрикс24", "отправлен", fmt.Sprintf("%s/crm/deal/details/%d/", x.PortalURL, id))
	})
}

func TestOrder_ofAKnownClientTakesOneRequestAndOfAnUnknownOneTwo(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		var first int64
		if got := x.Requests(func() { first = x.Place() }); got != 2 {
			t.Errorf("an unknown client's order took %d requests, want 2", got)
		}
		client := int64(x.Order(first).Number("UserId"))
		x.Settle()
		var second int64
		if got := x.Requests(func() { second = x.Place(bitrix24test.By(client)) }); got != 1 {
			t.Errorf("a known client's order took %d requests, want 1", got)
		}
		_, a := x.Deal(first)
		_, b := x.Deal(second)
		if a["CONTACT_ID"] != b["CONTACT_ID"] || len(x.State().Contacts) != 1 {
			t.Errorf("the client has contacts %s and %s, want one", a["CONTACT_ID"], b["CONTACT_ID"])
		}
	})
}

func TestFiftyWaitingOrders_leaveInTwoRequests(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		x.Settle()
		client := int64(x.Order(first).Number("UserId"))
		x.Fail(emulator.Fault{Fault: "drop_events"}) // each of them is answered by a look, which is not counted here
		placed := make([]int64, 50)
		for i := range placed {
			placed[i] = x.Place(bitrix24test.By(client))
		}
		if got := x.Requests(x.Drain); got != 2 {
			t.Errorf("50 orders of three rows took %d requests, want 2", got)
		}
		for _, order := range placed {
			id, deal := x.Deal(order)
			bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
			bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
		}
	}, func(s *bitrix24test.Setup) { s.Options.AwaitSite = 0 })
}

func TestDealMovedOnTheKanban_changesTheStatusOfTheOrder(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		changes := x.Portal.Stats().Changes
		x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.PrintingInProgress)
		if got := x.Portal.Stats().Changes - changes; got != 1 {
			t.Errorf("the portal counts %d changes, want the person's own only", got)
		}
		x.As(staff.Operator).Get(bitrix24test.Page(order)+"/history").Want(t, http.StatusOK, "Битрикс24", "В работе")
	})
}

func TestStatusChangedInThePanel_movesTheDeal(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.SetStatus(order, orders.WaitingForPayment)
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
		changes := x.Portal.Stats().Changes
		history := len(x.Order(order).Body["History"].([]any))
		x.Settle()
		if got := x.Portal.Stats().Changes - changes; got != 0 {
			t.Errorf("the echo changed %d records of the portal", got)
		}
		if got := len(x.Order(order).Body["History"].([]any)); got != history {
			t.Errorf("the echo wrote into the order's history: %d lines, want %d", got, history)
		}
	})
}

func TestRowsAddedByHand_surviveAChangeOfItems(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Do("add_row", emulator.Args{"deal": deal, "row": map[string]any{"PRODUCT_NAME": "Выезд замерщика", "PRICE": 500, "QUANTITY": 1}})
		x.Settle()
		x.Call("PUT", fmt.Sprintf("/api/orders/%d/items", order), apptest.JSON{"Items": []apptest.JSON{
			{"Name": "Визитки", "Quantity": 300, "ItemPrice": "3.33"},
		}}).Want(t, http.StatusOK)
		x.Settle()
		// 999,00 − 50,50 + 300,25 = 1248,75, and 500,00 by hand.
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(deal), orders.Money(1748_75))
		_, record := x.Deal(order)
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, record["OPPORTUNITY"]), orders.Money(1248_75))
		var names []string
		for _, row := range x.Portal.Rows(deal) {
			names = append(names, row["PRODUCT_NAME"])
		}
		bitrix24test.Contains(t, "rows", fmt.Sprint(names), "Выезд замерщика", "Визитки", "Доставка")
	})
}
