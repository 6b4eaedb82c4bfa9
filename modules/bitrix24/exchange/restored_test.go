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

// wantAdopted fails the test unless the order follows the deal again, and people were never told that it was deleted.
func wantAdopted(x *bitrix24test.Pair, order, deal int64) {
	x.T.Helper()
	bitrix24test.Equal(x.T, "linked", linkedTo(x, order), fmt.Sprint(deal))
	x.JournalHas("Сделка удалена в Битрикс24", 0)
	x.Do("move_deal", emulator.Args{"id": deal, "stage": "PREPAYMENT_INVOICE"})
	x.Settle()
	bitrix24test.Equal(x.T, "status", x.Order(order).Value("Status"), "WaitingForPayment")
	bitrix24test.Equal(x.T, "sum of rows", x.RowsSum(deal), orders.Money(1149_75))
	bitrix24test.Equal(x.T, "deals", len(x.Portal.IDs("deal")), 1)
	x.AtRest()
}

func TestDealDeletedAndRestoredUnnoticed_isAdopted(t *testing.T) {
	for name, notice := range map[string]func(x *bitrix24test.Pair, order, deal int64){
		"by the reconciliation": func(x *bitrix24test.Pair, _, _ int64) { x.Reconcile() },
		"by the daily check":    func(x *bitrix24test.Pair, _, _ int64) { checkDeleted(x) },
		"by a change of the order": func(x *bitrix24test.Pair, order, _ int64) {
			x.ChangeOrder(order, func(o *orders.Order) { o.Comment = "Позвоните" })
		},
		"by a late event about the deletion": func(x *bitrix24test.Pair, _, deal int64) {
			x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALDELETE", deal, bitrix24test.PortalToken))
		},
	} {
		t.Run(name, func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				order := x.Place()
				deal, _ := x.Deal(order)
				x.Settle()
				var restored int64
				x.WithoutEvents(func() {
					x.Do("delete_deal", emulator.Args{"id": deal})
					restored = x.Do("restore_deal", emulator.Args{"id": deal})["id"]
				})
				notice(x, order, deal)
				x.Recover()
				wantAdopted(x, order, restored)
			})
		})
	}
}

// Neighbour: the portal gives a restored deal its own number back.
func TestDealRestoredUnderItsOwnNumber_isAdopted(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.RestoreKeepsID = true })
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24")
		x.WithoutEvents(func() { x.Do("restore_deal", emulator.Args{"id": deal}) })
		x.Reconcile()
		x.Recover()
		bitrix24test.Equal(t, "linked", linkedTo(x, order), fmt.Sprint(deal))
		x.AtRest()
	})
}

// «Создать заново» asks first whether the deal is there again.
func TestCreatedAgainAfterItWasRestored_theRestoredDealIsLinked(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		restored := x.Do("restore_deal", emulator.Args{"id": deal})["id"]
		x.Press(order, "again").Want(t, http.StatusOK, "Сделка восстановлена в Битрикс24")
		x.Settle()
		bitrix24test.Equal(t, "linked", linkedTo(x, order), fmt.Sprint(restored))
		bitrix24test.Equal(t, "deals", len(x.Portal.IDs("deal")), 1)
		x.AtRest()
	})
}

// Neighbour: while the portal cannot be asked nothing is created.
func TestCreatedAgainWhileThePortalIsDown_nothingIsForgotten(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		x.Fail(emulator.Fault{Fault: "down"})
		x.Press(order, "again").Want(t, http.StatusOK, "Попробуйте позже")
		bitrix24test.Equal(t, "linked", linkedTo(x, order), fmt.Sprint(deal, " deleted"))
	})
}

// A lead that was deleted and restored is the client's and the order's again, whatever events told.
func TestLeadDeletedAndRestored_isAdopted(t *testing.T) {
	for name, events := range map[string]func(x *bitrix24test.Pair, deed string, do func()){
		"no event told": func(x *bitrix24test.Pair, _ string, do func()) { x.WithoutEvents(do) },
		"an event told of the deletion": func(x *bitrix24test.Pair, deed string, do func()) {
			if do(); deed == "delete_lead" {
				x.Settle()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				order := x.Place()
				client := int64(x.Order(order).Number("UserId"))
				x.Settle()
				lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
				var restored int64
				events(x, "delete_lead", func() { x.Do("delete_lead", emulator.Args{"id": lead}) })
				events(x, "restore_lead", func() { restored = x.Do("restore_lead", emulator.Args{"id": lead})["id"] })
				x.Reconcile()
				x.Recover()
				bitrix24test.Equal(t, "those who are in it",
					x.Number(fmt.Sprintf(
						"SELECT count(*) FROM bitrix24_links WHERE entity = 'lead' AND remote_id = %d AND state = ''", restored)), 2)
				for _, more := range []orders.Money{100_00, 0} {
					x.ChangeOrder(order, func(o *orders.Order) { o.DeliveryPrice = 300_25 + more })
					x.Settle()
					bitrix24test.Equal(t, "sum of rows", x.LeadSum(restored), orders.Money(1149_75)+more)
				}
				made := x.Do("convert_lead", emulator.Args{"id": restored})
				x.Settle()
				bitrix24test.Equal(t, "linked", linkedTo(x, order), fmt.Sprint(made["deal"]))
				x.WholeDeal(order)
				x.AtRest()
			}, bitrix24test.WithLeads)
		})
	}
}

// Neighbour: the lead of an order of its own, for which «Создать заново» is pressed.
func TestLeadRestored_creatingItAgainLinksIt(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		second := x.Place(bitrix24test.By(int64(x.Order(order).Number("UserId"))))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.OrderLead(second), 2)
		x.Do("delete_lead", emulator.Args{"id": lead})
		x.Settle()
		x.Do("restore_lead", emulator.Args{"id": lead})
		x.Press(second, "again").Want(t, http.StatusOK, "Лид восстановлен в Битрикс24")
		x.Settle()
		bitrix24test.Equal(t, "leads", len(x.Portal.IDs("lead")), 2)
		x.AtRest()
	}, bitrix24test.WithLeads)
}
