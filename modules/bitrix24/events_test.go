package bitrix24_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestEvents_areAnsweredByTheRules(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		for _, c := range []struct {
			name, contentType, body string
			want                    int
		}{
			{"a good one", bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, bitrix24test.PortalToken), 200},
			{"as JSON", "application/json", fmt.Sprintf(`{"event":"ONCRMDEALUPDATE","data":{"FIELDS":{"ID":"1"}},"auth":{"application_token":%q}}`, bitrix24test.PortalToken), 200},
			{"as JSON with a number", "application/json", fmt.Sprintf(`{"event":"ONCRMDEALUPDATE","data":{"FIELDS":{"ID":1}},"auth":{"application_token":%q}}`, bitrix24test.PortalToken), 200},
			{"of an unknown kind", bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMQUOTEADD", 1, bitrix24test.PortalToken), 200},
			{"of an unknown record", bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 987654, bitrix24test.PortalToken), 200},
			{"about no record", bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 0, bitrix24test.PortalToken), 200},
			{"with a wrong token", bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, "wrong"), 403},
			{"without a token", bitrix24test.AsForm, "event=ONCRMDEALUPDATE&data[FIELDS][ID]=1", 403},
			{"with an empty token", bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, ""), 403},
			{"with the token as a list", bitrix24test.AsForm, "event=ONCRMDEALUPDATE&auth[application_token][]=" + bitrix24test.PortalToken, 403},
			{"without a name", bitrix24test.AsForm, "auth[application_token]=" + bitrix24test.PortalToken, 400},
			{"empty", bitrix24test.AsForm, "", 403},
			{"broken JSON", "application/json", `{"event":`, 400},
			{"a JSON list", "application/json", `[1,2]`, 400},
			{
				"too long", bitrix24test.AsForm,
				bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, bitrix24test.PortalToken) + "&x=" + strings.Repeat("x", 64<<10),
				413,
			},
			{"too deep", bitrix24test.AsForm, "event=ONCRMDEALUPDATE&auth[application_token]=wrong&" + strings.Repeat("a[", 10000), 403},
		} {
			if got := x.Event(c.contentType, c.body); got != c.want && (c.want != 403 || got != 400) {
				t.Errorf("%s: %d, want %d", c.name, got, c.want)
			}
		}
		slash, err := http.Post(
			x.URL+bitrix24test.EventsPath+"/", bitrix24test.AsForm,
			strings.NewReader(bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, bitrix24test.PortalToken)),
		)
		x.Must(err)
		x.Must(slash.Body.Close())
		bitrix24test.Equal(t, "with a slash", slash.StatusCode, 200)
		x.Settle()
		bitrix24test.LacksSecrets(t, "the log", x.Log())
	})
}

func TestEvents_withoutAStoredTokenAreRefused(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		bitrix24test.Equal(
			t, "not connected",
			x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, bitrix24test.PortalToken)),
			403,
		)
		bitrix24test.Equal(t, "not connected, no token", x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, "")), 403)
		x.SaveSettings(append(x.Credentials(), "application_token", "")...)
		bitrix24test.Equal(t, "connected without a token", x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, "")), 403)
		x.SaveSettings("application_token", bitrix24test.PortalToken)
		bitrix24test.Equal(
			t, "connected",
			x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, bitrix24test.PortalToken)),
			200,
		)
		x.SaveSettings("enabled", "-")
		bitrix24test.Equal(
			t, "switched off",
			x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, bitrix24test.PortalToken)),
			200,
		)
		bitrix24test.Equal(
			t, "switched off, wrong token",
			x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, "wrong")), 403,
		)
	}, bitrix24test.Unconnected)
}

func TestReplacedToken_isAcceptedBesideTheNewOneForAWhile(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		const fresh = "freshoutboundtoken"
		x.SaveSettings("application_token", fresh)
		for token, want := range map[string]int{fresh: 200, bitrix24test.PortalToken: 200, "other": 403} {
			bitrix24test.Equal(t, "token "+token, x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, token)), want)
		}
	})
}

func TestManyChangesAtOnce_areReconciledInFewRequests(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Reconcile()
		x.Fail(emulator.Fault{Fault: "drop_events"})
		for range 130 {
			x.Do("create_deal", emulator.Args{"fields": map[string]any{"TITLE": "Не из панели"}})
		}
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
		requests := x.Portal.Stats().Requests
		x.Reconcile()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "PrintingInProgress")
		// The first pages of all four entities, the rest of the deals together; the look at ours, and at its rows.
		bitrix24test.Equal(t, "requests", x.Portal.Stats().Requests-requests, 4)
	})
}

func TestChangesMissedByEvents_areFoundByReconciliationAndCounted(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		x.Reconcile()
		x.Fail(emulator.Fault{Fault: "drop_events"})
		deal, _ := x.Deal(order)
		contacts := x.State().Contacts
		x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
		x.Do("edit_contact", emulator.Args{"id": bitrix24test.Number(t, contacts[0]["ID"].(string)), "fields": map[string]any{"NAME": "Мариам"}})
		x.Settle()
		bitrix24test.Equal(t, "status before", x.Order(order).Value("Status"), "Placed")
		x.Reconcile()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "PrintingInProgress")
		bitrix24test.Equal(t, "name", x.Client(client).Value("FirstName"), "Мариам")
		var caught int64
		x.Must(x.Host().DB.From(t.Context()).Table("bitrix24_portals").Select("caught").Scan(&caught).Error)
		if caught != 2 {
			t.Errorf("%d changes counted as caught, want 2", caught)
		}
	})
}

func TestPortalClockHoursOff_changesNothing(t *testing.T) {
	for _, hours := range []float64{-5, 5} {
		t.Run(fmt.Sprintf("%+.0f hours", hours), func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				x.Fail(emulator.Fault{Fault: "clock", OffsetS: hours * 3600})
				order := x.Place()
				x.Settle()
				deal, _ := x.Deal(order)

				// Both sides change; by true time the panel's change is the later one, then the portal's.
				x.Fail(emulator.Fault{Fault: "drop_events"})
				x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
				x.Must(x.Host().DB.From(t.Context()).Exec(
					"UPDATE lanes SET paused_since = ?, paused_until = ? WHERE name = 'bitrix24'",
					bitrix24test.Now(), bitrix24test.Now().Add(time.Minute),
				).Error)
				x.SetStatus(order, "Fulfilled")
				x.Must(x.Host().DB.From(t.Context()).Exec(
					"UPDATE orders SET status_at = ? WHERE id = ?", bitrix24test.Now().Add(time.Minute), order,
				).Error)
				x.Recover()
				x.Settle()
				bitrix24test.Equal(t, "the panel's later status", x.Order(order).Value("Status"), "Fulfilled")
				_, record := x.Deal(order)
				bitrix24test.Equal(t, "stage", record["STAGE_ID"], "FINAL_INVOICE")

				// And reconciliation, whose cursor is in the portal's time, still sees what no event told.
				x.Reconcile()
				x.Must(x.Portal.MoveDeal(deal, "WON"))
				x.Must(x.Host().DB.From(t.Context()).Exec(
					"UPDATE orders SET status_at = ? WHERE id = ?", bitrix24test.Now().Add(-time.Minute), order,
				).Error)
				x.Reconcile()
				bitrix24test.Equal(t, "status caught", x.Order(order).Value("Status"), "Delivered")
			})
		})
	}
}

func TestRoles_ofTheModulesRoutes(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.Settle()
		organization := x.NewOrganization(int64(x.Order(order).Number("UserId"))).ID()
		send := fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)
		for _, c := range []struct {
			role staff.Role
			send int
			sees int // settings, journal
		}{
			{staff.Accountant, 403, 403}, {staff.Operator, 303, 403}, {staff.Supervisor, 303, 403}, {staff.Administrator, 303, 200},
		} {
			b := x.As(c.role)
			for _, path := range []string{bitrix24test.SettingsPage, "/admin/bitrix24/journal"} {
				b.Get(path).Want(t, c.sees)
			}
			if got := b.Post(bitrix24test.Page(order) + "/actions/bitrix24.send").Status; got != c.send {
				t.Errorf("%s sends an order: %d, want %d", c.role, got, c.send)
			}
			if got := b.Post(send).Status; got != c.send && (c.send != 303 || got >= 500) {
				t.Errorf("%s sends an organization: %d, want %d", c.role, got, c.send)
			}
			if got := b.Post(bitrix24test.SettingsPage+"/bitrix24", "bitrix24.enabled", "on").Status; (c.sees == 403) != (got == 403) {
				t.Errorf("%s saves settings: %d", c.role, got)
			}
			deal, _ := x.Deal(order)
			b.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, fmt.Sprintf("/crm/deal/details/%d/", deal))
		}
		stranger := x.Browser()
		stranger.Post(bitrix24test.Page(order)+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		stranger.Post(send).Want(t, http.StatusSeeOther)
		if got := len(x.Portal.IDs("deal")); got != 1 {
			t.Errorf("%d deals, want 1", got)
		}
	})
}
