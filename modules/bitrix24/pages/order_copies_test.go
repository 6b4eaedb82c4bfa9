package pages_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// A deal that a person made of the order's own lead carries the lead's key on portals that copy it. The order's deal was
// deleted, and he ties the order to the other one.
func TestDealWithTheKeyOfTheOrdersLead_canBeLinkedByHand(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order, other := x.Place(), x.Place()
		deal, record := x.Deal(order)
		x.Settle()
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		withKey := func(key string) int64 {
			return x.Do("create_deal", emulator.Args{"fields": map[string]any{
				"TITLE": "Лид", "STAGE_ID": "NEW", "ORIGINATOR_ID": record["ORIGINATOR_ID"], "ORIGIN_ID": key,
			}})["id"]
		}
		foreign, ours := withKey(bitrix24test.OrderLead(other)), withKey(fmt.Sprint("lead-", record["ORIGIN_ID"]))
		x.Press(order, "link", "entity", "deal", "id", fmt.Sprint(foreign)).Want(t, http.StatusOK, "для другого заказа")
		x.Press(order, "link", "entity", "deal", "id", fmt.Sprint(ours)).Want(t, http.StatusOK, fmt.Sprintf("сделка № %d", ours))
		x.Settle()
		x.AtRest()
	})
}

// An accountant sees neither the copies nor the buttons.
func TestCopies_areOfferedToThoseWhoMayLinkThem(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		copied := x.Do("copy_deal", emulator.Args{"id": deal})["id"]
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Lacks(t, "Ключ этого заказа есть и в другой сделке")
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		link := fmt.Sprintf("/crm/deal/details/%d/", copied)
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Ключ этого заказа есть и в другой сделке", link)
		x.As(staff.Accountant).Get(bitrix24test.Page(order)).Want(t, http.StatusOK).Lacks(t, link)
	})
}
