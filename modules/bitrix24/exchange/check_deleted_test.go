package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

const vanishedPage = "/admin/bitrix24/vanished"

// checkDeleted has the daily look at all known records happen now.
func checkDeleted(x *bitrix24test.Pair) {
	x.T.Helper()
	database := x.Host().DB.From(x.T.Context())
	x.Must(database.Exec(
		"UPDATE jobs SET run_at = ? WHERE state = 'waiting' AND kind = 'bitrix24_bulk.check_deleted'",
		bitrix24test.Now(),
	).Error)
	x.Settle()
}

func TestDeletion_thatNoEventToldIsFoundByTheDailyCheck(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, record := x.Deal(order)
		x.Settle()
		x.Fail(emulator.Fault{Fault: "drop_events"})
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Do("delete_contact", emulator.Args{"id": bitrix24test.Number(t, record["CONTACT_ID"])})
		x.Settle()
		checkDeleted(x)
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24")
		x.JournalHas("Контакт удалён в Битрикс24", 1)
		if got := x.Number("SELECT caught FROM bitrix24_portals"); got != 2 {
			t.Errorf("caught %d, want 2", got)
		}
	})
}

func TestManyDeletions_atOnceWaitForAPerson(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		placed := x.PlaceMany(12)
		x.Settle()
		x.Fail(emulator.Fault{Fault: "drop_events"})
		for _, order := range placed {
			deal, _ := x.Deal(order)
			x.Do("delete_deal", emulator.Args{"id": deal})
		}
		checkDeleted(x)
		admin := x.As(staff.Administrator)
		admin.Get("/admin/orders").Want(t, http.StatusOK, "разом исчезли записи: 12")
		if got := x.Number("SELECT count(*) FROM bitrix24_links WHERE state = 'deleted'"); got != 0 {
			t.Fatalf("%d links dropped before anybody has decided", got)
		}
		admin.Post(vanishedPage+"/declined").Want(t, http.StatusSeeOther)
		checkDeleted(x)
		admin.Get("/admin/orders").Want(t, http.StatusOK).Lacks(t, "разом исчезли")
		if got := x.Number("SELECT count(*) FROM bitrix24_links WHERE state = 'deleted'"); got != 0 {
			t.Fatalf("%d links dropped though a person said no", got)
		}
		x.Must(x.Host().DB.From(t.Context()).Exec("DELETE FROM bitrix24_vanished").Error)
		checkDeleted(x)
		admin.Get(vanishedPage).Want(t, http.StatusOK, fmt.Sprintf("Заказ № %d", placed[0]))
		admin.Post(vanishedPage+"/confirmed").Want(t, http.StatusSeeOther)
		x.Settle()
		if got := x.Number("SELECT count(*) FROM bitrix24_links WHERE state = 'deleted'"); got != 12 {
			t.Errorf("%d links dropped, want 12", got)
		}
		if got := len(x.State().Deals); got != 0 {
			t.Errorf("%d deals were made anew unasked", got)
		}
	})
}

func TestManyDeletions_toldByEventsTogetherWaitToo(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		placed := x.PlaceMany(12)
		x.Settle()
		for _, order := range placed {
			deal, _ := x.Deal(order)
			x.Do("delete_deal", emulator.Args{"id": deal})
		}
		x.Settle()
		x.As(staff.Administrator).Get("/admin/orders").Want(t, http.StatusOK, "разом исчезли записи: 12")
	})
}

func TestManyLeadDeletions_toldByEventsTogetherWaitToo(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.PlaceMany(12)
		x.Settle()
		for _, lead := range x.Portal.IDs("lead") {
			x.Do("delete_lead", emulator.Args{"id": lead})
		}
		x.Settle()
		x.As(staff.Administrator).Get("/admin/orders").Want(t, http.StatusOK, "разом исчезли записи: 12")
		if got := x.Number("SELECT count(*) FROM bitrix24_links WHERE state = 'deleted'"); got != 0 {
			t.Errorf("%d orders without a lead before anybody has decided", got)
		}
	}, bitrix24test.WithLeads)
}

func TestRestoredDeal_isAdoptedAgain(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24")
		x.Do("restore_deal", emulator.Args{"id": deal})
		x.Reconcile()
		again, _ := x.Deal(order)
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "отправлен", fmt.Sprintf("/crm/deal/details/%d/", again))
		x.SetStatus(order, orders.WaitingForPayment)
		_, record := x.Deal(order)
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "PREPAYMENT_INVOICE")
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(again), orders.Money(1149_75))
		if rows := x.Portal.Rows(again); len(rows) != 3 {
			t.Errorf("%d rows, want 3", len(rows))
		}
	})
}

func TestMergedContacts_theLinkMovesToTheOneThatIsLeft(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		_, record := x.Deal(order)
		old := bitrix24test.Number(t, record["CONTACT_ID"])
		made := x.Do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Мария", "LAST_NAME": "Соколова"}})
		x.Settle()
		x.Do("merge_contacts", emulator.Args{"keep": made["id"], "drop": old})
		x.Settle()
		client := int64(x.Order(order).Number("UserId"))
		second := x.Place(bitrix24test.By(client))
		x.Settle()
		_, deal := x.Deal(second)
		bitrix24test.Equal(t, "contact of the next deal", deal["CONTACT_ID"], made["id"])
		if got := len(x.State().Contacts); got != 1 {
			t.Errorf("%d contacts, want the one that is left", got)
		}
	})
}

func TestDealUpdatedAfterItWasDeletedUnnoticed_isNotedAsDeleted(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		id, _ := x.Deal(order)
		x.Settle()
		x.Fail(emulator.Fault{Fault: "drop_events"})
		x.Do("delete_deal", emulator.Args{"id": id})
		x.ChangeOrder(order, func(o *orders.Order) { o.DeliveryPrice = 0 })
		x.Settle()
		x.Hurry()
		x.Settle()
		x.AtRest()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24")
	})
}
