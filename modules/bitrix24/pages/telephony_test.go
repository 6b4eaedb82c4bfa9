package pages_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

const (
	recipient  = "+79120000002"
	callButton = "Позвонить через Битрикс24"
)

// calls counts the calls the portal was asked for.
func calls(x *bitrix24test.Pair) int { return x.Portal.Stats().Commands["voximplant.callback.start"] }

func toSomebodyElse(d apptest.JSON) {
	d["DeliveryAddress"] = apptest.JSON{"FullName": "Пётр Получатель", "Phone": recipient, "AddressLine1": "Ленина, 1"}
}

func TestTelephony_aButtonBesideEveryPhoneRingsOnce(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place(toSomebodyElse)
		operator := x.As(staff.Operator)
		if text := operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK).Text; strings.Contains(text, callButton) {
			t.Error("there is a call button while the switch is off")
		}
		x.SaveSettings("telephony", "on", "line", "sip7")
		text := operator.Get(bitrix24test.Page(order)).
			Want(t, http.StatusOK, callButton, "Офисная АТС", "правила линии", "tel:"+bitrix24test.CustomersPhone,
				"/crm/contact/details/", bitrix24test.CustomersPhone, recipient).Text
		if n := strings.Count(text, callButton); n != 2 {
			t.Errorf("%d call buttons, want one for each of two phones", n)
		}
		for _, phone := range []string{bitrix24test.CustomersPhone, bitrix24test.CustomersPhone, recipient} {
			operator.Post(bitrix24test.CallPath(order), "phone", phone).Want(t, http.StatusSeeOther)
		}
		if got := calls(x); got != 2 {
			t.Errorf("three clicks on two phones rang %d times, want 2", got)
		}
		operator.Get(bitrix24test.Page(order)).Want(
			t, http.StatusOK, "Звонок на "+bitrix24test.CustomersPhone+" заказан",
			fmt.Sprintf("«Заказ %d»", order), "callback.", "только что звонили",
		)
		x.JournalHas("Звонок на "+bitrix24test.CustomersPhone+" заказан", 1)
		for _, secret := range []string{bitrix24test.WebhookCode, bitrix24test.PortalToken} {
			if strings.Contains(text, secret) {
				t.Error("the order's page holds a secret")
			}
		}
	}, bitrix24test.WithTelephony)
}

func TestTelephony_twoClicksAtOnceRingOnce(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.SaveSettings("telephony", "on", "line", "sip7")
		operator := x.As(staff.Operator)
		var clicks sync.WaitGroup
		for range 5 {
			clicks.Go(func() { operator.Post(bitrix24test.CallPath(order), "phone", bitrix24test.CustomersPhone) })
		}
		clicks.Wait()
		if got := calls(x); got != 1 {
			t.Errorf("five clicks rang %d times, want 1", got)
		}
	}, bitrix24test.WithTelephony)
}

func TestTelephony_callsNobodyElse(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.SaveSettings("telephony", "on", "line", "sip7")
		x.As(staff.Operator).Post(bitrix24test.CallPath(order), "phone", "+79990000000").Want(t, http.StatusSeeOther)
		x.As(staff.Accountant).Post(bitrix24test.CallPath(order), "phone", bitrix24test.CustomersPhone).Want(t, http.StatusForbidden)
		x.Browser().Post(bitrix24test.CallPath(order), "phone", bitrix24test.CustomersPhone).Want(t, http.StatusSeeOther)
		if got := calls(x); got != 0 {
			t.Errorf("%d calls went out, want none", got)
		}
		if text := x.As(staff.Accountant).Get(bitrix24test.Page(order)).Want(t, http.StatusOK).Text; strings.Contains(text, callButton) {
			t.Error("an accountant sees a call button")
		}
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "У заказа нет такого телефона")
	}, bitrix24test.WithTelephony)
}

func TestTelephony_saysWhatIsMissingInsteadOfADeadButton(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.SaveSettings("telephony", "on", "line", "sip7")
		x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "не хватает права «Телефония»")
		text := x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "не хватает права «Телефония»").Text
		if strings.Contains(text, callButton) {
			t.Error("a button that cannot work is shown")
		}
		x.As(staff.Operator).Post(bitrix24test.CallPath(order), "phone", bitrix24test.CustomersPhone).Want(t, http.StatusSeeOther)
		if got := calls(x); got != 0 {
			t.Errorf("%d calls went out", got)
		}
	})
}

func TestTelephony_withoutRightsTheLineIsTypedAndARefusedCallLeavesNoButton(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.TelephonyRights = false })
		order := x.Place()
		x.SaveSettings("telephony", "on")
		operator := x.As(staff.Operator)
		operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "не выбрана телефонная линия")
		x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "Управление номерами")
		x.SaveSettings("line", "sip7")
		operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, callButton)
		operator.Post(bitrix24test.CallPath(order), "phone", bitrix24test.CustomersPhone).Want(t, http.StatusSeeOther)
		text := operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "не хватает права «Исходящий звонок»").Text
		if strings.Contains(text, callButton) {
			t.Error("a refused call leaves its button")
		}
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.TelephonyRights = true })
		x.As(staff.Administrator).Post(bitrix24test.SettingsPage+"/bitrix24/actions/lists").Want(t, http.StatusSeeOther)
		operator.Post(bitrix24test.CallPath(order), "phone", bitrix24test.CustomersPhone).Want(t, http.StatusSeeOther)
		operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, callButton, "Звонок на "+bitrix24test.CustomersPhone+" заказан")
	}, bitrix24test.WithTelephony)
}

func TestTelephony_aLostAnswerIsNotRepeated(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.SaveSettings("telephony", "on", "line", "sip7")
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "voximplant.callback.start", Count: 1})
		operator := x.As(staff.Operator)
		operator.Post(bitrix24test.CallPath(order), "phone", bitrix24test.CustomersPhone)
		operator.Post(bitrix24test.CallPath(order), "phone", bitrix24test.CustomersPhone)
		x.Settle()
		if got := calls(x); got != 1 {
			t.Errorf("the portal was asked %d times, want 1", got)
		}
		operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "ответ портала потерян", "только что звонили")
	}, bitrix24test.WithTelephony)
}
