package bitrix24test

import "fmt"

// WithTelephony gives the webhook the right to make calls.
func WithTelephony(a *Arranged) { a.Portal.Scopes = []string{"crm", "telephony"} }

// CallPath is where the button posts that calls an order's customer.
func CallPath(order int64) string { return fmt.Sprintf("/admin/bitrix24/orders/%d/call", order) }

// What a call from an order's page is tested with: the phone of the customer of Draft, another recipient's, the
// button.
const (
	CustomersPhone = "+79123456701"
	Recipient      = "+79120000002"
	CallButton     = "Позвонить через Битрикс24"
)
