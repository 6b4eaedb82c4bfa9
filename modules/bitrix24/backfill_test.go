package bitrix24_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

const backfillPage = "/admin/bitrix24/backfill"

// existing places orders of different customers before the portal is connected; one client was in the portal before.
func (x *exchange) existing(n int) (placed []int64) {
	x.t.Helper()
	for i := range n {
		placed = append(placed, x.place(func(d apptest.JSON) {
			d["Client"] = apptest.JSON{"FirstName": "Клиент", "LastName": fmt.Sprintf("№ %d", i), "Email": fmt.Sprintf("client%d@example.ru", i)}
		}))
	}
	return placed
}

// connect does what the administrator does first.
func (x *exchange) connect() {
	x.t.Helper()
	x.must(x.module.Connect(x.t.Context(), x.webhook(), portalToken))
	x.settle()
}

func TestBackfill_sendsWhatExistedBeforeTheConnectionOnce(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		placed := x.existing(23)
		x.setStatus(placed[0], orders.Delivered)
		x.connect()
		if got := len(x.state().Deals); got != 0 {
			t.Fatalf("%d deals before the export, want none", got)
		}
		admin := x.As(staff.Administrator)
		admin.Post(backfillPage, "what", "order", "what", "client", "deed", "start").Want(t, http.StatusSeeOther)
		x.settle()
		for _, order := range placed {
			id, deal := x.deal(order)
			equal(t, "amount", kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
			equal(t, "sum of rows", x.rowsSum(id), orders.Money(1149_75))
			if deal["CONTACT_ID"] == "" || deal["CONTACT_ID"] == "0" {
				t.Errorf("deal %d has no contact", id)
			}
		}
		_, first := x.deal(placed[0])
		equal(t, "stage of a delivered order", first["STAGE_ID"], "WON")
		if got := x.portal.Stats().Commands["crm.item.batchImport"]; got != 2 {
			t.Errorf("%d imports for 23 orders, want 2", got)
		}
		if got := len(x.state().Contacts); got != 23 {
			t.Errorf("%d contacts for 23 clients", got)
		}
		admin.Get(backfillPage).Want(t, http.StatusOK, "Завершена", "46")

		// Once more: nothing is made twice, nothing changes.
		changes := x.portal.Stats().Changes
		admin.Post(backfillPage, "what", "order", "what", "client", "deed", "start").Want(t, http.StatusSeeOther)
		x.settle()
		if got := x.portal.Stats().Changes - changes; got != 0 {
			t.Errorf("the second export changed %d records of the portal", got)
		}
		// A status changed afterwards moves the deal as any other.
		x.setStatus(placed[1], orders.WaitingForPayment)
		_, moved := x.deal(placed[1])
		equal(t, "stage", moved["STAGE_ID"], "PREPAYMENT_INVOICE")
	})
}

func TestBackfill_triedOutWritesNothing(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		placed := x.existing(3)
		x.do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Уже", "EMAIL": []map[string]any{{"VALUE": "client1@example.ru", "VALUE_TYPE": "HOME"}}}})
		x.connect()
		changes, journal := x.portal.Stats().Changes, x.count("bitrix24_journal")
		answer := x.As(staff.Administrator).Post(backfillPage, "what", "order", "what", "client", "deed", "try").
			Want(t, http.StatusOK, "Ничего не записано", "создать: 5", "связать: 1", "Найден контакт клиента", "1 149,75")
		for _, order := range placed {
			contains(t, "plan", answer.Text, fmt.Sprintf("Заказ № %d", order))
		}
		if got := x.portal.Stats().Changes - changes; got != 0 {
			t.Errorf("the trial changed %d records of the portal", got)
		}
		for table, want := range map[string]int64{"bitrix24_links": 0, "bitrix24_intents": 0, "bitrix24_backfills": 0, "bitrix24_journal": journal} {
			if got := x.count(table); got != want {
				t.Errorf("%s has %d rows after the trial, want %d", table, got, want)
			}
		}
	})
}

func TestBackfill_pausedAndResumedGoesOn(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		x.existing(5)
		x.connect()
		admin := x.As(staff.Administrator)
		admin.Post(backfillPage, "what", "order", "deed", "start").Want(t, http.StatusSeeOther)
		id := x.number("SELECT max(id) FROM bitrix24_backfills")
		admin.Post(fmt.Sprintf("%s/%d/pause", backfillPage, id)).Want(t, http.StatusSeeOther)
		x.settle()
		admin.Get(backfillPage).Want(t, http.StatusOK, "На паузе", "Продолжить")
		if got := len(x.state().Deals); got != 0 {
			t.Errorf("%d deals while the export pauses", got)
		}
		admin.Post(fmt.Sprintf("%s/%d/resume", backfillPage, id)).Want(t, http.StatusSeeOther)
		x.settle()
		if got := len(x.state().Deals); got != 5 {
			t.Errorf("%d deals after the pause, want 5", got)
		}
		admin.Get(backfillPage).Want(t, http.StatusOK, "Завершена")

		// Nothing is said to have happened to an export that is over, or that never was.
		admin.Post(fmt.Sprintf("%s/%d/pause", backfillPage, id)).Want(t, http.StatusConflict, "уже закончена")
		for _, deed := range []string{"pause", "resume", "stop", "retry"} {
			admin.Post(fmt.Sprintf("%s/%d/%s", backfillPage, id+1, deed)).Want(t, http.StatusNotFound, "Такой выгрузки нет")
		}
	})
}

func TestBackfill_lostAnswersMakeNoSecondDeal(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		placed := x.existing(7)
		x.connect()
		x.fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.batchImport", Count: 1})
		x.As(staff.Administrator).Post(backfillPage, "what", "order", "deed", "start").Want(t, http.StatusSeeOther)
		x.recover()
		for _, order := range placed {
			id, _ := x.deal(order)
			equal(t, "sum of rows", x.rowsSum(id), orders.Money(1149_75))
		}
		x.As(staff.Administrator).Get(backfillPage).Want(t, http.StatusOK, "Завершена")
	})
}

func TestBackfill_listsWhatFailedAndRetriesIt(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		x.existing(2)
		x.connect()
		x.portal.SetBehaviour(func(b *emulator.Behaviour) { b.CRMRights = false })
		admin := x.As(staff.Administrator)
		admin.Post(backfillPage, "what", "client", "deed", "start").Want(t, http.StatusSeeOther)
		x.settle()
		admin.Get(backfillPage).Want(t, http.StatusOK, "Не удалось выгрузить", "не хватает прав")
		x.portal.SetBehaviour(func(b *emulator.Behaviour) { b.CRMRights = true })
		id := x.number("SELECT max(id) FROM bitrix24_backfills")
		admin.Post(fmt.Sprintf("%s/%d/retry", backfillPage, id)).Want(t, http.StatusSeeOther)
		x.settle()
		if got := len(x.state().Contacts); got != 2 {
			t.Errorf("%d contacts after the second attempt, want 2", got)
		}
		admin.Get(backfillPage).Want(t, http.StatusOK, "Завершена")
	})
}

func TestBackfill_isForAdministrators(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.As(staff.Operator).Get(backfillPage).Want(t, http.StatusForbidden)
		x.As(staff.Operator).Post(backfillPage, "what", "order", "deed", "start").Want(t, http.StatusForbidden)
		x.As(staff.Administrator).Post(backfillPage, "what", "order", "from", "2026-02-30", "deed", "start").Want(t, http.StatusUnprocessableEntity, "Не похоже на дату")
		x.As(staff.Administrator).Post(backfillPage, "deed", "start").Want(t, http.StatusUnprocessableEntity, "Отметьте")
	}, func(a *arranged) { a.only = db.SQLite })
}

// count is how many rows a table has.
func (x *exchange) count(table string) int64 {
	x.t.Helper()
	return x.number("SELECT count(*) FROM " + table)
}

// number is what a query says.
func (x *exchange) number(query string) int64 {
	x.t.Helper()
	var n int64
	x.must(x.Host().DB.From(x.t.Context()).Raw(query).Scan(&n).Error)
	return n
}
