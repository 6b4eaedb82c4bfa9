package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
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
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		organization := x.NewOrganization(client).ID()
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
	}, bitrix24test.WithLeads)
}

// What a manager corrected in a lead, he keeps, whatever else changes in the panel.
func TestLeadCorrectedByAManager_keepsHisTitleAndPhone(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		x.Settle()
		id, lead := x.Lead(bitrix24test.ClientLead(client), 1)
		x.Do("edit_lead", emulator.Args{"id": id, "fields": map[string]any{
			"TITLE": "Соколова, важный клиент", "PHONE": []any{map[string]any{
				"ID": leadValue(t, lead, "PHONE"), "VALUE": "+79990000009", "VALUE_TYPE": "MOBILE",
			}},
		}})
		x.Settle()
		x.Call(
			"PATCH", fmt.Sprintf("/api/clients/%d", client),
			apptest.JSON{"FirstName": "Марья", "Phone": "+79220000001", "Email": "new@example.ru"},
		).Want(t, http.StatusOK)
		x.Settle()
		_, lead = x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "title", lead["TITLE"], "Соколова, важный клиент")
		bitrix24test.Equal(t, "name", lead["NAME"], "Марья")
		bitrix24test.Equal(t, "phone", multi(t, lead, "PHONE"), "MOBILE +79990000009")
		bitrix24test.Equal(t, "e-mail", multi(t, lead, "EMAIL"), "HOME new@example.ru")
		x.AtRest()
	}, bitrix24test.WithLeads)
}

// What a person wrote into the lead of a client who registered is still there when the client orders into it.
func TestOrderIntoALead_keepsWhatAManagerWroteThere(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.Do("edit_lead", emulator.Args{"id": lead, "fields": map[string]any{"COMMENTS": "Звонить после обеда"}})
		x.CallPortal(
			"crm.item.productrow.add",
			"fields[ownerType]=L&fields[ownerId]=%d&fields[productName]=Urgency&fields[price]=500&fields[quantity]=1",
			lead,
		)
		order := x.Place(bitrix24test.By(client))
		x.Settle()
		_, record := x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Contains(t, "comment", fmt.Sprint(record["COMMENTS"]), "Звонить после обеда", "[URL="+x.URL+bitrix24test.Page(order)+"]")
		bitrix24test.Equal(t, "sum of rows", x.LeadSum(lead), orders.Money(1149_75+500_00))
		bitrix24test.Equal(t, "amount", record["OPPORTUNITY"], "1149.75")
		changes := x.Portal.Stats().Changes
		x.Settle()
		bitrix24test.Equal(t, "changes at rest", x.Portal.Stats().Changes-changes, 0)
		x.AtRest()
	}, bitrix24test.WithLeads)
}

// A client who was renamed, and got another phone, while he was a lead.
func TestClientChangedWhileALead_theDealIsTheOrdersAndTheContactIsTheClients(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"LastName": "Орлова", "Phone": "+79120000002"}).
			Want(t, http.StatusOK)
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		made := x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true, "company": false})
		x.Settle()
		x.WholeDeal(order)
		contact, _ := x.Portal.Contact(made["contact"])
		bitrix24test.Equal(t, "last name", contact["LAST_NAME"], "Орлова")
		bitrix24test.Equal(t, "phone of the contact", multi(t, x.State().Contacts[0], "PHONE"), "MOBILE +79120000002")
		bitrix24test.Equal(t, "phone here", x.Call("GET", fmt.Sprintf("/api/clients/%d", client), nil).Value("Phone"), "+79120000002")
	}, bitrix24test.WithLeads)
}
