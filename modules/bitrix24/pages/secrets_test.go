package pages_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestSecrets_areNowhereButInTheirSeals(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		// A day with everything that could let one slip: good answers, refusals, faults, wrong codes, events, a new token.
		company, person := x.BusyDay()
		x.Settle()
		for _, fault := range []string{"revoked", "down", "html_502", "half_body", "lost_response", "plan", "moved"} {
			x.Fail(emulator.Fault{Fault: fault, Count: 2, To: x.PortalURL})
			x.SetStatus(person, "PrintingInProgress")
			x.SetStatus(person, "Fulfilled")
			x.Recover()
		}
		x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, bitrix24test.PortalToken))
		x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", 1, "wrong"))
		x.Event("application/json", `{"auth":{"application_token":"`+bitrix24test.PortalToken+`"},`)
		x.PostSettings("code", "anotherwrongcode9").Lacks(t, "anotherwrongcode9")
		x.PostSettings("portal_url", x.PortalURL+"/rest/1/"+bitrix24test.WebhookCode+"/x/y/z")
		x.SaveSettings("application_token", bitrix24test.PortalToken+"2")
		x.SaveSettings("application_token", bitrix24test.PortalToken)
		x.Reconcile()
		x.Settle()

		for role, b := range map[staff.Role]func(string) string{
			staff.Administrator: pageOf(x, staff.Administrator), staff.Operator: pageOf(x, staff.Operator),
			staff.Accountant: pageOf(x, staff.Accountant),
		} {
			for _, path := range []string{
				bitrix24test.SettingsPage, "/admin/orders", bitrix24test.Page(company), bitrix24test.Page(person),
				bitrix24test.Page(person) + "/history", bitrix24test.Page(person) + "/discussion",
				"/admin/clients/1", "/admin/clients/1/edit", "/admin/organizations/1", "/admin/organizations/1/edit", "/admin/jobs",
				"/admin/bitrix24/journal", "/admin/bitrix24/status", "/admin/bitrix24/check", "/admin/bitrix24/compare", "/admin/bitrix24/backfill",
			} {
				bitrix24test.LacksSecrets(t, fmt.Sprintf("%s for %s", path, role), b(path))
			}
		}
		for _, path := range []string{
			"/metrics", "/healthz", "/readyz", fmt.Sprintf("/api/orders/%d", person), "/api/orders",
			"/api/clients/1", "/api/organizations/1",
		} {
			bitrix24test.LacksSecrets(t, path, x.Call("GET", path, nil).Text)
		}
		bitrix24test.LacksSecrets(t, "the log", x.Log())
		lacksSecretsAtRest(x)
	})
}

// pageOf opens pages, whatever their status.
func pageOf(x *bitrix24test.Pair, role staff.Role) func(path string) string {
	b := x.As(role)
	return func(path string) string { return b.Get(path).Text }
}

// lacksSecretsAtRest reads every text of every table.
func lacksSecretsAtRest(x *bitrix24test.Pair) {
	x.T.Helper()
	list := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if x.Database.URL != "" {
		list = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	}
	var tables []string
	x.Must(x.Host().DB.From(x.T.Context()).Raw(list).Scan(&tables).Error)
	if len(tables) < 20 {
		x.T.Fatalf("only %d tables: %v", len(tables), tables)
	}
	for _, table := range tables {
		var rows []map[string]any
		x.Must(x.Host().DB.From(x.T.Context()).Table(table).Find(&rows).Error)
		for _, row := range rows {
			bitrix24test.LacksSecrets(x.T, "table "+table, fmt.Sprint(row))
			if strings.Contains(fmt.Sprint(row), app.DemoToken) {
				x.T.Errorf("table %s holds the site's token", table)
			}
		}
	}
}

// A portal's text may be anything; pages show it as text.
func TestTextOfThePortalAndOfClients_isDataEverywhere(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		const evil = `<script>alert(1)</script>'"; DROP TABLE orders; -- [URL=javascript:alert(2)]x[/URL] $result[deal] %00 & + = 😀`
		x.Do("rename_stage", emulator.Args{"id": "EXECUTING", "name": evil})
		x.SaveSettings()
		order := x.Place(bitrix24test.Set("Comment", evil), bitrix24test.Set(
			"Items", []map[string]any{{"Name": evil, "Quantity": 1, "ItemPrice": 100, "Comment": evil}},
		),
			bitrix24test.Set("DiscountPrice", 0), bitrix24test.Set("DeliveryPrice", 0))
		deal, record := x.Deal(order)
		disarmed := strings.ReplaceAll(evil, "$result", "$\u2060result")
		bitrix24test.Contains(t, "discussion", record["UF_CRM_PIXLPARK_DISCUSSION"], disarmed)
		bitrix24test.Equal(t, "row", x.Portal.Rows(deal)[0]["PRODUCT_NAME"], disarmed)
		x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "PrintingInProgress")
		for _, path := range []string{
			bitrix24test.Page(order), bitrix24test.Page(order) + "/history",
			bitrix24test.Page(order) + "/discussion", bitrix24test.SettingsPage, "/admin/bitrix24/journal",
			"/admin/orders",
		} {
			if raw := raw(x, path); strings.Contains(raw, "<script>alert") {
				t.Errorf("%s runs a script of others", path)
			}
		}
	})
}

// raw is a page for an administrator as it was sent, character references and all.
func raw(x *bitrix24test.Pair, path string) string {
	x.T.Helper()
	resp, err := x.As(staff.Administrator).Open(path)
	x.Must(err)
	defer func() { _ = resp.Body.Close() }()
	bitrix24test.Equal(x.T, path, resp.StatusCode, http.StatusOK)
	text, err := io.ReadAll(resp.Body)
	x.Must(err)
	return string(text)
}
