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

// What a person wrote into the lead of a client who registered is still there when the client orders into it.
func TestOrderIntoALead_keepsWhatAManagerWroteThere(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		x.do("edit_lead", emulator.Args{"id": lead, "fields": map[string]any{"COMMENTS": "Звонить после обеда"}})
		x.byHand("crm.item.productrow.add", "fields[ownerType]=L&fields[ownerId]=%d&fields[productName]=Urgency&fields[price]=500&fields[quantity]=1", lead)
		order := x.place(by(client))
		x.settle()
		_, record := x.lead(clientLead(client), 1)
		contains(t, "comment", fmt.Sprint(record["COMMENTS"]), "Звонить после обеда", "[URL="+x.URL+page(order)+"]")
		equal(t, "sum of rows", x.leadSum(lead), orders.Money(1149_75+500_00))
		equal(t, "amount", record["OPPORTUNITY"], "1149.75")
		changes := x.portal.Stats().Changes
		x.settle()
		equal(t, "changes at rest", x.portal.Stats().Changes-changes, 0)
		x.atRest()
	})
}

// A client who was renamed, and got another phone, while he was a lead.
func TestClientChangedWhileALead_theDealIsTheOrdersAndTheContactIsTheClients(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"LastName": "Орлова", "Phone": "+79120000002"}).Want(t, http.StatusOK)
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		made := x.do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true, "company": false})
		x.settle()
		x.wholeDeal(order)
		contact, _ := x.portal.Contact(made["contact"])
		equal(t, "last name", contact["LAST_NAME"], "Орлова")
		equal(t, "phone of the contact", multi(t, x.state().Contacts[0], "PHONE"), "MOBILE +79120000002")
		equal(t, "phone here", x.Call("GET", fmt.Sprintf("/api/clients/%d", client), nil).Value("Phone"), "+79120000002")
	})
}

// The lead is cleared away after its conversion, and later the deal.
func TestDealAndItsLeadDeleted_theOrderIsMadeAnewWhenAsked(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		x.do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true, "company": false})
		x.settle()
		id, _ := x.deal(order)
		x.do("delete_lead", emulator.Args{"id": lead})
		x.settle()
		x.do("delete_deal", emulator.Args{"id": id})
		x.settle()
		operator := x.As(staff.Operator)
		operator.Get(page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24")
		operator.Post(fmt.Sprintf("/admin/bitrix24/orders/%d/again", order)).Want(t, http.StatusSeeOther)
		x.settle()
		x.wholeDeal(order)
	})
}

// A second lead that is converted into another contact is warned of once, however often the lead is looked at.
func TestLeadConvertedIntoAnotherContact_isWarnedOfOnce(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		x.place(by(client))
		second := x.place(by(client))
		x.settle()
		first, _ := x.lead(clientLead(client), 2)
		other, _ := x.lead(orderLead(second), 2)
		x.do("convert_lead", emulator.Args{"id": first, "deal": true, "contact": true, "company": false})
		x.settle()
		another := x.do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Другая"}})["id"]
		x.do("convert_lead", emulator.Args{"id": other, "deal": true, "contact": another, "company": false})
		x.settle()
		x.journalHas("переведён в другой контакт", 1)
		x.do("edit_lead", emulator.Args{"id": other, "fields": map[string]any{"COMMENTS": "Готово"}})
		x.settle()
		x.journalHas("переведён в другой контакт", 1)
	})
}
