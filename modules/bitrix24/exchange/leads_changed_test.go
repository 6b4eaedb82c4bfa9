package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
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
	bitrix24test.EachWithLeads(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.Employee()
		organization := x.Organization(client).ID()
		x.Settle()
		for _, path := range []string{fmt.Sprintf("/api/clients/%d", client), fmt.Sprintf("/api/organizations/%d", organization)} {
			x.Call("PATCH", path, apptest.JSON{"Email": "new@example.ru", "Phone": "+79220000001"}).Want(t, http.StatusOK)
		}
		x.Settle()
		for _, key := range []string{bitrix24test.ClientLead(client), organizationLead(organization)} {
			_, lead := x.Lead(key, 2)
			bitrix24test.Equal(t, key+": phone", multi(t, lead, "PHONE"), "MOBILE +79220000001")
			bitrix24test.Equal(t, key+": e-mail", multi(t, lead, "EMAIL"), "HOME new@example.ru")
		}
		changes := x.Portal.Stats().Changes
		x.Settle()
		bitrix24test.Equal(t, "changes at rest", x.Portal.Stats().Changes-changes, 0)
		x.AtRest()
	})
}

// What a manager corrected in a lead, he keeps, whatever else changes in the panel.
func TestLeadCorrectedByAManager_keepsHisTitleAndPhone(t *testing.T) {
	bitrix24test.EachWithLeads(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.Employee()
		x.Settle()
		id, lead := x.Lead(bitrix24test.ClientLead(client), 1)
		x.Do("edit_lead", emulator.Args{"id": id, "fields": map[string]any{
			"TITLE": "Соколова, важный клиент", "PHONE": []any{map[string]any{"ID": leadValue(t, lead, "PHONE"), "VALUE": "+79990000009", "VALUE_TYPE": "MOBILE"}},
		}})
		x.Settle()
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": "Марья", "Phone": "+79220000001", "Email": "new@example.ru"}).Want(t, http.StatusOK)
		x.Settle()
		_, lead = x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "title", lead["TITLE"], "Соколова, важный клиент")
		bitrix24test.Equal(t, "name", lead["NAME"], "Марья")
		bitrix24test.Equal(t, "phone", multi(t, lead, "PHONE"), "MOBILE +79990000009")
		bitrix24test.Equal(t, "e-mail", multi(t, lead, "EMAIL"), "HOME new@example.ru")
		x.AtRest()
	})
}
