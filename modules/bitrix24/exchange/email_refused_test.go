package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

const refusedByThePortal = "a..b@example.ru"

// A company goes without an e-mail that the portal refuses, and its orders with it.
func TestOrganizationWithAnEmailThePortalRefuses_isSentWithoutIt(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		organization := x.Call("POST", "/api/organizations", apptest.JSON{
			"Name": "ООО «Тишина»", "Email": refusedByThePortal, "Employees": []apptest.JSON{{"ClientId": client, "Role": "Manager"}},
		}).Want(t, http.StatusCreated).ID()
		order := x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization))
		x.Settle()
		x.Hurry()
		x.Settle()
		_, deal := x.Deal(order)
		company, _ := x.Portal.Company(x.Portal.IDs("company")[0])
		bitrix24test.Equal(t, "company of the deal", deal["COMPANY_ID"], company["ID"])
		bitrix24test.Equal(t, "name", company["TITLE"], "ООО «Тишина»")
		x.JournalHas("Портал не принял почту", 1)
		x.AtRest()
	})
}

// An e-mail that the portal refuses leaves the former one where it is, on a contact and on a company.
func TestEmailChangedToOneThePortalRefuses_theFormerStays(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		organization := x.NewOrganization(client).ID()
		x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization))
		x.Settle()
		for _, path := range []string{fmt.Sprintf("/api/clients/%d", client), fmt.Sprintf("/api/organizations/%d", organization)} {
			x.Call("PATCH", path, apptest.JSON{"Email": refusedByThePortal, "Phone": "+79220000001"}).Want(t, http.StatusOK)
		}
		x.Settle()
		x.Hurry()
		x.Settle()
		s := x.State()
		bitrix24test.Equal(t, "the contact's e-mail", multi(t, s.Contacts[0], "EMAIL"), "HOME sokolova@example.ru")
		bitrix24test.Equal(t, "the contact's phone", multi(t, s.Contacts[0], "PHONE"), "MOBILE +79220000001")
		bitrix24test.Equal(t, "the company's e-mail", multi(t, s.Companies[0], "EMAIL"), "HOME office@veter.example.ru")
		bitrix24test.Equal(t, "the company's phone", multi(t, s.Companies[0], "PHONE"), "MOBILE +79220000001")
		x.JournalHas("Портал не принял почту", 2)
		x.AtRest()
		bitrix24test.Equal(t, "the panel's e-mail", x.Client(client).Value("Email"), refusedByThePortal)

		x.Do("edit_contact", emulator.Args{
			"id":     bitrix24test.Number(t, s.Contacts[0]["ID"].(string)),
			"fields": map[string]any{"POST": "директор"},
		})
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"Email": "good@example.ru"}).Want(t, http.StatusOK)
		x.Settle()
		bitrix24test.Equal(t, "a good e-mail is sent again", multi(t, x.State().Contacts[0], "EMAIL"), "HOME good@example.ru")
	})
}

func TestClientWithAnEmailThePortalRefuses_becomesALeadWithoutIt(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		person := bitrix24test.Draft()["Client"].(apptest.JSON)
		person["Email"] = "a..b@example.ru"
		client := x.Call("POST", "/api/clients", person).Want(t, http.StatusCreated).ID()
		x.Settle()
		x.Hurry()
		x.Settle()
		_, lead := x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "e-mail", lead["EMAIL"], nil)
		x.JournalHas("Портал не принял почту", 1)
		x.AtRest()
	}, bitrix24test.WithLeads)
}

func TestOrderOfAClientWhoseEmailThePortalRefuses_goesIntoALead(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place(func(d apptest.JSON) { d["Client"].(apptest.JSON)["Email"] = "a..b@example.ru" })
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		x.Hurry()
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "sum of rows", x.LeadSum(lead), orders.Money(1149_75))
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "отправлен")
		x.AtRest()
	}, bitrix24test.WithLeads)
}

func TestRefusedEmailOfASingleNewOrder_isLeftOutAtOnce(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place(func(d apptest.JSON) { d["Client"].(apptest.JSON)["Email"] = "a..b@example.ru" })
		x.Settle()
		x.AtRest()
		_, deal := x.Deal(order)
		contact, _ := x.Portal.Contact(bitrix24test.Number(t, deal["CONTACT_ID"]))
		bitrix24test.Equal(t, "phone", contact["PHONE.MOBILE"], "+79123456701")
	})
}
