package faults_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// trouble is what people see while something is wrong with the portal.
type trouble struct {
	fault    emulator.Fault
	state    string // of an order placed meanwhile, in its widget
	why      string // the widget's sentence
	pause    bool   // «Состояние обмена» tells of a pause, with the same sentence
	saving   int    // what becomes of saving the settings …
	settings string // … and what the page says then
	banner   string // on every page of administrators; empty: it passes by itself
	saved    bool   // a person has to save the settings when it is over
}

const (
	savedLater = "портал сейчас не отвечает"
	silence    = "Портал недоступен: соединение не установлено или прервано."
	internal   = "Портал ответил ошибкой сервера; повторим и проверим, не сделана ли работа."
	halted     = "Обмен с Битрикс24 остановлен"
)

func troubles() []trouble {
	passing := func(f emulator.Fault, why string) trouble {
		return trouble{fault: f, state: "ждёт", why: why, pause: true, saving: http.StatusSeeOther, settings: savedLater}
	}
	lasting := func(f emulator.Fault, why string) trouble {
		return trouble{fault: f, state: "ждёт", why: why, pause: true, saving: http.StatusUnprocessableEntity, settings: why, banner: halted}
	}
	return []trouble{
		passing(emulator.Fault{Fault: "down"}, silence),
		passing(emulator.Fault{Fault: "slow", DelayMS: 600}, "Портал не ответил вовремя."),
		passing(emulator.Fault{Fault: "lost_response"}, silence),
		passing(emulator.Fault{Fault: "late", DelayMS: 60}, silence),
		passing(emulator.Fault{Fault: "half_body"}, "Ответ портала оборвался на середине"),
		passing(emulator.Fault{Fault: "error_500"}, internal),
		passing(emulator.Fault{Fault: "unexpected"}, internal),
		passing(emulator.Fault{Fault: "html_502"}, "(статус 502): портал временно недоступен"),
		passing(emulator.Fault{Fault: "limit"}, "Портал просит реже обращаться к нему"),
		passing(emulator.Fault{Fault: "moved", To: "http://127.0.0.1:1"}, "Портал переехал на 127.0.0.1:1. Сохраните в настройках новый адрес."),
		lasting(emulator.Fault{Fault: "revoked"}, "неверный код вебхука или номер сотрудника"),
		lasting(emulator.Fault{Fault: "plan"}, "REST API доступен только на платном тарифе Битрикс24"),
		lasting(emulator.Fault{Fault: "overload"}, "Обратитесь в поддержку Битрикс24."),
		lasting(emulator.Fault{Fault: "portal_deleted"}, "Портал закрыт. Укажите другой портал в настройках."),
		// One method that rests holds up what needs it, not the exchange.
		{
			fault: emulator.Fault{Fault: "operating"}, state: "ждёт", why: "исчерпано время его работы. Продолжим сами.",
			saving: http.StatusSeeOther, settings: savedLater,
		},
		{
			fault: emulator.Fault{Fault: "scope", Scopes: []string{"telephony"}}, state: "ошибка",
			why:    "отметьте «CRM» в «Настройке прав» входящего вебхука",
			saving: http.StatusUnprocessableEntity, settings: "CRM", banner: "Не удалось передать в Битрикс24", saved: true,
		},
		{fault: emulator.Fault{Fault: "clock", OffsetS: 5 * 3600}, state: "отправлен", saving: http.StatusSeeOther, settings: "Сохранено"},
	}
}

func TestEveryFault_saysWhatIsWrongAndLeavesExactlyOneOfEverything(t *testing.T) {
	for _, w := range troubles() {
		t.Run(w.fault.Fault, func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				first := x.Place()
				x.Settle()
				client := int64(x.Order(first).Number("UserId"))
				x.Fail(w.fault)
				second := x.Place(bitrix24test.By(client))
				x.SetStatus(first, orders.WaitingForPayment)
				seen(x, t, w, second)
				x.Fail(emulator.Fault{Fault: "none"})
				if w.saved {
					x.SaveSettings()
				}
				x.Recover()
				x.Complete(2)
				seenNoMore(x, t, second)
				_, deal := x.Deal(first)
				bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
				x.Compare()
				bitrix24test.Equal(t, "both sides", x.LastComparison(), "2 0 0 0")
			}, func(s *bitrix24test.Setup) {
				s.Options.Settle, s.Options.Timeout = 150*time.Millisecond, 300*time.Millisecond
				s.Only = bitrix24test.Alternately(w.fault.Fault)
			})
		})
	}
}

// seen looks at the pages while something is wrong.
func seen(x *bitrix24test.Pair, t *testing.T, w trouble, order int64) {
	t.Helper()
	widget := x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, w.state, w.why)
	admin := x.As(staff.Administrator)
	status := admin.Get(bitrix24test.StatusPage).Want(t, http.StatusOK)
	if w.pause {
		bitrix24test.Contains(t, "widget", widget.Text, "Обмен приостановлен")
		bitrix24test.Contains(
			t, "«Состояние обмена»", status.Text, "Пауза с", w.why,
			"Заказы принимаются как обычно и ничего не теряется.", "Повторить сейчас",
		)
	} else {
		status.Lacks(t, "Пауза с")
	}
	if w.banner == "" {
		admin.Get("/admin/orders").Want(t, http.StatusOK).Lacks(t, halted).Lacks(t, "Не удалось передать в Битрикс24")
	} else {
		admin.Get("/admin/orders").Want(t, http.StatusOK, w.banner)
	}
	answer := x.PostSettings().Want(t, w.saving)
	if w.saving == http.StatusSeeOther {
		answer = admin.Get(bitrix24test.SettingsPage)
	}
	bitrix24test.Contains(t, "settings", answer.Text, w.settings)
}

// seenNoMore looks at the pages when it is over.
func seenNoMore(x *bitrix24test.Pair, t *testing.T, order int64) {
	t.Helper()
	x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "отправлен").Lacks(t, "Обмен приостановлен")
	admin := x.As(staff.Administrator)
	admin.Get(bitrix24test.StatusPage).Want(t, http.StatusOK, "<b>2</b>отправлено", "<b>0</b>ошибка или ждёт").Lacks(t, "Пауза с")
	admin.Get("/admin/orders").Want(t, http.StatusOK).Lacks(t, halted).Lacks(t, "Не удалось передать в Битрикс24")
}

// Whoever adds a fault to the emulator says here what people see of it.
func TestEveryFault_isCovered(t *testing.T) {
	t.Parallel()
	covered := slices.Collect(maps.Keys(eventTroubles()))
	for _, w := range troubles() {
		covered = append(covered, w.fault.Fault)
	}
	for _, name := range emulator.FaultNames() {
		if !slices.Contains(covered, name) {
			t.Errorf("fault %s has no test that says what a person sees", name)
		}
	}
}
