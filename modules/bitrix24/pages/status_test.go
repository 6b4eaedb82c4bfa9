package pages_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/app/tariff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

var bigNumber = regexp.MustCompile(`<div class="stat"><b>(?:= )?(\d+)</b>`)

// standing reads the numbers of «Состояние обмена»: sent, excluded, failed or waiting, all.
func standing(x *bitrix24test.Pair) [4]int64 {
	x.T.Helper()
	found := bigNumber.FindAllStringSubmatch(x.As(staff.Administrator).Get(bitrix24test.StatusPage).Want(x.T, http.StatusOK).Text, -1)
	if len(found) != 4 {
		x.T.Fatalf("%d numbers on «Состояние обмена», want 4", len(found))
	}
	var n [4]int64
	for i, match := range found {
		n[i] = bitrix24test.Number(x.T, match[1])
	}
	if n[0]+n[1]+n[2] != n[3] {
		x.T.Errorf("%d + %d + %d do not make %d", n[0], n[1], n[2], n[3])
	}
	return n
}

func TestStatus_threeNumbersAddUpToAllOrders(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := int64(x.Order(x.Place()).Number("UserId"))
		gone := x.Place(bitrix24test.By(client))
		deleteDeal(x, gone)
		alone := x.Place(bitrix24test.By(client))
		deleteDeal(x, alone)
		x.Press(alone, "ignore")
		old := x.Place(bitrix24test.By(client))
		x.Must(x.Host().DB.From(t.Context()).Exec("DELETE FROM bitrix24_links WHERE local = 'order' AND local_id = ?", old).Error)
		x.Must(x.Host().DB.From(t.Context()).Exec(
			"UPDATE orders SET created_at = ? WHERE id = ?", bitrix24test.Now().Add(-100*time.Hour), old,
		).Error)
		x.SaveSettings("auto", "-")
		x.Place(bitrix24test.By(client))
		bitrix24test.Equal(t, "sent, excluded, stuck, all", standing(x), [4]int64{1, 4, 0, 5})
		x.As(staff.Administrator).Get(bitrix24test.StatusPage).Want(
			t, http.StatusOK, "создан до подключения", "не синхронизировать", "сделка удалена",
			"автоматическая отправка выключена",
		)

		x.SaveSettings("auto", "on")
		x.Fail(emulator.Fault{Fault: "down"})
		x.Place(bitrix24test.By(client))
		bitrix24test.Equal(t, "sent, excluded, stuck, all", standing(x), [4]int64{1, 4, 1, 6})
		x.As(staff.Administrator).Get(bitrix24test.StatusPage).
			Want(t, http.StatusOK, "Пауза с", "Портал недоступен", "Повторить сейчас", "Отправить неотправленные")
		x.Fail(emulator.Fault{Fault: "none"})
		x.As(staff.Administrator).Post(bitrix24test.StatusPage+"/resume").Want(t, http.StatusSeeOther)
		x.Recover()
		bitrix24test.Equal(t, "sent, excluded, stuck, all", standing(x), [4]int64{2, 4, 0, 6})
	})
}

func TestStatus_sendsWhatWasPlacedWhileTheSwitchWasOff(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := int64(x.Order(x.Place()).Number("UserId"))
		x.Must(x.Host().Tariff.Switch(t.Context(), tariff.Basic))
		lapsed := []int64{x.Place(bitrix24test.By(client)), x.Place(bitrix24test.By(client))}
		x.As(staff.Administrator).Get(bitrix24test.StatusPage).Want(t, http.StatusOK, "тариф не включает")
		x.Must(x.Host().Tariff.Switch(t.Context(), tariff.Professional))
		x.Recover()
		for _, order := range lapsed {
			if n := len(x.DealsOf(order)); n != 0 {
				t.Fatalf("order %d was sent unasked", order)
			}
		}
		x.As(staff.Administrator).Get(bitrix24test.StatusPage).Want(t, http.StatusOK, "Отправить неотправленные", ": 2")
		x.As(staff.Supervisor).Post(bitrix24test.StatusPage+"/unsent").Want(t, http.StatusForbidden)
		x.As(staff.Administrator).Post(bitrix24test.StatusPage+"/unsent").Want(t, http.StatusSeeOther)
		x.Settle()
		for _, order := range lapsed {
			x.Deal(order)
		}
		bitrix24test.Equal(t, "sent, excluded, stuck, all", standing(x), [4]int64{3, 0, 0, 3})
	})
}

func TestStatus_retriesEverythingThatFailedAndSaysSoOnEveryPage(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.CRMRights = false })
		order := x.Place()
		x.Settle()
		admin := x.As(staff.Administrator)
		admin.Get("/admin/clients").Want(t, http.StatusOK, "Не удалось передать в Битрикс24")
		admin.Get(bitrix24test.StatusPage).Want(t, http.StatusOK, fmt.Sprintf("Заказ № %d", order), "не хватает прав в CRM", "Повторить все")
		if text := x.As(staff.Operator).Get("/admin/clients").Want(t, http.StatusOK).Text; strings.Contains(text, "Не удалось передать") {
			t.Error("an operator sees the administrators' banner")
		}
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.CRMRights = true })
		admin.Post(bitrix24test.StatusPage+"/retry").Want(t, http.StatusSeeOther)
		x.Settle()
		x.Deal(order)
	})
}

func TestBanner_aRevokedWebhookNeedsAPerson(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "revoked"})
		order := x.Place()
		admin := x.As(staff.Administrator)
		admin.Get("/admin/orders").Want(t, http.StatusOK, "Обмен с Битрикс24 остановлен", "неверный код вебхука")
		x.Fail(emulator.Fault{Fault: "none"})
		x.Recover()
		x.Deal(order)
		if text := admin.Get("/admin/orders").Want(t, http.StatusOK).Text; strings.Contains(text, "Обмен с Битрикс24 остановлен") {
			t.Error("the banner stays when the portal answers again")
		}
	})
}

func TestMetrics_countRequestsAndCommands(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Place()
		x.Browser().Get("/metrics").Want(t, http.StatusOK, `bitrix24_requests_total{outcome="ok"}`,
			`bitrix24_commands_total{method="crm.item.add",outcome="ok"} 2`, "bitrix24_jobs_waiting", "bitrix24_paused 0")
	})
}

func TestJournal_aFailedLineIsRetriedAndOldOnesGo(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.UnknownValues = "error" })
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		order := x.Place()
		admin := x.As(staff.Administrator)
		text := admin.Get(fmt.Sprintf("/admin/bitrix24/journal?outcome=unknown&q=%d", order)).
			Want(t, http.StatusOK, "ответ потерян", "Повторить").Text
		id := regexp.MustCompile(`/journal/(\d+)/retry`).FindStringSubmatch(text)
		if id == nil {
			t.Fatal("no line offers «Повторить»")
		}
		admin.Post("/admin/bitrix24/journal/"+id[1]+"/retry", "query", "outcome=unknown").Want(t, http.StatusSeeOther)
		x.Recover()
		x.Deal(order)
		x.As(staff.Operator).Post("/admin/bitrix24/journal/"+id[1]+"/retry").Want(t, http.StatusForbidden)

		database := x.Host().DB.From(t.Context())
		var attempts int64
		x.Must(database.Table("bitrix24_journal").Where("attempt > 0").Count(&attempts).Error)
		if attempts == 0 {
			t.Error("no line has the number of its attempt")
		}
		x.Must(database.Exec("UPDATE bitrix24_journal SET at = ?", bitrix24test.Now().Add(-91*24*time.Hour)).Error)
		x.Must(database.Exec("UPDATE jobs SET run_at = ? WHERE kind = 'bitrix24_bulk.prune_journal'", bitrix24test.Now()).Error)
		x.Drain()
		var left int64
		x.Must(database.Table("bitrix24_journal").Where("at < ?", bitrix24test.Now().Add(-90*24*time.Hour)).Count(&left).Error)
		if left != 0 {
			t.Errorf("%d lines are older than 90 days", left)
		}
	})
}

func TestStatus_ofVeryManyOrdersIsCountedOnceForAllWhoLook(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Place()
		admin := x.As(staff.Administrator)
		admin.Get(bitrix24test.StatusPage).Want(t, http.StatusOK, "<b>= 1</b>").Lacks(t, "Посчитано")
		x.Must(x.Host().DB.From(t.Context()).Exec("UPDATE order_counts SET total = total + 1000000").Error)
		admin.Get(bitrix24test.StatusPage).Want(t, http.StatusOK, "<b>= 1</b>", "Посчитано")
		x.Place()
		admin.Get(bitrix24test.StatusPage).Want(t, http.StatusOK, "<b>= 1</b>", "Посчитано")
		admin.Post(bitrix24test.StatusPage+"/retry").Want(t, http.StatusSeeOther)
		admin.Get(bitrix24test.StatusPage).Want(t, http.StatusOK, "<b>= 2</b>", "Посчитано")
	})
}
