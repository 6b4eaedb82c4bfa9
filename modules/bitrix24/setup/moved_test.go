package setup_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// at serves a portal at a further address.
func at(x *bitrix24test.Pair, p *emulator.Portal) string {
	server := httptest.NewServer(p)
	x.T.Cleanup(server.Close)
	return server.URL
}

func TestPortalMoved_theFormOffersToSaveTheNewAddress(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		old, _ := x.Deal(first)
		other := at(x, x.Portal)
		x.Fail(emulator.Fault{Fault: "moved", To: other, Method: "", Count: 1})
		second := x.Place()
		x.Deal(second)
		admin := x.As(staff.Administrator)
		admin.Get("/admin/orders").Want(t, http.StatusOK, "Портал Битрикс24 переехал на "+other)
		admin.Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "Сохранить новый адрес портала")
		admin.Post(bitrix24test.SettingsPage+"/bitrix24/actions/moved").Want(t, http.StatusSeeOther)
		text := admin.Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, other).Text
		if strings.Contains(text, "Сохранить новый адрес портала") {
			t.Error("the new address is still offered after it was saved")
		}
		x.SetStatus(first, "WaitingForPayment")
		id, deal := x.Deal(first)
		bitrix24test.Equal(t, "deal", id, old)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
	})
}

func TestPortalMoved_whoeverLooksIsToldThoughNobodyAnswersThere(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		nowhere := httptest.NewServer(http.NotFoundHandler())
		nowhere.Close()
		x.Fail(emulator.Fault{Fault: "moved", To: nowhere.URL})
		x.Place()
		x.As(staff.Administrator).Get("/admin/orders").Want(t, http.StatusOK, "Портал Битрикс24 переехал на "+nowhere.URL)
	})
}

func TestPortalMoved_toAnotherProgramIsToldInWords(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		other := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(other.Close)
		x.Fail(emulator.Fault{Fault: "moved", To: other.URL})
		x.Place()
		x.As(staff.Administrator).Get("/admin/orders").Want(t, http.StatusOK, "переехал на "+other.URL, "ответил не Битрикс24")
	})
}

func TestWebhookReplaced_aRenamedPortalKeepsItsLinks(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		old, _ := x.Deal(order)
		x.SaveSettings("portal_url", at(x, x.Portal))
		x.SetStatus(order, "WaitingForPayment")
		id, deal := x.Deal(order)
		bitrix24test.Equal(t, "deal", id, old)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
	})
}

func TestWebhookReplaced_anotherPortalStartsWithoutLinks(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := int64(x.Order(x.Place()).Number("UserId"))
		another := emulator.New(emulator.Options{UserID: 1, Code: bitrix24test.WebhookCode, Control: true, Seed: 2})
		t.Cleanup(func() { _ = another.Close() })
		before := len(x.State().Deals)
		x.SaveSettings("portal_url", at(x, another))
		x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "Это другой портал")
		x.Place(bitrix24test.By(client))
		if n := len(x.State().Deals); n != before {
			t.Errorf("the former portal has %d deals, want %d", n, before)
		}
		if !strings.Contains(string(another.State()), "Соколова") {
			t.Error("the new portal has not got the client of the new order")
		}
		x.SaveSettings("portal_url", x.PortalURL)
		x.Place(bitrix24test.By(client))
		if n := len(x.State().Contacts); n != 1 {
			t.Errorf("back at the former portal the client has %d contacts, want the one known from before", n)
		}
	})
}

func TestTokenReplaced_theOldOneIsGoodForAnHour(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		const fresh = "an0thertokenofthesameportalW5"
		x.SaveSettings("application_token", fresh)
		send := func(token string, want int) {
			t.Helper()
			x.Browser().Post(
				"/api/bitrix/events", "event", "ONCRMDEALUPDATE", "data[FIELDS][ID]", "1",
				"auth[application_token]", token,
			).Want(t, want)
		}
		send(fresh, http.StatusOK)
		send(bitrix24test.PortalToken, http.StatusOK)
		send("neither", http.StatusForbidden)

		database := x.Host().DB.From(t.Context())
		var document string
		x.Must(database.Table("settings").Where("name = 'bitrix24'").Pluck("document", &document).Error)
		var saved map[string]any
		x.Must(json.Unmarshal([]byte(document), &saved))
		saved["OldTokenUntil"] = bitrix24test.Now().Add(-time.Minute)
		changed, err := json.Marshal(saved)
		x.Must(err)
		x.Must(database.Exec("UPDATE settings SET document = ? WHERE name = 'bitrix24'", string(changed)).Error)
		admin := x.As(staff.Administrator)
		admin.Post("/admin/cache/reset").Want(t, http.StatusSeeOther)
		send(fresh, http.StatusOK)
		send(bitrix24test.PortalToken, http.StatusForbidden)

		text := admin.Get(bitrix24test.StatusPage).Want(t, http.StatusOK, "токен исходящего вебхука", "Отклонено событий").Text
		for _, secret := range []string{fresh, bitrix24test.PortalToken, bitrix24test.WebhookCode} {
			if strings.Contains(text, secret) || strings.Contains(document, secret) {
				t.Error("a secret is on the page or in the settings as it is")
			}
		}
	})
}
