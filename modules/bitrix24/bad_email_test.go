package bitrix24_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

const refusedByThePortal = "a..b@example.ru"

// A company goes without an e-mail that the portal refuses, and its orders with it.
func TestOrganizationWithAnEmailThePortalRefuses_isSentWithoutIt(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		organization := x.Call("POST", "/api/organizations", apptest.JSON{
			"Name": "ООО «Тишина»", "Email": refusedByThePortal, "Employees": []apptest.JSON{{"ClientId": client, "Role": "Manager"}},
		}).Want(t, http.StatusCreated).ID()
		order := x.place(by(client), set("OrganizationId", organization))
		x.settle()
		x.Hurry()
		x.settle()
		_, deal := x.deal(order)
		company, _ := x.portal.Company(x.portal.IDs("company")[0])
		equal(t, "company of the deal", deal["COMPANY_ID"], company["ID"])
		equal(t, "name", company["TITLE"], "ООО «Тишина»")
		x.journalHas("Портал не принял почту", 1)
		x.atRest()
	})
}

// An e-mail that the portal refuses leaves the former one where it is, on a contact and on a company.
func TestEmailChangedToOneThePortalRefuses_theFormerStays(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		organization := x.organization(client).ID()
		x.place(by(client), set("OrganizationId", organization))
		x.settle()
		for _, path := range []string{fmt.Sprintf("/api/clients/%d", client), fmt.Sprintf("/api/organizations/%d", organization)} {
			x.Call("PATCH", path, apptest.JSON{"Email": refusedByThePortal, "Phone": "+79220000001"}).Want(t, http.StatusOK)
		}
		x.settle()
		x.Hurry()
		x.settle()
		s := x.state()
		equal(t, "the contact's e-mail", multi(t, s.Contacts[0], "EMAIL"), "HOME sokolova@example.ru")
		equal(t, "the contact's phone", multi(t, s.Contacts[0], "PHONE"), "MOBILE +79220000001")
		equal(t, "the company's e-mail", multi(t, s.Companies[0], "EMAIL"), "HOME office@veter.example.ru")
		equal(t, "the company's phone", multi(t, s.Companies[0], "PHONE"), "MOBILE +79220000001")
		x.journalHas("Портал не принял почту", 2)
		x.atRest()
		equal(t, "the panel's e-mail", x.client(client).Value("Email"), refusedByThePortal)

		x.do("edit_contact", emulator.Args{"id": number(t, s.Contacts[0]["ID"].(string)), "fields": map[string]any{"POST": "директор"}})
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"Email": "good@example.ru"}).Want(t, http.StatusOK)
		x.settle()
		equal(t, "a good e-mail is sent again", multi(t, x.state().Contacts[0], "EMAIL"), "HOME good@example.ru")
	})
}
