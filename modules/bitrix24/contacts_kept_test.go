package bitrix24_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// contactsOf are the contacts of a deal, by number.
func (x *exchange) contactsOf(deal int64) []string {
	return slices.Sorted(slices.Values(x.state().Links.DealContacts[fmt.Sprint(deal)]))
}

// A deal that came of a lead has the contact that was made and the one a manager added, after the module has written
// everything of its own.
func TestLeadConverted_theContactAManagerAddedToTheDealStays(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		accountant := x.do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Бухгалтер"}})["id"]
		made := x.do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true})
		x.byHand("crm.deal.contact.add", "id=%d&fields[CONTACT_ID]=%d", made["deal"], accountant)
		x.settle()
		x.wholeDeal(order)
		equal(t, "contacts of the deal", x.contactsOf(made["deal"]), fmt.Sprint([]int64{accountant, made["contact"]}))
	})
}

// The client got another contact after his own was deleted: his deal gets it beside the manager's.
func TestClientWithAnotherContact_theManagersStaysInTheDeal(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		deal, record := x.deal(order)
		accountant := x.do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Бухгалтер"}})["id"]
		x.byHand("crm.deal.contact.add", "id=%d&fields[CONTACT_ID]=%d", deal, accountant)
		x.do("delete_contact", emulator.Args{"id": number(t, record["CONTACT_ID"])})
		x.settle()
		x.place(by(client), set("Comment", "второй")) // needs a contact: it is made anew
		x.settle()
		x.Call("POST", fmt.Sprintf("/api/orders/%d/status", order), map[string]any{"Status": "PrintingInProgress"})
		x.settle()
		contacts := x.portal.IDs("contact")
		equal(t, "contacts of the deal", x.contactsOf(deal), fmt.Sprint([]int64{accountant, slices.Max(contacts)}))
		x.atRest()
	})
}

// A contact that a manager chose for an open lead stays beside the client's.
func TestOpenLeadOfALinkedClient_keepsTheManagersContact(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		first := x.place()
		client := int64(x.order(first).Number("UserId"))
		second := x.place(by(client))
		x.settle()
		lead, _ := x.lead(clientLead(client), 2)
		other, _ := x.lead(orderLead(second), 2)
		accountant := x.do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Бухгалтер"}})["id"]
		x.byHand("crm.lead.contact.add", "id=%d&fields[CONTACT_ID]=%d", other, accountant)
		made := x.do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true})
		x.settle()
		got := slices.Sorted(slices.Values(x.state().Links.LeadContacts[fmt.Sprint(other)]))
		equal(t, "contacts of the lead", got, fmt.Sprint([]int64{accountant, made["contact"]}))
	})
}

// However many orders a client has placed since: the open lead of an early one gets his contact, too.
func TestOpenLeadOfAnEarlyOrder_isOfferedTheContact(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		first := x.place()
		client := int64(x.order(first).Number("UserId"))
		second := x.place(by(client))
		x.settle()
		const columns = "site_id, client_id, type, source, status, status_at, currency, discount, delivery_price, total, paid, archive_key, modified_at, revision, created_at"
		x.must(x.Host().DB.From(t.Context()).Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
			INSERT INTO orders (id, `+columns+`) SELECT orders.id + i, `+columns+` FROM orders, n WHERE orders.id = ?`, second).Error)
		lead, _ := x.lead(clientLead(client), 2)
		made := x.do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true})
		x.settle()
		_, open := x.lead(orderLead(second), 2)
		equal(t, "contact of the open lead", open["CONTACT_ID"], made["contact"])
	})
}
