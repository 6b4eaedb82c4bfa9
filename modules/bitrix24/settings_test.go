package bitrix24_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// eachApart is each for panels that are not connected yet.
func eachApart(t *testing.T, scenario func(t *testing.T, x *exchange), changes ...func(a *arranged)) {
	t.Helper()
	t.Parallel()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			scenario(t, apart(t, dialect, changes...))
		})
	}
}

// theFour are the fields that people copy from the portal.
func (x *exchange) theFour() []string {
	return []string{"enabled", "on", "portal_url", x.portalURL, "user_id", "1", "application_token", portalToken, "code", webhookCode}
}

func TestFirstSave_connectsAndShowsTheTablesAtOnce(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		admin := x.As(staff.Administrator)
		admin.Get(settingsPage).Want(t, http.StatusOK, "Битрикс24", "URL портала", x.URL+"/api/bitrix/events", "Обновление сделки", "Удаление товара").
			Lacks(t, "Статус заказа в Pixlpark")
		x.saveSettings(x.theFour()...)
		shown := admin.Get(settingsPage).Want(t, http.StatusOK, "Статус заказа в Pixlpark", "Подготовка документов", "Тип компании в Bitrix24", "Предложение", "Печать на заказ").
			Lacks(t, webhookCode, portalToken)
		fields := apptest.Fields(shown.Text, "bitrix24.")
		equal(t, "proposal", fields.Get("bitrix24.stage.EXECUTING.status"), "PrintingInProgress")
		x.saveSettings()
		order := x.place()
		deal, record := x.deal(order)
		equal(t, "stage", record["STAGE_ID"], "NEW")
		x.must(x.portal.MoveDeal(deal, "WON"))
		x.settle()
		equal(t, "status", x.order(order).Value("Status"), "Delivered")
	})
}

func TestSettingsPostedAtOnce_holdForTablesThatWereNeverShown(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		x.saveSettings(append(x.theFour(), "order_types", "all", "category_id", "", "responsible_id", "2", "auto", "on",
			"stage.NEW.status", "Placed", "stage.PREPARATION.status", "PrintingInProgress", "stage.PREPARATION.paid", "on", "company_type.CUSTOMER", "Partner",
			"source.Site", "STORE")...)
		order := x.place()
		deal, record := x.deal(order)
		equal(t, "responsible", record["ASSIGNED_BY_ID"], "2")
		equal(t, "source", record["SOURCE_ID"], "STORE")
		x.must(x.portal.MoveDeal(deal, "PREPARATION"))
		x.settle()
		equal(t, "status", x.order(order).Value("Status"), "PrintingInProgress")
		equal(t, "payment", x.order(order).Value("PaymentStatus"), "Paid")
		fields := apptest.Fields(x.As(staff.Administrator).Get(settingsPage).Text, "bitrix24.")
		equal(t, "company type", fields.Get("bitrix24.company_type.CUSTOMER"), "Partner")
		equal(t, "unmapped stage", fields.Get("bitrix24.stage.EXECUTING.status"), "")
	})
}

func TestWrongCode_isRefusedInWordsAndTheWorkingWebhookStays(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		const wrong = "wrongsecretcode9"
		answer := x.postSettings("code", wrong, "responsible_id", "3").
			Want(t, http.StatusUnprocessableEntity, "неверный код вебхука", "введён, не сохранён").Lacks(t, wrong, webhookCode)
		kept := apptest.Fields(answer.Text, "bitrix24.")
		equal(t, "what was typed", kept.Get("bitrix24.responsible_id"), "3")
		_, deal := x.deal(x.place())
		equal(t, "the former responsible stays in force", deal["ASSIGNED_BY_ID"], "1")

		// The page that came back holds the wrong code, sealed; typing the right one over it saves.
		fields := apptest.Fields(answer.Text, "")
		fields.Set("bitrix24.code", webhookCode)
		x.As(staff.Administrator).Submit(settingsPage+"/bitrix24", fields).Want(t, http.StatusSeeOther)
		second := x.place()
		_, deal = x.deal(second)
		equal(t, "responsible", deal["ASSIGNED_BY_ID"], "3")
	})
}

func TestUnreachablePortal_isSavedWithARemark(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.fail(emulator.Fault{Fault: "down"})
		x.saveSettings("responsible_id", "3")
		x.As(staff.Administrator).Get(settingsPage).Want(t, http.StatusOK, "портал сейчас не отвечает", "Подготовка документов")
		x.fail(emulator.Fault{Fault: "none"})
		x.recover()
		_, deal := x.deal(x.place())
		equal(t, "responsible", deal["ASSIGNED_BY_ID"], "3")
	})
}

func TestFirstSaveWithThePortalDown_sendsOnceItIsBack(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		x.fail(emulator.Fault{Fault: "down"})
		x.saveSettings(append(x.theFour(), "auto", "on")...)
		order := x.place()
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "ждёт")
		x.fail(emulator.Fault{Fault: "none"})
		x.recover()
		x.deal(order)
		x.complete(1)
	})
}

func TestBrokenPortalURL_isRefusedWithTheFieldMarked(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		for _, url := range []string{"", "не адрес", "ftp://x.bitrix24.ru", "http://", "https://x.bitrix24.ru:99999", "javascript:alert(1)", "https://пользователь:пароль@"} {
			answer := x.postSettings(append(x.theFour(), "portal_url", url)...).Want(t, http.StatusUnprocessableEntity)
			equal(t, "typed", apptest.Fields(answer.Text, "bitrix24.").Get("bitrix24.portal_url"), url)
		}
		for field, value := range map[string]string{"user_id": "abc", "responsible_id": "-", "code": "не латиница", "order_types": "some", "category_id": "x"} {
			if value == "-" {
				value = "минус один"
			}
			x.postSettings(append(x.theFour(), field, value)...).Want(t, http.StatusUnprocessableEntity)
		}
		x.postSettings(append(x.theFour(), "stage.NEW.status", "Nonsense")...).Want(t, http.StatusUnprocessableEntity)
		x.As(staff.Administrator).Get(settingsPage).Want(t, http.StatusOK).Lacks(t, "Статус заказа в Pixlpark")
	})
}

func TestPrivateOrPlainPortal_isRefusedUnlessAllowed(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		for _, url := range []string{"http://x.bitrix24.ru", "https://127.0.0.1", "https://192.168.1.1", "https://localhost", "https://[::1]", "что-то", x.portalURL} {
			x.postSettings(append(x.theFour(), "portal_url", url)...).Want(t, http.StatusUnprocessableEntity)
		}
		if got := x.portal.Stats().Requests; got != 0 {
			t.Errorf("the portal was asked %d times", got)
		}
	}, func(a *arranged) { a.options.AllowPrivate = false })
}

func TestAnotherServerInsteadOfAPortal_isToldAndNotStored(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		other := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(other.Close)
		x.postSettings(append(x.theFour(), "portal_url", other.URL)...).Want(t, http.StatusUnprocessableEntity, "ответил не Битрикс24")
	})
}

func TestWholeWebhookAddress_pastedIntoAnyField(t *testing.T) {
	for _, field := range []string{"portal_url", "user_id", "application_token", "code", "responsible_id", "line"} {
		for _, ending := range []string{"/", "/batch.json", ""} {
			t.Run(field+ending, func(t *testing.T) {
				eachApart(t, func(t *testing.T, x *exchange) {
					address := x.portalURL + "/rest/1/" + webhookCode + ending
					x.saveSettings("enabled", "on", "auto", "on", field, address)
					shown := x.As(staff.Administrator).Get(settingsPage).Want(t, http.StatusOK).Lacks(t, webhookCode)
					fields := apptest.Fields(shown.Text, "bitrix24.")
					equal(t, "portal", fields.Get("bitrix24.portal_url"), x.portalURL)
					equal(t, "employee", fields.Get("bitrix24.user_id"), "1")
					x.deal(x.place())
				}, sqliteOnly)
			})
		}
	}
}

func TestOrderTypes_limitWhatIsSent(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.saveSettings("order_types", "organizations")
		client := x.employee()
		person := x.place(by(client))
		company := x.place(by(client), set("OrganizationId", x.organization(client).ID()))
		x.settle()
		if got := len(x.dealsOf(person)); got != 0 {
			t.Errorf("a person's order has %d deals, want none", got)
		}
		x.deal(company)
		operator := x.As(staff.Operator)
		operator.Get(page(person)).Want(t, http.StatusOK, "не отправляется", "тип заказа не отправляется по настройкам")

		// By hand it goes against the filter, and stays linked.
		operator.Post(page(person)+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		x.setStatus(person, "PrintingInProgress")
		x.settle()
		_, deal := x.deal(person)
		equal(t, "stage", deal["STAGE_ID"], "EXECUTING")
	})
}

func TestManualSend_whenAutomaticIsOff(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.saveSettings("auto", "-")
		order := x.place()
		x.setStatus(order, "Pending")
		x.settle()
		operator := x.As(staff.Operator)
		operator.Get(page(order)).Want(t, http.StatusOK, "не отправляется", "автоматическая отправка выключена")
		for range 2 {
			operator.Post(page(order)+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		}
		x.settle()
		_, deal := x.deal(order)
		equal(t, "stage", deal["STAGE_ID"], "PREPARATION")
		operator.Get(page(order)).Want(t, http.StatusOK, "отправлен")
	})
}

func TestOrdersBeforeTheFirstConnection_areSentByButtonOnly(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		order := x.place()
		x.must(x.module.Connect(t.Context(), x.webhook(), portalToken))
		x.settle()
		x.setStatus(order, "Pending")
		x.settle()
		if got := len(x.portal.IDs("deal")); got != 0 {
			t.Errorf("%d deals, want none", got)
		}
		operator := x.As(staff.Operator)
		operator.Get(page(order)).Want(t, http.StatusOK, "создан до подключения")
		operator.Post(page(order)+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		x.deal(order)
	})
}

func TestTariffLapsed_stopsTheExchangeAndTheTrialRevivesIt(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		x.settle()
		x.must(x.Host().Tariff.Switch(t.Context(), "basic"))
		x.must(x.portal.MoveDeal(deal, "EXECUTING"))
		x.settle()
		equal(t, "status", x.order(order).Value("Status"), "Placed")
		second := x.place()
		x.As(staff.Operator).Get(page(second)).Want(t, http.StatusOK, "тариф не включает интеграцию")
		x.must(x.Host().Tariff.Switch(t.Context(), "professional"))
		x.must(x.portal.MoveDeal(deal, "FINAL_INVOICE"))
		x.recover()
		equal(t, "status", x.order(order).Value("Status"), "Fulfilled")
	})
}

// sqliteOnly leaves Postgres out, where the database does not matter and the cases are many.
func sqliteOnly(a *arranged) { a.only = db.SQLite }

// lacksSecrets looks for the portal's secrets in a text.
func lacksSecrets(t testing.TB, where, text string) {
	t.Helper()
	for _, secret := range []string{webhookCode, portalToken} {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s holds a secret: …%s", where, text[max(0, i-120):min(len(text), i+40)])
		}
	}
}
