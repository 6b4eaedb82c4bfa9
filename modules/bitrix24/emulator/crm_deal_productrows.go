package emulator

import (
	"strconv"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// oldRowNames are the names in crm.deal.productrows.* and the same in crm.item.productrow.*.
var oldRowNames = map[string]string{
	"PRODUCT_ID": "productId", "PRODUCT_NAME": "productName", "PRICE": "price", "PRICE_EXCLUSIVE": "priceExclusive",
	"PRICE_NETTO":  "priceNetto",
	"PRICE_BRUTTO": "priceBrutto", "QUANTITY": "quantity", "DISCOUNT_TYPE_ID": "discountTypeId",
	"DISCOUNT_RATE": "discountRate",
	"DISCOUNT_SUM":  "discountSum", "TAX_RATE": "taxRate", "TAX_INCLUDED": "taxIncluded", "MEASURE_CODE": "measureCode",
	"MEASURE_NAME": "measureName", "SORT": "sort", "XML_ID": "xmlId", "ID": "id",
}

// oldRowInput reads a row under the names of crm.deal.productrows.set; unknown names are left out.
func oldRowInput(el *php.Array) rowInput {
	out := &php.Array{}
	for name, v := range el.All() {
		if item, ok := oldRowNames[name]; ok {
			out.Set(item, v)
		}
	}
	return rowInput{out}
}

// rowsOwner reads the number of the deal or lead whose rows are meant.
func (c *call) rowsOwner(e *entity) (*record, error) {
	id := c.id()
	if id <= 0 {
		return nil, failed("", "The parameter id is invalid or not defined.")
	}
	r := e.rows[id]
	if r == nil {
		return nil, errNotFound
	}
	return r, nil
}

// oldRowsGet is crm.deal.productrows.get and crm.lead.productrows.get. Rows come in the order of SORT.
func oldRowsGet(c *call, e *entity) (any, error) {
	r, err := c.rowsOwner(e)
	if err != nil {
		return nil, err
	}
	out := &php.Array{}
	for _, x := range c.rows.of(e.short, r.id) {
		out.Append(c.oldProductRow(x))
	}
	return out, nil
}

// oldRowsSet is crm.deal.productrows.set and crm.lead.productrows.set: rows that are not named are deleted.
func oldRowsSet(c *call, e *entity) (any, error) {
	r, err := c.rowsOwner(e)
	if err != nil {
		return nil, err
	}
	v, _ := c.params.Either("rows", "ROWS")
	list, ok := v.(*php.Array)
	if !ok {
		return nil, failed("", "The parameter rows must be array.")
	}
	var inputs []rowInput
	for _, v := range list.All() {
		if el, ok := v.(*php.Array); ok {
			inputs = append(inputs, oldRowInput(el))
		}
	}
	if err := c.actor().setRows(e, r, inputs); err != nil {
		return nil, err
	}
	return true, nil
}

// oldProductRow shows a row as crm.deal.productrows.get does: ids as text, numbers as numbers.
func (p *Portal) oldProductRow(x *row) *php.Array {
	original := x.Name
	if product := p.products.rows[x.ProductID]; product != nil {
		original = p.products.text(product, "NAME")
	}
	return php.Map(
		"ID", php.String(x.ID), "OWNER_ID", php.String(x.Owner), "OWNER_TYPE", x.OwnerType, "PRODUCT_ID", x.ProductID,
		"PRODUCT_NAME", x.Name,
		"ORIGINAL_PRODUCT_NAME", original, "PRODUCT_DESCRIPTION", nil, "PRICE", x.Price, "PRICE_EXCLUSIVE", x.Exclusive,
		"PRICE_NETTO", x.Netto, "PRICE_BRUTTO", x.Brutto, "PRICE_ACCOUNT", strconv.FormatFloat(x.Price, 'f', 2, 64),
		"QUANTITY", x.Quantity,
		"DISCOUNT_TYPE_ID", x.DiscountType, "DISCOUNT_RATE", x.DiscountRate, "DISCOUNT_SUM", x.DiscountSum,
		"TAX_RATE", taxRate(x),
		"TAX_INCLUDED", x.TaxIncluded, "CUSTOMIZED", "Y", "MEASURE_CODE", x.Measure, "MEASURE_NAME", x.MeasureName,
		"SORT", x.Sort,
		"XML_ID", x.XMLID, "TYPE", x.Type, "STORE_ID", nil, "RESERVE_ID", nil, "DATE_RESERVE_END", nil,
		"RESERVE_QUANTITY", nil,
	)
}
