package bitrix24_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// refreshLists presses «Обновить списки портала».
func (x *exchange) refreshLists() {
	x.t.Helper()
	x.As(staff.Administrator).Post(settingsPage+"/bitrix24/actions/lists").Want(x.t, http.StatusSeeOther)
}

func TestFunnelWatch_aDeletedStageIsNamedAndItsSuccessorProposed(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.do("add_stage", emulator.Args{"category": 0, "id": "UC_PRINT", "name": "Печать тиража"})
		x.refreshLists()
		x.saveSettings("stage.EXECUTING.status", "", "stage.UC_PRINT.status", string(orders.PrintingInProgress))
		x.do("rename_stage", emulator.Args{"id": "UC_PRINT", "name": "Печатаем тираж"})
		x.refreshLists()
		x.do("add_stage", emulator.Args{"category": 0, "id": "UC_NEXT", "name": "Тираж печатается"})
		x.do("delete_stage", emulator.Args{"id": "UC_PRINT"})
		x.refreshLists()

		admin := x.As(staff.Administrator)
		admin.Get("/admin/orders").Want(t, http.StatusOK, "стадия «Печатаем тираж»")
		form := admin.Get(settingsPage).Want(t, http.StatusOK, "На портале удалено: стадия «Печатаем тираж»")
		equal(t, "proposed for the successor", apptest.Fields(form.Text, "bitrix24.").Get("bitrix24.stage.UC_NEXT.status"), orders.PrintingInProgress)

		order := x.place()
		x.setStatus(order, orders.PrintingInProgress)
		_, deal := x.deal(order)
		equal(t, "stage", deal["STAGE_ID"], "NEW")

		x.saveSettings()
		x.setStatus(order, orders.Placed)
		x.setStatus(order, orders.PrintingInProgress)
		_, deal = x.deal(order)
		equal(t, "stage", deal["STAGE_ID"], "UC_NEXT")
		if text := admin.Get("/admin/orders").Want(t, http.StatusOK).Text; strings.Contains(text, "На портале удалено") {
			t.Error("the banner stays after the table was saved")
		}
	})
}

func TestFunnelWatch_aDeletedFunnelSendsNewOrdersToTheDefault(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		funnel := x.do("add_category", emulator.Args{"name": "Опт"})["id"]
		x.refreshLists()
		x.saveSettings("category_id", fmt.Sprint(funnel))
		_, deal := x.deal(x.place())
		equal(t, "funnel", deal["CATEGORY_ID"], funnel)
		for _, d := range x.state().Deals {
			x.do("delete_deal", emulator.Args{"id": d["ID"]})
		}
		x.do("delete_category", emulator.Args{"id": funnel})
		x.refreshLists()
		x.As(staff.Administrator).Get("/admin/orders").Want(t, http.StatusOK, "направление «Опт»")
		_, deal = x.deal(x.place())
		equal(t, "funnel", deal["CATEGORY_ID"], 0)
		equal(t, "stage", deal["STAGE_ID"], "NEW")
	})
}
