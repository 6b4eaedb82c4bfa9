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

// The token is what tells a record from another that had its number before the database was restored: it is made with
// the record, and nobody changes it.
func TestTokens_areMadeOnceAndStay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		ctx := t.Context()
		o := a.place(a.draft())
		company, err := a.organizations.Register(ctx, staff.Site(), organizations.Organization{
			Name: "Ромашка", LegalEntities: []organizations.LegalEntity{{Name: "ООО «Ромашка»", INN: "6670123450"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		made := map[string]string{
			"order": o.Token, "other order": a.place(a.draft()).Token, "client": a.client.Token,
			"organization": company.Token, "legal entity": company.LegalEntities[0].Token,
		}
		seen := map[string]string{}
		for what, token := range made {
			if len(token) != 8 || seen[token] != "" {
				t.Errorf("token of the %s = %q, like that of the %s", what, token, seen[token])
			}
			seen[token] = what
		}

		a.change(o.ID, func(o *orders.Order) { o.Token, o.Comment = "", "Срочно" })
		_, err = a.clients.Change(ctx, a.client.ID, staff.Site(), func(c *clients.Client) error {
			c.Token, c.FirstName = "00000000", "Пётр"
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.organizations.Change(ctx, company.ID, staff.Site(), func(o *organizations.Organization) error {
			o.Token, o.LegalEntities[0].Token, o.LegalEntities[0].Name = "", "", "ООО «Лютик»"
			o.LegalEntities = append(o.LegalEntities, organizations.LegalEntity{Name: "ИП Ромашкин", INN: "667012345601"})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		client, err := a.clients.Find(ctx, a.client.ID)
		if err != nil {
			t.Fatal(err)
		}
		if company, err = a.organizations.Find(ctx, company.ID); err != nil {
			t.Fatal(err)
		}
		for what, now := range map[string]string{
			"order": a.look(o.ID).Token, "client": client.Token, "organization": company.Token,
			"legal entity": company.LegalEntities[0].Token,
		} {
			if now != made[what] {
				t.Errorf("token of the %s = %q, want still %q", what, now, made[what])
			}
		}
		if added := company.LegalEntities[1].Token; len(added) != 8 || seen[added] != "" {
			t.Errorf("token of the added legal entity = %q", added)
		}
	})
}
