package bitrix24test

import (
	"net/http"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
)

// CheckPage is the address of «Проверка подключения».
const CheckPage = "/admin/bitrix24/check"

// CheckConnection presses «Проверить подключение», lets the portal send its events, and returns the page.
func (x *Pair) CheckConnection() apptest.Answer {
	x.T.Helper()
	answer := x.As(staff.Administrator).Post(SettingsPage+"/bitrix24/actions/check").Want(x.T, http.StatusSeeOther)
	Equal(x.T, "next page", answer.Location, CheckPage)
	return x.As(staff.Administrator).Get(CheckPage).Want(x.T, http.StatusOK)
}
