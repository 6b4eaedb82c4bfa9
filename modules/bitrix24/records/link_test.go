package records_test

import (
	"context"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// eachBook runs a test on both databases, with the book of a portal that the module has just been connected to.
func eachBook(t *testing.T, test func(t *testing.T, b *records.Book)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const portal = "INSERT INTO bitrix24_portals (address, created_at) VALUES ('https://x.bitrix24.ru', ?)"
		if err := d.From(t.Context()).Exec(portal, db.Now()).Error; err != nil {
			t.Fatal(err)
		}
		test(t, &records.Book{DB: d, PortalID: 1})
	}, migrationsUntil(t, "99999"))
}

// write does something in a transaction that has to succeed.
func write(t *testing.T, b *records.Book, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := b.DB.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error { return fn(tx) }); err != nil {
		t.Fatal(err)
	}
}

// The first link of a record settles the intent to make it, which is kept by the record's key on the portal.
func TestSaveLink_settlesTheIntentOfItsOwnRecordOnly(t *testing.T) {
	eachBook(t, func(t *testing.T, b *records.Book) {
		for i, c := range []struct {
			local  plan.Local
			entity plan.Entity
			key    string
		}{
			{plan.Order, plan.Deal, mapping.OrderKey(5, "")},
			{plan.Order, plan.Lead, mapping.OrderLeadKey(5, "")},
			{plan.Client, plan.Contact, mapping.ClientKey(5, "")},
			{plan.Client, plan.Lead, mapping.ClientLeadKey(5, "")},
			{plan.Organization, plan.Company, mapping.OrganizationKey(5, "")},
			{plan.Organization, plan.Lead, mapping.OrganizationLeadKey(5, "")},
			{plan.LegalEntity, plan.Requisite, mapping.LegalEntityKey(5, "")},
		} {
			other := c.key + "1:1f9a03c7" // that of number 51
			keys := []string{c.key, c.key + ":1f9a03c7", other}
			link := &plan.Link{PortalID: b.PortalID, Local: c.local, LocalID: 5, Entity: c.entity, RemoteID: int64(i + 1)}
			write(t, b, func(tx *db.Tx) error {
				for _, key := range keys {
					intent := plan.Intent{PortalID: b.PortalID, Entity: c.entity, Key: key, SentAt: db.Now(), Agreed: mapping.Agreed{}}
					if err := tx.Save(&intent).Error; err != nil {
						return err
					}
				}
				return records.SaveLink(tx, link)
			})
			open, err := b.Intents(t.Context(), c.entity, keys)
			if err != nil {
				t.Fatal(err)
			}
			for _, own := range keys[:2] {
				if _, left := open[own]; left {
					t.Errorf("%s %s: the intent %s is still open", c.local, c.entity, own)
				}
			}
			if _, left := open[other]; !left {
				t.Errorf("%s %s: the intent of another record is gone", c.local, c.entity)
			}
		}
	})
}

func TestLinks_areThoseOfTheBooksPortal(t *testing.T) {
	eachBook(t, func(t *testing.T, b *records.Book) {
		link := &plan.Link{PortalID: b.PortalID, Local: plan.Order, LocalID: 5, Entity: plan.Deal, RemoteID: 77}
		write(t, b, func(tx *db.Tx) error { return records.SaveLink(tx, link) })
		elsewhere := &records.Book{DB: b.DB, PortalID: 2}
		for _, c := range []struct {
			book *records.Book
			want bool
		}{{b, true}, {elsewhere, false}} {
			found, err := c.book.Link(t.Context(), plan.Order, plan.Deal, 5)
			if err != nil || (found != nil) != c.want {
				t.Errorf("portal %d: link = %v, %v; want one: %v", c.book.PortalID, found, err, c.want)
			}
			there, err := c.book.LinksTo(t.Context(), plan.Deal, []int64{77})
			if err != nil || (len(there) == 1) != c.want {
				t.Errorf("portal %d: %d links to the deal, %v; want one: %v", c.book.PortalID, len(there), err, c.want)
			}
		}
	})
}

// A record whose only counterpart was deleted may be sent anew, so it counts as unknown.
func TestKnown_leavesOutWhatWasDeletedThere(t *testing.T) {
	eachBook(t, func(t *testing.T, b *records.Book) {
		link := &plan.Link{PortalID: b.PortalID, Local: plan.Client, LocalID: 5, Entity: plan.Contact, RemoteID: 77}
		for _, c := range []struct {
			state plan.LinkState
			want  bool
		}{{plan.Linked, true}, {plan.Converted, true}, {plan.Rejected, true}, {plan.Deleted, false}} {
			link.State = c.state
			write(t, b, func(tx *db.Tx) error { return records.SaveLink(tx, link) })
			if got, err := b.Known(t.Context(), plan.Client, 5); err != nil || got != c.want {
				t.Errorf("state %q: known = %v, %v; want %v", c.state, got, err, c.want)
			}
		}
	})
}
