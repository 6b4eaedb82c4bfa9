package bitrix24_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// at serves a portal at a further address.
func (x *exchange) at(p *emulator.Portal) string {
	server := httptest.NewServer(p)
	x.t.Cleanup(server.Close)
	return server.URL
}

func TestPortalMoved_theFormOffersToSaveTheNewAddress(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		first := x.place()
		old, _ := x.deal(first)
		other := x.at(x.portal)
		x.fail(emulator.Fault{Fault: "moved", To: other, Method: "", Count: 1})
		second := x.place()
		x.deal(second)
		admin := x.As(staff.Administrator)
		admin.Get("/admin/orders").Want(t, http.StatusOK, "Портал Битрикс24 переехал на "+other)
		admin.Get(settingsPage).Want(t, http.StatusOK, "Сохранить новый адрес портала")
		admin.Post(settingsPage+"/bitrix24/actions/moved").Want(t, http.StatusSeeOther)
		text := admin.Get(settingsPage).Want(t, http.StatusOK, other).Text
		if strings.Contains(text, "Сохранить новый адрес портала") {
			t.Error("the new address is still offered after it was saved")
		}
		x.setStatus(first, "WaitingForPayment")
		id, deal := x.deal(first)
		equal(t, "deal", id, old)
		equal(t, "stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
	})
}

func TestPortalMoved_whoeverLooksIsToldThoughNobodyAnswersThere(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		nowhere := httptest.NewServer(http.NotFoundHandler())
		nowhere.Close()
		x.fail(emulator.Fault{Fault: "moved", To: nowhere.URL})
		x.place()
		x.As(staff.Administrator).Get("/admin/orders").Want(t, http.StatusOK, "Портал Битрикс24 переехал на "+nowhere.URL)
	})
}

func TestPortalMoved_toAnotherProgramIsToldInWords(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		other := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(other.Close)
		x.fail(emulator.Fault{Fault: "moved", To: other.URL})
		x.place()
		x.As(staff.Administrator).Get("/admin/orders").Want(t, http.StatusOK, "переехал на "+other.URL, "ответил не Битрикс24")
	}, func(a *arranged) { a.only = "sqlite" })
}

func TestWebhookReplaced_aRenamedPortalKeepsItsLinks(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		old, _ := x.deal(order)
		x.saveSettings("portal_url", x.at(x.portal))
		x.setStatus(order, "WaitingForPayment")
		id, deal := x.deal(order)
		equal(t, "deal", id, old)
		equal(t, "stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
	})
}

func TestWebhookReplaced_anotherPortalStartsWithoutLinks(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := int64(x.order(x.place()).Number("UserId"))
		another := emulator.New(emulator.Options{UserID: 1, Code: webhookCode, Control: true, Seed: 2})
		t.Cleanup(func() { _ = another.Close() })
		before := len(x.state().Deals)
		x.saveSettings("portal_url", x.at(another))
		x.As(staff.Administrator).Get(settingsPage).Want(t, http.StatusOK, "Это другой портал")
		x.place(by(client))
		if n := len(x.state().Deals); n != before {
			t.Errorf("the former portal has %d deals, want %d", n, before)
		}
		if !strings.Contains(string(another.State()), "Соколова") {
			t.Error("the new portal has not got the client of the new order")
		}
		x.saveSettings("portal_url", x.portalURL)
		x.place(by(client))
		if n := len(x.state().Contacts); n != 1 {
			t.Errorf("back at the former portal the client has %d contacts, want the one known from before", n)
		}
	})
}

func TestTokenReplaced_theOldOneIsGoodForAnHour(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		const fresh = "an0thertokenofthesameportalW5"
		x.saveSettings("application_token", fresh)
		send := func(token string, want int) {
			t.Helper()
			x.Browser().Post("/api/bitrix/events", "event", "ONCRMDEALUPDATE", "data[FIELDS][ID]", "1", "auth[application_token]", token).Want(t, want)
		}
		send(fresh, http.StatusOK)
		send(portalToken, http.StatusOK)
		send("neither", http.StatusForbidden)

		database := x.Host().DB.From(t.Context())
		var document string
		x.must(database.Table("settings").Where("name = 'bitrix24'").Pluck("document", &document).Error)
		var saved map[string]any
		x.must(json.Unmarshal([]byte(document), &saved))
		saved["OldTokenUntil"] = now().Add(-minute)
		changed, err := json.Marshal(saved)
		x.must(err)
		x.must(database.Exec("UPDATE settings SET document = ? WHERE name = 'bitrix24'", string(changed)).Error)
		admin := x.As(staff.Administrator)
		admin.Post("/admin/cache/reset").Want(t, http.StatusSeeOther)
		send(fresh, http.StatusOK)
		send(portalToken, http.StatusForbidden)

		text := admin.Get(statusPath).Want(t, http.StatusOK, "токен исходящего вебхука", "Отклонено событий").Text
		for _, secret := range []string{fresh, portalToken, webhookCode} {
			if strings.Contains(text, secret) || strings.Contains(document, secret) {
				t.Error("a secret is on the page or in the settings as it is")
			}
		}
	})
}
