package bitrix24_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

const comparePage = "/admin/bitrix24/compare"

// compare has the orders of all days compared with their deals.
func (x *exchange) compare() {
	x.t.Helper()
	x.As(staff.Administrator).Post(comparePage, "from", "2020-01-01", "to", "2099-01-01").Want(x.t, http.StatusSeeOther)
	x.Drain()
}

// found is what the last comparison counted: the same, different, missing, gone.
func (x *exchange) found() string {
	x.t.Helper()
	n := func(column string) int64 {
		return x.number("SELECT " + column + " FROM bitrix24_comparisons ORDER BY id DESC LIMIT 1")
	}
	return fmt.Sprint(n("same"), n("different"), n("missing"), n("gone"))
}

func TestComparison_showsWhatDiffersAndMendsIt(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		missing := x.existing(1)[0]
		x.connect()
		same, changed, rows, gone := x.place(), x.place(), x.place(), x.place()
		x.settle()
		x.compare()
		equal(t, "before", x.found(), "4 0 1 0")

		x.fail(emulator.Fault{Fault: "drop_events"})
		deal, _ := x.deal(changed)
		x.do("edit_deal", emulator.Args{"id": deal, "fields": map[string]any{"OPPORTUNITY": 5, "STAGE_ID": "EXECUTING", "CONTACT_ID": 0, "UF_CRM_PIXLPARK_DELIVERY_ID": "другая"}})
		deal, _ = x.deal(rows)
		x.do("set_rows", emulator.Args{"deal": deal, "rows": []map[string]any{{"PRODUCT_NAME": "Чужой товар", "PRICE": 1, "QUANTITY": 1}}})
		deal, _ = x.deal(gone)
		x.do("delete_deal", emulator.Args{"id": deal})
		x.settle()
		x.compare()
		equal(t, "after", x.found(), "1 2 1 1")
		admin := x.As(staff.Administrator)
		admin.Get(comparePage).Want(t, http.StatusOK, "Сумма", "1 149,75 руб.", "5,00 руб.", "Статус и стадия", "В работе", "Контакт", "другая",
			"Товары", "нет строки", "нет в Битрикс24", "удалена там", fmt.Sprintf("№ %d", missing))
		admin.Get(comparePage+"?result=gone").Want(t, http.StatusOK, fmt.Sprintf("№ %d", gone)).Lacks(t, fmt.Sprintf("№ %d", changed))

		// One by its button, then all of them.
		id := x.number("SELECT max(id) FROM bitrix24_comparisons")
		admin.Post(fmt.Sprintf("%s/%d/mend", comparePage, id), "order", fmt.Sprint(changed)).Want(t, http.StatusSeeOther)
		x.settle()
		_, record := x.deal(changed)
		equal(t, "amount", kopecks(t, record["OPPORTUNITY"]), orders.Money(1149_75))
		equal(t, "stage", record["STAGE_ID"], "NEW")
		equal(t, "status", x.order(changed).Value("Status"), orders.Placed)
		admin.Post(fmt.Sprintf("%s/%d/mend", comparePage, id)).Want(t, http.StatusSeeOther)
		x.settle()
		x.compare()
		admin.Post(fmt.Sprintf("%s/%d/mend", comparePage, id)).Want(t, http.StatusSeeOther)
		admin.Get(comparePage).Want(t, http.StatusOK, "Передавать нечего")
		equal(t, "in the end", x.found(), "5 0 0 0")
		for _, order := range []int64{missing, same, changed, rows, gone} {
			x.deal(order)
		}
		deal, _ = x.deal(rows)
		equal(t, "sum of rows with the one added by hand", x.rowsSum(deal), orders.Money(1150_75))
	})
}

func TestComparison_readsManyOrdersInFewRequests(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.fail(emulator.Fault{Fault: "drop_events"})
		for range 119 {
			x.place(by(client))
		}
		x.Drain()
		got := x.requests(x.compare)
		equal(t, "found", x.found(), "120 0 0 0")
		// Two pages: deals in one request each, rows of fifty deals in one.
		if got != 5 {
			t.Errorf("comparing 120 orders took %d requests, want 5", got)
		}
	}, func(a *arranged) { a.options.AwaitSite, a.only = 0, "sqlite" })
}

func TestComparison_refusesAPeriodWithoutEnds(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		admin := x.As(staff.Administrator)
		admin.Post(comparePage, "from", "2026-01-01").Want(t, http.StatusUnprocessableEntity, "начало и конец")
		admin.Post(comparePage, "from", "2026-02-01", "to", "2026-01-01").Want(t, http.StatusUnprocessableEntity, "раньше")
		x.As(staff.Operator).Get(comparePage).Want(t, http.StatusForbidden)
	}, func(a *arranged) { a.only = "sqlite" })
}

func TestComparison_sendsNothingOfWhatIsNotThere(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		missing := x.existing(1)[0]
		x.connect()
		admin := x.As(staff.Administrator)
		admin.Post(comparePage+"/1/mend").Want(t, http.StatusNotFound, "Такой сверки нет")
		admin.Post(comparePage+"/1/mend", "order", fmt.Sprint(missing)).Want(t, http.StatusNotFound, "Такой сверки нет")
		admin.Post(comparePage+"/x/mend").Want(t, http.StatusNotFound, "Такой сверки нет")
		x.compare()
		for _, typed := range []string{"x", "0", "-1", "3284999", "99999999999999999999"} { // none of them means all
			admin.Post(comparePage+"/1/mend", "order", typed).Want(t, http.StatusNotFound, "Такого заказа в сверке нет")
		}
		x.Drain()
		equal(t, "deals", len(x.state().Deals), 0)
		admin.Post(comparePage+"/1/mend", "order", fmt.Sprint(missing)).Want(t, http.StatusSeeOther)
		admin.Post(comparePage+"/1/mend", "order", fmt.Sprint(missing)).Want(t, http.StatusSeeOther)
		admin.Get(comparePage).Want(t, http.StatusOK, "уже передан")
		x.settle()
		x.deal(missing)
	}, func(a *arranged) { a.only = "sqlite" })
}
