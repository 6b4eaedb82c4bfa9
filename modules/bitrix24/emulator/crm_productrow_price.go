package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// A rowInput is a row as a client sent it, under the names of crm.item.productrow.*.
type rowInput struct {
	fields *php.Array
}

// given reports whether the client named the field with a value other than null.
func (in rowInput) given(name string) bool { return in.fields.Get(name) != nil }

// fill puts into a row what was sent, with the documented defaults, and computes the prices from each other (REST.md
// 9).
func (a actor) fill(x *row, in rowInput) error {
	if v, ok := in.fields.Lookup("productId"); ok {
		x.ProductID = php.Int(v)
	}
	if product := a.products.rows[x.ProductID]; product != nil && x.Name == "" {
		x.Name = a.products.text(product, "NAME")
		x.Measure, x.MeasureName = 796, "шт"
		if !in.given("price") && x.Price == 0 {
			x.Price = a.products.number(product, "PRICE")
		}
	}
	if in.given("productName") {
		x.Name = php.String(in.fields.Get("productName"))
	}
	if v, ok := in.fields.Lookup("quantity"); ok && v != nil && v != "" {
		x.Quantity = php.Float(v)
	}
	if v, ok := in.fields.Lookup("taxRate"); ok {
		x.TaxRate = nil
		if v != nil && v != "" && v != false {
			rate := php.Float(v)
			x.TaxRate = &rate
		}
	}
	if in.given("taxIncluded") {
		x.TaxIncluded = flag(php.String(in.fields.Get("taxIncluded")) == "Y")
	}
	if in.given("measureCode") {
		x.Measure = php.Int(in.fields.Get("measureCode"))
		x.MeasureName = measures[x.Measure]
	}
	if in.given("measureName") {
		x.MeasureName = php.String(in.fields.Get("measureName"))
	}
	if in.given("sort") {
		x.Sort = php.Int(in.fields.Get("sort"))
	}
	if in.given("xmlId") {
		x.XMLID = php.String(in.fields.Get("xmlId"))
	}
	return x.price(in)
}

// measures are the names of the units that products have here, by their code.
var measures = map[int64]string{6: "м", 112: "л", 163: "г", 166: "кг", 796: "шт"}

// price computes the discount and the four unit prices.
func (x *row) price(in rowInput) error {
	if in.given("discountTypeId") {
		x.DiscountType = php.Int(in.fields.Get("discountTypeId"))
		switch {
		case x.DiscountType == 1 && !in.given("discountSum"):
			return failed(
				"ERROR_CORE",
				"Discount Sum (DISCOUNT_SUM) is required if Monetary Discount Type (DISCOUNT_TYPE_ID) is defined.<br>",
			)
		case x.DiscountType == 2 && !in.given("discountRate"):
			return failed(
				"ERROR_CORE",
				"Discount Rate (DISCOUNT_RATE) is required if Percentage Discount Type (DISCOUNT_TYPE_ID) is defined.<br>",
			)
		case x.DiscountType == 2 && php.Float(in.fields.Get("discountRate")) == 100 && !in.given("discountSum"):
			return failed(
				"ERROR_CORE",
				"Discount Sum (DISCOUNT_SUM) is required if Percentage Discount Type (DISCOUNT_TYPE_ID) is defined"+
					" and Discount Rate (DISCOUNT_RATE) is 100%<br>",
			)
		}
	}
	tax := 1.0
	if x.TaxRate != nil {
		tax += *x.TaxRate / 100
	}
	switch {
	case in.given("price"):
		x.Price = php.Float(in.fields.Get("price"))
		x.Exclusive = php.Round(x.Price/tax, 6)
	case in.given("priceExclusive"):
		x.Exclusive = php.Float(in.fields.Get("priceExclusive"))
		x.Price = php.Round(x.Exclusive*tax, 6)
	default:
		x.Exclusive = php.Round(x.Price/tax, 6)
	}
	if in.given("priceExclusive") {
		x.Exclusive = php.Float(in.fields.Get("priceExclusive"))
	}
	rate, sum := in.given("discountRate"), in.given("discountSum")
	if rate {
		x.DiscountRate = php.Float(in.fields.Get("discountRate"))
	}
	if sum {
		x.DiscountSum = php.Float(in.fields.Get("discountSum"))
	}
	switch {
	case x.DiscountType == 2 && !sum && x.DiscountRate < 100:
		x.DiscountSum = php.Round(x.Exclusive*x.DiscountRate/(100-x.DiscountRate), 2)
	case x.DiscountType == 1 && !rate && x.Exclusive+x.DiscountSum > 0:
		x.DiscountRate = php.Round(100*x.DiscountSum/(x.Exclusive+x.DiscountSum), 2)
	}
	x.Netto = php.Round(x.Exclusive+x.DiscountSum, 6)
	x.Brutto = php.Round(x.Netto*tax, 6)
	if x.DiscountSum == 0 {
		x.Brutto = x.Price
	}
	if in.given("priceNetto") {
		x.Netto = php.Float(in.fields.Get("priceNetto"))
	}
	if in.given("priceBrutto") {
		x.Brutto = php.Float(in.fields.Get("priceBrutto"))
	}
	return nil
}
