package exchange_test

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
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestRowOfOursRemovedByAManager_theOrderIsStillSent(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		id, _ := x.Deal(order)
		x.Settle()
		x.Do("add_row", emulator.Args{"deal": id, "row": map[string]any{"PRODUCT_NAME": "Срочность", "PRICE": 500, "QUANTITY": 1}})
		for _, row := range x.Portal.Rows(id) {
			if strings.Contains(row["PRODUCT_NAME"], "Фото") {
				x.ByHand("crm.item.productrow.delete", "id=%s", row["ID"])
			}
		}
		x.Settle()
		x.ChangeOrder(order, func(o *orders.Order) { o.Discount = 0 })
		x.Settle()
		x.Hurry()
		x.Settle()
		x.AtRest()
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1200_25+500_00))

		for _, row := range x.Portal.Rows(id) {
			if strings.Contains(row["PRODUCT_NAME"], "Доставка") {
				x.ByHand("crm.item.productrow.delete", "id=%s", row["ID"])
			}
		}
		x.ChangeOrder(order, func(o *orders.Order) { o.DeliveryPrice = 0 })
		x.Settle()
		x.Hurry()
		x.Settle()
		x.AtRest()
		bitrix24test.Equal(t, "sum of rows without delivery", x.RowsSum(id), orders.Money(900_00+500_00))
	})
}

func TestRefusedEmailOfASingleNewOrder_isLeftOutAtOnce(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place(func(d apptest.JSON) { d["Client"].(apptest.JSON)["Email"] = "a..b@example.ru" })
		x.Settle()
		x.AtRest()
		_, deal := x.Deal(order)
		contact, _ := x.Portal.Contact(bitrix24test.Number(t, deal["CONTACT_ID"]))
		bitrix24test.Equal(t, "phone", contact["PHONE.MOBILE"], "+79123456701")
	})
}

func TestContactTypedByHandThatIsGone_isNotPutIntoADeal(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Чужой"}})
		contact := x.Portal.IDs("contact")[0]
		client := x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Мария", "Phone": "+79123456701"}).Want(t, http.StatusCreated).ID()
		x.Must(x.Host().DB.From(t.Context()).Exec(`INSERT INTO bitrix24_links (portal_id, local, local_id, entity, remote_id, checked, created_at, updated_at)
			VALUES (1, 'client', ?, 'contact', ?, ?, ?, ?)`, client, contact, false, bitrix24test.Now(), bitrix24test.Now()).Error)
		x.Fail(emulator.Fault{Fault: "drop_events"})
		x.Do("delete_contact", emulator.Args{"id": contact})
		order := x.Place(bitrix24test.By(client))
		x.Hurry()
		x.Settle()
		x.AtRest()
		_, deal := x.Deal(order)
		if record, ok := x.Portal.Contact(bitrix24test.Number(t, deal["CONTACT_ID"])); !ok || record["NAME"] != "Мария" {
			t.Errorf("the deal's contact is %q: %v", deal["CONTACT_ID"], record)
		}
	})
}

func TestLostAnswerAboutManyRows_addsNoneTwice(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		items := make([]apptest.JSON, 120)
		for i := range items {
			items[i] = apptest.JSON{"MaterialId": i + 1, "Name": fmt.Sprintf("Открытка %d", i), "Quantity": 1, "ItemPrice": 10}
		}
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.productrow.set", Count: 1})
		order := x.Place(bitrix24test.Set("Items", items))
		x.Recover()
		id, _ := x.Deal(order)
		bitrix24test.Equal(t, "rows", len(x.Portal.Rows(id)), 121)
		bitrix24test.Equal(t, "sum of rows", fmt.Sprint(x.RowsSum(id)), fmt.Sprint(bitrix24test.Kopecks(t, x.Order(order).Value("TotalPrice"))))
	})
}

func TestPhoneOfACompanyThatThePanelCannotTake_staysOnBothSides(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		organization := x.Call("POST", "/api/organizations", apptest.JSON{"Name": "ООО «Ромашка»", "Phone": "+7 495 123-45-67"}).Want(t, http.StatusCreated).ID()
		x.As(staff.Operator).Post(fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)).Want(t, http.StatusSeeOther)
		x.Settle()
		companies := x.State().Companies
		company := bitrix24test.Number(t, companies[0]["ID"].(string))
		x.Do("edit_company", emulator.Args{"id": company, "fields": map[string]any{
			"PHONE": []any{map[string]any{"ID": multifield(t, companies, "PHONE"), "VALUE": "добавочный 12", "VALUE_TYPE": "MOBILE"}},
		}})
		x.Settle()
		x.JournalHas("не принято", 1)
		x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Name": "ООО «Василёк»"}).Want(t, http.StatusOK)
		x.Settle()
		x.JournalHas("не принято", 1)
		record, _ := x.Portal.Company(company)
		bitrix24test.Equal(t, "title", record["TITLE"], "ООО «Василёк»")
		bitrix24test.Equal(t, "the portal keeps its own", record["PHONE.MOBILE"], "добавочный 12")
		bitrix24test.Equal(t, "the panel, too", x.Call("GET", fmt.Sprintf("/api/organizations/%d", organization), nil).Want(t, http.StatusOK).Value("Phone"), "+74951234567")
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
		x.Must(x.Host().DB.From(t.Context()).Exec("UPDATE bitrix24_links SET updated_at = ? WHERE local = 'order'", bitrix24test.Now().Add(3e9)).Error)
		x.Reconcile()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "PrintingInProgress")
	})
}

func TestTablesSavedWhileThePortalIsDown_holdAllTheSame(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
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
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("enabled", "-", "stage.EXECUTING.status", "Fulfilled", "company_type.PARTNER", "Other", "auto", "-")
		values := apptest.Fields(x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK).Text, "bitrix24.")
		bitrix24test.Equal(t, "switch", values.Get("bitrix24.enabled"), "")
		bitrix24test.Equal(t, "status", values.Get("bitrix24.stage.EXECUTING.status"), "Fulfilled")
		bitrix24test.Equal(t, "type", values.Get("bitrix24.company_type.PARTNER"), "Other")
		x.PostSettings("category_id", "77").Want(t, http.StatusUnprocessableEntity, "Выберите направление из списка")
	})
}

func TestDealUpdatedAfterItWasDeletedUnnoticed_isNotedAsDeleted(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		id, _ := x.Deal(order)
		x.Settle()
		x.Fail(emulator.Fault{Fault: "drop_events"})
		x.Do("delete_deal", emulator.Args{"id": id})
		x.ChangeOrder(order, func(o *orders.Order) { o.DeliveryPrice = 0 })
		x.Settle()
		x.Hurry()
		x.Settle()
		x.AtRest()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24")
	})
}

// answering puts something between panel and portal that changes answers once armed.
func answering(x *bitrix24test.Pair, change func(answer string) string) (arm func()) {
	armed := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r = r.Clone(context.WithoutCancel(r.Context()))
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		x.Portal.ServeHTTP(answer, r)
		text := answer.Body.String()
		if armed && strings.Contains(string(body), "crm.item.add") {
			armed, text = false, change(text)
		}
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.WriteHeader(answer.Code)
		_, _ = io.WriteString(w, text)
	}))
	x.T.Cleanup(server.Close)
	x.PortalURL = server.URL
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
			x := bitrix24test.Apart(t, "sqlite")
			arm := answering(x, change)
			x.Must(x.Module.Connect(t.Context(), x.Webhook(), bitrix24test.PortalToken))
			x.Drain()
			arm()
			order := x.Place()
			x.Recover()
			id, _ := x.Deal(order)
			bitrix24test.Equal(t, "contacts", len(x.Portal.IDs("contact")), 1)
			bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
			var zero int64
			x.Must(x.Host().DB.From(t.Context()).Table("bitrix24_links").Where("remote_id = 0").Count(&zero).Error)
			bitrix24test.Equal(t, "links to nothing", zero, 0)
		})
	}
}
