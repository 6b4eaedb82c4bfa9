package emulator

import (
	"fmt"
	"testing"
)

func TestProductsAndCurrencies(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.add("crm.product.add", obj{"NAME": "Визитки", "PRICE": 890, "XML_ID": "site:5"})
	found := r.call("crm.product.list", obj{
		"filter": obj{"XML_ID": "site:5"}, "select": []any{"ID", "NAME", "PRICE"},
	}).([]any)
	same(t, "found by XML_ID", words(found), fmt.Sprintf("[map[ID:%d NAME:Визитки PRICE:890.00]]", id))
	same(t, "base", r.call("crm.currency.base.get", nil), any("RUB"))
	_, body := r.post("crm.currency.list", nil)
	same(t, "total of currencies", body["total"], any(0.0))
	r.fails("crm.deal.add", obj{"fields": obj{"CURRENCY_ID": "XXX"}}, 400, "", `Invalid value for the "Currency" field`)
	same(t, "delete", r.call("crm.product.delete", obj{"id": id}), any(true))
}
