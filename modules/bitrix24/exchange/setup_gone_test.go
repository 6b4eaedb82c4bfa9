package exchange_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
)

// A portal refuses a stage that it does not have, or does something else in silence (REST.md 8.2).
var unknownStages = []string{"error", "keep"}

// eachPortal runs a scenario with either kind of portal, each on both databases.
func eachPortal(t *testing.T, scenario func(t *testing.T, x *bitrix24test.Pair)) {
	for _, kind := range unknownStages {
		t.Run(kind, func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.UnknownStage = kind })
				scenario(t, x)
			})
		})
	}
}

// mapped adds a stage, UC_PRINT, that stands for «В печать» from now on.
func mapped(x *bitrix24test.Pair) {
	x.T.Helper()
	x.Do("add_stage", emulator.Args{"category": 0, "id": "UC_PRINT", "name": "Печать тиража"})
	relist(x)
	x.SaveSettings("stage.EXECUTING.status", "", "stage.UC_PRINT.status", string(orders.PrintingInProgress))
	x.Settle()
}

func relist(x *bitrix24test.Pair) {
	x.T.Helper()
	x.As(staff.Administrator).Post(bitrix24test.SettingsPage+"/bitrix24/actions/lists").Want(x.T, http.StatusSeeOther)
}

// banner is what every page tells an administrator.
func banner(x *bitrix24test.Pair, words ...string) {
	x.T.Helper()
	x.Host().Cache.Forget("bitrix24/")
	x.As(staff.Administrator).Get("/admin/orders").Want(x.T, http.StatusOK, words...)
}

func noBanner(x *bitrix24test.Pair) {
	x.T.Helper()
	x.Host().Cache.Forget("bitrix24/")
	x.As(staff.Administrator).Get("/admin/orders").Want(x.T, http.StatusOK).Lacks(x.T, "На портале удалено")
}

// stands checks where an order and its deal are.
func stands(x *bitrix24test.Pair, order int64, status orders.Status, stage string) {
	x.T.Helper()
	bitrix24test.Equal(x.T, fmt.Sprintf("status of %d", order), x.Order(order).Value("Status"), status)
	_, deal := x.Deal(order)
	bitrix24test.Equal(x.T, fmt.Sprintf("stage of the deal of %d", order), deal["STAGE_ID"], stage)
}

func TestStageDeleted_betweenTwoReadings_ordersGoOnAndWaitForADecision(t *testing.T) {
	eachPortal(t, func(t *testing.T, x *bitrix24test.Pair) {
		mapped(x)
		before := x.Place()
		x.Settle()
		client := int64(x.Order(before).Number("UserId"))
		x.Do("delete_stage", emulator.Args{"id": "UC_PRINT"})
		x.SetStatus(before, orders.PrintingInProgress)
		after := x.Place(bitrix24test.By(client))
		x.SetStatus(after, orders.PrintingInProgress)
		x.Settle()
		x.AtRest()
		stands(x, before, orders.PrintingInProgress, "NEW")
		stands(x, after, orders.PrintingInProgress, "NEW")
		banner(x, "стадия «Печать тиража»", "Ждут решения заказы", fmt.Sprintf("№ %d", before), fmt.Sprintf("№ %d", after))

		x.SaveSettings("stage.UC_PRINT.status", "", "stage.EXECUTING.status", string(orders.PrintingInProgress))
		x.Settle()
		stands(x, before, orders.PrintingInProgress, "EXECUTING")
		stands(x, after, orders.PrintingInProgress, "EXECUTING")
		noBanner(x)
	})
}

func TestStageDeleted_aNewOrderOfItsStatusBeginsAtTheFirstAndFollowsTheDecision(t *testing.T) {
	eachPortal(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Do("add_stage", emulator.Args{"category": 0, "id": "UC_IN", "name": "Принят"})
		relist(x)
		x.SaveSettings("stage.NEW.status", "", "stage.UC_IN.status", string(orders.Placed))
		x.Do("delete_stage", emulator.Args{"id": "UC_IN"})
		order := x.Place()
		x.Settle()
		x.AtRest()
		stands(x, order, orders.Placed, "NEW")
		banner(x, "стадия «Принят»", fmt.Sprintf("№ %d", order))
		x.SaveSettings("stage.UC_IN.status", "", "stage.NEW.status", "", "stage.PREPARATION.status", string(orders.Placed))
		x.Settle()
		stands(x, order, orders.Placed, "PREPARATION")
	})
}

func TestStageDeleted_anotherStageOfTheStatusTakesItsPlaceAtOnce(t *testing.T) {
	eachPortal(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Do("add_stage", emulator.Args{"category": 0, "id": "UC_PRINT", "name": "Печать тиража", "sort": 15})
		relist(x)
		x.SaveSettings(
			"stage.UC_PRINT.status", string(orders.PrintingInProgress), "stage.EXECUTING.status", "",
			"stage.FINAL_INVOICE.status", string(orders.PrintingInProgress),
		)
		order := x.Place()
		x.Settle()
		x.Do("delete_stage", emulator.Args{"id": "UC_PRINT"})
		x.SetStatus(order, orders.PrintingInProgress)
		x.Settle()
		x.AtRest()
		stands(x, order, orders.PrintingInProgress, "FINAL_INVOICE")
	})
}

func TestStageDeleted_theDealsInItAreMovedByThePortalAndTheirOrdersStay(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		mapped(x)
		order := x.Place()
		x.SetStatus(order, orders.PrintingInProgress)
		x.Settle()
		stands(x, order, orders.PrintingInProgress, "UC_PRINT")
		x.Do("delete_stage", emulator.Args{"id": "UC_PRINT"})
		x.Settle()
		stands(x, order, orders.PrintingInProgress, "NEW")
		banner(x, "стадия «Печать тиража»", fmt.Sprintf("№ %d", order))
	})
}

func TestStageDeleted_whatAManagerMovedBeforeIsStillTaken(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		mapped(x)
		order := x.Place()
		x.SetStatus(order, orders.PrintingInProgress)
		x.Settle()
		deal, _ := x.Deal(order)
		x.Must(x.Portal.MoveDeal(deal, "FINAL_INVOICE"))
		x.Do("delete_stage", emulator.Args{"id": "UC_PRINT"})
		relist(x)
		x.Settle()
		stands(x, order, orders.Fulfilled, "FINAL_INVOICE")
	})
}

func TestMovedToTheFirstStage_byAManagerIsTaken(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.SetStatus(order, orders.PrintingInProgress)
		x.Settle()
		deal, _ := x.Deal(order)
		x.Must(x.Portal.MoveDeal(deal, "NEW"))
		x.Settle()
		stands(x, order, orders.Placed, "NEW")
	})
}

func TestManyRefusals_readTheListsOnce(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		mapped(x)
		placed := []int64{x.Place()}
		x.Settle()
		client := int64(x.Order(placed[0]).Number("UserId"))
		for range 5 {
			placed = append(placed, x.Place(bitrix24test.By(client)))
		}
		x.Settle()
		x.Do("delete_stage", emulator.Args{"id": "UC_PRINT"})
		x.Fail(emulator.Fault{Fault: "down"})
		for _, order := range placed {
			x.SetStatus(order, orders.PrintingInProgress)
		}
		x.Fail(emulator.Fault{Fault: "none"})
		read := x.Portal.Stats().Commands["crm.category.list"]
		x.Recover()
		bitrix24test.Equal(t, "readings", x.Portal.Stats().Commands["crm.category.list"]-read, 1)
		for _, order := range placed {
			stands(x, order, orders.PrintingInProgress, "NEW")
		}
	})
}

func TestRefusedForAnotherReason_theListsAreNotReadForEachOrder(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("responsible_id", "9999")
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.UnknownValues = "error" })
		read := x.Portal.Stats().Commands["crm.category.list"]
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		for range 3 {
			x.Place(bitrix24test.By(client))
		}
		bitrix24test.Equal(t, "readings", x.Portal.Stats().Commands["crm.category.list"]-read, 1)
		bitrix24test.Equal(t, "jobs that wait for a person", len(x.FailedJobs()), 4)
	})
}

func TestFunnelDeleted_betweenTwoReadings_newOrdersGoIntoTheDefault(t *testing.T) {
	eachPortal(t, func(t *testing.T, x *bitrix24test.Pair) {
		funnel := x.Do("add_category", emulator.Args{"name": "Опт"})["id"]
		relist(x)
		x.SaveSettings("category_id", fmt.Sprint(funnel))
		x.Do("delete_category", emulator.Args{"id": funnel})
		order := x.Place()
		x.Settle()
		x.AtRest()
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "funnel", deal["CATEGORY_ID"], 0)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "NEW")
		banner(x, "направление «Опт»", "направление по умолчанию")

		x.SaveSettings() // nobody has decided
		banner(x, "направление «Опт»")
		x.SaveSettings("category_id", "")
		noBanner(x)
	})
}

func TestSourceDeleted_ordersAreSentWithoutIt(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.CallPortal("crm.status.add", "fields[ENTITY_ID]=SOURCE&fields[STATUS_ID]=KIOSK"+
			"&fields[NAME]=%%D0%%9A%%D0%%B8%%D0%%BE%%D1%%81%%D0%%BA")
		relist(x)
		x.SaveSettings("source.Site", "KIOSK")
		_, deal := x.Deal(x.Place())
		bitrix24test.Equal(t, "source", deal["SOURCE_ID"], "KIOSK")
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.UnknownValues = "error" })
		x.CallPortal("crm.status.delete", "id=%s", x.StatusNumber("SOURCE", "KIOSK"))
		order := x.Place(bitrix24test.Set("Client", apptest.JSON{"FirstName": "Олег", "Email": "oleg@example.ru"}))
		x.Settle()
		x.AtRest()
		if _, deal = x.Deal(order); deal["SOURCE_ID"] == "KIOSK" {
			t.Error("the deal has a source that is not there")
		}
		banner(x, "источник «Киоск»", "без источника")
		x.SaveSettings()
		banner(x, "источник «Киоск»")
		x.SaveSettings("source.Site", "WEB")
		noBanner(x)
	})
}

func TestResponsibleDismissed_theOwnerOfTheWebhookTakesOver(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("responsible_id", "2")
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.UnknownValues = "error" })
		x.Do("dismiss_user", emulator.Args{"id": 2})
		order := x.Place()
		x.Settle()
		x.AtRest()
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "responsible", deal["ASSIGNED_BY_ID"], "1")
		banner(x, "сотрудник 2", "ответственный за сделки")
		x.SaveSettings("responsible_id", "3")
		noBanner(x)
	}, func(s *bitrix24test.Setup) { s.Portal.Scopes = []string{"crm", "user"} })
}

func TestResponsibleDismissed_aPortalThatStoresHimAllTheSameIsToldByTheNextReading(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("responsible_id", "2")
		x.Do("dismiss_user", emulator.Args{"id": 2})
		relist(x)
		banner(x, "сотрудник 2")
		_, deal := x.Deal(x.Place())
		bitrix24test.Equal(t, "responsible", deal["ASSIGNED_BY_ID"], "1")
	}, func(s *bitrix24test.Setup) { s.Portal.Scopes = []string{"crm", "user"} })
}

func TestCustomFieldDeleted_isToldAndFilledAgainOnceItIsBack(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		x.Settle()
		client := int64(x.Order(first).Number("UserId"))
		x.CallPortal("crm.deal.userfield.delete", "id=%s", x.FieldNumber("UF_CRM_PIXLPARK_PAYMENT"))
		order := x.Place(bitrix24test.By(client))
		x.Settle()
		x.AtRest()
		banner(x, "поле сделки «Оплата»", "без поля")
		x.SaveSettings() // the module makes its own fields again
		noBanner(x)
		x.Call("POST", fmt.Sprintf("/api/orders/%d/payments", order), apptest.JSON{"Amount": 100, "Method": "Cash"}).Want(t, http.StatusOK)
		x.Settle()
		_, deal := x.Deal(order)
		bitrix24test.Contains(t, "payment", deal["UF_CRM_PIXLPARK_PAYMENT"], "100")
	})
}

func TestRefusedBefore_isSentOnceAReadingShowsWhatIsGone(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("responsible_id", "2")
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.UnknownValues = "error" })
		x.Do("dismiss_user", emulator.Args{"id": 2})
		x.Fail(emulator.Fault{Fault: "operating", Method: "crm.category.list", Count: 1}) // nobody can tell what is gone
		order := x.Place()
		x.Fail(emulator.Fault{Fault: "none"})
		relist(x)
		x.Recover()
		x.AtRest()
		x.Deal(order)
	}, func(s *bitrix24test.Setup) { s.Portal.Scopes = []string{"crm", "user"} })
}

func TestStageDeleted_aComparisonMendsNothingAndTheOrderStillWaits(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		mapped(x)
		order := x.Place()
		x.Settle()
		x.Do("delete_stage", emulator.Args{"id": "UC_PRINT"})
		x.SetStatus(order, orders.PrintingInProgress)
		x.Settle()
		x.Must(x.Host().DB.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
			return x.Host().Jobs.Enqueue(tx, exchange.MendOrder{ID: order})
		}))
		x.Settle()
		x.SaveSettings("stage.UC_PRINT.status", "", "stage.EXECUTING.status", string(orders.PrintingInProgress))
		x.Settle()
		stands(x, order, orders.PrintingInProgress, "EXECUTING")
	})
}

func TestStageDeleted_aManagersLaterMoveComesBeforeTheDecision(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		mapped(x)
		order := x.Place()
		x.Settle()
		x.Do("delete_stage", emulator.Args{"id": "UC_PRINT"})
		x.SetStatus(order, orders.PrintingInProgress)
		x.Settle()
		deal, _ := x.Deal(order)
		x.Must(x.Portal.MoveDeal(deal, "FINAL_INVOICE"))
		x.Settle()
		stands(x, order, orders.Fulfilled, "FINAL_INVOICE")
		banner(x, "стадия «Печать тиража»")
		x.Host().Cache.Forget("bitrix24/")
		x.As(staff.Administrator).Get("/admin/orders").Want(t, http.StatusOK).Lacks(t, "Ждут решения")
	})
}

func TestLeads_areSentWithoutAResponsibleWhoIsGone(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("responsible_id", "2")
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.UnknownValues = "error" })
		x.Do("dismiss_user", emulator.Args{"id": 2})
		order := x.Place()
		x.Settle()
		x.AtRest()
		_, lead := x.Lead(bitrix24test.ClientLead(int64(x.Order(order).Number("UserId"))), 1)
		bitrix24test.Equal(t, "responsible", lead["ASSIGNED_BY_ID"], "1")
		banner(x, "сотрудник 2")
	}, bitrix24test.WithLeads, func(s *bitrix24test.Setup) { s.Portal.Scopes = []string{"crm", "user"} })
}

func TestDealMovedByAManager_theListsAreNotRead(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.Settle()
		read := x.Portal.Stats().Commands["crm.category.list"]
		deal, _ := x.Deal(order)
		for _, stage := range []string{"PREPARATION", "EXECUTING", "WON", "FINAL_INVOICE"} {
			x.Must(x.Portal.MoveDeal(deal, stage))
			x.Settle()
		}
		stands(x, order, orders.Fulfilled, "FINAL_INVOICE")
		bitrix24test.Equal(t, "readings", x.Portal.Stats().Commands["crm.category.list"]-read, 0)
	})
}
