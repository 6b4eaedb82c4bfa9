package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// An employee whose contact was deleted, and who got another, is one of the company's contacts again.
func TestEmployeeWithAnotherContact_isTiedToTheCompanyAgain(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		organization := x.NewOrganization(client).ID()
		x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization))
		x.Settle()
		x.Do("delete_contact", emulator.Args{"id": x.Portal.IDs("contact")[0]})
		x.Settle()
		x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Name": "ООО «Южный ветер»"}).Want(t, http.StatusOK)
		x.Settle()
		contact := x.Portal.IDs("contact")[0]
		bitrix24test.Equal(
			t, "contacts of the company", x.State().Links.CompanyContacts[fmt.Sprint(x.Portal.IDs("company")[0])],
			[]string{fmt.Sprint(contact)},
		)
	})
}

// An employee whose contact is made later than the company, by an order of his own, is tied to it right away.
func TestEmployeeWhoseContactIsMadeLater_isTiedToTheCompanyAtOnce(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		organization := x.NewOrganization(client).ID()
		x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization))
		x.Settle()
		company := fmt.Sprint(x.Portal.IDs("company")[0])
		x.Do("delete_contact", emulator.Args{"id": x.Portal.IDs("contact")[0]})
		x.Settle()
		x.Place(bitrix24test.By(client))
		x.Settle()
		bitrix24test.Equal(
			t, "contacts of the company", x.State().Links.CompanyContacts[company],
			[]string{fmt.Sprint(x.Portal.IDs("contact")[0])},
		)

		x.Do("delete_contact", emulator.Args{"id": x.Portal.IDs("contact")[0]})
		x.Settle()
		found := x.Do("create_contact", emulator.Args{"fields": map[string]any{
			"NAME": "М.", "PHONE": []any{map[string]any{"VALUE": "+79123456701", "VALUE_TYPE": "MOBILE"}},
		}})["id"]
		x.Place(bitrix24test.By(client), bitrix24test.Set("Comment", "ещё"))
		x.Settle()
		bitrix24test.Equal(
			t, "contacts of the company, one that was found", x.State().Links.CompanyContacts[company],
			[]string{fmt.Sprint(found)},
		)
		x.AtRest()
	})
}
