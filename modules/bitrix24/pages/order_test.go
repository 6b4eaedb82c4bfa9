package pages_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// A deleted order leaves its lead in place with a note, as it does a deal; and the deal that a person makes of the lead
// afterwards says so as well.
func TestOrderDeletedWhileItsLeadIsOpen_theTimelineSaysSo(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.SetStatus(order, "Deleted")
		x.Settle()
		x.Settle()
		comments := x.State().Comments
		if len(comments) != 1 {
			t.Fatalf("%d comments in timelines, want 1: %v", len(comments), comments)
		}
		bitrix24test.Equal(t, "whose timeline", fmt.Sprint(comments[0]["ENTITY_TYPE"], comments[0]["ENTITY_ID"]), fmt.Sprint("lead", lead))
		bitrix24test.Contains(t, "note", fmt.Sprint(comments[0]["COMMENT"]), fmt.Sprintf("Заказ № %d удалён", order))
		x.Lead(bitrix24test.ClientLead(client), 1)
		x.AtRest()
	}, bitrix24test.WithLeads)
}

// deleteDeal deletes an order's deal on the portal and has the panel notice.
func deleteDeal(x *bitrix24test.Pair, order int64) int64 {
	x.T.Helper()
	deal, _ := x.Deal(order)
	x.Do("delete_deal", emulator.Args{"id": deal})
	x.Settle()
	return deal
}

func TestDealDeleted_isMadeAgainWhenAsked(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		old := deleteDeal(x, order)
		x.As(staff.Operator).Get(bitrix24test.Page(order)).
			Want(t, http.StatusOK, "Сделка удалена в Битрикс24", "Создать заново", "Привязать другую", "Не синхронизировать")
		x.Press(order, "again").Want(t, http.StatusOK, "Заказ в Битрикс24: сделка №")
		x.Settle()
		id, deal := x.Deal(order)
		if id == old {
			t.Fatalf("the deal is still %d", id)
		}
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
		x.SetStatus(order, orders.WaitingForPayment)
		_, deal = x.Deal(order)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
	})
}

func TestDealDeleted_anotherIsLinkedByItsNumber(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order, other := x.Place(), x.Place()
		taken, _ := x.Deal(other)
		deleteDeal(x, order)
		byHand := x.Do("create_deal", emulator.Args{"fields": map[string]any{"TITLE": "Сделка менеджера", "STAGE_ID": "NEW"}})["id"]
		x.Do("add_row", emulator.Args{"deal": byHand, "row": map[string]any{"PRODUCT_NAME": "Выезд замерщика", "PRICE": 500, "QUANTITY": 1}})
		x.SetStatus(order, orders.WaitingForPayment)

		x.Press(order, "link", "entity", "deal", "id", "нет").Want(t, http.StatusOK, "Впишите номер сделки")
		x.Press(order, "link", "entity", "deal", "id", "999999").Want(t, http.StatusOK, "нет записи с номером 999999")
		x.Press(order, "link", "entity", "deal", "id", fmt.Sprint(taken)).Want(t, http.StatusOK, "для другого заказа")
		x.Press(order, "link", "entity", "deal", "id", fmt.Sprint(byHand)).Want(t, http.StatusOK, fmt.Sprintf("сделка № %d", byHand))
		x.Settle()

		id, deal := x.Deal(order)
		bitrix24test.Equal(t, "deal", id, byHand)
		bitrix24test.Equal(t, "title", deal["TITLE"], "Сделка менеджера")
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
		bitrix24test.Equal(t, "sum of rows with the manager's", x.RowsSum(id), orders.Money(1649_75))
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "отправлен", "совпадают")
	})
}

func TestDealDeleted_theOrderMayBeLeftAlone(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deleteDeal(x, order)
		x.Press(order, "ignore").Want(t, http.StatusOK, "больше не синхронизируется", "Выбрано «не синхронизировать»")
		x.SetStatus(order, orders.WaitingForPayment)
		x.Settle()
		if n := len(x.DealsOf(order)); n != 0 {
			t.Errorf("an order left alone has %d deals", n)
		}
		x.Press(order, "again")
		x.Settle()
		x.Deal(order)
	})
}

func TestLeadDeleted_thePageSaysSoAndMakesItAgain(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("leads", "on")
		order := x.Place()
		x.Settle()
		leads := x.State().Leads
		if len(leads) != 1 {
			t.Fatalf("%d leads, want 1", len(leads))
		}
		x.As(staff.Operator).Get(bitrix24test.Page(order)).
			Want(t, http.StatusOK, "/crm/lead/details/"+fmt.Sprint(leads[0]["ID"]), "Заказ в лиде", "в работе")
		x.Do("delete_lead", emulator.Args{"id": leads[0]["ID"]})
		x.Settle()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Лид удалён в Битрикс24", "Привязать другой")
		if n := len(x.State().Leads) + len(x.State().Deals); n != 0 {
			t.Fatalf("%d records were made unasked", n)
		}
		x.Press(order, "again")
		x.Settle()
		if n := len(x.State().Leads); n != 1 {
			t.Errorf("%d leads after «Создать заново», want 1", n)
		}
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Заказ в лиде")
	})
}

func TestLeadRejected_isShownOnTheOrder(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("leads", "on")
		order := x.Place()
		x.Settle()
		x.Do("reject_lead", emulator.Args{"id": x.State().Leads[0]["ID"]})
		x.Settle()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Лид отклонён в Битрикс24")
	})
}

func TestOrderWidget_retriesWhatFailed(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.CRMRights = false })
		order := x.Place()
		x.Settle()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "ошибка", "не хватает прав в CRM", "Повторить")
		x.Press(order, "retry").Want(t, http.StatusOK, "ошибка")
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.CRMRights = true })
		text := x.Press(order, "retry").Want(t, http.StatusOK, "отправлен").Text
		if strings.Contains(text, "/retry") {
			t.Error("a sent order still offers «Повторить»")
		}
		x.Deal(order)
	})
}

func TestOrderWidget_showsAnAccountantTheDealAndNothingElse(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		text := x.As(staff.Accountant).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, fmt.Sprintf("/crm/deal/details/%d/", deal)).Text
		for _, hidden := range []string{"Почему так", "Контрольная сумма", "Отправить в Битрикс24", "/crm/contact/"} {
			if strings.Contains(text, hidden) {
				t.Errorf("an accountant sees %q", hidden)
			}
		}
		for _, deed := range []string{"again", "link", "ignore", "retry"} {
			x.As(staff.Accountant).Post(fmt.Sprintf("/admin/bitrix24/orders/%d/%s", order, deed)).Want(t, http.StatusForbidden)
		}
	})
}

func TestOrderWidget_showsHandMadeRowsApart(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Контрольная сумма", "совпадают")
		x.Do("add_row", emulator.Args{"deal": deal, "row": map[string]any{"PRODUCT_NAME": "Выезд замерщика", "PRICE": 250.5, "QUANTITY": 2}})
		x.Settle()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "совпадают", "менеджер добавил в сделку товаров на", "501,00")
		x.Do("edit_deal", emulator.Args{"id": deal, "fields": map[string]any{"OPPORTUNITY": 1000, "IS_MANUAL_OPPORTUNITY": "Y"}})
		x.Settle()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "отличаются на")
	})
}
