package mapping

import (
	"math/rand/v2"
	"testing"

	"github.com/pixlpark/panel/app/orders"
)

// anyCart has amounts that are awkward to divide, discounts up to the whole sum, and often a delivery.
func anyCart(r *rand.Rand) *orders.Order {
	o := &orders.Order{}
	for i := range 1 + r.IntN(6) {
		item := orders.Item{
			ID: int64(i + 1), Name: "Печать", Quantity: pick(r, 1, 3, 7, 1+r.Int64N(10_000)),
			Price: orders.Money(r.Int64N(pick[int64](r, 2, 101, 1_000_000))),
		}
		for range r.IntN(3) {
			item.Options = append(item.Options, orders.Option{
				Title: "Ламинация", Price: orders.Money(r.Int64N(10_001)), Quantity: 1 + r.Int64N(30),
			})
		}
		o.Items = append(o.Items, item)
	}
	if r.IntN(2) == 0 {
		o.DeliveryPrice = orders.Money(r.Int64N(100_001))
	}
	o.Recount()
	if r.IntN(2) == 0 {
		o.Discount = orders.Money(r.Int64N(int64(o.Total) + 1))
		o.Recount()
	}
	return o
}

func TestRows_addUpToTheOrdersTotalAlways(t *testing.T) { check(t, 5000, rowsAddUp) }

func FuzzRows(f *testing.F) { fuzz(f, rowsAddUp) }

// rowsAddUp checks that rows are worth the order's total to the kopeck, one for each item and the delivery. A discount
// is spread in proportion: no item bears more than its own sum, and the delivery only what items cannot, so that no
// price becomes negative.
func rowsAddUp(t *testing.T, r *rand.Rand) {
	t.Helper()
	o := anyCart(r)
	rows := Rows(o)
	if sum := Sum(rows); sum != o.Total {
		t.Fatalf("rows of %s, want %s: %+v of %+v", sum, o.Total, rows, o)
	}
	keys := map[string]bool{}
	for _, row := range rows {
		if row.Price < 0 || row.Quantity < 1 || row.Name == "" || keys[row.Key] {
			t.Fatalf("row %+v of %+v", row, o)
		}
		keys[row.Key] = true
	}
	want := len(o.Items)
	if o.DeliveryPrice != 0 {
		want++
	}
	if len(rows) != want {
		t.Fatalf("%d rows, want %d", len(rows), want)
	}
}
