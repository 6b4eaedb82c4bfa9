package exchange_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

// long is a text of so many characters, all of which take several bytes.
func long(characters int) string {
	return strings.Repeat("Ж😀", characters/2) + strings.Repeat("я", characters%2)
}

// The panel takes more than some fields of the portal hold: a person's name, an address, a row's name, a discussion. What
// is typed on its pages arrives cut, and stays whole where it was typed.
func TestTextLongerThanAFieldOfThePortal_arrivesCutAndStaysWholeInThePanel(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		operator := x.As(staff.Operator)
		client := x.NewClient()
		organization := x.NewOrganization(client).ID()
		order := x.Place(
			bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization),
			bitrix24test.Set("Items", []apptest.JSON{{"Name": long(500), "Quantity": 1, "ItemPrice": 18}}),
		)
		x.Settle()

		// typeIn fills one field of a form, sends it, and finds the whole text in the form afterwards.
		typeIn := func(path, field, text string) {
			t.Helper()
			values := apptest.Fields(operator.Get(path).Want(t, http.StatusOK).Text, "")
			values.Set(field, text)
			operator.Submit(path, values).Want(t, http.StatusSeeOther)
			operator.Get(path).Want(t, http.StatusOK, text)
			x.Settle()
		}
		clientForm, organizationForm := fmt.Sprintf("/admin/clients/%d/edit", client), fmt.Sprintf("/admin/organizations/%d", organization)
		for _, name := range []string{"FirstName", "LastName", "SecondName"} {
			typeIn(clientForm, name, long(100))
		}
		contact := x.State().Contacts[0]
		for _, name := range []string{"NAME", "LAST_NAME", "SECOND_NAME"} {
			bitrix24test.Equal(t, name, contact[name], string([]rune(long(100))[:49])+"…")
		}

		entity := x.Number("SELECT min(id) FROM legal_entities")
		typeIn(fmt.Sprintf("%s/legal-entities/%d", organizationForm, entity), "Address", long(500))
		address := one(t, x.State().Addresses, "ADDRESS_1", string([]rune(long(500))[:254])+"…")
		bitrix24test.Equal(t, "type of the address", address["TYPE_ID"], 6)

		deal, _ := x.Deal(order)
		bitrix24test.Equal(t, "name of the row", x.Portal.Rows(deal)[0]["PRODUCT_NAME"], string([]rune(long(500))[:254])+"…")
		operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, long(500))

		// The discussion keeps what is newest.
		for n := range 3 {
			say(x, order, fmt.Sprintf("%d %s", n, long(9_000)))
		}
		x.Settle()
		_, record := x.Deal(order)
		discussion := record["UF_CRM_PIXLPARK_DISCUSSION"]
		if !strings.HasPrefix(discussion, "…\n") || !strings.HasSuffix(discussion, "2 "+long(9_000)) || len([]rune(discussion)) > 20_000 {
			t.Errorf("the discussion has %d characters and begins with %.60q", len([]rune(discussion)), discussion)
		}
		operator.Get(bitrix24test.Page(order)+"/discussion").Want(t, http.StatusOK, "0 "+long(9_000))
		x.AtRest()
	})
}

// What the panel itself does not take is told at the field, and what was typed stays in it.
func TestTextLongerThanThePanelTakes_isToldAtTheFieldAndKept(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		operator := x.As(staff.Operator)
		client := x.NewClient()
		organization := x.NewOrganization(client).ID()
		order := x.Place(bitrix24test.By(client))
		x.Settle()
		legal := fmt.Sprintf("/admin/organizations/%d/legal-entities/%d", organization, x.Number("SELECT min(id) FROM legal_entities"))
		changes := x.Portal.Stats().Changes
		for _, typed := range []struct {
			path, field string
			most        int
		}{
			{fmt.Sprintf("/admin/clients/%d/edit", client), "FirstName", 100},
			{fmt.Sprintf("/admin/clients/%d/edit", client), "LastName", 100},
			{fmt.Sprintf("/admin/clients/%d/edit", client), "SecondName", 100},
			{fmt.Sprintf("/admin/organizations/%d/edit", organization), "Name", 250},
			{fmt.Sprintf("/admin/organizations/%d/edit", organization), "Address", 500},
			{legal, "Name", 250},
			{legal, "Address", 500},
			{legal, "Bank", 250},
			{bitrix24test.Page(order) + "/messages", "Text", 10_000},
		} {
			values := map[string][]string{}
			if typed.field != "Text" {
				values = apptest.Fields(operator.Get(typed.path).Want(t, http.StatusOK).Text, "")
			}
			values[typed.field] = []string{long(typed.most + 1)}
			answer := operator.Submit(typed.path, values)
			answer.Want(t, http.StatusUnprocessableEntity, "Слишком длинное значение", long(typed.most+1))
		}
		x.Settle()
		bitrix24test.Equal(t, "changes of the portal", x.Portal.Stats().Changes-changes, 0)
	})
}
