package setup_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestFirstSave_connectsAndShowsTheTablesAtOnce(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		admin := x.As(staff.Administrator)
		admin.Get(bitrix24test.SettingsPage).Want(
			t, http.StatusOK, "Битрикс24", "URL портала", x.URL+"/api/bitrix/events", "Обновление сделки",
			"Удаление товара",
		).
			Lacks(t, "Статус заказа в Pixlpark")
		x.SaveSettings(x.Credentials()...)
		shown := admin.Get(bitrix24test.SettingsPage).Want(
			t, http.StatusOK, "Статус заказа в Pixlpark", "Подготовка документов", "Тип компании в Bitrix24",
			"Предложение", "Печать на заказ",
		).
			Lacks(t, bitrix24test.WebhookCode, bitrix24test.PortalToken)
		fields := apptest.Fields(shown.Text, "bitrix24.")
		bitrix24test.Equal(t, "proposal", fields.Get("bitrix24.stage.EXECUTING.status"), "PrintingInProgress")
		x.SaveSettings()
		order := x.Place()
		deal, record := x.Deal(order)
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "NEW")
		x.Must(x.Portal.MoveDeal(deal, "WON"))
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "Delivered")
	}, bitrix24test.Unconnected)
}

func TestSettingsPostedAtOnce_holdForTablesThatWereNeverShown(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings(append(x.Credentials(), "order_types", "all", "category_id", "", "responsible_id", "2", "auto", "on",
			"stage.NEW.status", "Placed", "stage.PREPARATION.status", "PrintingInProgress",
			"stage.PREPARATION.paid", "on", "company_type.CUSTOMER", "Partner",
			"source.Site", "STORE")...)
		order := x.Place()
		deal, record := x.Deal(order)
		bitrix24test.Equal(t, "responsible", record["ASSIGNED_BY_ID"], "2")
		bitrix24test.Equal(t, "source", record["SOURCE_ID"], "STORE")
		x.Must(x.Portal.MoveDeal(deal, "PREPARATION"))
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "PrintingInProgress")
		bitrix24test.Equal(t, "payment", x.Order(order).Value("PaymentStatus"), "Paid")
		fields := apptest.Fields(x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Text, "bitrix24.")
		bitrix24test.Equal(t, "company type", fields.Get("bitrix24.company_type.CUSTOMER"), "Partner")
		bitrix24test.Equal(t, "unmapped stage", fields.Get("bitrix24.stage.EXECUTING.status"), "")
	}, bitrix24test.Unconnected)
}

func TestWrongCode_isRefusedInWordsAndTheWorkingWebhookStays(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		const wrong = "wrongsecretcode9"
		answer := x.PostSettings("code", wrong, "responsible_id", "3").
			Want(t, http.StatusUnprocessableEntity, "неверный код вебхука", "введён, не сохранён").Lacks(t, wrong, bitrix24test.WebhookCode)
		kept := apptest.Fields(answer.Text, "bitrix24.")
		bitrix24test.Equal(t, "what was typed", kept.Get("bitrix24.responsible_id"), "3")
		_, deal := x.Deal(x.Place())
		bitrix24test.Equal(t, "the former responsible stays in force", deal["ASSIGNED_BY_ID"], "1")

		// The page that came back holds the wrong code, sealed; typing the right one over it saves.
		fields := apptest.Fields(answer.Text, "")
		fields.Set("bitrix24.code", bitrix24test.WebhookCode)
		x.As(staff.Administrator).Submit(bitrix24test.SettingsPage+"/bitrix24", fields).Want(t, http.StatusSeeOther)
		second := x.Place()
		_, deal = x.Deal(second)
		bitrix24test.Equal(t, "responsible", deal["ASSIGNED_BY_ID"], "3")
	})
}

func TestUnreachablePortal_isSavedWithARemark(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "down"})
		x.SaveSettings("responsible_id", "3")
		x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "портал сейчас не отвечает", "Подготовка документов")
		x.Fail(emulator.Fault{Fault: "none"})
		x.Recover()
		_, deal := x.Deal(x.Place())
		bitrix24test.Equal(t, "responsible", deal["ASSIGNED_BY_ID"], "3")
	})
}

func TestFirstSaveWithThePortalDown_sendsOnceItIsBack(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "down"})
		x.SaveSettings(append(x.Credentials(), "auto", "on")...)
		order := x.Place()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "ждёт")
		x.Fail(emulator.Fault{Fault: "none"})
		x.Recover()
		x.Deal(order)
		x.Complete(1)
	}, bitrix24test.Unconnected)
}

func TestBrokenPortalURL_isRefusedWithTheFieldMarked(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		for _, url := range []string{
			"", "не адрес", "ftp://x.bitrix24.ru", "http://", "https://x.bitrix24.ru:99999", "javascript:alert(1)",
			"https://пользователь:пароль@",
		} {
			answer := x.PostSettings(append(x.Credentials(), "portal_url", url)...).Want(t, http.StatusUnprocessableEntity)
			bitrix24test.Equal(t, "typed", apptest.Fields(answer.Text, "bitrix24.").Get("bitrix24.portal_url"), url)
		}
		for field, value := range map[string]string{
			"user_id": "abc", "responsible_id": "-", "code": "не латиница", "order_types": "some",
			"category_id": "x",
		} {
			if value == "-" {
				value = "минус один"
			}
			x.PostSettings(append(x.Credentials(), field, value)...).Want(t, http.StatusUnprocessableEntity)
		}
		x.PostSettings(append(x.Credentials(), "stage.NEW.status", "Nonsense")...).Want(t, http.StatusUnprocessableEntity)
		x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK).Lacks(t, "Статус заказа в Pixlpark")
	}, bitrix24test.Unconnected)
}

func TestPrivateOrPlainPortal_isRefusedUnlessAllowed(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		for _, url := range []string{
			"http://x.bitrix24.ru", "https://127.0.0.1", "https://192.168.1.1", "https://localhost",
			"https://[::1]", "что-то", x.PortalURL,
		} {
			x.PostSettings(append(x.Credentials(), "portal_url", url)...).Want(t, http.StatusUnprocessableEntity)
		}
		if got := x.Portal.Stats().Requests; got != 0 {
			t.Errorf("the portal was asked %d times", got)
		}
	}, bitrix24test.Unconnected, func(s *bitrix24test.Setup) { s.Options.AllowPrivate = false })
}

func TestAnotherServerInsteadOfAPortal_isToldAndNotStored(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		other := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(other.Close)
		x.PostSettings(append(x.Credentials(), "portal_url", other.URL)...).Want(t, http.StatusUnprocessableEntity, "ответил не Битрикс24")
	}, bitrix24test.Unconnected)
}

func TestWholeWebhookAddress_pastedIntoAnyField(t *testing.T) {
	for _, field := range []string{"portal_url", "user_id", "application_token", "code", "responsible_id", "line"} {
		for _, ending := range []string{"/", "/batch.json", "", "/\r\n  batch\u200b.json"} { // the last one as a letter broke it
			t.Run(field+ending, func(t *testing.T) {
				bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
					address := x.PortalURL + "/rest/1/" + bitrix24test.WebhookCode + ending
					x.SaveSettings("enabled", "on", "auto", "on", field, address)
					shown := x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK).Lacks(t, bitrix24test.WebhookCode)
					fields := apptest.Fields(shown.Text, "bitrix24.")
					bitrix24test.Equal(t, "portal", fields.Get("bitrix24.portal_url"), x.PortalURL)
					bitrix24test.Equal(t, "employee", fields.Get("bitrix24.user_id"), "1")
					x.Deal(x.Place())
				}, bitrix24test.Unconnected)
			})
		}
	}
}

func TestOrderTypes_limitWhatIsSent(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("order_types", "organizations")
		client := x.NewClient()
		person := x.Place(bitrix24test.By(client))
		company := x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", x.NewOrganization(client).ID()))
		x.Settle()
		if got := len(x.DealsOf(person)); got != 0 {
			t.Errorf("a person's order has %d deals, want none", got)
		}
		x.Deal(company)
		operator := x.As(staff.Operator)
		operator.Get(bitrix24test.Page(person)).Want(t, http.StatusOK, "не отправляется", "тип заказа не отправляется по настройкам")

		// By hand it goes against the filter, and stays linked.
		operator.Post(bitrix24test.Page(person)+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		x.SetStatus(person, "PrintingInProgress")
		x.Settle()
		_, deal := x.Deal(person)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "EXECUTING")
	})
}

func TestManualSend_whenAutomaticIsOff(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("auto", "-")
		order := x.Place()
		x.SetStatus(order, "Pending")
		x.Settle()
		operator := x.As(staff.Operator)
		operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "не отправляется", "автоматическая отправка выключена")
		for range 2 {
			operator.Post(bitrix24test.Page(order)+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		}
		x.Settle()
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "PREPARATION")
		operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "отправлен")
	})
}

func TestOrdersBeforeTheFirstConnection_areSentByButtonOnly(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.Must(x.Module.Connect(t.Context(), x.Webhook(), bitrix24test.PortalToken))
		x.Settle()
		x.SetStatus(order, "Pending")
		x.Settle()
		if got := len(x.Portal.IDs("deal")); got != 0 {
			t.Errorf("%d deals, want none", got)
		}
		operator := x.As(staff.Operator)
		operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "создан до подключения")
		operator.Post(bitrix24test.Page(order)+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		x.Deal(order)
	}, bitrix24test.Unconnected)
}

func TestTariffLapsed_stopsTheExchangeAndTheTrialRevivesIt(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		x.Must(x.Host().Tariff.Switch(t.Context(), "basic"))
		x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "Placed")
		second := x.Place()
		x.As(staff.Operator).Get(bitrix24test.Page(second)).Want(t, http.StatusOK, "тариф не включает интеграцию")
		x.Must(x.Host().Tariff.Switch(t.Context(), "professional"))
		x.Must(x.Portal.MoveDeal(deal, "FINAL_INVOICE"))
		x.Recover()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "Fulfilled")
	})
}
