package bitrix24test

import (
	"fmt"
	"net/http"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// WholeDeal checks that the portal's only deal has everything that the order of Draft says, and returns it with its
// number.
func (x *Pair) WholeDeal(order int64) (int64, emulator.Record) {
	x.T.Helper()
	t := x.T
	if all := x.Portal.IDs("deal"); len(all) != 1 {
		t.Fatalf("%d deals, want 1", len(all))
	}
	id, deal := x.Deal(order)
	Equal(t, "title", deal["TITLE"], fmt.Sprintf("Заказ № %d", order))
	Equal(t, "amount", Kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
	Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
	Equal(t, "number of rows", len(x.Portal.Rows(id)), 3)
	Contains(t, "discussion", deal["UF_CRM_PIXLPARK_DISCUSSION"], "Позвоните, когда будет готово")
	Contains(t, "delivery", deal["UF_CRM_PIXLPARK_DELIVERY"], "Офис компании на Белинского")
	Contains(t, "comment", deal["COMMENTS"], "[URL="+x.URL+Page(order)+"]")
	Contains(t, "about the source", deal["SOURCE_DESCRIPTION"], "Типография «Демо»")
	x.As(staff.Operator).Get(Page(order)).Want(t, http.StatusOK, "отправлен",
		fmt.Sprintf("%s/crm/deal/details/%d/", x.PortalURL, id))
	return id, deal
}
