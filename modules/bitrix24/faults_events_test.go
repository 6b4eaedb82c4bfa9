package bitrix24_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/staff"
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
			each(t, func(t *testing.T, x *exchange) {
				order := x.place()
				x.settle()
				x.reconcile()
				deal, _ := x.deal(order)
				x.fail(w.fault)
				for _, stage := range []string{"PREPARATION", "EXECUTING"} {
					x.must(x.portal.MoveDeal(deal, stage))
				}
				operator, admin := x.As(staff.Operator), x.As(staff.Administrator)
				if w.unseen {
					x.Drain()
					equal(t, "status meanwhile", x.order(order).Value("Status"), "Placed")
					operator.Get(page(order)).Want(t, http.StatusOK, "отправлен", "Оформлен")
					x.reconcile()
				} else {
					x.settle()
				}
				equal(t, "status", x.order(order).Value("Status"), "PrintingInProgress")
				operator.Get(page(order)).Want(t, http.StatusOK, "отправлен", "В работе")
				admin.Get(statusPath).Want(t, http.StatusOK, fmt.Sprintf("<dt>Поймано сверкой:</dt><dd>%d</dd>", w.caught), "<dt>Отклонено событий:</dt><dd>0</dd>")
				x.journalHas("заказ в статусе «В печать»", 1)
				x.compare()
				equal(t, "both sides", x.found(), "1 0 0 0")
			}, func(a *arranged) { a.only = alternately(name) })
		})
	}
}
