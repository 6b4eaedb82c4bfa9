package bitrix24_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// An employee whose contact was deleted, and who got another, is one of the company's contacts again.
func TestEmployeeWithAnotherContact_isTiedToTheCompanyAgain(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		organization := x.organization(client).ID()
		x.place(by(client), set("OrganizationId", organization))
		x.settle()
		x.do("delete_contact", emulator.Args{"id": x.portal.IDs("contact")[0]})
		x.settle()
		x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Name": "ООО «Южный ветер»"}).Want(t, http.StatusOK)
		x.settle()
		contact := x.portal.IDs("contact")[0]
		equal(t, "contacts of the company", x.state().Links.CompanyContacts[fmt.Sprint(x.portal.IDs("company")[0])], []string{fmt.Sprint(contact)})
	})
}

// An employee whose contact is made later than the company, by an order of his own, is tied to it right away.
func TestEmployeeWhoseContactIsMadeLater_isTiedToTheCompanyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		organization := x.organization(client).ID()
		x.place(by(client), set("OrganizationId", organization))
		x.settle()
		company := fmt.Sprint(x.portal.IDs("company")[0])
		x.do("delete_contact", emulator.Args{"id": x.portal.IDs("contact")[0]})
		x.settle()
		x.place(by(client))
		x.settle()
		equal(t, "contacts of the company", x.state().Links.CompanyContacts[company], []string{fmt.Sprint(x.portal.IDs("contact")[0])})

		x.do("delete_contact", emulator.Args{"id": x.portal.IDs("contact")[0]})
		x.settle()
		found := x.do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "М.", "PHONE": []any{map[string]any{"VALUE": "+79123456701", "VALUE_TYPE": "MOBILE"}}}})["id"]
		x.place(by(client), set("Comment", "ещё"))
		x.settle()
		equal(t, "contacts of the company, one that was found", x.state().Links.CompanyContacts[company], []string{fmt.Sprint(found)})
		x.atRest()
	})
}
