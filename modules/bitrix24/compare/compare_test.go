package compare_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestComparison_showsWhatDiffersAndMendsIt(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		missing := x.PlaceMany(1)[0]
		x.Connect()
		same, changed, rows, gone := x.Place(), x.Place(), x.Place(), x.Place()
		x.Settle()
		x.Compare()
		bitrix24test.Equal(t, "before", x.LastComparison(), "4 0 1 0")

		x.Fail(emulator.Fault{Fault: "drop_events"})
		deal, _ := x.Deal(changed)
		x.Do("edit_deal", emulator.Args{"id": deal, "fields": map[string]any{
			"OPPORTUNITY": 5, "STAGE_ID": "EXECUTING", "CONTACT_ID": 0, "UF_CRM_PIXLPARK_DELIVERY_ID": "другая",
		}})
		deal, _ = x.Deal(rows)
		x.Do("set_rows", emulator.Args{"deal": deal, "rows": []map[string]any{{"PRODUCT_NAME": "Чужой товар", "PRICE": 1, "QUANTITY": 1}}})
		deal, _ = x.Deal(gone)
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		x.Compare()
		bitrix24test.Equal(t, "after", x.LastComparison(), "1 2 1 1")
		admin := x.As(staff.Administrator)
		admin.Get(bitrix24test.ComparePage).
			Want(t, http.StatusOK, "Сумма", "1 149,75 руб.", "5,00 руб.", "Статус и стадия", "В работе", "Контакт", "другая",
				"Товары", "нет строки", "нет в Битрикс24", "удалена там", fmt.Sprintf("№ %d", missing))
		admin.Get(bitrix24test.ComparePage+"?result=gone").
			Want(t, http.StatusOK, fmt.Sprintf("№ %d", gone)).Lacks(t, fmt.Sprintf("№ %d", changed))

		// One by its button, then all of them.
		id := x.Number("SELECT max(id) FROM bitrix24_comparisons")
		admin.Post(fmt.Sprintf("%s/%d/mend", bitrix24test.ComparePage, id), "order", fmt.Sprint(changed)).Want(t, http.StatusSeeOther)
		x.Settle()
		_, record := x.Deal(changed)
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, record["OPPORTUNITY"]), orders.Money(1149_75))
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "NEW")
		bitrix24test.Equal(t, "status", x.Order(changed).Value("Status"), orders.Placed)
		admin.Post(fmt.Sprintf("%s/%d/mend", bitrix24test.ComparePage, id)).Want(t, http.StatusSeeOther)
		x.Settle()
		x.Compare()
		admin.Post(fmt.Sprintf("%s/%d/mend", bitrix24test.ComparePage, id)).Want(t, http.StatusSeeOther)
		admin.Get(bitrix24test.ComparePage).Want(t, http.StatusOK, "Передавать нечего")
		bitrix24test.Equal(t, "in the end", x.LastComparison(), "5 0 0 0")
		for _, order := range []int64{missing, same, changed, rows, gone} {
			x.Deal(order)
		}
		deal, _ = x.Deal(rows)
		bitrix24test.Equal(t, "sum of rows with the one added by hand", x.RowsSum(deal), orders.Money(1150_75))
	}, bitrix24test.Unconnected)
}

func TestComparison_readsManyOrdersInFewRequests(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Fail(emulator.Fault{Fault: "drop_events"})
		for range 119 {
			x.Place(bitrix24test.By(client))
		}
		x.Drain()
		got := x.Requests(x.Compare)
		bitrix24test.Equal(t, "found", x.LastComparison(), "120 0 0 0")
		// Two pages: deals and rows of a hundred orders in three requests, those of twenty in one.
		if got != 4 {
			t.Errorf("comparing 120 orders took %d requests, want 4", got)
		}
	}, func(s *bitrix24test.Setup) { s.Options.AwaitSite, s.Only = 0, "sqlite" })
}

func TestComparison_refusesAPeriodWithoutEnds(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		admin := x.As(staff.Administrator)
		admin.Post(bitrix24test.ComparePage, "from", "2026-01-01").Want(t, http.StatusUnprocessableEntity, "начало и конец")
		admin.Post(bitrix24test.ComparePage, "from", "2026-02-01", "to", "2026-01-01").Want(t, http.StatusUnprocessableEntity, "раньше")
		x.As(staff.Operator).Get(bitrix24test.ComparePage).Want(t, http.StatusForbidden)
	})
}

func TestComparison_sendsNothingOfWhatIsNotThere(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		missing := x.PlaceMany(1)[0]
		x.Connect()
		admin := x.As(staff.Administrator)
		admin.Post(bitrix24test.ComparePage+"/1/mend").Want(t, http.StatusNotFound, "Такой сверки нет")
		admin.Post(bitrix24test.ComparePage+"/1/mend", "order", fmt.Sprint(missing)).Want(t, http.StatusNotFound, "Такой сверки нет")
		admin.Post(bitrix24test.ComparePage+"/x/mend").Want(t, http.StatusNotFound, "Такой сверки нет")
		x.Compare()
		for _, typed := range []string{"x", "0", "-1", "3284999", "99999999999999999999"} { // none of them means all
			admin.Post(bitrix24test.ComparePage+"/1/mend", "order", typed).Want(t, http.StatusNotFound, "Такого заказа в сверке нет")
		}
		x.Drain()
		bitrix24test.Equal(t, "deals", len(x.State().Deals), 0)
		admin.Post(bitrix24test.ComparePage+"/1/mend", "order", fmt.Sprint(missing)).Want(t, http.StatusSeeOther)
		admin.Post(bitrix24test.ComparePage+"/1/mend", "order", fmt.Sprint(missing)).Want(t, http.StatusSeeOther)
		admin.Get(bitrix24test.ComparePage).Want(t, http.StatusOK, "уже передан")
		x.Settle()
		x.Deal(missing)
	}, bitrix24test.Unconnected)
}
