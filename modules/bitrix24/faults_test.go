package bitrix24_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestPortalDown_pausesTheExchangeAndNobodyWaitsForIt(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		first := x.place()
		x.settle()
		client := int64(x.order(first).Number("UserId"))
		x.fail(emulator.Fault{Fault: "down"})
		second := x.place(by(client))
		if got := x.requests(func() { x.place(by(client)) }); got != 0 {
			t.Errorf("an order placed during the pause asked the portal %d times", got)
		}
		x.As(staff.Operator).Get(page(second)).Want(t, http.StatusOK, "ждёт", "Обмен приостановлен")
		var attempts int64
		x.must(x.Host().DB.From(t.Context()).Table("jobs").Where("attempts > 0").Count(&attempts).Error)
		if attempts != 0 {
			t.Errorf("%d jobs burned an attempt", attempts)
		}
		x.fail(emulator.Fault{Fault: "none"})
		x.recover()
		x.complete(3)
	})
}

// complete checks that there is exactly one of everything for n orders of draft by one client, and all sums are right.
func (x *exchange) complete(n int) {
	x.t.Helper()
	s := x.state()
	if len(s.Deals) != n || len(s.Contacts) != 1 {
		x.t.Errorf("%d deals and %d contacts, want %d and 1", len(s.Deals), len(s.Contacts), n)
	}
	for _, d := range s.Deals {
		id := number(x.t, d["ID"].(string))
		equal(x.t, "amount", kopecks(x.t, d["OPPORTUNITY"].(string)), orders.Money(1149_75))
		equal(x.t, "sum of rows", x.rowsSum(id), orders.Money(1149_75))
		equal(x.t, "number of rows", len(x.portal.Rows(id)), 3)
		equal(x.t, "contact", d["CONTACT_ID"], s.Contacts[0]["ID"])
	}
}

func TestClientAndOrganizationChangedWhileThePortalIsDown_areSentOnceItIsBack(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		organization := x.organization(client).ID()
		x.As(staff.Operator).Post(fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)).Want(t, http.StatusSeeOther)
		x.settle()
		x.fail(emulator.Fault{Fault: "down"})
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": "Марья"}).Want(t, http.StatusOK)
		x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Name": "АО «Ветер»"}).Want(t, http.StatusOK)
		x.fail(emulator.Fault{Fault: "none"})
		x.recover()
		s := x.state()
		equal(t, "name of the contact", s.Contacts[0]["NAME"], "Марья")
		equal(t, "name of the company", s.Companies[0]["TITLE"], "АО «Ветер»")
	})
}
