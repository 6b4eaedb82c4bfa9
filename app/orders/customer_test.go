package orders_test

import (
	"testing"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/staff"
)

func TestPlace_customerRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		firm, err := a.organizations.Register(t.Context(), staff.Site(), organizations.Organization{
			Name: "ООО", LegalEntities: []organizations.LegalEntity{{Name: "ООО"}},
			Employees: []organizations.Employee{{ClientID: a.client.ID, Role: organizations.Manager}},
		})
		if err != nil {
			t.Fatal(err)
		}
		draft := a.draft()
		draft.OrganizationID, draft.LegalEntityID = &firm.ID, &firm.LegalEntities[0].ID
		o := a.place(draft)
		// What was placed rightly can be worked with, whatever becomes of the employee.
		_, err = a.organizations.Change(t.Context(), firm.ID, staff.Site(), func(f *organizations.Organization) error {
			f.Employees, f.Status = nil, clients.Blocked
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.clients.Change(t.Context(), a.client.ID, staff.Site(),
			func(c *clients.Client) error { c.Status = clients.Blocked; return nil })
		if err != nil {
			t.Fatal(err)
		}
		a.change(o.ID, func(o *orders.Order) { o.Status = orders.Shipped })
		if _, err := a.Place(t.Context(), a.draft()); err == nil {
			t.Error("a blocked client ordered")
		}
	})
}
