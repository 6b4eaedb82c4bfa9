package exchange_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestAThousandStageChanges_areReadInTwoRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a thousand deals")
	}
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "drop_events"})
		client, ctx := x.NewClient(), t.Context()
		shops, err := x.Host().Sites.All(ctx)
		x.Must(err)
		x.Must(x.Host().DB.Transaction(ctx, func(ctx context.Context, _ *db.Tx) error {
			for range 1000 {
				if _, err := x.Host().Orders.Place(ctx, orders.Draft{
					By: staff.Site(), SiteID: shops[0].ID, ClientID: client, Type: orders.Ordinary, Source: orders.FromSite,
					Items: []orders.Item{{Name: "Визитки", Quantity: 1, Price: 100_00}},
				}); err != nil {
					return err
				}
			}
			return nil
		}))
		x.Drain()
		x.Fail(emulator.Fault{Fault: "none"})
		for _, deal := range x.Portal.IDs("deal") {
			x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
		}
		x.Must(x.Portal.Flush(t.Context()))
		if got := x.Requests(x.Drain); got > 2 {
			t.Errorf("1000 stage changes took %d requests, want 2 at most", got)
		}
		reply := x.Call("GET", "/api/orders?status=PrintingInProgress&take=1", nil).Want(t, http.StatusOK)
		if got := reply.Number("Total"); got != 1000 {
			t.Errorf("%v orders followed their deals, want 1000", got)
		}
	}, func(s *bitrix24test.Setup) { s.Options.AwaitSite = 0 })
}

func TestStageWithPaid_paysTheOrderAndItMovesOn(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("stage.EXECUTING.paid", "on", "stage.FINAL_INVOICE.status", "WaitingForPayment", "stage.FINAL_INVOICE.paid", "on")
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
		x.Settle()
		reply := x.Order(order)
		bitrix24test.Equal(t, "status", reply.Value("Status"), orders.PrintingInProgress)
		bitrix24test.Equal(t, "payment", reply.Value("PaymentStatus"), orders.Paid)
		bitrix24test.Equal(t, "paid", reply.Value("PaidPrice"), "1149.75")
		x.As(staff.Operator).Get(bitrix24test.Page(order)+"/history").Want(t, http.StatusOK, "Битрикс24", "В работе", "1 149,75")

		// Paying an order that waits for payment moves it on to «Готов к работе»; the deal, whose funnel has no stage for
		// that, stays where it is.
		second := x.Place()
		deal, _ = x.Deal(second)
		x.Must(x.Portal.MoveDeal(deal, "FINAL_INVOICE"))
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(second).Value("Status"), orders.Approved)
		bitrix24test.Equal(t, "payment", x.Order(second).Value("PaymentStatus"), orders.Paid)
		_, record := x.Deal(second)
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "FINAL_INVOICE")
		bitrix24test.Contains(t, "payment field", record["UF_CRM_PIXLPARK_PAYMENT"], "Оплачен полностью", "нлайн")
	})
}

func TestBothSidesChanged_theLaterWinsAndBothEndEqual(t *testing.T) {
	for _, later := range []string{"portal", "panel"} {
		t.Run(later+" later", func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				order := x.Place()
				deal, _ := x.Deal(order)
				x.Settle()
				x.Fail(emulator.Fault{Fault: "drop_events"})
				x.Fail(emulator.Fault{Fault: "down"})
				x.SetStatus(order, orders.WaitingForPayment)
				want, stage := orders.WaitingForPayment, "PREPAYMENT_INVOICE"
				if later == "portal" {
					want, stage = orders.PrintingInProgress, "EXECUTING"
				} else {
					// The deal was moved a minute before the order.
					x.Must(x.Host().DB.From(t.Context()).Exec(
						"UPDATE orders SET status_at = ? WHERE id = ?", bitrix24test.Now().Add(time.Minute), order,
					).Error)
				}
				x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
				x.Fail(emulator.Fault{Fault: "none"})
				x.Recover()
				x.Settle()
				bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), want)
				_, record := x.Deal(order)
				bitrix24test.Equal(t, "stage", record["STAGE_ID"], stage)
				bitrix24test.Contains(t, "journal", x.As(staff.Administrator).Get("/admin/bitrix24/journal").
					Want(t, http.StatusOK).Text, "Изменены обе стороны")
			})
		})
	}
}

func TestFunnels_aDealFollowsTheTableOfItsOwn(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		before := x.Place()
		funnel := x.Do("add_category", emulator.Args{"name": "Сувениры"})["id"]
		x.SaveSettings("category_id", fmt.Sprint(funnel))
		stage := func(name string) string { return fmt.Sprintf("C%d:%s", funnel, name) }
		x.SaveSettings("category_id", fmt.Sprint(funnel), "stage."+stage("NEW")+".status", "Placed",
			"stage."+stage("PREPARATION")+".status", "PrintingInProgress", "stage."+stage("EXECUTING")+".status", "Fulfilled")

		after := x.Place()
		_, record := x.Deal(after)
		bitrix24test.Equal(t, "funnel of a new deal", record["CATEGORY_ID"], funnel)
		bitrix24test.Equal(t, "stage of a new deal", record["STAGE_ID"], stage("NEW"))
		for _, order := range []int64{before, after} {
			x.SetStatus(order, orders.PrintingInProgress)
		}
		_, record = x.Deal(before)
		bitrix24test.Equal(t, "funnel of an old deal", record["CATEGORY_ID"], "0")
		bitrix24test.Equal(t, "stage of an old deal", record["STAGE_ID"], "EXECUTING")
		deal, record := x.Deal(after)
		bitrix24test.Equal(t, "stage of a new deal", record["STAGE_ID"], stage("PREPARATION"))

		x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(after).Value("Status"), orders.Fulfilled)

		// A move to another funnel is told by no event; the next reconciliation, or change, finds it, and leaves it there.
		x.Do("move_deal", emulator.Args{"id": deal, "category": 0, "stage": "WON"})
		x.SetStatus(after, orders.PrintingInProgress)
		x.Settle()
		_, record = x.Deal(after)
		bitrix24test.Equal(t, "funnel after the move", record["CATEGORY_ID"], "0")
		// Both have moved within two seconds: the portal's counts.
		bitrix24test.Equal(t, "stage after the move", record["STAGE_ID"], "WON")
		bitrix24test.Equal(t, "status after the move", x.Order(after).Value("Status"), orders.Delivered)
	})
}

func TestStatusWithoutAStage_leavesTheDealAndIsNotTakenBack(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.SetStatus(order, orders.DesignInProgress)
		x.Do("edit_deal", emulator.Args{"id": deal, "fields": map[string]any{"TITLE": "Дизайн"}})
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.DesignInProgress)
		_, record := x.Deal(order)
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "NEW")
	})
}

func TestStageOutsideTheTable_changesNothingAndIsNotedOnce(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Do("add_stage", emulator.Args{"category": 0, "id": "UC_LOOK", "name": "Посмотреть макет"})
		x.Do("move_deal", emulator.Args{"id": deal, "stage": "UC_LOOK"})
		x.Settle()
		x.Do("edit_deal", emulator.Args{"id": deal, "fields": map[string]any{"TITLE": "Другое имя"}})
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.Placed)
		_, record := x.Deal(order)
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "UC_LOOK")
		x.JournalHas("не сопоставлена", 1)
	})
}

func TestTablesSavedWhileThePortalIsDown_holdAllTheSame(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		id, _ := x.Deal(order)
		x.Settle()
		x.Fail(emulator.Fault{Fault: "down"})
		x.SaveSettings("stage.EXECUTING.status", "Fulfilled")
		x.Fail(emulator.Fault{Fault: "none"})
		x.Recover()
		x.Must(x.Portal.MoveDeal(id, "EXECUTING"))
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "Fulfilled")
	})
}

func TestTablesAndFunnelSavedWhileTheExchangeIsOff_areKept(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("enabled", "-", "stage.EXECUTING.status", "Fulfilled", "company_type.PARTNER", "Other", "auto", "-")
		values := apptest.Fields(x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK).Text, "bitrix24.")
		bitrix24test.Equal(t, "switch", values.Get("bitrix24.enabled"), "")
		bitrix24test.Equal(t, "status", values.Get("bitrix24.stage.EXECUTING.status"), "Fulfilled")
		bitrix24test.Equal(t, "type", values.Get("bitrix24.company_type.PARTNER"), "Other")
		x.PostSettings("category_id", "77").Want(t, http.StatusUnprocessableEntity, "Выберите направление из списка")
	})
}
