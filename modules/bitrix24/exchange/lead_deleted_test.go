package exchange_test

import (
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// The rows of a deleted lead are «not found», which says nothing final about the order.
func TestLeadDeletedUnnoticedWhileItsRowsAreUnknown_isNotedAsDeleted(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.productrow.add", Count: 1})
		addItem(x, order)
		x.Settle()
		x.WithoutEvents(func() { x.Do("delete_lead", emulator.Args{"id": lead}) })
		x.Recover()
		x.AtRest()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Лид удалён в Битрикс24")
	}, bitrix24test.WithLeads)
}
