package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// The lead is cleared away after its conversion, and later the deal.
func TestDealAndItsLeadDeleted_theOrderIsMadeAnewWhenAsked(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
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
	}, bitrix24test.WithLeads)
}

func TestOrderDeleted_leavesTheDealWithANote(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, before := x.Deal(order)
		x.Call("DELETE", fmt.Sprintf("/api/orders/%d", order), nil).Want(t, http.StatusOK)
		x.Settle()
		record, ok := x.Portal.Deal(deal)
		if !ok {
			t.Fatal("the deal was deleted")
		}
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], before["STAGE_ID"])
		found := 0
		for _, c := range x.State().Comments {
			if fmt.Sprint(c["ENTITY_ID"]) == fmt.Sprint(deal) {
				bitrix24test.Contains(t, "timeline note", fmt.Sprint(c["COMMENT"]), "удал")
				found++
			}
		}
		if found != 1 {
			t.Errorf("%d notes on the deal's timeline, want 1", found)
		}
		// An order that is deleted does not follow its deal any more.
		x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.Deleted)
	})
}

func TestDealDeleted_thePageSaysSoAndNothingIsMadeUnasked(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		x.SetStatus(order, orders.PrintingInProgress)
		x.Settle()
		if got := len(x.Portal.IDs("deal")); got != 0 {
			t.Errorf("%d deals, want none", got)
		}
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.PrintingInProgress)
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24")
	})
}
