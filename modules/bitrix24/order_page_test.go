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

// press presses a button of the order's box «Битрикс24» and returns the page that follows.
func (x *exchange) press(order int64, deed string, pairs ...string) apptest.Answer {
	x.t.Helper()
	operator := x.As(staff.Operator)
	operator.Post(fmt.Sprintf("/admin/bitrix24/orders/%d/%s", order, deed), pairs...).Want(x.t, http.StatusSeeOther)
	return operator.Get(page(order)).Want(x.t, http.StatusOK)
}

// deleteDeal deletes an order's deal on the portal and has the panel notice.
func (x *exchange) deleteDeal(order int64) int64 {
	x.t.Helper()
	deal, _ := x.deal(order)
	x.do("delete_deal", emulator.Args{"id": deal})
	x.settle()
	return deal
}

func TestDealDeleted_isMadeAgainWhenAsked(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		old := x.deleteDeal(order)
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Сделка удалена в Битрикс24", "Создать заново", "Привязать другую", "Не синхронизировать")
		x.press(order, "again").Want(t, http.StatusOK, "Заказ в Битрикс24: сделка №")
		x.settle()
		id, deal := x.deal(order)
		if id == old {
			t.Fatalf("the deal is still %d", id)
		}
		equal(t, "amount", kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
		equal(t, "sum of rows", x.rowsSum(id), orders.Money(1149_75))
		x.setStatus(order, orders.WaitingForPayment)
		_, deal = x.deal(order)
		equal(t, "stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
	})
}

func TestDealDeleted_anotherIsLinkedByItsNumber(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order, other := x.place(), x.place()
		taken, _ := x.deal(other)
		x.deleteDeal(order)
		byHand := x.do("create_deal", emulator.Args{"fields": map[string]any{"TITLE": "Сделка менеджера", "STAGE_ID": "NEW"}})["id"]
		x.do("add_row", emulator.Args{"deal": byHand, "row": map[string]any{"PRODUCT_NAME": "Выезд замерщика", "PRICE": 500, "QUANTITY": 1}})
		x.setStatus(order, orders.WaitingForPayment)

		x.press(order, "link", "entity", "deal", "id", "нет").Want(t, http.StatusOK, "Впишите номер сделки")
		x.press(order, "link", "entity", "deal", "id", "999999").Want(t, http.StatusOK, "нет записи с номером 999999")
		x.press(order, "link", "entity", "deal", "id", fmt.Sprint(taken)).Want(t, http.StatusOK, "для другого заказа")
		x.press(order, "link", "entity", "deal", "id", fmt.Sprint(byHand)).Want(t, http.StatusOK, fmt.Sprintf("сделка № %d", byHand))
		x.settle()

		id, deal := x.deal(order)
		equal(t, "deal", id, byHand)
		equal(t, "title", deal["TITLE"], "Сделка менеджера")
		equal(t, "stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
		equal(t, "amount", kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
		equal(t, "sum of rows with the manager's", x.rowsSum(id), orders.Money(1649_75))
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "отправлен", "совпадают")
	})
}

func TestDealDeleted_theOrderMayBeLeftAlone(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		x.deleteDeal(order)
		x.press(order, "ignore").Want(t, http.StatusOK, "больше не синхронизируется", "Выбрано «не синхронизировать»")
		x.setStatus(order, orders.WaitingForPayment)
		x.settle()
		if n := len(x.dealsOf(order)); n != 0 {
			t.Errorf("an order left alone has %d deals", n)
		}
		x.press(order, "again")
		x.settle()
		x.deal(order)
	})
}

func TestLeadDeleted_thePageSaysSoAndMakesItAgain(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.saveSettings("leads", "on")
		order := x.place()
		x.settle()
		leads := x.state().Leads
		if len(leads) != 1 {
			t.Fatalf("%d leads, want 1", len(leads))
		}
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "/crm/lead/details/"+fmt.Sprint(leads[0]["ID"]), "Заказ в лиде", "в работе")
		x.do("delete_lead", emulator.Args{"id": leads[0]["ID"]})
		x.settle()
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Лид удалён в Битрикс24", "Привязать другой")
		if n := len(x.state().Leads) + len(x.state().Deals); n != 0 {
			t.Fatalf("%d records were made unasked", n)
		}
		x.press(order, "again")
		x.settle()
		if n := len(x.state().Leads); n != 1 {
			t.Errorf("%d leads after «Создать заново», want 1", n)
		}
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Заказ в лиде")
	})
}

func TestLeadRejected_isShownOnTheOrder(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.saveSettings("leads", "on")
		order := x.place()
		x.settle()
		x.do("reject_lead", emulator.Args{"id": x.state().Leads[0]["ID"]})
		x.settle()
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Лид отклонён в Битрикс24")
	})
}

func TestOrderWidget_retriesWhatFailed(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.portal.SetBehaviour(func(b *emulator.Behaviour) { b.CRMRights = false })
		order := x.place()
		x.settle()
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "ошибка", "не хватает прав в CRM", "Повторить")
		x.press(order, "retry").Want(t, http.StatusOK, "ошибка")
		x.portal.SetBehaviour(func(b *emulator.Behaviour) { b.CRMRights = true })
		text := x.press(order, "retry").Want(t, http.StatusOK, "отправлен").Text
		if strings.Contains(text, "/retry") {
			t.Error("a sent order still offers «Повторить»")
		}
		x.deal(order)
	})
}

func TestOrderWidget_showsAnAccountantTheDealAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		text := x.As(staff.Accountant).Get(page(order)).Want(t, http.StatusOK, fmt.Sprintf("/crm/deal/details/%d/", deal)).Text
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
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		deal, _ := x.deal(order)
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Контрольная сумма", "совпадают")
		x.do("add_row", emulator.Args{"deal": deal, "row": map[string]any{"PRODUCT_NAME": "Выезд замерщика", "PRICE": 250.5, "QUANTITY": 2}})
		x.settle()
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "совпадают", "менеджер добавил в сделку товаров на", "501,00")
		x.do("edit_deal", emulator.Args{"id": deal, "fields": map[string]any{"OPPORTUNITY": 1000, "IS_MANUAL_OPPORTUNITY": "Y"}})
		x.settle()
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "отличаются на")
	})
}
