package bitrix24_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

const vanishedPage = "/admin/bitrix24/vanished"

// checkDeleted has the daily look at all known records happen now.
func (x *exchange) checkDeleted() {
	x.t.Helper()
	database := x.Host().DB.From(x.t.Context())
	x.must(database.Exec("UPDATE jobs SET run_at = ? WHERE state = 'waiting' AND kind = 'bitrix24_bulk.check_deleted'", now()).Error)
	x.settle()
}

func TestDeletion_thatNoEventToldIsFoundByTheDailyCheck(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, record := x.deal(order)
		x.settle()
		x.fail(emulator.Fault{Fault: "drop_events"})
		x.do("delete_deal", emulator.Args{"id": deal})
		x.do("delete_contact", emulator.Args{"id": number(t, record["CONTACT_ID"])})
		x.settle()
		x.checkDeleted()
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24")
		x.journalHas("Контакт удалён в Битрикс24", 1)
		if got := x.number("SELECT caught FROM bitrix24_portals"); got != 2 {
			t.Errorf("caught %d, want 2", got)
		}
	})
}

func TestManyDeletions_atOnceWaitForAPerson(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		placed := x.existing(12)
		x.settle()
		x.fail(emulator.Fault{Fault: "drop_events"})
		for _, order := range placed {
			deal, _ := x.deal(order)
			x.do("delete_deal", emulator.Args{"id": deal})
		}
		x.checkDeleted()
		admin := x.As(staff.Administrator)
		admin.Get("/admin/orders").Want(t, http.StatusOK, "разом исчезли записи: 12")
		if got := x.number("SELECT count(*) FROM bitrix24_links WHERE state = 'deleted'"); got != 0 {
			t.Fatalf("%d links dropped before anybody has decided", got)
		}
		admin.Post(vanishedPage+"/declined").Want(t, http.StatusSeeOther)
		x.checkDeleted()
		admin.Get("/admin/orders").Want(t, http.StatusOK).Lacks(t, "разом исчезли")
		if got := x.number("SELECT count(*) FROM bitrix24_links WHERE state = 'deleted'"); got != 0 {
			t.Fatalf("%d links dropped though a person said no", got)
		}
		x.must(x.Host().DB.From(t.Context()).Exec("DELETE FROM bitrix24_vanished").Error)
		x.checkDeleted()
		admin.Get(vanishedPage).Want(t, http.StatusOK, fmt.Sprintf("Заказ № %d", placed[0]))
		admin.Post(vanishedPage+"/confirmed").Want(t, http.StatusSeeOther)
		x.settle()
		if got := x.number("SELECT count(*) FROM bitrix24_links WHERE state = 'deleted'"); got != 12 {
			t.Errorf("%d links dropped, want 12", got)
		}
		if got := len(x.state().Deals); got != 0 {
			t.Errorf("%d deals were made anew unasked", got)
		}
	})
}

func TestManyDeletions_toldByEventsTogetherWaitToo(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		placed := x.existing(12)
		x.settle()
		for _, order := range placed {
			deal, _ := x.deal(order)
			x.do("delete_deal", emulator.Args{"id": deal})
		}
		x.settle()
		x.As(staff.Administrator).Get("/admin/orders").Want(t, http.StatusOK, "разом исчезли записи: 12")
	})
}

func TestRestoredDeal_isAdoptedAgain(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		x.settle()
		x.do("delete_deal", emulator.Args{"id": deal})
		x.settle()
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24")
		x.do("restore_deal", emulator.Args{"id": deal})
		x.reconcile()
		again, _ := x.deal(order)
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "отправлен", fmt.Sprintf("/crm/deal/details/%d/", again))
		x.setStatus(order, orders.WaitingForPayment)
		_, record := x.deal(order)
		equal(t, "stage", record["STAGE_ID"], "PREPAYMENT_INVOICE")
		equal(t, "sum of rows", x.rowsSum(again), orders.Money(1149_75))
		if rows := x.portal.Rows(again); len(rows) != 3 {
			t.Errorf("%d rows, want 3", len(rows))
		}
	})
}

func TestMergedContacts_theLinkMovesToTheOneThatIsLeft(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		_, record := x.deal(order)
		old := number(t, record["CONTACT_ID"])
		made := x.do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Мария", "LAST_NAME": "Соколова"}})
		x.settle()
		x.do("merge_contacts", emulator.Args{"keep": made["id"], "drop": old})
		x.settle()
		client := int64(x.order(order).Number("UserId"))
		second := x.place(by(client))
		x.settle()
		_, deal := x.deal(second)
		equal(t, "contact of the next deal", deal["CONTACT_ID"], made["id"])
		if got := len(x.state().Contacts); got != 1 {
			t.Errorf("%d contacts, want the one that is left", got)
		}
	})
}

func TestMoveToAnotherFunnel_isFoundByReconciliation(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		x.settle()
		var there struct{ Categories []map[string]any }
		x.must(json.Unmarshal(x.portal.State(), &there))
		funnel := int64(0)
		for _, c := range there.Categories {
			funnel = max(funnel, number(t, fmt.Sprint(c["ID"])))
		}
		x.do("move_deal", emulator.Args{"id": deal, "category": funnel, "stage": fmt.Sprintf("C%d:EXECUTING", funnel)})
		x.settle()
		equal(t, "status before reconciliation", x.order(order).Value("Status"), orders.Placed)
		x.reconcile()
		if got := x.number("SELECT category_id FROM bitrix24_links WHERE entity = 'deal'"); got != funnel {
			t.Errorf("the link's funnel is %d, want %d", got, funnel)
		}
		if got := x.number("SELECT caught FROM bitrix24_portals"); got != 1 {
			t.Errorf("caught %d, want 1", got)
		}
		equal(t, "status by the table of the new funnel", x.order(order).Value("Status"), orders.PrintingInProgress)
		changes := x.portal.Stats().Changes
		x.reconcile()
		if got := x.number("SELECT caught FROM bitrix24_portals"); got != 1 || x.portal.Stats().Changes != changes {
			t.Errorf("caught %d after a second look at the same, want 1", got)
		}
	})
}

func TestCatalogue_linksItemsToProductsMadeOnce(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		before := len(x.state().Products)
		x.saveSettings("catalog", "on")
		x.settle()
		first := x.place()
		second := x.place()
		deal, _ := x.deal(first)
		if got := len(x.state().Products) - before; got != 2 {
			t.Errorf("%d products made for two catalogue items of two orders, want 2", got)
		}
		var products []string
		for _, row := range x.portal.Rows(deal) {
			products = append(products, row["PRODUCT_ID"])
		}
		if products[0] == "0" || products[1] == "0" || products[0] == products[1] {
			t.Errorf("products of the rows are %v", products)
		}
		other, _ := x.deal(second)
		equal(t, "product of the second order", x.portal.Rows(other)[0]["PRODUCT_ID"], products[0])
		equal(t, "sum of rows", x.rowsSum(deal), orders.Money(1149_75))

		x.do("delete_product", emulator.Args{"id": number(t, products[0])})
		x.settle()
		if got := x.count("bitrix24_products"); got != 1 {
			t.Errorf("%d product links after one product was deleted, want 1", got)
		}
	})
}

func TestCatalogue_lostAnswerMakesNoSecondProduct(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.saveSettings("catalog", "on")
		x.settle()
		before := len(x.state().Products)
		x.fail(emulator.Fault{Fault: "lost_response", Method: "crm.product.add", Count: 1})
		order := x.place(func(d apptest.JSON) { d["Comment"] = "" })
		x.recover()
		id, _ := x.deal(order)
		equal(t, "sum of rows", x.rowsSum(id), orders.Money(1149_75))
		if got := len(x.state().Products) - before; got != 2 {
			t.Errorf("%d products, want 2", got)
		}
	})
}

func TestCatalogue_isOffByDefault(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		for _, row := range x.portal.Rows(deal) {
			equal(t, "product", row["PRODUCT_ID"], "0")
		}
		if got := x.count("bitrix24_products"); got != 0 {
			t.Errorf("%d product links", got)
		}
	}, func(a *arranged) { a.only = "sqlite" })
}
