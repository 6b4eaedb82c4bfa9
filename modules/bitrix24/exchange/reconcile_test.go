package exchange_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestDealMovedWithoutAnEvent_isNoticedWhenItIsWrittenTo(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		x.Fail(emulator.Fault{Fault: "drop_events"})
		x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
		x.ChangeOrder(order, func(o *orders.Order) { o.DeliveryPrice = 0 })
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "PrintingInProgress")
	})
}

func TestMoveToAnotherFunnel_isFoundByReconciliation(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		var there struct{ Categories []map[string]any }
		x.Must(json.Unmarshal(x.Portal.State(), &there))
		funnel := int64(0)
		for _, c := range there.Categories {
			funnel = max(funnel, bitrix24test.Number(t, fmt.Sprint(c["ID"])))
		}
		x.Do("move_deal", emulator.Args{"id": deal, "category": funnel, "stage": fmt.Sprintf("C%d:EXECUTING", funnel)})
		x.Settle()
		bitrix24test.Equal(t, "status before reconciliation", x.Order(order).Value("Status"), orders.Placed)
		x.Reconcile()
		if got := x.Number("SELECT category_id FROM bitrix24_links WHERE entity = 'deal'"); got != funnel {
			t.Errorf("the link's funnel is %d, want %d", got, funnel)
		}
		if got := x.Number("SELECT caught FROM bitrix24_portals"); got != 1 {
			t.Errorf("caught %d, want 1", got)
		}
		bitrix24test.Equal(t, "status by the table of the new funnel", x.Order(order).Value("Status"), orders.PrintingInProgress)
		changes := x.Portal.Stats().Changes
		x.Reconcile()
		if got := x.Number("SELECT caught FROM bitrix24_portals"); got != 1 || x.Portal.Stats().Changes != changes {
			t.Errorf("caught %d after a second look at the same, want 1", got)
		}
	})
}

func TestStageChangedUnnoticedBeforeAWriteOfOurs_isFoundByReconciliation(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.Settle()
		x.Reconcile()
		x.Fail(emulator.Fault{Fault: "drop_events"})
		id, _ := x.Deal(order)
		x.Must(x.Portal.MoveDeal(id, "EXECUTING"))
		// A write of ours reached the portal in the same moment, and its answer came a little later.
		x.Must(x.Host().DB.From(t.Context()).Exec(
			"UPDATE bitrix24_links SET updated_at = ? WHERE local = 'order'", bitrix24test.Now().Add(3e9),
		).Error)
		x.Reconcile()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "PrintingInProgress")
	})
}
