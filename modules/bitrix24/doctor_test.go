package bitrix24_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

const checkPage = "/admin/bitrix24/check"

// checkConnection presses «Проверить подключение», lets the portal send its events, and returns the page.
func (x *exchange) checkConnection() apptest.Answer {
	x.t.Helper()
	answer := x.As(staff.Administrator).Post(settingsPage+"/bitrix24/actions/check").Want(x.t, http.StatusSeeOther)
	equal(x.t, "next page", answer.Location, checkPage)
	return x.As(staff.Administrator).Get(checkPage).Want(x.t, http.StatusOK)
}

func TestCheck_aHealthyConnectionPassesInBothDirections(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.As(staff.Administrator).Get(settingsPage).Want(t, http.StatusOK, "Проверить подключение")
		page := x.checkConnection().Want(t, http.StatusOK, "Вебхук принят", "Платный тариф портала", "Права вебхука",
			"Права владельца", "Классический, с лидами", "Направления сделок", "Поля сделки", "создан, изменён и удалён")
		x.settle()
		page = x.As(staff.Administrator).Get(checkPage).Want(t, http.StatusOK, "Подключение работает в обе стороны", "Событие изменения контакта", "Событие удаления контакта", "Получено через")
		if page.Header.Get("Refresh") != "" {
			t.Error("the page goes on asking")
		}
		if n := len(x.state().Contacts); n != 0 {
			t.Errorf("the check leaves %d contacts", n)
		}
		for _, secret := range []string{webhookCode, portalToken} {
			if strings.Contains(page.Text, secret) {
				t.Error("the page holds a secret")
			}
		}
	})
}

func TestCheck_lostEventsAreSaidWithWhatToDo(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.fail(emulator.Fault{Fault: "drop_events"})
		page := x.checkConnection().Want(t, http.StatusOK, "Ждём событий портала")
		if page.Header.Get("Refresh") == "" {
			t.Error("the page does not ask again by itself")
		}
		x.settle()
		x.must(x.Host().DB.From(t.Context()).Exec("UPDATE bitrix24_checks SET awaits_until = ?", now().Add(-minute)).Error)
		x.As(staff.Administrator).Get(checkPage).Want(t, http.StatusOK, "Не пришло", "исходящий вебхук", "Обновление контакта")
	})
}

func TestCheck_eachTroubleHasItsWords(t *testing.T) {
	for name, trouble := range map[string]struct {
		fault emulator.Fault
		words []string
	}{
		"revoked webhook":  {emulator.Fault{Fault: "revoked"}, []string{"Портал не узнаёт вебхук", "Скопируйте адрес входящего вебхука"}},
		"lapsed plan":      {emulator.Fault{Fault: "plan"}, []string{"Платный тариф портала", "Продлите тариф"}},
		"unreachable":      {emulator.Fault{Fault: "down"}, []string{"Адрес портала", "Портал недоступен"}},
		"no scope for CRM": {emulator.Fault{Fault: "scope", Scopes: []string{"telephony"}}, []string{"Права вебхука", "отметьте «CRM»"}},
		"error page":       {emulator.Fault{Fault: "html_502"}, []string{"Адрес портала", "ошибка"}},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, x *exchange) {
				x.fail(trouble.fault)
				x.checkConnection().Want(t, http.StatusOK, append(trouble.words, "Подключение работает не полностью")...)
			})
		})
	}
}

func TestCheck_isForAdministrators(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.As(staff.Supervisor).Get(checkPage).Want(t, http.StatusForbidden)
		x.As(staff.Supervisor).Post(checkPage).Want(t, http.StatusForbidden)
	})
}
