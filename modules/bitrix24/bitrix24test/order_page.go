package bitrix24test

import (
	"fmt"
	"net/http"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
)

// Press presses a button of the order's box «Битрикс24» and returns the page that follows.
func (x *Pair) Press(order int64, deed string, pairs ...string) apptest.Answer {
	x.T.Helper()
	operator := x.As(staff.Operator)
	operator.Post(fmt.Sprintf("/admin/bitrix24/orders/%d/%s", order, deed), pairs...).Want(x.T, http.StatusSeeOther)
	return operator.Get(Page(order)).Want(x.T, http.StatusOK)
}
