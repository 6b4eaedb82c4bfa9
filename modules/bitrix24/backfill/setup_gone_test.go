package backfill_test

import (
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestBackfill_aStageDeletedSinceTheLastReadingStopsNoOrder(t *testing.T) {
	for _, kind := range []string{"error", "keep"} {
		t.Run(kind, func(t *testing.T) {
			bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
				placed := x.PlaceMany(3)
				x.Connect()
				admin := x.As(staff.Administrator)
				x.Do("add_stage", emulator.Args{"category": 0, "id": "UC_IN", "name": "Принят"})
				admin.Post(bitrix24test.SettingsPage+"/bitrix24/actions/lists").Want(t, http.StatusSeeOther)
				x.SaveSettings("stage.NEW.status", "", "stage.UC_IN.status", string(orders.Placed))
				x.Do("delete_stage", emulator.Args{"id": "UC_IN"})
				x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.UnknownStage = kind })
				admin.Post(bitrix24test.BackfillPage, "what", "order", "action", "start").Want(t, http.StatusSeeOther)
				x.Recover()
				x.Reconcile()
				x.Settle()
				x.AtRest()
				for _, order := range placed {
					_, deal := x.Deal(order)
					bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "NEW")
					bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.Placed)
				}
				admin.Get(bitrix24test.BackfillPage).Want(t, http.StatusOK, "Завершена")
			}, bitrix24test.Unconnected)
		})
	}
}
