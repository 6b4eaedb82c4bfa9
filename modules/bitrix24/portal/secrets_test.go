package portal_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

// secretKey is a SECRET_KEY of one letter; "k" is the key of test panels.
func secretKey(letter string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

// reopenWith starts the panel again with another SECRET_KEY.
func reopenWith(x *bitrix24test.Pair, keys ...string) {
	x.T.Helper()
	x.Reopen(func(cfg *app.Config) { cfg.SecretKey = strings.Join(keys, ",") })
}

// event sends a good event with a token.
func event(x *bitrix24test.Pair, token string) int {
	x.T.Helper()
	return x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, token))
}

func sealedSettings(x *bitrix24test.Pair) string {
	return x.Text("SELECT document FROM settings WHERE name = 'bitrix24'")
}

func TestSecrets_ofAnOlderKeyAreSealedAnewAtStart(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		const fresh = "an0thertokenofthesameportalW5"
		x.SaveSettings("application_token", fresh)
		reopenWith(x, secretKey("n"), secretKey("k"))
		reopenWith(x, secretKey("n")) // the older key is gone
		bitrix24test.Equal(t, "event", event(x, fresh), http.StatusOK)
		bitrix24test.Equal(t, "event with the former token", event(x, bitrix24test.PortalToken), http.StatusOK)
		x.Deal(x.Place())
		x.Complete(1)

		before := sealedSettings(x)
		reopenWith(x, secretKey("n"), secretKey("k"))
		bitrix24test.Equal(t, "settings after a start with nothing to seal", sealedSettings(x), before)
	})
}

func TestSecrets_withoutTheirKeyNothingIsRefusedNorLost(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		before := secretsOf(t, x)
		reopenWith(x, secretKey("n"))
		for _, token := range []string{bitrix24test.PortalToken, "wrong"} {
			bitrix24test.Equal(t, "event", event(x, token), http.StatusServiceUnavailable)
		}
		bitrix24test.Equal(t, "refused events", x.Number("SELECT sum(refused_events) FROM bitrix24_portals"), 0)
		order := x.Place()
		admin := x.As(staff.Administrator)
		admin.Get(bitrix24test.StatusPage).Want(t, http.StatusOK, "не читаются", "Добавьте прежний ключ в SECRET_KEY")
		admin.Get("/admin/clients").Want(t, http.StatusOK, "код и токены вебхуков не читаются")
		admin.Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "Добавьте прежний ключ в SECRET_KEY", "впишите код и токен заново")
		x.PostSettings().Want(t, http.StatusUnprocessableEntity, "Укажите код входящего вебхука")
		x.SaveSettings("enabled", "-")
		bitrix24test.Equal(t, "sealed secrets", fmt.Sprint(secretsOf(t, x)), fmt.Sprint(before))

		reopenWith(x, secretKey("n"), secretKey("k"))
		x.SaveSettings("enabled", "on")
		x.Recover()
		x.Deal(order)
		bitrix24test.Equal(t, "event", event(x, bitrix24test.PortalToken), http.StatusOK)
	})
}

// secretsOf are the sealed secrets of the settings, by field.
func secretsOf(t *testing.T, x *bitrix24test.Pair) map[string]string {
	t.Helper()
	var saved struct{ Code, Token string }
	x.Must(json.Unmarshal([]byte(sealedSettings(x)), &saved))
	return map[string]string{"Code": saved.Code, "Token": saved.Token}
}

func TestSecrets_withoutTheirKeyMayBeTypedAnew(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		reopenWith(x, secretKey("n"))
		x.SaveSettings(x.Credentials()...)
		bitrix24test.Equal(t, "event", event(x, bitrix24test.PortalToken), http.StatusOK)
		x.SetStatus(order, orders.WaitingForPayment)
		x.Recover()
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
		text := x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK).Text
		if strings.Contains(text, "SECRET_KEY") {
			t.Error("the form still says that the secrets cannot be read")
		}
	})
}

// The code was typed with a key that is gone, the token with the present one: events are taken, the exchange says why not.
func TestSecrets_oneThatCannotBeReadDoesNotStopTheOther(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		token := secretsOf(t, x)["Token"]
		reopenWith(x, secretKey("n"))
		x.SaveSettings(x.Credentials()...)
		code := secretsOf(t, x)["Code"]
		document := strings.ReplaceAll(sealedSettings(x), secretsOf(t, x)["Token"], token)
		x.Must(x.Host().DB.From(t.Context()).Exec("UPDATE settings SET document = ? WHERE name = 'bitrix24'", document).Error)
		reopenWith(x, secretKey("k"))
		bitrix24test.Equal(t, "code", secretsOf(t, x)["Code"], code)
		bitrix24test.Equal(t, "event", event(x, bitrix24test.PortalToken), http.StatusOK)
		x.As(staff.Administrator).Get("/admin/clients").Want(t, http.StatusOK, "код и токены вебхуков не читаются")
	})
}
