package bitrix24_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func withTelephony(a *arranged) { a.portal.Scopes = []string{"crm", "telephony"} }

// calls counts the calls the portal was asked for.
func (x *exchange) calls() int { return x.portal.Stats().Commands["voximplant.callback.start"] }

func callPath(order int64) string { return fmt.Sprintf("/admin/bitrix24/orders/%d/call", order) }

const (
	customersPhone = "+79123456701"
	recipient      = "+79120000002"
	callButton     = "Позвонить через Битрикс24"
)

func toSomebodyElse(d apptest.JSON) {
	d["DeliveryAddress"] = apptest.JSON{"FullName": "Пётр Получатель", "Phone": recipient, "AddressLine1": "Ленина, 1"}
}

func TestTelephony_aButtonBesideEveryPhoneRingsOnce(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place(toSomebodyElse)
		operator := x.As(staff.Operator)
		if text := operator.Get(page(order)).Want(t, http.StatusOK).Text; strings.Contains(text, callButton) {
			t.Error("there is a call button while the switch is off")
		}
		x.saveSettings("telephony", "on", "line", "sip7")
		text := operator.Get(page(order)).Want(t, http.StatusOK, callButton, "Офисная АТС", "правила линии", "tel:"+customersPhone,
			"/crm/contact/details/", customersPhone, recipient).Text
		if n := strings.Count(text, callButton); n != 2 {
			t.Errorf("%d call buttons, want one for each of two phones", n)
		}
		for _, phone := range []string{customersPhone, customersPhone, recipient} {
			operator.Post(callPath(order), "phone", phone).Want(t, http.StatusSeeOther)
		}
		if got := x.calls(); got != 2 {
			t.Errorf("three clicks on two phones rang %d times, want 2", got)
		}
		operator.Get(page(order)).Want(t, http.StatusOK, "Звонок на "+customersPhone+" заказан", fmt.Sprintf("«Заказ %d»", order), "callback.", "только что звонили")
		x.journalHas("Звонок на "+customersPhone+" заказан", 1)
		for _, secret := range []string{webhookCode, portalToken} {
			if strings.Contains(text, secret) {
				t.Error("the order's page holds a secret")
			}
		}
	}, withTelephony)
}

func TestTelephony_twoClicksAtOnceRingOnce(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		x.saveSettings("telephony", "on", "line", "sip7")
		operator := x.As(staff.Operator)
		var clicks sync.WaitGroup
		for range 5 {
			clicks.Go(func() { operator.Post(callPath(order), "phone", customersPhone) })
		}
		clicks.Wait()
		if got := x.calls(); got != 1 {
			t.Errorf("five clicks rang %d times, want 1", got)
		}
	}, withTelephony)
}

func TestTelephony_callsNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		x.saveSettings("telephony", "on", "line", "sip7")
		x.As(staff.Operator).Post(callPath(order), "phone", "+79990000000").Want(t, http.StatusSeeOther)
		x.As(staff.Accountant).Post(callPath(order), "phone", customersPhone).Want(t, http.StatusForbidden)
		x.Browser().Post(callPath(order), "phone", customersPhone).Want(t, http.StatusSeeOther)
		if got := x.calls(); got != 0 {
			t.Errorf("%d calls went out, want none", got)
		}
		if text := x.As(staff.Accountant).Get(page(order)).Want(t, http.StatusOK).Text; strings.Contains(text, callButton) {
			t.Error("an accountant sees a call button")
		}
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "У заказа нет такого телефона")
	}, withTelephony)
}

func TestTelephony_saysWhatIsMissingInsteadOfADeadButton(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		x.saveSettings("telephony", "on", "line", "sip7")
		x.As(staff.Administrator).Get(settingsPage).Want(t, http.StatusOK, "не хватает права «Телефония»")
		text := x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "не хватает права «Телефония»").Text
		if strings.Contains(text, callButton) {
			t.Error("a button that cannot work is shown")
		}
		x.As(staff.Operator).Post(callPath(order), "phone", customersPhone).Want(t, http.StatusSeeOther)
		if got := x.calls(); got != 0 {
			t.Errorf("%d calls went out", got)
		}
	})
}

func TestTelephony_withoutRightsTheLineIsTypedAndARefusedCallLeavesNoButton(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.portal.SetBehaviour(func(b *emulator.Behaviour) { b.TelephonyRights = false })
		order := x.place()
		x.saveSettings("telephony", "on")
		operator := x.As(staff.Operator)
		operator.Get(page(order)).Want(t, http.StatusOK, "не выбрана телефонная линия")
		x.As(staff.Administrator).Get(settingsPage).Want(t, http.StatusOK, "Управление номерами")
		x.saveSettings("line", "sip7")
		operator.Get(page(order)).Want(t, http.StatusOK, callButton)
		operator.Post(callPath(order), "phone", customersPhone).Want(t, http.StatusSeeOther)
		text := operator.Get(page(order)).Want(t, http.StatusOK, "не хватает права «Исходящий звонок»").Text
		if strings.Contains(text, callButton) {
			t.Error("a refused call leaves its button")
		}
		x.portal.SetBehaviour(func(b *emulator.Behaviour) { b.TelephonyRights = true })
		x.As(staff.Administrator).Post(settingsPage+"/bitrix24/actions/lists").Want(t, http.StatusSeeOther)
		operator.Post(callPath(order), "phone", customersPhone).Want(t, http.StatusSeeOther)
		operator.Get(page(order)).Want(t, http.StatusOK, callButton, "Звонок на "+customersPhone+" заказан")
	}, withTelephony)
}

func TestTelephony_aLostAnswerIsNotRepeated(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		x.saveSettings("telephony", "on", "line", "sip7")
		x.fail(emulator.Fault{Fault: "lost_response", Method: "voximplant.callback.start", Count: 1})
		operator := x.As(staff.Operator)
		operator.Post(callPath(order), "phone", customersPhone)
		operator.Post(callPath(order), "phone", customersPhone)
		x.settle()
		if got := x.calls(); got != 1 {
			t.Errorf("the portal was asked %d times, want 1", got)
		}
		operator.Get(page(order)).Want(t, http.StatusOK, "ответ портала потерян", "только что звонили")
	}, withTelephony)
}
