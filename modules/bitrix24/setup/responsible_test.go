package setup_test

import (
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestResponsible_whoCannotBeCheckedIsSavedWithAWarning(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		admin := x.As(staff.Administrator)
		x.SaveSettings("responsible_id", "1") // the webhook's owner is known
		admin.Get(bitrix24test.SettingsPage).Want(t, http.StatusOK).Lacks(t, "не проверен")
		x.SaveSettings("responsible_id", "777")
		admin.Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "Сотрудник 777 не проверен", "company/personal/user/777/")
		admin.Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, `value="777"`, "Номер не проверен")
		x.SaveSettings("auto", "on")
		admin.Get(bitrix24test.SettingsPage).Want(t, http.StatusOK).Lacks(t, "Сотрудник 777 не проверен") // said when it was typed
	})
}

func TestResponsible_whoIsUnknownIsRefusedWhereEmployeesMayBeRead(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		admin := x.As(staff.Administrator)
		x.PostSettings("responsible_id", "777").Want(t, http.StatusUnprocessableEntity, "На портале нет сотрудника 777", `value="777"`)
		x.Do("dismiss_user", emulator.Args{"id": 3})
		x.SaveSettings("responsible_id", "3")
		admin.Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "уволен")
		x.SaveSettings("responsible_id", "2")
		admin.Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "Сейчас: ").Lacks(t, "не проверен")
	}, func(s *bitrix24test.Setup) { s.Portal.Scopes = []string{"crm", "user"} })
}
