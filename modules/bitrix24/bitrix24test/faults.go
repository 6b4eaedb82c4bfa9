package bitrix24test

import (
	"fmt"
	"net/http"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
)

// Complete checks that there is exactly one of everything for n orders of draft by one client, and all sums are right.
func (x *Pair) Complete(n int) {
	x.T.Helper()
	s := x.State()
	if len(s.Deals) != n || len(s.Contacts) != 1 {
		x.T.Errorf("%d deals and %d contacts, want %d and 1", len(s.Deals), len(s.Contacts), n)
		return
	}
	for _, d := range s.Deals {
		id := Number(x.T, d["ID"].(string))
		Equal(x.T, "amount", Kopecks(x.T, d["OPPORTUNITY"].(string)), orders.Money(1149_75))
		Equal(x.T, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
		Equal(x.T, "number of rows", len(x.Portal.Rows(id)), 3)
		Equal(x.T, "contact", d["CONTACT_ID"], s.Contacts[0]["ID"])
	}
}

// BusyDay is a day in the print shop: an organization with its legal entities, two orders, and changes of everything.
func (x *Pair) BusyDay() (company, person int64) {
	x.T.Helper()
	client := x.Employee()
	organization := x.Organization(client).ID()
	company = x.Place(By(client), Set("OrganizationId", organization))
	person = x.Place(By(client))
	x.Drain()
	x.Call("PUT", fmt.Sprintf("/api/orders/%d/items", company), apptest.JSON{"Items": []apptest.JSON{
		{"Name": "Фотографии (9x13 см)", "Quantity": 7, "ItemPrice": 18},
		{"Name": "Рама", "Quantity": 1, "ItemPrice": "333.33"},
		{"Name": "Паспарту", "Quantity": 3, "ItemPrice": "0.01"},
	}}).Want(x.T, http.StatusOK)
	x.SetStatus(person, orders.WaitingForPayment)
	x.Drain()
	x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": "Марья"}).Want(x.T, http.StatusOK)
	x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Phone": "+7 343 200-10-99"}).
		Want(x.T, http.StatusOK)
	return company, person
}

// FailedJobs are the errors of the jobs that were given up.
func (x *Pair) FailedJobs() []string {
	x.T.Helper()
	var failed []string
	err := x.Host().DB.From(x.T.Context()).Table("jobs").Where("state = 'failed'").Pluck("last_error", &failed).Error
	x.Must(err)
	return failed
}
