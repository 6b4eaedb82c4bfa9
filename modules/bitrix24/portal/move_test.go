package portal_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

const (
	movePage = "/admin/bitrix24/move"
	question = "переехала панель или это копия базы"
	copied   = "http://test.example.ru"
)

// reopenAt starts the panel again under another PUBLIC_URL.
func reopenAt(x *bitrix24test.Pair, address string) {
	x.T.Helper()
	x.Reopen(func(cfg *app.Config) { cfg.PublicURL = address })
}

// answer presses one of the two buttons.
func answer(x *bitrix24test.Pair, which string) apptest.Answer {
	x.T.Helper()
	x.As(staff.Administrator).Post(movePage+"/"+which).Want(x.T, http.StatusSeeOther)
	return x.As(staff.Administrator).Get(movePage).Want(x.T, http.StatusOK)
}

// asked reports whether every page asks the question.
func asked(x *bitrix24test.Pair) bool {
	x.T.Helper()
	text := x.As(staff.Administrator).Get("/admin/clients").Want(x.T, http.StatusOK).Text
	return strings.Contains(text, question)
}

func TestPanelMove_untilSomebodyAnswersNothingIsExchanged(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		deal, _ := x.Deal(order)
		x.Settle()
		reopenAt(x, copied)
		admin := x.As(staff.Administrator)
		requests := x.Requests(func() {
			waiting := x.Place(bitrix24test.By(client))
			state, err := x.Host().Jobs.Lane(t.Context(), "bitrix24")
			x.Must(err)
			if state.Paused {
				t.Error("the order was tried while the customer waited")
			}
			x.SetStatus(order, orders.PrintingInProgress)
			bitrix24test.Equal(t, "event", x.Event(bitrix24test.AsForm,
				bitrix24test.FormEvent("ONCRMDEALUPDATE", deal, bitrix24test.PortalToken)), http.StatusOK)
			x.Drain()
			x.Reconcile()
			x.Hurry()
			x.Drain()
			x.As(staff.Operator).Get(bitrix24test.Page(waiting)).Want(t, http.StatusOK, "ждёт", "адрес панели изменился")
			admin.Get(bitrix24test.StatusPage).Want(t, http.StatusOK, "Обмен не идёт", "адрес панели изменился")
			admin.Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, question, "Панель переехала или это копия?")
			x.PostSettings().Want(t, http.StatusUnprocessableEntity, question)
			for _, action := range []string{"check", "lists"} {
				admin.Post(bitrix24test.SettingsPage+"/bitrix24/actions/"+action).Want(t, http.StatusSeeOther)
			}
			admin.Get(movePage).Want(t, http.StatusOK, x.PortalURL, copied, "Панель переехала", "Это копия")
		})
		bitrix24test.Equal(t, "requests", requests, 0)
		bitrix24test.Equal(t, "jobs that look at the portal", x.Number(
			"SELECT count(*) FROM jobs WHERE kind = 'bitrix24.pull' AND state = 'waiting'"), 0)
		if !asked(x) {
			t.Error("no banner asks")
		}
		if text := x.As(staff.Operator).Get("/admin/orders").Want(t, http.StatusOK).Text; strings.Contains(text, question) {
			t.Error("an operator is asked")
		}
		x.As(staff.Operator).Post(movePage+"/copy").Want(t, http.StatusForbidden)
	})
}

func TestPanelMove_thePanelHasMoved(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		deal, _ := x.Deal(order)
		reopenAt(x, copied)
		waiting := x.Place(bitrix24test.By(client))
		x.Must(x.Portal.MoveDeal(deal, "EXECUTING")) // its event is lost
		x.Drain()
		answer(x, "moved").Want(t, http.StatusOK, "Новый адрес запомнен", "Отвечать нечего")
		x.Recover()
		x.Reconcile()
		x.Recover()

		id, record := x.Deal(order)
		bitrix24test.Equal(t, "deal", id, deal)
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "EXECUTING")
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.PrintingInProgress)
		x.Complete(2)
		x.SetStatus(waiting, orders.WaitingForPayment)
		_, record = x.Deal(waiting)
		bitrix24test.Contains(t, "comment", record["COMMENTS"], copied+bitrix24test.Page(waiting))

		x.As(staff.Administrator).Get(bitrix24test.StatusPage).Want(t, http.StatusOK, "Панель переехала: была ", copied)
		bitrix24test.Equal(t, "who answered", x.Text("SELECT actor FROM bitrix24_audit ORDER BY id DESC LIMIT 1"), app.DemoStaff[0].Name)
		answer(x, "copy").Want(t, http.StatusOK, "уже ответили")
		reopenAt(x, copied)
		if asked(x) {
			t.Error("asked again at the next start")
		}
	})
}

func TestPanelMove_thisIsACopy(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		deal, _ := x.Deal(order)
		installation := x.Text("SELECT id FROM bitrix24_installations")
		before := string(x.Portal.State())
		reopenAt(x, copied)
		requests := x.Requests(func() {
			x.Place(bitrix24test.By(client))
			answer(x, "copy").Want(t, http.StatusOK, "Портал здесь забыт", "Отвечать нечего")
			x.SetStatus(order, orders.Cancelled)
			x.Place(bitrix24test.By(client))
			bitrix24test.Equal(t, "event", x.Event(bitrix24test.AsForm,
				bitrix24test.FormEvent("ONCRMDEALDELETE", deal, bitrix24test.PortalToken)), http.StatusForbidden)
			x.Hurry()
			x.Drain()
		})
		bitrix24test.Equal(t, "requests", requests, 0)
		bitrix24test.Equal(t, "the portal", string(x.Portal.State()), before)
		if x.Text("SELECT id FROM bitrix24_installations") == installation {
			t.Error("the copy has the name of the original")
		}
		if saved := x.Text("SELECT document FROM settings WHERE name = 'bitrix24'"); strings.Contains(saved, "sealed:") ||
			strings.Contains(saved, x.PortalURL) {
			t.Errorf("the portal is not forgotten: %s", saved)
		}
		bitrix24test.Equal(t, "who answered", x.Text("SELECT actor FROM bitrix24_audit ORDER BY id DESC LIMIT 1"), app.DemoStaff[0].Name)
		x.As(staff.Administrator).Get(bitrix24test.StatusPage).Want(t, http.StatusOK, "Это копия базы", "интеграция с Битрикс24 выключена")
		if asked(x) {
			t.Error("the question stays")
		}

		another := emulator.New(emulator.Options{UserID: 1, Code: bitrix24test.WebhookCode, Control: true, Seed: 2})
		t.Cleanup(func() { _ = another.Close() })
		server := httptest.NewServer(another)
		t.Cleanup(server.Close)
		x.SaveSettings(append(x.Credentials(), "portal_url", server.URL)...)
		x.Place(bitrix24test.By(client))
		x.Recover()
		bitrix24test.Equal(t, "deals on the test portal", len(another.IDs("deal")), 1)
		bitrix24test.Equal(t, "the former portal", string(x.Portal.State()), before)
	})
}

func TestPanelMove_aCopyOnThePortalOfItsOriginalLeavesTheDealsAlone(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, was := x.Deal(order)
		reopenAt(x, copied)
		answer(x, "copy")
		x.SaveSettings(x.Credentials()...)
		x.SetStatus(order, orders.Cancelled)
		x.Recover()
		id, is := x.Deal(order)
		bitrix24test.Equal(t, "deal", id, deal)
		bitrix24test.Equal(t, "stage", is["STAGE_ID"], was["STAGE_ID"])
	})
}

func TestPanelMove_whichAddressesAreAnother(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Place()
		for _, c := range []struct {
			former, present string // empty: nobody set PUBLIC_URL, the panel listens on 127.0.0.1
			want            bool
		}{
			{"https://panel.example.ru", "https://panel.example.ru", false},
			{"http://panel.example.ru", "https://PANEL.example.ru", false},
			{"https://panel.example.ru:443", "https://panel.example.ru", false},
			{"https://panel.example.ru", "https://test.example.ru", true},
			{"https://panel.example.ru", "https://panel.example.ru:8443", true},
			{"https://panel.example.ru", "", true}, // a copy of the database on somebody's own computer
			{"http://127.0.0.1:1", "", false},      // the demo on another port
			{"http://localhost:1", "", false},
			{"http://[::1]:1", "", false},
			{"http://0.0.0.0:8080", "", false},
			{"http://127.0.0.1:1", "https://panel.example.ru", true},
			{"", "https://test.example.ru", false}, // connected before addresses were noted
		} {
			x.Must(x.Host().DB.From(t.Context()).Exec("UPDATE bitrix24_portals SET public_url = ?", c.former).Error)
			x.Reopen(func(cfg *app.Config) {
				if c.present != "" {
					cfg.PublicURL = c.present
				}
			})
			if got := asked(x); got != c.want {
				t.Errorf("from %q to %q: asked %v, want %v", c.former, c.present, got, c.want)
			}
		}
	})
}

func TestPanelMove_fromOnePortToAnotherIsOneIfSomebodySetTheAddress(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Place()
		reopenAt(x, "http://127.0.0.1:1")
		if !asked(x) {
			t.Error("a copy beside its original is not asked about")
		}
		reopenAt(x, x.Text("SELECT public_url FROM bitrix24_portals"))
		if asked(x) {
			t.Error("asked at the former address")
		}
	}, func(s *bitrix24test.Setup) { s.Options.PublicURL = "http://127.0.0.1:1" })
}

func TestPanelMove_anExchangeThatWasOffAsksBeforeItIsSwitchedOn(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Place()
		x.SaveSettings("enabled", "-")
		reopenAt(x, copied)
		if asked(x) {
			t.Error("every page asks although nothing would be exchanged")
		}
		requests := x.Requests(func() {
			x.PostSettings("enabled", "on").Want(t, http.StatusUnprocessableEntity, question)
		})
		bitrix24test.Equal(t, "requests", requests, 0)
		answer(x, "moved")
		x.SaveSettings("enabled", "on")
	})
}

func TestPanelMove_newClientsWaitToBecomeLeads(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		reopenAt(x, copied)
		client := x.NewClient()
		x.Drain()
		bitrix24test.Equal(t, "leads", len(x.State().Leads), 0)
		answer(x, "moved")
		x.Recover()
		x.Lead(bitrix24test.ClientLead(client), 1)
	}, bitrix24test.WithLeads)
}
