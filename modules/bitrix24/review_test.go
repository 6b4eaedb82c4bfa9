package bitrix24_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// byHand calls a method as somebody else's program would, with another webhook of the portal.
func (x *exchange) byHand(method, query string, args ...any) {
	x.t.Helper()
	answer, err := http.Get(x.portalURL + "/rest/1/" + webhookCode + "/" + method + "?" + fmt.Sprintf(query, args...))
	x.must(err)
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
		x.t.Fatalf("%s: %s: %s", method, answer.Status, text)
	}
}

// changeOrder changes an order as an employee would.
func (x *exchange) changeOrder(id int64, change func(o *orders.Order)) {
	x.t.Helper()
	_, err := x.Host().Orders.Change(x.t.Context(), id, staff.Module("test", "Проверка"), func(o *orders.Order) error {
		change(o)
		return nil
	})
	x.must(err)
}

// atRest checks that nothing waits and nothing was given up.
func (x *exchange) atRest() {
	x.t.Helper()
	var failed []string
	x.must(x.Host().DB.From(x.t.Context()).Table("jobs").Where("state = 'failed' OR last_error <> '' AND state = 'waiting'").
		Select("kind || ' ' || key || ': ' || last_error").Scan(&failed).Error)
	if len(failed) > 0 {
		x.t.Errorf("jobs that failed: %s", strings.Join(failed, "; "))
	}
}

func TestRowOfOursRemovedByAManager_theOrderIsStillSent(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		id, _ := x.deal(order)
		x.settle()
		x.do("add_row", emulator.Args{"deal": id, "row": map[string]any{"PRODUCT_NAME": "Срочность", "PRICE": 500, "QUANTITY": 1}})
		for _, row := range x.portal.Rows(id) {
			if strings.Contains(row["PRODUCT_NAME"], "Фото") {
				x.byHand("crm.item.productrow.delete", "id=%s", row["ID"])
			}
		}
		x.settle()
		x.changeOrder(order, func(o *orders.Order) { o.Discount = 0 })
		x.settle()
		x.Hurry()
		x.settle()
		x.atRest()
		equal(t, "sum of rows", x.rowsSum(id), orders.Money(1200_25+500_00))

		for _, row := range x.portal.Rows(id) {
			if strings.Contains(row["PRODUCT_NAME"], "Доставка") {
				x.byHand("crm.item.productrow.delete", "id=%s", row["ID"])
			}
		}
		x.changeOrder(order, func(o *orders.Order) { o.DeliveryPrice = 0 })
		x.settle()
		x.Hurry()
		x.settle()
		x.atRest()
		equal(t, "sum of rows without delivery", x.rowsSum(id), orders.Money(900_00+500_00))
	})
}

func TestRefusedEmailOfASingleNewOrder_isLeftOutAtOnce(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place(func(d apptest.JSON) { d["Client"].(apptest.JSON)["Email"] = "a..b@example.ru" })
		x.settle()
		x.atRest()
		_, deal := x.deal(order)
		contact, _ := x.portal.Contact(number(t, deal["CONTACT_ID"]))
		equal(t, "phone", contact["PHONE.MOBILE"], "+79123456701")
	})
}

func TestContactTypedByHandThatIsGone_isNotPutIntoADeal(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Чужой"}})
		contact := x.portal.IDs("contact")[0]
		client := x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Мария", "Phone": "+79123456701"}).Want(t, http.StatusCreated).ID()
		x.must(x.Host().DB.From(t.Context()).Exec(`INSERT INTO bitrix24_links (portal_id, local, local_id, entity, remote_id, checked, created_at, updated_at)
			VALUES (1, 'client', ?, 'contact', ?, ?, ?, ?)`, client, contact, false, now(), now()).Error)
		x.fail(emulator.Fault{Fault: "drop_events"})
		x.do("delete_contact", emulator.Args{"id": contact})
		order := x.place(by(client))
		x.Hurry()
		x.settle()
		x.atRest()
		_, deal := x.deal(order)
		if record, ok := x.portal.Contact(number(t, deal["CONTACT_ID"])); !ok || record["NAME"] != "Мария" {
			t.Errorf("the deal's contact is %q: %v", deal["CONTACT_ID"], record)
		}
	})
}

func TestLostAnswerAboutManyRows_addsNoneTwice(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		items := make([]apptest.JSON, 120)
		for i := range items {
			items[i] = apptest.JSON{"MaterialId": i + 1, "Name": fmt.Sprintf("Открытка %d", i), "Quantity": 1, "ItemPrice": 10}
		}
		x.fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.productrow.set", Count: 1})
		order := x.place(set("Items", items))
		x.recover()
		id, _ := x.deal(order)
		equal(t, "rows", len(x.portal.Rows(id)), 121)
		equal(t, "sum of rows", fmt.Sprint(x.rowsSum(id)), fmt.Sprint(kopecks(t, x.order(order).Value("TotalPrice"))))
	})
}

func TestPhoneOfACompanyThatThePanelCannotTake_staysOnBothSides(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		organization := x.Call("POST", "/api/organizations", apptest.JSON{"Name": "ООО «Ромашка»", "Phone": "+7 495 123-45-67"}).Want(t, http.StatusCreated).ID()
		x.As(staff.Operator).Post(fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)).Want(t, http.StatusSeeOther)
		x.settle()
		companies := x.state().Companies
		company := number(t, companies[0]["ID"].(string))
		x.do("edit_company", emulator.Args{"id": company, "fields": map[string]any{
			"PHONE": []any{map[string]any{"ID": multifield(t, companies, "PHONE"), "VALUE": "добавочный 12", "VALUE_TYPE": "MOBILE"}},
		}})
		x.settle()
		x.journalHas("не принято", 1)
		x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Name": "ООО «Василёк»"}).Want(t, http.StatusOK)
		x.settle()
		x.journalHas("не принято", 1)
		record, _ := x.portal.Company(company)
		equal(t, "title", record["TITLE"], "ООО «Василёк»")
		equal(t, "the portal keeps its own", record["PHONE.MOBILE"], "добавочный 12")
		equal(t, "the panel, too", x.Call("GET", fmt.Sprintf("/api/organizations/%d", organization), nil).Want(t, http.StatusOK).Value("Phone"), "+74951234567")
	})
}

func TestStageChangedUnnoticedBeforeAWriteOfOurs_isFoundByReconciliation(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		x.settle()
		x.reconcile()
		x.fail(emulator.Fault{Fault: "drop_events"})
		id, _ := x.deal(order)
		x.must(x.portal.MoveDeal(id, "EXECUTING"))
		// A write of ours reached the portal in the same moment, and its answer came a little later.
		x.must(x.Host().DB.From(t.Context()).Exec("UPDATE bitrix24_links SET updated_at = ? WHERE local = 'order'", now().Add(3e9)).Error)
		x.reconcile()
		equal(t, "status", x.order(order).Value("Status"), "PrintingInProgress")
	})
}

func TestTablesSavedWhileThePortalIsDown_holdAllTheSame(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		id, _ := x.deal(order)
		x.settle()
		x.fail(emulator.Fault{Fault: "down"})
		x.saveSettings("stage.EXECUTING.status", "Fulfilled")
		x.fail(emulator.Fault{Fault: "none"})
		x.recover()
		x.must(x.portal.MoveDeal(id, "EXECUTING"))
		x.settle()
		equal(t, "status", x.order(order).Value("Status"), "Fulfilled")
	})
}

func TestTablesAndFunnelSavedWhileTheExchangeIsOff_areKept(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.saveSettings("enabled", "-", "stage.EXECUTING.status", "Fulfilled", "company_type.PARTNER", "Other", "auto", "-")
		values := apptest.Fields(x.As(staff.Administrator).Get(settingsPage).Want(t, http.StatusOK).Text, "bitrix24.")
		equal(t, "switch", values.Get("bitrix24.enabled"), "")
		equal(t, "status", values.Get("bitrix24.stage.EXECUTING.status"), "Fulfilled")
		equal(t, "type", values.Get("bitrix24.company_type.PARTNER"), "Other")
		x.postSettings("category_id", "77").Want(t, http.StatusUnprocessableEntity, "Выберите направление из списка")
	})
}

func TestDealUpdatedAfterItWasDeletedUnnoticed_isNotedAsDeleted(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		id, _ := x.deal(order)
		x.settle()
		x.fail(emulator.Fault{Fault: "drop_events"})
		x.do("delete_deal", emulator.Args{"id": id})
		x.changeOrder(order, func(o *orders.Order) { o.DeliveryPrice = 0 })
		x.settle()
		x.Hurry()
		x.settle()
		x.atRest()
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24")
	})
}

// answering puts something between panel and portal that changes answers once armed.
func (x *exchange) answering(change func(answer string) string) (arm func()) {
	armed := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r = r.Clone(context.WithoutCancel(r.Context()))
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		x.portal.ServeHTTP(answer, r)
		text := answer.Body.String()
		if armed && strings.Contains(string(body), "crm.item.add") {
			armed, text = false, change(text)
		}
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.WriteHeader(answer.Code)
		_, _ = io.WriteString(w, text)
	}))
	x.t.Cleanup(server.Close)
	x.portalURL = server.URL
	return func() { armed = true }
}

func TestAnswerOfAnotherShape_isLookedIntoAndNothingIsMadeTwice(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"item without id": func(a string) string { return strings.ReplaceAll(a, `"id":`, `"uid":`) },
		"no item":         func(a string) string { return strings.ReplaceAll(a, `"item":`, `"thing":`) },
		"item is a list":  func(a string) string { return strings.ReplaceAll(a, `"item":{`, `"item":[],"x":{`) },
		"item is null":    func(a string) string { return strings.ReplaceAll(a, `"item":{`, `"item":null,"x":{`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := apart(t, "sqlite")
			arm := x.answering(change)
			x.must(x.module.Connect(t.Context(), x.webhook(), portalToken))
			x.Drain()
			arm()
			order := x.place()
			x.recover()
			id, _ := x.deal(order)
			equal(t, "contacts", len(x.portal.IDs("contact")), 1)
			equal(t, "sum of rows", x.rowsSum(id), orders.Money(1149_75))
			var zero int64
			x.must(x.Host().DB.From(t.Context()).Table("bitrix24_links").Where("remote_id = 0").Count(&zero).Error)
			equal(t, "links to nothing", zero, 0)
		})
	}
}
