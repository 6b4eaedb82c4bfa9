package emulator

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// addRowToDeal adds a product row to a deal.
func (x person) addRowToDeal() (*php.Array, error) {
	r := x.deals.rows[php.Int(x.args.Get("deal"))]
	el, ok := x.args.Get("row").(*php.Array)
	if r == nil || !ok {
		return nil, errors.New("a row needs its deal and the row itself")
	}
	added, err := x.addRow(x.deals, r, oldRowInput(el).fields)
	if err != nil {
		return nil, err
	}
	return php.Map("id", added.ID, "row", added.ID), nil
}

// saveProducts saves the page «Товары» of a deal or lead; a line without name and price is no row.
func (x person) saveProducts() (*php.Array, error) {
	e, id := x.deals, php.Int(x.args.Get("deal"))
	if id == 0 {
		e, id = x.leads, php.Int(x.args.Get("lead"))
	}
	r := e.rows[id]
	if r == nil {
		return nil, errors.New("rows need a deal or a lead")
	}
	var inputs []rowInput
	for _, v := range php.ArrayOf(x.args.Get("rows")).All() {
		el := php.ArrayOf(v)
		if php.String(el.Get("PRODUCT_NAME")) == "" && php.String(el.Get("PRICE")) == "" {
			continue
		}
		for _, name := range []string{"PRICE", "QUANTITY"} {
			if s, ok := el.Get(name).(string); ok {
				el.Set(name, strings.ReplaceAll(strings.ReplaceAll(s, ",", "."), " ", ""))
			}
		}
		inputs = append(inputs, oldRowInput(el))
	}
	if err := x.setRows(e, r, inputs); err != nil {
		return nil, err
	}
	return made(r.id), nil
}

// addProduct adds a product to the catalogue.
func (x person) addProduct() (*php.Array, error) {
	fields, _ := x.args.Get("fields").(*php.Array)
	name := php.String(fields.Get("NAME"))
	if name == "" {
		return nil, errors.New("a product needs a NAME")
	}
	c := &call{Portal: x.Portal, hook: &Inbound{UserID: x.user}, params: php.Map("fields", fields)}
	id, err := productAdd(c)
	if err != nil {
		return nil, err
	}
	return made(id.(int64)), nil
}

// deleteProduct deletes a product of the catalogue.
func (x person) deleteProduct() (*php.Array, error) {
	r := x.products.rows[x.id()]
	if r == nil {
		return nil, fmt.Errorf("no product %d", x.id())
	}
	x.dropProduct(r)
	return made(r.id), nil
}
