package bitrix24test

import (
	"fmt"
)

func WithTelephony(a *Arranged) { a.Portal.Scopes = []string{"crm", "telephony"} }

func CallPath(order int64) string { return fmt.Sprintf("/admin/bitrix24/orders/%d/call", order) }

const (
	CustomersPhone = "+79123456701"
	Recipient      = "+79120000002"
	CallButton     = "Позвонить через Битрикс24"
)
