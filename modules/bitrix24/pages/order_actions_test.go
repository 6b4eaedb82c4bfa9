package pages_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

func TestOrderLeftAlone_isSynchronizedAgainWhenAsked(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		_, before := x.Deal(order)
		x.Press(order, "ignore")
		x.SetStatus(order, orders.WaitingForPayment)
		x.Settle()
		_, alone := x.Deal(order)
		bitrix24test.Equal(t, "stage while left alone", alone["STAGE_ID"], before["STAGE_ID"])

		button := fmt.Sprintf(`action="/admin/bitrix24/orders/%d/sync"`, order)
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, button, "Синхронизировать снова")
		x.Press(order, "sync").Want(t, http.StatusOK, "снова синхронизируется")
		x.Settle()
		_, after := x.Deal(order)
		bitrix24test.Equal(t, "stage", after["STAGE_ID"], "PREPAYMENT_INVOICE")
	})
}
