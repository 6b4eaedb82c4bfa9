package bitrix24_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestAThousandStageChanges_areReadInTwoRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a thousand deals")
	}
	each(t, func(t *testing.T, x *exchange) {
		x.fail(emulator.Fault{Fault: "drop_events"})
		client, ctx := x.employee(), t.Context()
		shops, err := x.Host().Sites.All(ctx)
		x.must(err)
		x.must(x.Host().DB.Transaction(ctx, func(ctx context.Context, _ *db.Tx) error {
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
		x.fail(emulator.Fault{Fault: "none"})
		for _, deal := range x.portal.IDs("deal") {
			x.must(x.portal.MoveDeal(deal, "EXECUTING"))
		}
		x.must(x.portal.Flush(t.Context()))
		if got := x.requests(x.Drain); got > 2 {
			t.Errorf("1000 stage changes took %d requests, want 2 at most", got)
		}
		reply := x.Call("GET", "/api/orders?status=PrintingInProgress&take=1", nil).Want(t, http.StatusOK)
		if got := reply.Number("Total"); got != 1000 {
			t.Errorf("%v orders followed their deals, want 1000", got)
		}
	}, func(a *arranged) { a.options.AwaitSite = 0 })
}

func TestStageWithPaid_paysTheOrderAndItMovesOn(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.saveSettings("stage.EXECUTING.paid", "on", "stage.FINAL_INVOICE.status", "WaitingForPayment", "stage.FINAL_INVOICE.paid", "on")
		order := x.place()
		deal, _ := x.deal(order)
		x.must(x.portal.MoveDeal(deal, "EXECUTING"))
		x.settle()
		reply := x.order(order)
		equal(t, "status", reply.Value("Status"), orders.PrintingInProgress)
		equal(t, "payment", reply.Value("PaymentStatus"), orders.Paid)
		equal(t, "paid", reply.Value("PaidPrice"), "1149.75")
		x.As(staff.Operator).Get(page(order)+"/history").Want(t, http.StatusOK, "Битрикс24", "В работе", "1 149,75")

		// Paying an order that waits for payment moves it on to «Готов к работе»; the deal, whose funnel has no stage for
		// that, stays where it is.
		second := x.place()
		deal, _ = x.deal(second)
		x.must(x.portal.MoveDeal(deal, "FINAL_INVOICE"))
		x.settle()
		equal(t, "status", x.order(second).Value("Status"), orders.Approved)
		equal(t, "payment", x.order(second).Value("PaymentStatus"), orders.Paid)
		_, record := x.deal(second)
		equal(t, "stage", record["STAGE_ID"], "FINAL_INVOICE")
		contains(t, "payment field", record["UF_CRM_PIXLPARK_PAYMENT"], "Оплачен полностью", "нлайн")
	})
}

func TestWhatAManagerChangedByHand_isNotOverwritten(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, record := x.deal(order)
		x.do("edit_deal", emulator.Args{"id": deal, "fields": map[string]any{
			"TITLE": "Соколова: фотографии", "ASSIGNED_BY_ID": 3, "COMMENTS": record["COMMENTS"] + "\nПеревезти до пятницы", "SOURCE_ID": "CALL",
		}})
		x.settle()
		x.setStatus(order, orders.PrintingInProgress)
		x.Call("POST", fmt.Sprintf("/api/orders/%d/payments", order), apptest.JSON{"Amount": 100, "Method": "Cash"}).Want(t, http.StatusOK)
		x.Call("POST", fmt.Sprintf("/api/orders/%d/comments", order), apptest.JSON{"Text": "Уже печатаете?", "VisibleToClient": true}).Want(t, http.StatusOK)
		x.Call("PUT", fmt.Sprintf("/api/orders/%d/items", order), apptest.JSON{"Items": []apptest.JSON{{"Name": "Визитки", "Quantity": 3, "ItemPrice": 1000}}}).Want(t, http.StatusOK)
		x.settle()
		_, record = x.deal(order)
		equal(t, "title", record["TITLE"], "Соколова: фотографии")
		equal(t, "responsible", record["ASSIGNED_BY_ID"], "3")
		equal(t, "source", record["SOURCE_ID"], "CALL")
		contains(t, "comment", record["COMMENTS"], "Перевезти до пятницы", x.URL+page(order))
		equal(t, "stage", record["STAGE_ID"], "EXECUTING")
		equal(t, "amount", kopecks(t, record["OPPORTUNITY"]), orders.Money(3249_75))
		contains(t, "discussion", record["UF_CRM_PIXLPARK_DISCUSSION"], "Уже печатаете?")
		contains(t, "payment", record["UF_CRM_PIXLPARK_PAYMENT"], "100,00")
	})
}

func TestBothSidesChanged_theLaterWinsAndBothEndEqual(t *testing.T) {
	for _, later := range []string{"portal", "panel"} {
		t.Run(later+" later", func(t *testing.T) {
			each(t, func(t *testing.T, x *exchange) {
				order := x.place()
				deal, _ := x.deal(order)
				x.settle()
				x.fail(emulator.Fault{Fault: "drop_events"})
				x.fail(emulator.Fault{Fault: "down"})
				x.setStatus(order, orders.WaitingForPayment)
				want, stage := orders.WaitingForPayment, "PREPAYMENT_INVOICE"
				if later == "portal" {
					want, stage = orders.PrintingInProgress, "EXECUTING"
				} else {
					// The deal was moved a minute before the order.
					x.must(x.Host().DB.From(t.Context()).Exec("UPDATE orders SET status_at = ? WHERE id = ?", now().Add(minute), order).Error)
				}
				x.must(x.portal.MoveDeal(deal, "EXECUTING"))
				x.fail(emulator.Fault{Fault: "none"})
				x.recover()
				x.settle()
				equal(t, "status", x.order(order).Value("Status"), want)
				_, record := x.deal(order)
				equal(t, "stage", record["STAGE_ID"], stage)
				contains(t, "journal", x.As(staff.Administrator).Get("/admin/bitrix24/journal").Want(t, http.StatusOK).Text, "Изменены обе стороны")
			})
		})
	}
}

func TestFunnels_aDealFollowsTheTableOfItsOwn(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		before := x.place()
		funnel := x.do("add_category", emulator.Args{"name": "Сувениры"})["id"]
		x.saveSettings("category_id", fmt.Sprint(funnel))
		stage := func(name string) string { return fmt.Sprintf("C%d:%s", funnel, name) }
		x.saveSettings("category_id", fmt.Sprint(funnel), "stage."+stage("NEW")+".status", "Placed",
			"stage."+stage("PREPARATION")+".status", "PrintingInProgress", "stage."+stage("EXECUTING")+".status", "Fulfilled")

		after := x.place()
		_, record := x.deal(after)
		equal(t, "funnel of a new deal", record["CATEGORY_ID"], funnel)
		equal(t, "stage of a new deal", record["STAGE_ID"], stage("NEW"))
		for _, order := range []int64{before, after} {
			x.setStatus(order, orders.PrintingInProgress)
		}
		_, record = x.deal(before)
		equal(t, "funnel of an old deal", record["CATEGORY_ID"], "0")
		equal(t, "stage of an old deal", record["STAGE_ID"], "EXECUTING")
		deal, record := x.deal(after)
		equal(t, "stage of a new deal", record["STAGE_ID"], stage("PREPARATION"))

		x.must(x.portal.MoveDeal(deal, "EXECUTING"))
		x.settle()
		equal(t, "status", x.order(after).Value("Status"), orders.Fulfilled)

		// A move to another funnel is told by no event; the next reconciliation, or change, finds it, and leaves it there.
		x.do("move_deal", emulator.Args{"id": deal, "category": 0, "stage": "WON"})
		x.setStatus(after, orders.PrintingInProgress)
		x.settle()
		_, record = x.deal(after)
		equal(t, "funnel after the move", record["CATEGORY_ID"], "0")
		// Both have moved within two seconds: the portal's counts.
		equal(t, "stage after the move", record["STAGE_ID"], "WON")
		equal(t, "status after the move", x.order(after).Value("Status"), orders.Delivered)
	})
}

func TestStatusWithoutAStage_leavesTheDealAndIsNotTakenBack(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		x.setStatus(order, orders.DesignInProgress)
		x.do("edit_deal", emulator.Args{"id": deal, "fields": map[string]any{"TITLE": "Дизайн"}})
		x.settle()
		equal(t, "status", x.order(order).Value("Status"), orders.DesignInProgress)
		_, record := x.deal(order)
		equal(t, "stage", record["STAGE_ID"], "NEW")
	})
}

func TestStageOutsideTheTable_changesNothingAndIsNotedOnce(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		x.do("add_stage", emulator.Args{"category": 0, "id": "UC_LOOK", "name": "Посмотреть макет"})
		x.do("move_deal", emulator.Args{"id": deal, "stage": "UC_LOOK"})
		x.settle()
		x.do("edit_deal", emulator.Args{"id": deal, "fields": map[string]any{"TITLE": "Другое имя"}})
		x.settle()
		equal(t, "status", x.order(order).Value("Status"), orders.Placed)
		_, record := x.deal(order)
		equal(t, "stage", record["STAGE_ID"], "UC_LOOK")
		x.journalHas("не сопоставлена", 1)
	})
}

func TestOrderDeleted_leavesTheDealWithANote(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, before := x.deal(order)
		x.Call("DELETE", fmt.Sprintf("/api/orders/%d", order), nil).Want(t, http.StatusOK)
		x.settle()
		record, ok := x.portal.Deal(deal)
		if !ok {
			t.Fatal("the deal was deleted")
		}
		equal(t, "stage", record["STAGE_ID"], before["STAGE_ID"])
		found := 0
		for _, c := range x.state().Comments {
			if fmt.Sprint(c["ENTITY_ID"]) == fmt.Sprint(deal) {
				contains(t, "timeline note", fmt.Sprint(c["COMMENT"]), "удал")
				found++
			}
		}
		if found != 1 {
			t.Errorf("%d notes on the deal's timeline, want 1", found)
		}
		// An order that is deleted does not follow its deal any more.
		x.must(x.portal.MoveDeal(deal, "EXECUTING"))
		x.settle()
		equal(t, "status", x.order(order).Value("Status"), orders.Deleted)
	})
}

func TestDealDeleted_thePageSaysSoAndNothingIsMadeUnasked(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		x.do("delete_deal", emulator.Args{"id": deal})
		x.settle()
		x.setStatus(order, orders.PrintingInProgress)
		x.settle()
		if got := len(x.portal.IDs("deal")); got != 0 {
			t.Errorf("%d deals, want none", got)
		}
		equal(t, "status", x.order(order).Value("Status"), orders.PrintingInProgress)
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24")
	})
}
