package bitrix24_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
)

// long is a text of so many characters, all of which take several bytes.
func long(characters int) string {
	return strings.Repeat("Ж😀", characters/2) + strings.Repeat("я", characters%2)
}

// The panel takes more than some fields of the portal hold: a person's name, an address, a row's name, a discussion. What
// is typed on its pages arrives cut, and stays whole where it was typed.
func TestTextLongerThanAFieldOfThePortal_arrivesCutAndStaysWholeInThePanel(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		operator := x.As(staff.Operator)
		client := x.employee()
		organization := x.organization(client).ID()
		order := x.place(by(client), set("OrganizationId", organization), set("Items", []apptest.JSON{{"Name": long(500), "Quantity": 1, "ItemPrice": 18}}))
		x.settle()

		// typeIn fills one field of a form, sends it, and finds the whole text in the form afterwards.
		typeIn := func(path, field, text string) {
			t.Helper()
			values := apptest.Fields(operator.Get(path).Want(t, http.StatusOK).Text, "")
			values.Set(field, text)
			operator.Submit(path, values).Want(t, http.StatusSeeOther)
			operator.Get(path).Want(t, http.StatusOK, text)
			x.settle()
		}
		clientForm, organizationForm := fmt.Sprintf("/admin/clients/%d/edit", client), fmt.Sprintf("/admin/organizations/%d", organization)
		for _, name := range []string{"FirstName", "LastName", "SecondName"} {
			typeIn(clientForm, name, long(100))
		}
		contact := x.state().Contacts[0]
		for _, name := range []string{"NAME", "LAST_NAME", "SECOND_NAME"} {
			equal(t, name, contact[name], string([]rune(long(100))[:49])+"…")
		}

		entity := x.number("SELECT min(id) FROM legal_entities")
		typeIn(fmt.Sprintf("%s/legal-entities/%d", organizationForm, entity), "Address", long(500))
		address := one(t, x.state().Addresses, "ADDRESS_1", string([]rune(long(500))[:254])+"…")
		equal(t, "type of the address", address["TYPE_ID"], 6)

		deal, _ := x.deal(order)
		equal(t, "name of the row", x.portal.Rows(deal)[0]["PRODUCT_NAME"], string([]rune(long(500))[:254])+"…")
		operator.Get(page(order)).Want(t, http.StatusOK, long(500))

		// The discussion keeps what is newest.
		for n := range 3 {
			x.say(order, fmt.Sprintf("%d %s", n, long(9_000)))
		}
		x.settle()
		_, record := x.deal(order)
		discussion := record["UF_CRM_PIXLPARK_DISCUSSION"]
		if !strings.HasPrefix(discussion, "…\n") || !strings.HasSuffix(discussion, "2 "+long(9_000)) || len([]rune(discussion)) > 20_000 {
			t.Errorf("the discussion has %d characters and begins with %.60q", len([]rune(discussion)), discussion)
		}
		operator.Get(page(order)+"/discussion").Want(t, http.StatusOK, "0 "+long(9_000))
		x.atRest()
	})
}

// What the panel itself does not take is told at the field, and what was typed stays in it.
func TestTextLongerThanThePanelTakes_isToldAtTheFieldAndKept(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		operator := x.As(staff.Operator)
		client := x.employee()
		organization := x.organization(client).ID()
		order := x.place(by(client))
		x.settle()
		legal := fmt.Sprintf("/admin/organizations/%d/legal-entities/%d", organization, x.number("SELECT min(id) FROM legal_entities"))
		changes := x.portal.Stats().Changes
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
			{page(order) + "/messages", "Text", 10_000},
		} {
			values := map[string][]string{}
			if typed.field != "Text" {
				values = apptest.Fields(operator.Get(typed.path).Want(t, http.StatusOK).Text, "")
			}
			values[typed.field] = []string{long(typed.most + 1)}
			answer := operator.Submit(typed.path, values)
			answer.Want(t, http.StatusUnprocessableEntity, "Слишком длинное значение", long(typed.most+1))
		}
		x.settle()
		equal(t, "changes of the portal", x.portal.Stats().Changes-changes, 0)
	})
}
