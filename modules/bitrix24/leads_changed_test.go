package bitrix24_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// leadValue is the number of the only value of a multifield.
func leadValue(t testing.TB, lead map[string]any, kind string) any {
	t.Helper()
	multi(t, lead, kind)
	return lead[kind].([]any)[0].(map[string]any)["ID"]
}

// What changes in a client or an organization changes in their open leads: the existing phone and e-mail, no second ones.
func TestClientAndOrganizationChangedWhileLeads_theirLeadsHaveTheNewPhoneAndEmail(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		organization := x.organization(client).ID()
		x.settle()
		for _, path := range []string{fmt.Sprintf("/api/clients/%d", client), fmt.Sprintf("/api/organizations/%d", organization)} {
			x.Call("PATCH", path, apptest.JSON{"Email": "new@example.ru", "Phone": "+79220000001"}).Want(t, http.StatusOK)
		}
		x.settle()
		for _, key := range []string{clientLead(client), organizationLead(organization)} {
			_, lead := x.lead(key, 2)
			equal(t, key+": phone", multi(t, lead, "PHONE"), "MOBILE +79220000001")
			equal(t, key+": e-mail", multi(t, lead, "EMAIL"), "HOME new@example.ru")
		}
		changes := x.portal.Stats().Changes
		x.settle()
		equal(t, "changes at rest", x.portal.Stats().Changes-changes, 0)
		x.atRest()
	})
}

// What a manager corrected in a lead, he keeps, whatever else changes in the panel.
func TestLeadCorrectedByAManager_keepsHisTitleAndPhone(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		x.settle()
		id, lead := x.lead(clientLead(client), 1)
		x.do("edit_lead", emulator.Args{"id": id, "fields": map[string]any{
			"TITLE": "Соколова, важный клиент", "PHONE": []any{map[string]any{"ID": leadValue(t, lead, "PHONE"), "VALUE": "+79990000009", "VALUE_TYPE": "MOBILE"}},
		}})
		x.settle()
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": "Марья", "Phone": "+79220000001", "Email": "new@example.ru"}).Want(t, http.StatusOK)
		x.settle()
		_, lead = x.lead(clientLead(client), 1)
		equal(t, "title", lead["TITLE"], "Соколова, важный клиент")
		equal(t, "name", lead["NAME"], "Марья")
		equal(t, "phone", multi(t, lead, "PHONE"), "MOBILE +79990000009")
		equal(t, "e-mail", multi(t, lead, "EMAIL"), "HOME new@example.ru")
		x.atRest()
	})
}
