package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestCheck_aHealthyConnectionPassesInBothDirections(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "Проверить подключение")
		page := x.CheckConnection().Want(t, http.StatusOK, "Вебхук принят", "Платный тариф портала", "Права вебхука",
			"Права владельца", "Классический, с лидами", "Направления сделок", "Поля сделки", "создан, изменён и удалён")
		x.Settle()
		page = x.As(staff.Administrator).Get(bitrix24test.CheckPage).Want(
			t, http.StatusOK, "Подключение работает в обе стороны", "Событие изменения контакта",
			"Событие удаления контакта", "Получено через",
		)
		if page.Header.Get("Refresh") != "" {
			t.Error("the page goes on asking")
		}
		if n := len(x.State().Contacts); n != 0 {
			t.Errorf("the check leaves %d contacts", n)
		}
		for _, secret := range []string{bitrix24test.WebhookCode, bitrix24test.PortalToken} {
			if strings.Contains(page.Text, secret) {
				t.Error("the page holds a secret")
			}
		}
	})
}

func TestCheck_lostEventsAreSaidWithWhatToDo(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "drop_events"})
		page := x.CheckConnection().Want(t, http.StatusOK, "Ждём событий портала")
		if page.Header.Get("Refresh") == "" {
			t.Error("the page does not ask again by itself")
		}
		x.Settle()
		x.Must(x.Host().DB.From(t.Context()).Exec("UPDATE bitrix24_checks SET awaits_until = ?", bitrix24test.Now().Add(-time.Minute)).Error)
		x.As(staff.Administrator).Get(bitrix24test.CheckPage).Want(t, http.StatusOK, "Не пришло", "исходящий вебхук", "Обновление контакта")
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
			bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
				x.Fail(trouble.fault)
				x.CheckConnection().Want(t, http.StatusOK, append(trouble.words, "Подключение работает не полностью")...)
			})
		})
	}
}

func TestCheck_isForAdministrators(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.As(staff.Supervisor).Get(bitrix24test.CheckPage).Want(t, http.StatusForbidden)
		x.As(staff.Supervisor).Post(bitrix24test.CheckPage).Want(t, http.StatusForbidden)
	})
}
