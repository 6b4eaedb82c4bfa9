package bitrix24_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/app/tariff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

const statusPath = "/admin/bitrix24/status"

var bigNumber = regexp.MustCompile(`<div class="stat"><b>(?:= )?(\d+)</b>`)

// standing reads the numbers of «Состояние обмена»: sent, excluded, failed or waiting, all.
func (x *exchange) standing() [4]int64 {
	x.t.Helper()
	found := bigNumber.FindAllStringSubmatch(x.As(staff.Administrator).Get(statusPath).Want(x.t, http.StatusOK).Text, -1)
	if len(found) != 4 {
		x.t.Fatalf("%d numbers on «Состояние обмена», want 4", len(found))
	}
	var n [4]int64
	for i, match := range found {
		n[i] = number(x.t, match[1])
	}
	if n[0]+n[1]+n[2] != n[3] {
		x.t.Errorf("%d + %d + %d do not make %d", n[0], n[1], n[2], n[3])
	}
	return n
}

func TestStatus_threeNumbersAddUpToAllOrders(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := int64(x.order(x.place()).Number("UserId"))
		gone := x.place(by(client))
		x.deleteDeal(gone)
		alone := x.place(by(client))
		x.deleteDeal(alone)
		x.press(alone, "ignore")
		old := x.place(by(client))
		x.must(x.Host().DB.From(t.Context()).Exec("DELETE FROM bitrix24_links WHERE local = 'order' AND local_id = ?", old).Error)
		x.must(x.Host().DB.From(t.Context()).Exec("UPDATE orders SET created_at = ? WHERE id = ?", now().Add(-100*time.Hour), old).Error)
		x.saveSettings("auto", "-")
		x.place(by(client))
		equal(t, "sent, excluded, stuck, all", x.standing(), [4]int64{1, 4, 0, 5})
		x.As(staff.Administrator).Get(statusPath).Want(t, http.StatusOK, "создан до подключения", "не синхронизировать", "сделка удалена", "автоматическая отправка выключена")

		x.saveSettings("auto", "on")
		x.fail(emulator.Fault{Fault: "down"})
		x.place(by(client))
		equal(t, "sent, excluded, stuck, all", x.standing(), [4]int64{1, 4, 1, 6})
		x.As(staff.Administrator).Get(statusPath).Want(t, http.StatusOK, "Пауза с", "Портал недоступен", "Повторить сейчас", "Отправить неотправленные")
		x.fail(emulator.Fault{Fault: "none"})
		x.As(staff.Administrator).Post(statusPath+"/resume").Want(t, http.StatusSeeOther)
		x.recover()
		equal(t, "sent, excluded, stuck, all", x.standing(), [4]int64{2, 4, 0, 6})
	})
}

func TestStatus_sendsWhatWasPlacedWhileTheSwitchWasOff(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := int64(x.order(x.place()).Number("UserId"))
		x.must(x.Host().Tariff.Switch(t.Context(), tariff.Basic))
		lapsed := []int64{x.place(by(client)), x.place(by(client))}
		x.As(staff.Administrator).Get(statusPath).Want(t, http.StatusOK, "тариф не включает")
		x.must(x.Host().Tariff.Switch(t.Context(), tariff.Professional))
		x.recover()
		for _, order := range lapsed {
			if n := len(x.dealsOf(order)); n != 0 {
				t.Fatalf("order %d was sent unasked", order)
			}
		}
		x.As(staff.Administrator).Get(statusPath).Want(t, http.StatusOK, "Отправить неотправленные", ": 2")
		x.As(staff.Supervisor).Post(statusPath+"/unsent").Want(t, http.StatusForbidden)
		x.As(staff.Administrator).Post(statusPath+"/unsent").Want(t, http.StatusSeeOther)
		x.settle()
		for _, order := range lapsed {
			x.deal(order)
		}
		equal(t, "sent, excluded, stuck, all", x.standing(), [4]int64{3, 0, 0, 3})
	})
}

func TestStatus_retriesEverythingThatFailedAndSaysSoOnEveryPage(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.portal.SetBehaviour(func(b *emulator.Behaviour) { b.CRMRights = false })
		order := x.place()
		x.settle()
		admin := x.As(staff.Administrator)
		admin.Get("/admin/clients").Want(t, http.StatusOK, "Не удалось передать в Битрикс24")
		admin.Get(statusPath).Want(t, http.StatusOK, fmt.Sprintf("Заказ № %d", order), "не хватает прав в CRM", "Повторить все")
		if text := x.As(staff.Operator).Get("/admin/clients").Want(t, http.StatusOK).Text; strings.Contains(text, "Не удалось передать") {
			t.Error("an operator sees the administrators' banner")
		}
		x.portal.SetBehaviour(func(b *emulator.Behaviour) { b.CRMRights = true })
		admin.Post(statusPath+"/retry").Want(t, http.StatusSeeOther)
		x.settle()
		x.deal(order)
	})
}

func TestBanner_aRevokedWebhookNeedsAPerson(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.fail(emulator.Fault{Fault: "revoked"})
		order := x.place()
		admin := x.As(staff.Administrator)
		admin.Get("/admin/orders").Want(t, http.StatusOK, "Обмен с Битрикс24 остановлен", "неверный код вебхука")
		x.fail(emulator.Fault{Fault: "none"})
		x.recover()
		x.deal(order)
		if text := admin.Get("/admin/orders").Want(t, http.StatusOK).Text; strings.Contains(text, "Обмен с Битрикс24 остановлен") {
			t.Error("the banner stays when the portal answers again")
		}
	})
}

func TestMetrics_countRequestsAndCommands(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.place()
		x.Browser().Get("/metrics").Want(t, http.StatusOK, `bitrix24_requests_total{outcome="ok"}`,
			`bitrix24_commands_total{method="crm.item.add",outcome="ok"} 2`, "bitrix24_jobs_waiting", "bitrix24_paused 0")
	})
}

func TestJournal_aFailedLineIsRetriedAndOldOnesGo(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.portal.SetBehaviour(func(b *emulator.Behaviour) { b.UnknownValues = "error" })
		x.fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		order := x.place()
		admin := x.As(staff.Administrator)
		text := admin.Get(fmt.Sprintf("/admin/bitrix24/journal?outcome=unknown&q=%d", order)).Want(t, http.StatusOK, "ответ потерян", "Повторить").Text
		id := regexp.MustCompile(`/journal/(\d+)/retry`).FindStringSubmatch(text)
		if id == nil {
			t.Fatal("no line offers «Повторить»")
		}
		admin.Post("/admin/bitrix24/journal/"+id[1]+"/retry", "query", "outcome=unknown").Want(t, http.StatusSeeOther)
		x.recover()
		x.deal(order)
		x.As(staff.Operator).Post("/admin/bitrix24/journal/"+id[1]+"/retry").Want(t, http.StatusForbidden)

		database := x.Host().DB.From(t.Context())
		var attempts int64
		x.must(database.Table("bitrix24_journal").Where("attempt > 0").Count(&attempts).Error)
		if attempts == 0 {
			t.Error("no line has the number of its attempt")
		}
		x.must(database.Exec("UPDATE bitrix24_journal SET at = ?", now().Add(-91*24*time.Hour)).Error)
		x.must(database.Exec("UPDATE jobs SET run_at = ? WHERE kind = 'bitrix24_bulk.prune_journal'", now()).Error)
		x.Drain()
		var left int64
		x.must(database.Table("bitrix24_journal").Where("at < ?", now().Add(-90*24*time.Hour)).Count(&left).Error)
		if left != 0 {
			t.Errorf("%d lines are older than 90 days", left)
		}
	})
}

func TestStatus_ofVeryManyOrdersIsCountedOnceForAllWhoLook(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.place()
		admin := x.As(staff.Administrator)
		admin.Get(statusPath).Want(t, http.StatusOK, "<b>= 1</b>").Lacks(t, "Посчитано")
		x.must(x.Host().DB.From(t.Context()).Exec("UPDATE order_counts SET total = total + 1000000").Error)
		admin.Get(statusPath).Want(t, http.StatusOK, "<b>= 1</b>", "Посчитано")
		x.place()
		admin.Get(statusPath).Want(t, http.StatusOK, "<b>= 1</b>", "Посчитано")
		admin.Post(statusPath+"/retry").Want(t, http.StatusSeeOther)
		admin.Get(statusPath).Want(t, http.StatusOK, "<b>= 2</b>", "Посчитано")
	})
}
