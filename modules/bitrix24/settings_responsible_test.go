package bitrix24_test

import (
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestResponsible_whoCannotBeCheckedIsSavedWithAWarning(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		admin := x.As(staff.Administrator)
		x.saveSettings("responsible_id", "1") // the webhook's owner is known
		admin.Get(settingsPage).Want(t, http.StatusOK).Lacks(t, "не проверен")
		x.saveSettings("responsible_id", "777")
		admin.Get(settingsPage).Want(t, http.StatusOK, "Сотрудник 777 не проверен", "company/personal/user/777/")
		admin.Get(settingsPage).Want(t, http.StatusOK, `value="777"`, "Номер не проверен")
		x.saveSettings("auto", "on")
		admin.Get(settingsPage).Want(t, http.StatusOK).Lacks(t, "Сотрудник 777 не проверен") // said when it was typed
	})
}

func TestResponsible_whoIsUnknownIsRefusedWhereEmployeesMayBeRead(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		admin := x.As(staff.Administrator)
		x.postSettings("responsible_id", "777").Want(t, http.StatusUnprocessableEntity, "На портале нет сотрудника 777", `value="777"`)
		x.do("dismiss_user", emulator.Args{"id": 3})
		x.saveSettings("responsible_id", "3")
		admin.Get(settingsPage).Want(t, http.StatusOK, "уволен")
		x.saveSettings("responsible_id", "2")
		admin.Get(settingsPage).Want(t, http.StatusOK, "Сейчас: ").Lacks(t, "не проверен")
	}, func(a *arranged) { a.portal.Scopes = []string{"crm", "user"} })
}
