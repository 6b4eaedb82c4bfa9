package exchange_test

import (
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// What was begun is brought to an end, whatever the switches say by the time the answer is found to be lost: the record
// is on the portal.
func TestLeadsSwitchedOffAfterALostAnswer_theLeadIsTheClientsAndThereIsNoDealBesideIt(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		client := x.NewClient()
		x.SaveSettings("leads", "-")
		order := x.Place(bitrix24test.By(client))
		x.Recover()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "sum of rows", x.LeadSum(lead), orders.Money(1149_75))
		bitrix24test.Equal(t, "deals", len(x.DealsOf(order)), 0)
		bitrix24test.Equal(t, "contacts", len(x.Portal.IDs("contact")), 0)
		x.AtRest()
	}, bitrix24test.WithLeads)
}

func TestLeadsSwitchedOffAfterALostAnswerToAnOrder_itIsInThatLead(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		x.Settle()
		first, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.Do("reject_lead", emulator.Args{"id": first})
		x.Settle()
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		order := x.Place(bitrix24test.By(client))
		x.SaveSettings("leads", "-")
		x.Recover()
		lead, _ := x.Lead(bitrix24test.OrderLead(order), 2)
		bitrix24test.Equal(t, "sum of rows", x.LeadSum(lead), orders.Money(1149_75))
		bitrix24test.Equal(t, "deals", len(x.DealsOf(order)), 0)
		x.AtRest()
	}, bitrix24test.WithLeads)
}

func TestSwitchedOffAfterALostAnswer_theDealIsLinked(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		order := x.Place()
		x.SaveSettings("auto", "-")
		x.Recover()
		deal, _ := x.Deal(order)
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(deal), orders.Money(1149_75))
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "отправлен")
		x.AtRest()
	})
}
