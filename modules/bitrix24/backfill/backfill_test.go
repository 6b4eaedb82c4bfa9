package backfill_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestBackfill_sendsWhatExistedBeforeTheConnectionOnce(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		placed := x.PlaceMany(23)
		x.SetStatus(placed[0], orders.Delivered)
		x.Connect()
		if got := len(x.State().Deals); got != 0 {
			t.Fatalf("%d deals before the export, want none", got)
		}
		admin := x.As(staff.Administrator)
		admin.Post(bitrix24test.BackfillPage, "what", "order", "what", "client", "action", "start").Want(t, http.StatusSeeOther)
		x.Settle()
		for _, order := range placed {
			id, deal := x.Deal(order)
			bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
			bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
			if deal["CONTACT_ID"] == "" || deal["CONTACT_ID"] == "0" {
				t.Errorf("deal %d has no contact", id)
			}
		}
		_, first := x.Deal(placed[0])
		bitrix24test.Equal(t, "stage of a delivered order", first["STAGE_ID"], "WON")
		if got := x.Portal.Stats().Commands["crm.item.batchImport"]; got != 2 {
			t.Errorf("%d imports for 23 orders, want 2", got)
		}
		if got := len(x.State().Contacts); got != 23 {
			t.Errorf("%d contacts for 23 clients", got)
		}
		admin.Get(bitrix24test.BackfillPage).Want(t, http.StatusOK, "Завершена", "46")

		// Once more: nothing is made twice, nothing changes.
		changes := x.Portal.Stats().Changes
		admin.Post(bitrix24test.BackfillPage, "what", "order", "what", "client", "action", "start").Want(t, http.StatusSeeOther)
		x.Settle()
		if got := x.Portal.Stats().Changes - changes; got != 0 {
			t.Errorf("the second export changed %d records of the portal", got)
		}
		// A status changed afterwards moves the deal as any other.
		x.SetStatus(placed[1], orders.WaitingForPayment)
		_, moved := x.Deal(placed[1])
		bitrix24test.Equal(t, "stage", moved["STAGE_ID"], "PREPAYMENT_INVOICE")
	}, bitrix24test.Unconnected)
}

func TestBackfill_triedOutWritesNothing(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		placed := x.PlaceMany(3)
		x.Do("create_contact", emulator.Args{"fields": map[string]any{
			"NAME": "Уже", "EMAIL": []map[string]any{{"VALUE": "client1@example.ru", "VALUE_TYPE": "HOME"}},
		}})
		x.Connect()
		changes, journal := x.Portal.Stats().Changes, x.Count("bitrix24_journal")
		answer := x.As(staff.Administrator).Post(bitrix24test.BackfillPage, "what", "order", "what", "client", "action", "try").
			Want(t, http.StatusOK, "Ничего не записано", "создать: 5", "связать: 1", "Найден контакт клиента", "1 149,75")
		for _, order := range placed {
			bitrix24test.Contains(t, "plan", answer.Text, fmt.Sprintf("Заказ № %d", order))
		}
		if got := x.Portal.Stats().Changes - changes; got != 0 {
			t.Errorf("the trial changed %d records of the portal", got)
		}
		for table, want := range map[string]int64{
			"bitrix24_links": 0, "bitrix24_intents": 0, "bitrix24_backfills": 0, "bitrix24_journal": journal,
		} {
			if got := x.Count(table); got != want {
				t.Errorf("%s has %d rows after the trial, want %d", table, got, want)
			}
		}
	}, bitrix24test.Unconnected)
}

func TestBackfill_pausedAndResumedGoesOn(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.PlaceMany(5)
		x.Connect()
		admin := x.As(staff.Administrator)
		admin.Post(bitrix24test.BackfillPage, "what", "order", "action", "start").Want(t, http.StatusSeeOther)
		id := x.Number("SELECT max(id) FROM bitrix24_backfills")
		admin.Post(fmt.Sprintf("%s/%d/pause", bitrix24test.BackfillPage, id)).Want(t, http.StatusSeeOther)
		x.Settle()
		admin.Get(bitrix24test.BackfillPage).Want(t, http.StatusOK, "На паузе", "Продолжить")
		if got := len(x.State().Deals); got != 0 {
			t.Errorf("%d deals while the export pauses", got)
		}
		admin.Post(fmt.Sprintf("%s/%d/resume", bitrix24test.BackfillPage, id)).Want(t, http.StatusSeeOther)
		x.Settle()
		if got := len(x.State().Deals); got != 5 {
			t.Errorf("%d deals after the pause, want 5", got)
		}
		admin.Get(bitrix24test.BackfillPage).Want(t, http.StatusOK, "Завершена")

		// Nothing is said to have happened to an export that is over, or that never was.
		admin.Post(fmt.Sprintf("%s/%d/pause", bitrix24test.BackfillPage, id)).Want(t, http.StatusConflict, "уже закончена")
		for _, deed := range []string{"pause", "resume", "stop", "retry"} {
			admin.Post(fmt.Sprintf("%s/%d/%s", bitrix24test.BackfillPage, id+1, deed)).Want(t, http.StatusNotFound, "Такой выгрузки нет")
		}
	}, bitrix24test.Unconnected)
}

func TestBackfill_lostAnswersMakeNoSecondDeal(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		placed := x.PlaceMany(7)
		x.Connect()
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.batchImport", Count: 1})
		x.As(staff.Administrator).Post(bitrix24test.BackfillPage, "what", "order", "action", "start").Want(t, http.StatusSeeOther)
		x.Recover()
		for _, order := range placed {
			id, _ := x.Deal(order)
			bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
		}
		x.As(staff.Administrator).Get(bitrix24test.BackfillPage).Want(t, http.StatusOK, "Завершена")
	}, bitrix24test.Unconnected)
}

func TestBackfill_listsWhatFailedAndRetriesIt(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.PlaceMany(2)
		x.Connect()
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.CRMRights = false })
		admin := x.As(staff.Administrator)
		admin.Post(bitrix24test.BackfillPage, "what", "client", "action", "start").Want(t, http.StatusSeeOther)
		x.Settle()
		admin.Get(bitrix24test.BackfillPage).Want(t, http.StatusOK, "Не удалось выгрузить", "не хватает прав")
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.CRMRights = true })
		id := x.Number("SELECT max(id) FROM bitrix24_backfills")
		admin.Post(fmt.Sprintf("%s/%d/retry", bitrix24test.BackfillPage, id)).Want(t, http.StatusSeeOther)
		x.Settle()
		if got := len(x.State().Contacts); got != 2 {
			t.Errorf("%d contacts after the second attempt, want 2", got)
		}
		admin.Get(bitrix24test.BackfillPage).Want(t, http.StatusOK, "Завершена")
	}, bitrix24test.Unconnected)
}

func TestBackfill_isForAdministrators(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.As(staff.Operator).Get(bitrix24test.BackfillPage).Want(t, http.StatusForbidden)
		x.As(staff.Operator).Post(bitrix24test.BackfillPage, "what", "order", "action", "start").Want(t, http.StatusForbidden)
		x.As(staff.Administrator).Post(bitrix24test.BackfillPage, "what", "order", "from", "2026-02-30", "action", "start").
			Want(t, http.StatusUnprocessableEntity, "Не похоже на дату")
		x.As(staff.Administrator).Post(bitrix24test.BackfillPage, "action", "start").Want(t, http.StatusUnprocessableEntity, "Отметьте")
	})
}

// A form that was open while the panel was updated names its buttons otherwise: its trial must not begin an export.
func TestBackfill_anUnknownButtonBeginsNothing(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.As(staff.Administrator).Post(bitrix24test.BackfillPage, "what", "order", "deed", "try").
			Want(t, http.StatusUnprocessableEntity, "Откройте страницу заново")
		bitrix24test.Equal(t, "exports", x.Number("SELECT count(*) FROM bitrix24_backfills"), 0)
	})
}
