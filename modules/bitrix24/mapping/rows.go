package mapping

import (
	"fmt"
	"strings"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Row is a product row of a deal or lead: price × quantity of all rows is the order's total, to the kopeck.
type Row struct {
	Key       string // which part of the order it stands for: "item/17", "delivery"
	Name      string
	Price     orders.Money
	Quantity  int64
	ProductID int64 // the portal's catalogue product; 0 is a free row
	Sort      int
}

// pieces is the portal's measure "шт" (crm.measure, code 796).
const pieces = 796

// Rows makes the rows of an order: one per item with the discount spread over them, and one for the delivery.
func Rows(o *orders.Order) []Row {
	nets := spread(o)
	rows := make([]Row, 0, len(o.Items)+1)
	for i, item := range o.Items {
		row := Row{
			Key: fmt.Sprintf("item/%d", item.ID), Name: rowName(item.FullName(), ""), Sort: (i + 1) * 10,
			Price: nets[i] / orders.Money(item.Quantity), Quantity: item.Quantity,
		}
		if row.Price*orders.Money(item.Quantity) != nets[i] {
			// No price in kopecks times this quantity makes the sum, so the quantity moves into the name.
			row.Name = rowName(item.FullName(), fmt.Sprintf(" (%d шт.)", item.Quantity))
			row.Price, row.Quantity = nets[i], 1
		}
		rows = append(rows, row)
	}
	if delivery := nets[len(o.Items)]; o.DeliveryPrice != 0 {
		title := o.Shipping.Title
		if title == "" {
			title = o.Shipping.Type.Label()
		}
		if title == "" {
			title = "без названия"
		}
		rows = append(rows, Row{
			Key: "delivery", Name: rowName("Доставка: "+title, ""), Price: delivery, Quantity: 1, Sort: (len(o.Items) + 1) * 10,
		})
	}
	return rows
}

// spread takes the discount off the items in proportion to their sums, and what is left of it off the delivery. It
// returns a net sum per item and, last, the delivery's; together they are the order's total.
func spread(o *orders.Order) []orders.Money {
	nets := make([]orders.Money, len(o.Items)+1)
	var sum orders.Money
	for i, item := range o.Items {
		nets[i] = item.Sum()
		sum += nets[i]
	}
	fromItems := min(o.Discount, sum)
	nets[len(o.Items)] = o.DeliveryPrice - (o.Discount - fromItems)
	rest, left := sum, fromItems
	for i := range o.Items {
		if rest == 0 {
			break
		}
		// The share of what is still to be taken, of what is still there to take it from: the last item gets the
		// remainder.
		share := muldiv(left, nets[i], rest)
		rest -= nets[i]
		nets[i] -= share
		left -= share
	}
	return nets
}

// muldiv is a×b÷c rounded down, without overflow for any amounts an order may hold (b ≤ c).
func muldiv(a, b, c orders.Money) orders.Money {
	whole, remainder := a/c, a%c
	return whole*b + orders.Money(mulDiv128(uint64(remainder), uint64(b), uint64(c)))
}

// rowName cuts a name to what a row holds, keeping the ending.
func rowName(name, ending string) string { return Cut(name, 255-len([]rune(ending))) + ending }

// Params are the row's fields as crm.item.productrow.* takes them.
func (r Row) Params() rest.Params {
	p := rest.Params{
		"productName": r.Name, "price": r.Price.String(), "quantity": r.Quantity, "measureCode": pieces, "sort": r.Sort,
	}
	if r.ProductID != 0 {
		p["productId"] = r.ProductID
	}
	return p
}

// OldParams are the row's fields as crm.deal.productrows.set takes them.
func (r Row) OldParams() rest.Params {
	p := rest.Params{
		"PRODUCT_NAME": r.Name, "PRICE": r.Price.String(), "QUANTITY": r.Quantity, "MEASURE_CODE": pieces, "SORT": r.Sort,
	}
	if r.ProductID != 0 {
		p["PRODUCT_ID"] = r.ProductID
	}
	return p
}

// Print is the row's content for comparing with what was last sent.
func (r Row) Print() string { return Print(map[string]any(r.Params())) }

// Looks is what can be read back of a row, to find one whose number was lost with an answer.
func (r Row) Looks() string {
	return Print([]any{strings.TrimSpace(rest.Disarm(r.Name)), r.Price.String(), r.Quantity})
}

// Sum is what the rows add up to.
func Sum(rows []Row) orders.Money {
	var sum orders.Money
	for _, r := range rows {
		sum += r.Price * orders.Money(r.Quantity)
	}
	return sum
}
