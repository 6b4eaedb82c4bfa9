package exchange_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// linkedTo says which deal the order is linked to: "7", or "7 deleted".
func linkedTo(x *bitrix24test.Pair, order int64) string {
	x.T.Helper()
	where := fmt.Sprintf(" FROM bitrix24_links WHERE local = 'order' AND entity = 'deal' AND local_id = %d", order)
	return strings.TrimSpace(fmt.Sprint(x.Number("SELECT remote_id"+where), " ", x.Text("SELECT state"+where)))
}

// wantUntouched fails the test if an order followed a copy: it is not paid, and nothing was moved.
func wantUntouched(x *bitrix24test.Pair, order int64) {
	x.T.Helper()
	bitrix24test.Equal(x.T, "status", x.Order(order).Value("Status"), "Placed")
	bitrix24test.Equal(x.T, "payment", x.Order(order).Value("PaymentStatus"), "NotPaid")
}

// The robot's copy stands at a stage that pays; the deal itself is deleted, and an event tells of that or none does.
func TestCopyOfADeletedDeal_paysNothingAndIsOfferedToPeople(t *testing.T) {
	for _, isTold := range []bool{true, false} {
		t.Run(fmt.Sprintf("told %v", isTold), func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				order := x.Place()
				deal, _ := x.Deal(order)
				x.Settle()
				var copied int64
				remove := func() {
					copied = x.Do("copy_deal", emulator.Args{"id": deal, "stage": "EXECUTING"})["id"]
					x.Do("delete_deal", emulator.Args{"id": deal})
				}
				if isTold {
					remove()
					x.Settle()
				} else {
					x.WithoutEvents(remove)
				}
				x.Reconcile()
				x.Recover()
				x.Do("move_deal", emulator.Args{"id": copied, "stage": "WON"})
				x.Settle()
				x.Reconcile()
				x.Recover()
				wantUntouched(x, order)
				bitrix24test.Equal(t, "linked", linkedTo(x, order), fmt.Sprint(deal, " deleted"))
				x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24",
					fmt.Sprintf("/crm/deal/details/%d/", copied), fmt.Sprintf(`name="id" value="%d"`, copied))
				x.Press(order, "link", "entity", "deal", "id", fmt.Sprint(copied)).
					Want(t, http.StatusOK, fmt.Sprintf("сделка № %d", copied))
				x.Settle()
				bitrix24test.Equal(t, "linked to the copy that a person chose", linkedTo(x, order), fmt.Sprint(copied))
				bitrix24test.Equal(t, "copies that are left", x.Count("bitrix24_copies"), 0)
				x.AtRest()
			})
		})
	}
}

// Neighbour: the copy is there while the order's deal is, and is moved and changed.
func TestCopyBesideTheDeal_movesNothing(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		copied := x.Do("copy_deal", emulator.Args{"id": deal, "stage": "WON"})["id"]
		x.Settle()
		x.Reconcile()
		x.Settle()
		bitrix24test.Equal(t, "copies that are known", x.Count("bitrix24_copies"), 1)
		x.Reconcile()
		before := x.Requests(x.Reconcile)
		x.Do("move_deal", emulator.Args{"id": copied, "stage": "LOSE"})
		if more := x.Requests(x.Reconcile) - before; more > 0 { // fewer, once a second has passed since the deal was written
			t.Errorf("%d requests for a copy that is known", more)
		}
		wantUntouched(x, order)
		x.SetStatus(order, orders.Pending)
		x.Settle()
		record, _ := x.Portal.Deal(deal)
		bitrix24test.Equal(t, "stage of the order's deal", record["STAGE_ID"], "PREPARATION")
		bitrix24test.Equal(t, "still linked", linkedTo(x, order), fmt.Sprint(deal))
		x.AtRest()
	})
}

// Neighbour: two deals were merged, and the winner got the key of the order's deal.
func TestMergedDeals_theWinnerIsNotTakenForTheOrdersDeal(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		older := x.Do("create_deal", emulator.Args{"fields": map[string]any{"TITLE": "По звонку", "STAGE_ID": "WON"}})["id"]
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		x.Do("merge_deals", emulator.Args{"keep": older, "drop": deal})
		x.Settle()
		x.Reconcile()
		x.Recover()
		wantUntouched(x, order)
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24",
			fmt.Sprintf(`name="id" value="%d"`, older))
	})
}

// Neighbour: «Создать заново» beside a copy, and the answer about the new deal is lost. The copy is not taken for it.
func TestCreatedAgainBesideACopyWithALostAnswer_theCopyIsNotAdopted(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		copied := x.Do("copy_deal", emulator.Args{"id": deal, "stage": "WON"})["id"]
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		x.Press(order, "again").Want(t, http.StatusOK)
		x.Recover()
		x.Reconcile()
		x.Recover()
		bitrix24test.Equal(t, "linked to a new deal", linkedTo(x, order), fmt.Sprint(copied+1))
		bitrix24test.Equal(t, "deals with its key", len(x.DealsOf(order)), 2)
		wantUntouched(x, order)
	})
}

// Neighbour: the deal is restored while its copy is there.
func TestDealRestoredBesideItsCopy_theDealIsAdopted(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		x.Do("copy_deal", emulator.Args{"id": deal, "stage": "WON"})
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		restored := x.Do("restore_deal", emulator.Args{"id": deal})["id"]
		x.Reconcile()
		x.Recover()
		bitrix24test.Equal(t, "linked", linkedTo(x, order), fmt.Sprint(restored))
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(restored), orders.Money(1149_75))
		wantUntouched(x, order)
		x.AtRest()
	})
}

// A lead's key that a conversion has copied to deal, contact and company finds nobody by key: they are linked because
// they were made of the lead, and get keys of their own.
func TestConversionThatCopiesTheKey_everythingIsLinkedOnce(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.ConversionCopiesOrigin = true })
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		made := emulator.Made{}
		x.WithoutEvents(func() { made = x.Do("convert_lead", emulator.Args{"id": lead, "company": true}) })
		x.Reconcile()
		x.Recover()
		bitrix24test.Equal(t, "linked", linkedTo(x, order), fmt.Sprint(made["deal"]))
		x.WholeDeal(order)
		contact, _ := x.Portal.Contact(made["contact"])
		bitrix24test.Equal(t, "key of the contact", bitrix24test.WithoutToken(contact["ORIGIN_ID"]), fmt.Sprintf("client:%d", client))
		x.Reconcile()
		x.Settle()
		bitrix24test.Equal(t, "deals", len(x.Portal.IDs("deal")), 1)
		bitrix24test.Equal(t, "copies", x.Count("bitrix24_copies"), 0)
		x.AtRest()
	}, bitrix24test.WithLeads)
}
