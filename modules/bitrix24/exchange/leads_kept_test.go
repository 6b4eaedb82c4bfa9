package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// What a person wrote into the lead of a client who registered is still there when the client orders into it.
func TestOrderIntoALead_keepsWhatAManagerWroteThere(t *testing.T) {
	bitrix24test.EachWithLeads(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.Employee()
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.Do("edit_lead", emulator.Args{"id": lead, "fields": map[string]any{"COMMENTS": "Звонить после обеда"}})
		x.ByHand("crm.item.productrow.add", "fields[ownerType]=L&fields[ownerId]=%d&fields[productName]=Urgency&fields[price]=500&fields[quantity]=1", lead)
		order := x.Place(bitrix24test.By(client))
		x.Settle()
		_, record := x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Contains(t, "comment", fmt.Sprint(record["COMMENTS"]), "Звонить после обеда", "[URL="+x.URL+bitrix24test.Page(order)+"]")
		bitrix24test.Equal(t, "sum of rows", x.LeadSum(lead), orders.Money(1149_75+500_00))
		bitrix24test.Equal(t, "amount", record["OPPORTUNITY"], "1149.75")
		changes := x.Portal.Stats().Changes
		x.Settle()
		bitrix24test.Equal(t, "changes at rest", x.Portal.Stats().Changes-changes, 0)
		x.AtRest()
	})
}

// A client who was renamed, and got another phone, while he was a lead.
func TestClientChangedWhileALead_theDealIsTheOrdersAndTheContactIsTheClients(t *testing.T) {
	bitrix24test.EachWithLeads(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"LastName": "Орлова", "Phone": "+79120000002"}).Want(t, http.StatusOK)
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		made := x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true, "company": false})
		x.Settle()
		x.WholeDeal(order)
		contact, _ := x.Portal.Contact(made["contact"])
		bitrix24test.Equal(t, "last name", contact["LAST_NAME"], "Орлова")
		bitrix24test.Equal(t, "phone of the contact", multi(t, x.State().Contacts[0], "PHONE"), "MOBILE +79120000002")
		bitrix24test.Equal(t, "phone here", x.Call("GET", fmt.Sprintf("/api/clients/%d", client), nil).Value("Phone"), "+79120000002")
	})
}

// The lead is cleared away after its conversion, and later the deal.
func TestDealAndItsLeadDeleted_theOrderIsMadeAnewWhenAsked(t *testing.T) {
	bitrix24test.EachWithLeads(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true, "company": false})
		x.Settle()
		id, _ := x.Deal(order)
		x.Do("delete_lead", emulator.Args{"id": lead})
		x.Settle()
		x.Do("delete_deal", emulator.Args{"id": id})
		x.Settle()
		operator := x.As(staff.Operator)
		operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24")
		operator.Post(fmt.Sprintf("/admin/bitrix24/orders/%d/again", order)).Want(t, http.StatusSeeOther)
		x.Settle()
		x.WholeDeal(order)
	})
}

// A second lead that is converted into another contact is warned of once, however often the lead is looked at.
func TestLeadConvertedIntoAnotherContact_isWarnedOfOnce(t *testing.T) {
	bitrix24test.EachWithLeads(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.Employee()
		x.Place(bitrix24test.By(client))
		second := x.Place(bitrix24test.By(client))
		x.Settle()
		first, _ := x.Lead(bitrix24test.ClientLead(client), 2)
		other, _ := x.Lead(bitrix24test.OrderLead(second), 2)
		x.Do("convert_lead", emulator.Args{"id": first, "deal": true, "contact": true, "company": false})
		x.Settle()
		another := x.Do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Другая"}})["id"]
		x.Do("convert_lead", emulator.Args{"id": other, "deal": true, "contact": another, "company": false})
		x.Settle()
		x.JournalHas("переведён в другой контакт", 1)
		x.Do("edit_lead", emulator.Args{"id": other, "fields": map[string]any{"COMMENTS": "Готово"}})
		x.Settle()
		x.JournalHas("переведён в другой контакт", 1)
	})
}
