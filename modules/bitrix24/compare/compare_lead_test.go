package compare_test

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

// mend presses «Передать в Битрикс24» of one order of the last comparison; without an order, of all of them.
func mend(x *bitrix24test.Pair, order ...int64) {
	x.T.Helper()
	form := []string{}
	for _, id := range order {
		form = append(form, "order", fmt.Sprint(id))
	}
	id := x.Number("SELECT max(id) FROM bitrix24_comparisons")
	x.As(staff.Administrator).Post(fmt.Sprintf("%s/%d/mend", bitrix24test.ComparePage, id), form...).Want(x.T, http.StatusSeeOther)
	x.Settle()
}

func TestComparison_ofOrdersInLeads(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		gone := x.Place() // in the lead of the client, the others in leads of their own
		client := int64(x.Order(gone).Number("UserId"))
		same, changed, rejected := x.Place(bitrix24test.By(client)), x.Place(bitrix24test.By(client)), x.Place(bitrix24test.By(client))
		ignored := x.Place(bitrix24test.By(client))
		x.Settle()
		x.Press(ignored, "ignore")
		x.Compare()
		bitrix24test.Equal(t, "before", x.LastComparison(), "4 0 0 0")
		compared(x, t, 5)

		number := func(key string) int64 { id, _ := x.Lead(key, 5); return id }
		lead := number(bitrix24test.OrderLead(changed))
		dropped, junk := number(bitrix24test.ClientLead(client)), number(bitrix24test.OrderLead(rejected))
		x.WithoutEvents(func() {
			x.Do("edit_lead", emulator.Args{
				"id":     lead,
				"fields": map[string]any{"OPPORTUNITY": 5, "COMMENTS": "стёрто", "UF_CRM_PIXLPARK_DELIVERY_ID": "другая"},
			})
			x.Do("delete_lead", emulator.Args{"id": dropped})
			x.Do("reject_lead", emulator.Args{"id": junk})
		})
		x.Compare()
		bitrix24test.Equal(t, "after", x.LastComparison(), "1 2 0 1")
		compared(x, t, 5)
		admin := x.As(staff.Administrator)
		admin.Get(bitrix24test.ComparePage).Want(t, http.StatusOK, "Сумма", "1 149,75 руб.", "5,00 руб.", "Комментарий", "стёрто", "другая", fmt.Sprintf("лид %d", lead),
			fmt.Sprintf("%s/crm/lead/details/%d/", x.PortalURL, lead), "удалена там", "лид отклонён", "Передать в Битрикс24 все (2)", "Не передаются")
		admin.Get(bitrix24test.ComparePage+"?result=different").
			Want(t, http.StatusOK, fmt.Sprintf("№ %d", changed), fmt.Sprintf("№ %d", rejected)).
			Lacks(t, fmt.Sprintf("№ %d", gone), fmt.Sprintf("№ %d", same))

		mend(x, changed)
		_, record := x.Lead(bitrix24test.OrderLead(changed), 4)
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, fmt.Sprint(record["OPPORTUNITY"])), orders.Money(1149_75))
		bitrix24test.Contains(t, "comment", fmt.Sprint(record["COMMENTS"]), "[URL="+x.URL+bitrix24test.Page(changed)+"]")
		mend(x)
		x.Lead(bitrix24test.ClientLead(client), 5) // he has one again, with the order
		x.Compare()
		bitrix24test.Equal(t, "in the end", x.LastComparison(), "3 1 0 0")
	}, bitrix24test.WithLeads)
}

// compared checks that the progress of the last comparison has come to all the orders of the period.
func compared(x *bitrix24test.Pair, t *testing.T, want int64) {
	t.Helper()
	for _, what := range []string{"total", "same + different + missing + gone + left_out"} {
		bitrix24test.Equal(t, what, x.Number("SELECT "+what+" FROM bitrix24_comparisons ORDER BY id DESC LIMIT 1"), want)
	}
}

func TestComparison_ofALeadsRows(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.WithoutEvents(func() {
			x.Do("set_rows", emulator.Args{"lead": lead, "rows": []map[string]any{{"PRODUCT_NAME": "Чужой товар", "PRICE": 1, "QUANTITY": 1}}})
		})
		x.Compare()
		bitrix24test.Equal(t, "after", x.LastComparison(), "0 1 0 0")
		x.As(staff.Administrator).Get(bitrix24test.ComparePage).Want(t, http.StatusOK, "Товары", "нет строки")
		mend(x)
		bitrix24test.Equal(t, "sum of rows with the one added by hand", x.LeadSum(lead), orders.Money(1150_75))
		x.Compare()
		bitrix24test.Equal(t, "in the end", x.LastComparison(), "1 0 0 0")
	}, bitrix24test.WithLeads)
}

func TestComparison_whatBecameOfALeadUnnoticed(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.WithoutEvents(func() { x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true}) })
		x.Compare()
		bitrix24test.Equal(t, "converted", x.LastComparison(), "0 1 0 0")
		x.As(staff.Administrator).Get(bitrix24test.ComparePage).Want(t, http.StatusOK, "в работе", "переведён в качественный")
		mend(x)
		x.Deal(order)
		x.Compare()
		bitrix24test.Equal(t, "in the end", x.LastComparison(), "1 0 0 0")
	}, bitrix24test.WithLeads)
}

func TestComparison_aRejectedLeadOfACancelledOrderIsInOrder(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.Do("reject_lead", emulator.Args{"id": lead})
		x.SetStatus(order, orders.Cancelled)
		x.Settle()
		x.Compare()
		bitrix24test.Equal(t, "found", x.LastComparison(), "1 0 0 0")
	}, bitrix24test.WithLeads)
}

// What changed in an order while its lead was rejected follows when the lead is taken up again.
func TestLeadTakenUpAgain_getsWhatChangedMeanwhile(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.Do("reject_lead", emulator.Args{"id": lead})
		x.Settle()
		x.Call(
			"PUT", fmt.Sprintf("/api/orders/%d/items", order),
			[]apptest.JSON{{"Name": "Фотопостер (30x40 см)", "Quantity": 2, "ItemPrice": "810.00"}},
		).
			Want(t, http.StatusOK)
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": "Марья"}).Want(t, http.StatusOK)
		x.Settle()
		x.Do("edit_lead", emulator.Args{"id": lead, "fields": map[string]any{"STATUS_ID": "IN_PROCESS"}})
		x.Settle()
		_, record := x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, fmt.Sprint(record["OPPORTUNITY"])), orders.Money(1869_75))
		bitrix24test.Equal(t, "sum of rows", x.LeadSum(lead), orders.Money(1869_75))
		bitrix24test.Equal(t, "name", record["NAME"], "Марья")
	}, bitrix24test.WithLeads)
}
