package bitrix24_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestSecrets_areNowhereButInTheirSeals(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		// A day with everything that could let one slip: good answers, refusals, faults, wrong codes, events, a new token.
		company, person := x.busyDay()
		x.settle()
		for _, fault := range []string{"revoked", "down", "html_502", "half_body", "lost_response", "plan", "moved"} {
			x.fail(emulator.Fault{Fault: fault, Count: 2, To: x.portalURL})
			x.setStatus(person, "PrintingInProgress")
			x.setStatus(person, "Fulfilled")
			x.recover()
		}
		x.event(asForm, formEvent("ONCRMDEALUPDATE", 1, portalToken))
		x.event(asForm, formEvent("ONCRMDEALUPDATE", 1, "wrong"))
		x.event("application/json", `{"auth":{"application_token":"`+portalToken+`"},`)
		x.postSettings("code", "anotherwrongcode9").Lacks(t, "anotherwrongcode9")
		x.postSettings("portal_url", x.portalURL+"/rest/1/"+webhookCode+"/x/y/z")
		x.saveSettings("application_token", portalToken+"2")
		x.saveSettings("application_token", portalToken)
		x.reconcile()
		x.settle()

		for role, b := range map[staff.Role]func(string) string{
			staff.Administrator: x.pageOf(staff.Administrator), staff.Operator: x.pageOf(staff.Operator), staff.Accountant: x.pageOf(staff.Accountant),
		} {
			for _, path := range []string{
				settingsPage, "/admin/orders", page(company), page(person), page(person) + "/history", page(person) + "/discussion",
				"/admin/clients/1", "/admin/clients/1/edit", "/admin/organizations/1", "/admin/organizations/1/edit", "/admin/jobs",
				"/admin/bitrix24/journal", "/admin/bitrix24/status", "/admin/bitrix24/check", "/admin/bitrix24/compare", "/admin/bitrix24/backfill",
			} {
				lacksSecrets(t, fmt.Sprintf("%s for %s", path, role), b(path))
			}
		}
		for _, path := range []string{"/metrics", "/healthz", "/readyz", fmt.Sprintf("/api/orders/%d", person), "/api/orders", "/api/clients/1", "/api/organizations/1"} {
			lacksSecrets(t, path, x.Call("GET", path, nil).Text)
		}
		lacksSecrets(t, "the log", x.Log())
		x.lacksSecretsAtRest()
	})
}

// pageOf opens pages, whatever their status.
func (x *exchange) pageOf(role staff.Role) func(path string) string {
	b := x.As(role)
	return func(path string) string { return b.Get(path).Text }
}

// lacksSecretsAtRest reads every text of every table.
func (x *exchange) lacksSecretsAtRest() {
	x.t.Helper()
	list := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if x.Database.URL != "" {
		list = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	}
	var tables []string
	x.must(x.Host().DB.From(x.t.Context()).Raw(list).Scan(&tables).Error)
	if len(tables) < 20 {
		x.t.Fatalf("only %d tables: %v", len(tables), tables)
	}
	for _, table := range tables {
		var rows []map[string]any
		x.must(x.Host().DB.From(x.t.Context()).Table(table).Find(&rows).Error)
		for _, row := range rows {
			lacksSecrets(x.t, "table "+table, fmt.Sprint(row))
			if strings.Contains(fmt.Sprint(row), app.DemoToken) {
				x.t.Errorf("table %s holds the site's token", table)
			}
		}
	}
}

// A portal's text may be anything; pages show it as text.
func TestTextOfThePortalAndOfClients_isDataEverywhere(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		const evil = `<script>alert(1)</script>'"; DROP TABLE orders; -- [URL=javascript:alert(2)]x[/URL] $result[deal] %00 & + = 😀`
		x.do("rename_stage", emulator.Args{"id": "EXECUTING", "name": evil})
		x.saveSettings()
		order := x.place(set("Comment", evil), set("Items", []map[string]any{{"Name": evil, "Quantity": 1, "ItemPrice": 100, "Comment": evil}}),
			set("DiscountPrice", 0), set("DeliveryPrice", 0))
		deal, record := x.deal(order)
		disarmed := strings.ReplaceAll(evil, "$result", "$\u2060result")
		contains(t, "discussion", record["UF_CRM_PIXLPARK_DISCUSSION"], disarmed)
		equal(t, "row", x.portal.Rows(deal)[0]["PRODUCT_NAME"], disarmed)
		x.must(x.portal.MoveDeal(deal, "EXECUTING"))
		x.settle()
		equal(t, "status", x.order(order).Value("Status"), "PrintingInProgress")
		for _, path := range []string{page(order), page(order) + "/history", page(order) + "/discussion", settingsPage, "/admin/bitrix24/journal", "/admin/orders"} {
			if raw := x.raw(path); strings.Contains(raw, "<script>alert") {
				t.Errorf("%s runs a script of others", path)
			}
		}
	})
}

// raw is a page for an administrator as it was sent, character references and all.
func (x *exchange) raw(path string) string {
	x.t.Helper()
	resp, err := x.As(staff.Administrator).Open(path)
	x.must(err)
	defer func() { _ = resp.Body.Close() }()
	equal(x.t, path, resp.StatusCode, http.StatusOK)
	text, err := io.ReadAll(resp.Body)
	x.must(err)
	return string(text)
}
