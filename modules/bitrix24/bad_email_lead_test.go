package bitrix24_test

import (
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
)

func TestClientWithAnEmailThePortalRefuses_becomesALeadWithoutIt(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		person := draft()["Client"].(apptest.JSON)
		person["Email"] = "a..b@example.ru"
		client := x.Call("POST", "/api/clients", person).Want(t, http.StatusCreated).ID()
		x.settle()
		x.Hurry()
		x.settle()
		_, lead := x.lead(clientLead(client), 1)
		equal(t, "e-mail", lead["EMAIL"], nil)
		x.journalHas("Портал не принял почту", 1)
		x.atRest()
	})
}

func TestOrderOfAClientWhoseEmailThePortalRefuses_goesIntoALead(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place(func(d apptest.JSON) { d["Client"].(apptest.JSON)["Email"] = "a..b@example.ru" })
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		x.Hurry()
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		equal(t, "sum of rows", x.leadSum(lead), orders.Money(1149_75))
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "отправлен")
		x.atRest()
	})
}
