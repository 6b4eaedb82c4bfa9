package exchange_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// contactsOf are the contacts of a deal, by number.
func contactsOf(x *bitrix24test.Pair, deal int64) []string {
	return slices.Sorted(slices.Values(x.State().Links.DealContacts[fmt.Sprint(deal)]))
}

// A deal that came of a lead has the contact that was made and the one a manager added, after the module has written
// everything of its own.
func TestLeadConverted_theContactAManagerAddedToTheDealStays(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		accountant := x.Do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Бухгалтер"}})["id"]
		made := x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true})
		x.CallPortal("crm.deal.contact.add", "id=%d&fields[CONTACT_ID]=%d", made["deal"], accountant)
		x.Settle()
		x.WholeDeal(order)
		bitrix24test.Equal(t, "contacts of the deal", contactsOf(x, made["deal"]), fmt.Sprint([]int64{accountant, made["contact"]}))
	}, bitrix24test.WithLeads)
}

// The client got another contact after his own was deleted: his deal gets it beside the manager's.
func TestClientWithAnotherContact_theManagersStaysInTheDeal(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		deal, record := x.Deal(order)
		accountant := x.Do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Бухгалтер"}})["id"]
		x.CallPortal("crm.deal.contact.add", "id=%d&fields[CONTACT_ID]=%d", deal, accountant)
		x.Do("delete_contact", emulator.Args{"id": bitrix24test.Number(t, record["CONTACT_ID"])})
		x.Settle()
		x.Place(bitrix24test.By(client), bitrix24test.Set("Comment", "второй")) // needs a contact: it is made anew
		x.Settle()
		x.Call("POST", fmt.Sprintf("/api/orders/%d/status", order), map[string]any{"Status": "PrintingInProgress"})
		x.Settle()
		contacts := x.Portal.IDs("contact")
		bitrix24test.Equal(t, "contacts of the deal", contactsOf(x, deal), fmt.Sprint([]int64{accountant, slices.Max(contacts)}))
		x.AtRest()
	})
}

// A contact that a manager chose for an open lead stays beside the client's.
func TestOpenLeadOfALinkedClient_keepsTheManagersContact(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		client := int64(x.Order(first).Number("UserId"))
		second := x.Place(bitrix24test.By(client))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 2)
		other, _ := x.Lead(bitrix24test.OrderLead(second), 2)
		accountant := x.Do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Бухгалтер"}})["id"]
		x.CallPortal("crm.lead.contact.add", "id=%d&fields[CONTACT_ID]=%d", other, accountant)
		made := x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true})
		x.Settle()
		got := slices.Sorted(slices.Values(x.State().Links.LeadContacts[fmt.Sprint(other)]))
		bitrix24test.Equal(t, "contacts of the lead", got, fmt.Sprint([]int64{accountant, made["contact"]}))
	}, bitrix24test.WithLeads)
}

// However many orders a client has placed since: the open lead of an early one gets his contact, too.
func TestOpenLeadOfAnEarlyOrder_isOfferedTheContact(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		client := int64(x.Order(first).Number("UserId"))
		second := x.Place(bitrix24test.By(client))
		x.Settle()
		const columns = "site_id, client_id, type, source, status, status_at, currency, discount, delivery_price, total, paid, archive_key, modified_at, revision, created_at"
		x.Must(x.Host().DB.From(t.Context()).Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
			INSERT INTO orders (id, `+columns+`) SELECT orders.id + i, `+columns+` FROM orders, n WHERE orders.id = ?`, second).Error)
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 2)
		made := x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true})
		x.Settle()
		_, open := x.Lead(bitrix24test.OrderLead(second), 2)
		bitrix24test.Equal(t, "contact of the open lead", open["CONTACT_ID"], made["contact"])
	}, bitrix24test.WithLeads)
}

func TestContactTypedByHandThatIsGone_isNotPutIntoADeal(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Чужой"}})
		contact := x.Portal.IDs("contact")[0]
		client := x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Мария", "Phone": "+79123456701"}).Want(t, http.StatusCreated).ID()
		x.Must(x.Host().DB.From(t.Context()).Exec(`INSERT INTO bitrix24_links (portal_id, local, local_id, entity, remote_id, checked, created_at, updated_at)
			VALUES (1, 'client', ?, 'contact', ?, ?, ?, ?)`, client, contact, false, bitrix24test.Now(), bitrix24test.Now()).Error)
		x.Fail(emulator.Fault{Fault: "drop_events"})
		x.Do("delete_contact", emulator.Args{"id": contact})
		order := x.Place(bitrix24test.By(client))
		x.Hurry()
		x.Settle()
		x.AtRest()
		_, deal := x.Deal(order)
		if record, ok := x.Portal.Contact(bitrix24test.Number(t, deal["CONTACT_ID"])); !ok || record["NAME"] != "Мария" {
			t.Errorf("the deal's contact is %q: %v", deal["CONTACT_ID"], record)
		}
	})
}
