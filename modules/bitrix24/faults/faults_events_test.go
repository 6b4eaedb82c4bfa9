package faults_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// eventTrouble is what people see when events of the portal go astray.
type eventTrouble struct {
	fault  emulator.Fault
	unseen bool // the order does not follow while the fault lasts …
	caught int  // … and this many changes are found by reconciliation
}

func eventTroubles() map[string]eventTrouble {
	return map[string]eventTrouble{
		"drop_events":    {fault: emulator.Fault{Fault: "drop_events"}, unseen: true, caught: 1},
		"delay_events":   {fault: emulator.Fault{Fault: "delay_events", DelayMS: 60_000}, unseen: true, caught: 1},
		"double_events":  {fault: emulator.Fault{Fault: "double_events"}},
		"shuffle_events": {fault: emulator.Fault{Fault: "shuffle_events"}},
	}
}

func TestEventFault_whatIsSeenMeanwhileAndThatTheOrderFollowsOnce(t *testing.T) {
	for name, w := range eventTroubles() {
		t.Run(name, func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				order := x.Place()
				x.Settle()
				x.Reconcile()
				deal, _ := x.Deal(order)
				x.Fail(w.fault)
				for _, stage := range []string{"PREPARATION", "EXECUTING"} {
					x.Must(x.Portal.MoveDeal(deal, stage))
				}
				operator, admin := x.As(staff.Operator), x.As(staff.Administrator)
				if w.unseen {
					x.Drain()
					bitrix24test.Equal(t, "status meanwhile", x.Order(order).Value("Status"), "Placed")
					operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "отправлен", "Оформлен")
					x.Reconcile()
				} else {
					x.Settle()
				}
				bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "PrintingInProgress")
				operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "отправлен", "В работе")
				admin.Get(bitrix24test.StatusPage).Want(
					t, http.StatusOK, fmt.Sprintf("<dt>Поймано сверкой:</dt><dd>%d</dd>", w.caught),
					"<dt>Отклонено событий:</dt><dd>0</dd>",
				)
				x.JournalHas("заказ в статусе «В печать»", 1)
				x.Compare()
				bitrix24test.Equal(t, "both sides", x.LastComparison(), "1 0 0 0")
			}, func(s *bitrix24test.Setup) { s.Only = bitrix24test.Alternately(name) })
		})
	}
}

func TestEvents_thatComeDoubledLateShuffledOrNotAtAll(t *testing.T) {
	for name, f := range map[string]emulator.Fault{
		"doubled":  {Fault: "double_events"},
		"shuffled": {Fault: "shuffle_events"},
		"late":     {Fault: "delay_events", DelayMS: 300},
		"dropped":  {Fault: "drop_events", Probability: 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				first := x.Place()
				x.Settle()
				client := int64(x.Order(first).Number("UserId"))
				placed := []int64{first, x.Place(bitrix24test.By(client)), x.Place(bitrix24test.By(client))}
				x.Settle()
				x.Fail(f)
				for i, order := range placed {
					deal, _ := x.Deal(order)
					for _, stage := range []string{"PREPARATION", "EXECUTING", []string{"FINAL_INVOICE", "EXECUTING", "LOSE"}[i]} {
						x.Must(x.Portal.MoveDeal(deal, stage))
					}
				}
				changes := x.Portal.Stats().Changes
				x.Settle()
				if name == "dropped" {
					x.Reconcile()
					x.Settle()
				}
				for i, want := range []string{"Fulfilled", "PrintingInProgress", "Cancelled"} {
					bitrix24test.Equal(t, "status", x.Order(placed[i]).Value("Status"), want)
				}
				bitrix24test.Equal(t, "changes caused on the portal", x.Portal.Stats().Changes-changes, 0)
			})
		})
	}
}
