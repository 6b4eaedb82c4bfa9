package bitrix24test

import (
	"fmt"
	"testing"

	"github.com/pixlpark/panel/app/orders"
)

// EachWithLeads is Each with «Передавать новых клиентов в битрикс в качестве лидов» on.
func EachWithLeads(t *testing.T, scenario func(t *testing.T, x *Pair), changes ...func(a *Arranged)) {
	t.Helper()
	Each(t, func(t *testing.T, x *Pair) {
		x.SaveSettings("leads", "on")
		x.Settle()
		scenario(t, x)
	}, changes...)
}

// Leads are the portal's leads by their external key, of which there are no two alike.
func (x *Pair) Leads() map[string]map[string]any {
	x.T.Helper()
	byKey := map[string]map[string]any{}
	for _, lead := range x.State().Leads {
		key := fmt.Sprint(lead["ORIGIN_ID"])
		if byKey[key] != nil {
			x.T.Errorf("two leads have the key %s", key)
		}
		byKey[key] = lead
	}
	return byKey
}

// Lead is the one lead with that key, with its number. It checks that the portal has so many leads altogether.
func (x *Pair) Lead(key string, of int) (int64, map[string]any) {
	x.T.Helper()
	all := x.Leads()
	if len(all) != of || all[key] == nil {
		x.T.Fatalf("%d leads, want %d with %s among them: %v", len(all), of, key, all)
	}
	return Number(x.T, fmt.Sprint(all[key]["ID"])), all[key]
}

// ClientLead is the external key of the lead that a client became.
func ClientLead(id int64) string { return fmt.Sprintf("lead-client:%d", id) }

// OrderLead is the external key of the lead that an order became.
func OrderLead(id int64) string { return fmt.Sprintf("lead-order:%d", id) }

// LeadSum is what the rows of a lead add up to.
func (x *Pair) LeadSum(lead int64) (sum orders.Money) {
	x.T.Helper()
	for _, row := range x.State().Rows[fmt.Sprintf("L%d", lead)] {
		var price float64
		var quantity float64
		_, err := fmt.Sscan(fmt.Sprint(row["PRICE"], " ", row["QUANTITY"]), &price, &quantity)
		x.Must(err)
		sum += orders.Money(price*100*quantity + 0.5)
	}
	return sum
}
