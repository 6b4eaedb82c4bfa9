package setup_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// refreshLists presses «Обновить списки портала».
func refreshLists(x *bitrix24test.Pair) {
	x.T.Helper()
	x.As(staff.Administrator).Post(bitrix24test.SettingsPage+"/bitrix24/actions/lists").Want(x.T, http.StatusSeeOther)
}

func TestFunnelWatch_aDeletedStageIsNamedAndItsSuccessorProposed(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Do("add_stage", emulator.Args{"category": 0, "id": "UC_PRINT", "name": "Печать тиража"})
		refreshLists(x)
		x.SaveSettings("stage.EXECUTING.status", "", "stage.UC_PRINT.status", string(orders.PrintingInProgress))
		x.Do("rename_stage", emulator.Args{"id": "UC_PRINT", "name": "Печатаем тираж"})
		refreshLists(x)
		x.Do("add_stage", emulator.Args{"category": 0, "id": "UC_NEXT", "name": "Тираж печатается"})
		x.Do("delete_stage", emulator.Args{"id": "UC_PRINT"})
		refreshLists(x)

		admin := x.As(staff.Administrator)
		admin.Get("/admin/orders").Want(t, http.StatusOK, "стадия «Печатаем тираж»")
		form := admin.Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "На портале удалено: стадия «Печатаем тираж»")
		bitrix24test.Equal(
			t, "proposed for the successor",
			apptest.Fields(form.Text, "bitrix24.").Get("bitrix24.stage.UC_NEXT.status"), orders.PrintingInProgress,
		)

		order := x.Place()
		x.SetStatus(order, orders.PrintingInProgress)
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "NEW")

		x.SaveSettings()
		x.SetStatus(order, orders.Placed)
		x.SetStatus(order, orders.PrintingInProgress)
		_, deal = x.Deal(order)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "UC_NEXT")
		if text := admin.Get("/admin/orders").Want(t, http.StatusOK).Text; strings.Contains(text, "На портале удалено") {
			t.Error("the banner stays after the table was saved")
		}
	})
}

func TestFunnelWatch_aDeletedFunnelSendsNewOrdersToTheDefault(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		funnel := x.Do("add_category", emulator.Args{"name": "Опт"})["id"]
		refreshLists(x)
		x.SaveSettings("category_id", fmt.Sprint(funnel))
		_, deal := x.Deal(x.Place())
		bitrix24test.Equal(t, "funnel", deal["CATEGORY_ID"], funnel)
		for _, d := range x.State().Deals {
			x.Do("delete_deal", emulator.Args{"id": d["ID"]})
		}
		x.Do("delete_category", emulator.Args{"id": funnel})
		refreshLists(x)
		x.As(staff.Administrator).Get("/admin/orders").Want(t, http.StatusOK, "направление «Опт»")
		_, deal = x.Deal(x.Place())
		bitrix24test.Equal(t, "funnel", deal["CATEGORY_ID"], 0)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "NEW")
	})
}
