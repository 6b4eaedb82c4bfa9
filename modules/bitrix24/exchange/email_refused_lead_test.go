package exchange_test

import (
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

func TestClientWithAnEmailThePortalRefuses_becomesALeadWithoutIt(t *testing.T) {
	bitrix24test.EachWithLeads(t, func(t *testing.T, x *bitrix24test.Pair) {
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
	})
}

func TestOrderOfAClientWhoseEmailThePortalRefuses_goesIntoALead(t *testing.T) {
	bitrix24test.EachWithLeads(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place(func(d apptest.JSON) { d["Client"].(apptest.JSON)["Email"] = "a..b@example.ru" })
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		x.Hurry()
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "sum of rows", x.LeadSum(lead), orders.Money(1149_75))
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "отправлен")
		x.AtRest()
	})
}
