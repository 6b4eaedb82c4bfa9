package bitrix24_test

import (
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// What was begun is brought to an end, whatever the switches say by the time the answer is found to be lost: the record
// is on the portal.
func TestLeadsSwitchedOffAfterALostAnswer_theLeadIsTheClientsAndThereIsNoDealBesideIt(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		x.fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		client := x.employee()
		x.saveSettings("leads", "-")
		order := x.place(by(client))
		x.recover()
		lead, _ := x.lead(clientLead(client), 1)
		equal(t, "sum of rows", x.leadSum(lead), orders.Money(1149_75))
		equal(t, "deals", len(x.dealsOf(order)), 0)
		equal(t, "contacts", len(x.portal.IDs("contact")), 0)
		x.atRest()
	})
}

func TestLeadsSwitchedOffAfterALostAnswerToAnOrder_itIsInThatLead(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		x.settle()
		first, _ := x.lead(clientLead(client), 1)
		x.do("reject_lead", emulator.Args{"id": first})
		x.settle()
		x.fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		order := x.place(by(client))
		x.saveSettings("leads", "-")
		x.recover()
		lead, _ := x.lead(orderLead(order), 2)
		equal(t, "sum of rows", x.leadSum(lead), orders.Money(1149_75))
		equal(t, "deals", len(x.dealsOf(order)), 0)
		x.atRest()
	})
}

func TestSwitchedOffAfterALostAnswer_theDealIsLinked(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		order := x.place()
		x.saveSettings("auto", "-")
		x.recover()
		deal, _ := x.deal(order)
		equal(t, "sum of rows", x.rowsSum(deal), orders.Money(1149_75))
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "отправлен")
		x.atRest()
	})
}
