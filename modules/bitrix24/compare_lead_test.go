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

// mend presses «Передать в Битрикс24» of one order of the last comparison; without an order, of all of them.
func (x *exchange) mend(order ...int64) {
	x.t.Helper()
	form := []string{}
	for _, id := range order {
		form = append(form, "order", fmt.Sprint(id))
	}
	id := x.number("SELECT max(id) FROM bitrix24_comparisons")
	x.As(staff.Administrator).Post(fmt.Sprintf("%s/%d/mend", comparePage, id), form...).Want(x.t, http.StatusSeeOther)
	x.settle()
}

// unheard does what people would do in the portal, and no event tells of it.
func (x *exchange) unheard(deeds func()) {
	x.t.Helper()
	x.fail(emulator.Fault{Fault: "drop_events"})
	deeds()
	x.settle()
	x.fail(emulator.Fault{Fault: "none"})
}

func TestComparison_ofOrdersInLeads(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		gone := x.place() // in the lead of the client, the others in leads of their own
		client := int64(x.order(gone).Number("UserId"))
		same, changed, rejected := x.place(by(client)), x.place(by(client)), x.place(by(client))
		ignored := x.place(by(client))
		x.settle()
		x.press(ignored, "ignore")
		x.compare()
		equal(t, "before", x.found(), "4 0 0 0")
		x.compared(t, 5)

		number := func(key string) int64 { id, _ := x.lead(key, 5); return id }
		lead := number(orderLead(changed))
		dropped, junk := number(clientLead(client)), number(orderLead(rejected))
		x.unheard(func() {
			x.do("edit_lead", emulator.Args{"id": lead, "fields": map[string]any{"OPPORTUNITY": 5, "COMMENTS": "стёрто", "UF_CRM_PIXLPARK_DELIVERY_ID": "другая"}})
			x.do("delete_lead", emulator.Args{"id": dropped})
			x.do("reject_lead", emulator.Args{"id": junk})
		})
		x.compare()
		equal(t, "after", x.found(), "1 2 0 1")
		x.compared(t, 5)
		admin := x.As(staff.Administrator)
		admin.Get(comparePage).Want(t, http.StatusOK, "Сумма", "1 149,75 руб.", "5,00 руб.", "Комментарий", "стёрто", "другая", fmt.Sprintf("лид %d", lead),
			fmt.Sprintf("%s/crm/lead/details/%d/", x.portalURL, lead), "удалена там", "лид отклонён", "Передать в Битрикс24 все (2)", "Не передаются")
		admin.Get(comparePage+"?result=different").Want(t, http.StatusOK, fmt.Sprintf("№ %d", changed), fmt.Sprintf("№ %d", rejected)).
			Lacks(t, fmt.Sprintf("№ %d", gone), fmt.Sprintf("№ %d", same))

		x.mend(changed)
		_, record := x.lead(orderLead(changed), 4)
		equal(t, "amount", kopecks(t, fmt.Sprint(record["OPPORTUNITY"])), orders.Money(1149_75))
		contains(t, "comment", fmt.Sprint(record["COMMENTS"]), "[URL="+x.URL+page(changed)+"]")
		x.mend()
		x.lead(clientLead(client), 5) // he has one again, with the order
		x.compare()
		equal(t, "in the end", x.found(), "3 1 0 0")
	})
}

// compared checks that the progress of the last comparison has come to all the orders of the period.
func (x *exchange) compared(t *testing.T, want int64) {
	t.Helper()
	for _, what := range []string{"total", "same + different + missing + gone + left_out"} {
		equal(t, what, x.number("SELECT "+what+" FROM bitrix24_comparisons ORDER BY id DESC LIMIT 1"), want)
	}
}

func TestComparison_ofALeadsRows(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		x.unheard(func() {
			x.do("set_rows", emulator.Args{"lead": lead, "rows": []map[string]any{{"PRODUCT_NAME": "Чужой товар", "PRICE": 1, "QUANTITY": 1}}})
		})
		x.compare()
		equal(t, "after", x.found(), "0 1 0 0")
		x.As(staff.Administrator).Get(comparePage).Want(t, http.StatusOK, "Товары", "нет строки")
		x.mend()
		equal(t, "sum of rows with the one added by hand", x.leadSum(lead), orders.Money(1150_75))
		x.compare()
		equal(t, "in the end", x.found(), "1 0 0 0")
	})
}

func TestComparison_whatBecameOfALeadUnnoticed(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		x.unheard(func() { x.do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true}) })
		x.compare()
		equal(t, "converted", x.found(), "0 1 0 0")
		x.As(staff.Administrator).Get(comparePage).Want(t, http.StatusOK, "в работе", "переведён в качественный")
		x.mend()
		x.deal(order)
		x.compare()
		equal(t, "in the end", x.found(), "1 0 0 0")
	})
}

func TestComparison_aRejectedLeadOfACancelledOrderIsInOrder(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		x.do("reject_lead", emulator.Args{"id": lead})
		x.setStatus(order, orders.Cancelled)
		x.settle()
		x.compare()
		equal(t, "found", x.found(), "1 0 0 0")
	})
}

// What changed in an order while its lead was rejected follows when the lead is taken up again.
func TestLeadTakenUpAgain_getsWhatChangedMeanwhile(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		x.do("reject_lead", emulator.Args{"id": lead})
		x.settle()
		x.Call("PUT", fmt.Sprintf("/api/orders/%d/items", order), []apptest.JSON{{"Name": "Фотопостер (30x40 см)", "Quantity": 2, "ItemPrice": "810.00"}}).
			Want(t, http.StatusOK)
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": "Марья"}).Want(t, http.StatusOK)
		x.settle()
		x.do("edit_lead", emulator.Args{"id": lead, "fields": map[string]any{"STATUS_ID": "IN_PROCESS"}})
		x.settle()
		_, record := x.lead(clientLead(client), 1)
		equal(t, "amount", kopecks(t, fmt.Sprint(record["OPPORTUNITY"])), orders.Money(1869_75))
		equal(t, "sum of rows", x.leadSum(lead), orders.Money(1869_75))
		equal(t, "name", record["NAME"], "Марья")
	})
}
