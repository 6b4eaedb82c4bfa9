package setup_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// shown is a field of the settings form as it is shown.
func shown(x *bitrix24test.Pair, field string) string {
	x.T.Helper()
	page := x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(x.T, http.StatusOK)
	return apptest.Fields(page.Text, "bitrix24.").Get("bitrix24." + field)
}

// told checks whether administrators are told that something is gone.
func told(x *bitrix24test.Pair, words string, want bool) {
	x.T.Helper()
	x.Host().Cache.Forget("bitrix24/")
	page := x.As(staff.Administrator).Get("/admin/orders")
	if want {
		page.Want(x.T, http.StatusOK, words)
	} else {
		page.Want(x.T, http.StatusOK).Lacks(x.T, words)
	}
}

// goneStage has a stage mapped to «В печать» and deleted. Its name is like that of no other.
func goneStage(x *bitrix24test.Pair, name string) {
	x.T.Helper()
	x.Do("add_stage", emulator.Args{"category": 0, "id": "UC_GONE", "name": name})
	refreshLists(x)
	x.SaveSettings("stage.UC_GONE.status", string(orders.PostPressInProgress), "stage.UC_GONE.paid", "on")
	x.Do("delete_stage", emulator.Args{"id": "UC_GONE"})
}

func TestRuleWhoseStageIsGone_staysUntilAnAdministratorDecides(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		goneStage(x, "Ъъъ")
		x.SaveSettings() // the deletion was not even known when the form was opened
		told(x, "стадия «Ъъъ»", true)
		x.SaveSettings("responsible_id", "1")
		x.SaveSettings("stage.UC_GONE.status", "-", "stage.UC_GONE.paid", "-") // a form without the row
		told(x, "стадия «Ъъъ»", true)
		bitrix24test.Equal(t, "status of the rule", shown(x, "stage.UC_GONE.status"), orders.PostPressInProgress)
		bitrix24test.Equal(t, "it pays", shown(x, "stage.UC_GONE.paid"), "on")
		x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "Удалена на портале")
		x.SaveSettings("stage.UC_GONE.status", "", "stage.UC_GONE.paid", "-")
		told(x, "На портале удалено", false)
	})
}

func TestRuleWhoseStageIsGone_isInForceAgainWhenTheStageIsBack(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		goneStage(x, "Ъъъ")
		refreshLists(x)
		x.SaveSettings()
		x.Do("add_stage", emulator.Args{"category": 0, "id": "UC_GONE", "name": "Снова здесь"})
		refreshLists(x)
		told(x, "На портале удалено", false)
		order := x.Place()
		x.SetStatus(order, orders.PostPressInProgress)
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "UC_GONE")
	})
}

func TestSuccessor_theStageOfTheIdenticalNameIsProposedFirst(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		goneStage(x, "Готов к выдаче")
		x.Do("add_stage", emulator.Args{"category": 0, "id": "UC_LIKE", "name": "Готов к выдаче и отправке", "sort": 1})
		x.Do("add_stage", emulator.Args{"category": 0, "id": "UC_SAME", "name": " готов к выдаче"})
		refreshLists(x)
		bitrix24test.Equal(t, "the same name", shown(x, "stage.UC_SAME.status"), orders.PostPressInProgress)
		bitrix24test.Equal(t, "a like name", shown(x, "stage.UC_LIKE.status"), "")
		bitrix24test.Equal(t, "the stage that is gone", shown(x, "stage.UC_GONE.status"), "")
		x.SaveSettings()
		told(x, "На портале удалено", false)
		order := x.Place()
		x.SetStatus(order, orders.PostPressInProgress)
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "UC_SAME")
	})
}

func TestFormerFunnelThatIsGone_keepsItsRulesUntilTheyAreForgotten(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		funnel := x.Do("add_category", emulator.Args{"name": "Опт"})["id"]
		refreshLists(x)
		x.SaveSettings("category_id", fmt.Sprint(funnel), fmt.Sprintf("stage.C%d:NEW.status", funnel), string(orders.Placed))
		x.SaveSettings("category_id", "")
		x.Do("delete_category", emulator.Args{"id": funnel})
		refreshLists(x)
		x.SaveSettings()
		told(x, "направление «Опт»", true)
		x.SaveSettings(fmt.Sprintf("forget_funnel.%d", funnel), "on")
		told(x, "На портале удалено", false)
	})
}

func TestChosenFunnelThatIsGone_isMarkedInTheForm(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		funnel := x.Do("add_category", emulator.Args{"name": "Опт"})["id"]
		refreshLists(x)
		x.SaveSettings("category_id", fmt.Sprint(funnel))
		x.Do("delete_category", emulator.Args{"id": funnel})
		refreshLists(x)
		x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "«Опт» удалено на портале")
		bitrix24test.Equal(t, "chosen", shown(x, "category_id"), funnel)
		x.PostSettings("category_id", "777").Want(t, http.StatusUnprocessableEntity, "нет такого направления")
	})
}

func TestAnotherPortal_inheritsNoRulesOfStagesItNeverHad(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		goneStage(x, "Ъъъ")
		refreshLists(x)
		other := emulator.New(emulator.Options{UserID: 1, Code: bitrix24test.WebhookCode, Token: bitrix24test.PortalToken, Seed: 2})
		t.Cleanup(func() { _ = other.Close() })
		x.SaveSettings("portal_url", at(x, other), "code", bitrix24test.WebhookCode)
		told(x, "На портале удалено", false)
	})
}
