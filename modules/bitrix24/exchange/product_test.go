package exchange_test

import (
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestCatalogue_linksItemsToProductsMadeOnce(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		before := len(x.State().Products)
		x.SaveSettings("catalog", "on")
		x.Settle()
		first := x.Place()
		second := x.Place()
		deal, _ := x.Deal(first)
		if got := len(x.State().Products) - before; got != 2 {
			t.Errorf("%d products made for two catalogue items of two orders, want 2", got)
		}
		var products []string
		for _, row := range x.Portal.Rows(deal) {
			products = append(products, row["PRODUCT_ID"])
		}
		if products[0] == "0" || products[1] == "0" || products[0] == products[1] {
			t.Errorf("products of the rows are %v", products)
		}
		other, _ := x.Deal(second)
		bitrix24test.Equal(t, "product of the second order", x.Portal.Rows(other)[0]["PRODUCT_ID"], products[0])
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(deal), orders.Money(1149_75))

		x.Do("delete_product", emulator.Args{"id": bitrix24test.Number(t, products[0])})
		x.Settle()
		if got := x.Count("bitrix24_products"); got != 1 {
			t.Errorf("%d product links after one product was deleted, want 1", got)
		}
	})
}

func TestCatalogue_lostAnswerMakesNoSecondProduct(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("catalog", "on")
		x.Settle()
		before := len(x.State().Products)
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.product.add", Count: 1})
		order := x.Place(func(d apptest.JSON) { d["Comment"] = "" })
		x.Recover()
		id, _ := x.Deal(order)
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
		if got := len(x.State().Products) - before; got != 2 {
			t.Errorf("%d products, want 2", got)
		}
	})
}

func TestCatalogue_isOffByDefault(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		for _, row := range x.Portal.Rows(deal) {
			bitrix24test.Equal(t, "product", row["PRODUCT_ID"], "0")
		}
		if got := x.Count("bitrix24_products"); got != 0 {
			t.Errorf("%d product links", got)
		}
	})
}
