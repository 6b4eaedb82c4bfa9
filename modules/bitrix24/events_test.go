package bitrix24_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

const eventsPath = "/api/bitrix/events"

// event posts what a portal, or somebody who would like to be one, sends.
func (x *exchange) event(contentType, body string) int {
	x.t.Helper()
	r, err := http.NewRequestWithContext(x.t.Context(), http.MethodPost, x.URL+eventsPath, strings.NewReader(body))
	x.must(err)
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	x.must(err)
	x.must(resp.Body.Close())
	return resp.StatusCode
}

const asForm = "application/x-www-form-urlencoded"

// formEvent is an event as the portal encodes it.
func formEvent(name string, id int64, token string) string {
	return url.Values{
		"event": {name}, "data[FIELDS][ID]": {fmt.Sprint(id)}, "ts": {"1700000000"}, "auth[domain]": {"x.bitrix24.ru"}, "auth[application_token]": {token},
	}.Encode()
}

func TestEvents_areAnsweredByTheRules(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		for _, c := range []struct {
			name, contentType, body string
			want                    int
		}{
			{"a good one", asForm, formEvent("ONCRMDEALUPDATE", 1, portalToken), 200},
			{"as JSON", "application/json", fmt.Sprintf(`{"event":"ONCRMDEALUPDATE","data":{"FIELDS":{"ID":"1"}},"auth":{"application_token":%q}}`, portalToken), 200},
			{"as JSON with a number", "application/json", fmt.Sprintf(`{"event":"ONCRMDEALUPDATE","data":{"FIELDS":{"ID":1}},"auth":{"application_token":%q}}`, portalToken), 200},
			{"of an unknown kind", asForm, formEvent("ONCRMQUOTEADD", 1, portalToken), 200},
			{"of an unknown record", asForm, formEvent("ONCRMDEALUPDATE", 987654, portalToken), 200},
			{"about no record", asForm, formEvent("ONCRMDEALUPDATE", 0, portalToken), 200},
			{"with a wrong token", asForm, formEvent("ONCRMDEALUPDATE", 1, "wrong"), 403},
			{"without a token", asForm, "event=ONCRMDEALUPDATE&data[FIELDS][ID]=1", 403},
			{"with an empty token", asForm, formEvent("ONCRMDEALUPDATE", 1, ""), 403},
			{"with the token as a list", asForm, "event=ONCRMDEALUPDATE&auth[application_token][]=" + portalToken, 403},
			{"without a name", asForm, "auth[application_token]=" + portalToken, 400},
			{"empty", asForm, "", 403},
			{"broken JSON", "application/json", `{"event":`, 400},
			{"a JSON list", "application/json", `[1,2]`, 400},
			{"too long", asForm, formEvent("ONCRMDEALUPDATE", 1, portalToken) + "&x=" + strings.Repeat("x", 64<<10), 413},
			{"too deep", asForm, "event=ONCRMDEALUPDATE&auth[application_token]=wrong&" + strings.Repeat("a[", 10000), 403},
		} {
			if got := x.event(c.contentType, c.body); got != c.want && (c.want != 403 || got != 400) {
				t.Errorf("%s: %d, want %d", c.name, got, c.want)
			}
		}
		slash, err := http.Post(x.URL+eventsPath+"/", asForm, strings.NewReader(formEvent("ONCRMDEALUPDATE", 1, portalToken)))
		x.must(err)
		x.must(slash.Body.Close())
		equal(t, "with a slash", slash.StatusCode, 200)
		x.settle()
		lacksSecrets(t, "the log", x.Log())
	})
}

func TestEvents_withoutAStoredTokenAreRefused(t *testing.T) {
	eachApart(t, func(t *testing.T, x *exchange) {
		equal(t, "not connected", x.event(asForm, formEvent("ONCRMDEALUPDATE", 1, portalToken)), 403)
		equal(t, "not connected, no token", x.event(asForm, formEvent("ONCRMDEALUPDATE", 1, "")), 403)
		x.saveSettings(append(x.theFour(), "application_token", "")...)
		equal(t, "connected without a token", x.event(asForm, formEvent("ONCRMDEALUPDATE", 1, "")), 403)
		x.saveSettings("application_token", portalToken)
		equal(t, "connected", x.event(asForm, formEvent("ONCRMDEALUPDATE", 1, portalToken)), 200)
		x.saveSettings("enabled", "-")
		equal(t, "switched off", x.event(asForm, formEvent("ONCRMDEALUPDATE", 1, portalToken)), 200)
		equal(t, "switched off, wrong token", x.event(asForm, formEvent("ONCRMDEALUPDATE", 1, "wrong")), 403)
	})
}

func TestReplacedToken_isAcceptedBesideTheNewOneForAWhile(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		const fresh = "freshoutboundtoken"
		x.saveSettings("application_token", fresh)
		for token, want := range map[string]int{fresh: 200, portalToken: 200, "other": 403} {
			equal(t, "token "+token, x.event(asForm, formEvent("ONCRMDEALUPDATE", 1, token)), want)
		}
	})
}

func TestEvents_thatComeDoubledLateShuffledOrNotAtAll(t *testing.T) {
	for name, f := range map[string]emulator.Fault{
		"doubled":  {Fault: "double_events"},
		"shuffled": {Fault: "shuffle_events"},
		"late":     {Fault: "delay_events", DelayMS: 300},
		"dropped":  {Fault: "drop_events", Probability: 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, x *exchange) {
				first := x.place()
				x.settle()
				client := int64(x.order(first).Number("UserId"))
				placed := []int64{first, x.place(by(client)), x.place(by(client))}
				x.settle()
				x.fail(f)
				for i, order := range placed {
					deal, _ := x.deal(order)
					for _, stage := range []string{"PREPARATION", "EXECUTING", []string{"FINAL_INVOICE", "EXECUTING", "LOSE"}[i]} {
						x.must(x.portal.MoveDeal(deal, stage))
					}
				}
				changes := x.portal.Stats().Changes
				x.settle()
				if name == "dropped" {
					x.reconcile()
					x.settle()
				}
				for i, want := range []string{"Fulfilled", "PrintingInProgress", "Cancelled"} {
					equal(t, "status", x.order(placed[i]).Value("Status"), want)
				}
				equal(t, "changes caused on the portal", x.portal.Stats().Changes-changes, 0)
			})
		})
	}
}

// reconcile has the recurring look at what no event told happen now.
func (x *exchange) reconcile() {
	x.t.Helper()
	x.must(x.Host().DB.From(x.t.Context()).Exec("UPDATE jobs SET run_at = ? WHERE state = 'waiting' AND kind = 'bitrix24.reconcile'", now()).Error)
	x.Drain()
}

func TestManyChangesAtOnce_areReconciledInFewRequests(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.reconcile()
		x.fail(emulator.Fault{Fault: "drop_events"})
		for range 130 {
			x.do("create_deal", emulator.Args{"fields": map[string]any{"TITLE": "Не из панели"}})
		}
		order := x.place()
		deal, _ := x.deal(order)
		x.must(x.portal.MoveDeal(deal, "EXECUTING"))
		requests := x.portal.Stats().Requests
		x.reconcile()
		equal(t, "status", x.order(order).Value("Status"), "PrintingInProgress")
		// The first pages of all four entities, the rest of the deals together; the look at ours, and at its rows.
		equal(t, "requests", x.portal.Stats().Requests-requests, 4)
	})
}

func TestChangesMissedByEvents_areFoundByReconciliationAndCounted(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		x.reconcile()
		x.fail(emulator.Fault{Fault: "drop_events"})
		deal, _ := x.deal(order)
		contacts := x.state().Contacts
		x.must(x.portal.MoveDeal(deal, "EXECUTING"))
		x.do("edit_contact", emulator.Args{"id": number(t, contacts[0]["ID"].(string)), "fields": map[string]any{"NAME": "Мариам"}})
		x.settle()
		equal(t, "status before", x.order(order).Value("Status"), "Placed")
		x.reconcile()
		equal(t, "status", x.order(order).Value("Status"), "PrintingInProgress")
		equal(t, "name", x.client(client).Value("FirstName"), "Мариам")
		var caught int64
		x.must(x.Host().DB.From(t.Context()).Table("bitrix24_portals").Select("caught").Scan(&caught).Error)
		if caught != 2 {
			t.Errorf("%d changes counted as caught, want 2", caught)
		}
	})
}

func TestPortalClockHoursOff_changesNothing(t *testing.T) {
	for _, hours := range []float64{-5, 5} {
		t.Run(fmt.Sprintf("%+.0f hours", hours), func(t *testing.T) {
			each(t, func(t *testing.T, x *exchange) {
				x.fail(emulator.Fault{Fault: "clock", OffsetS: hours * 3600})
				order := x.place()
				x.settle()
				deal, _ := x.deal(order)

				// Both sides change; by true time the panel's change is the later one, then the portal's.
				x.fail(emulator.Fault{Fault: "drop_events"})
				x.must(x.portal.MoveDeal(deal, "EXECUTING"))
				x.must(x.Host().DB.From(t.Context()).Exec("UPDATE lanes SET paused_since = ?, paused_until = ? WHERE name = 'bitrix24'", now(), now().Add(minute)).Error)
				x.setStatus(order, "Fulfilled")
				x.must(x.Host().DB.From(t.Context()).Exec("UPDATE orders SET status_at = ? WHERE id = ?", now().Add(minute), order).Error)
				x.recover()
				x.settle()
				equal(t, "the panel's later status", x.order(order).Value("Status"), "Fulfilled")
				_, record := x.deal(order)
				equal(t, "stage", record["STAGE_ID"], "FINAL_INVOICE")

				// And reconciliation, whose cursor is in the portal's time, still sees what no event told.
				x.reconcile()
				x.must(x.portal.MoveDeal(deal, "WON"))
				x.must(x.Host().DB.From(t.Context()).Exec("UPDATE orders SET status_at = ? WHERE id = ?", now().Add(-minute), order).Error)
				x.reconcile()
				equal(t, "status caught", x.order(order).Value("Status"), "Delivered")
			})
		})
	}
}

func TestRoles_ofTheModulesRoutes(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		x.settle()
		organization := x.organization(int64(x.order(order).Number("UserId"))).ID()
		send := fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)
		for _, c := range []struct {
			role staff.Role
			send int
			sees int // settings, journal
		}{
			{staff.Accountant, 403, 403}, {staff.Operator, 303, 403}, {staff.Supervisor, 303, 403}, {staff.Administrator, 303, 200},
		} {
			b := x.As(c.role)
			for _, path := range []string{settingsPage, "/admin/bitrix24/journal"} {
				b.Get(path).Want(t, c.sees)
			}
			if got := b.Post(page(order) + "/actions/bitrix24.send").Status; got != c.send {
				t.Errorf("%s sends an order: %d, want %d", c.role, got, c.send)
			}
			if got := b.Post(send).Status; got != c.send && (c.send != 303 || got >= 500) {
				t.Errorf("%s sends an organization: %d, want %d", c.role, got, c.send)
			}
			if got := b.Post(settingsPage+"/bitrix24", "bitrix24.enabled", "on").Status; (c.sees == 403) != (got == 403) {
				t.Errorf("%s saves settings: %d", c.role, got)
			}
			deal, _ := x.deal(order)
			b.Get(page(order)).Want(t, http.StatusOK, fmt.Sprintf("/crm/deal/details/%d/", deal))
		}
		stranger := x.Browser()
		stranger.Post(page(order)+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		stranger.Post(send).Want(t, http.StatusSeeOther)
		if got := len(x.portal.IDs("deal")); got != 1 {
			t.Errorf("%d deals, want 1", got)
		}
	})
}
