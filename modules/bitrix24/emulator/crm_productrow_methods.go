package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// rowMethods are crm.item.productrow.* and the older crm.deal.productrows.* and crm.lead.productrows.* (REST.md 9).
func (m methods) rowMethods() {
	for typeID, prefix := range map[int64]string{typeDeal: "crm.deal.productrows.", typeLead: "crm.lead.productrows."} {
		m.add("crm", map[string]func(*call) (any, error){
			prefix + "get": func(c *call) (any, error) { return oldRowsGet(c, c.entityOf(typeID)) },
			prefix + "set": func(c *call) (any, error) { return oldRowsSet(c, c.entityOf(typeID)) },
		})
	}
	m.add("crm", map[string]func(*call) (any, error){
		"crm.item.productrow.set":    rowSet,
		"crm.item.productrow.add":    rowAdd,
		"crm.item.productrow.update": rowUpdate,
		"crm.item.productrow.get":    rowGet,
		"crm.item.productrow.list":   rowList,
		"crm.item.productrow.delete": rowDelete,
		"crm.item.productrow.fields": rowFields,
	})
}

// rowOwner finds the owner of rows by its short code, D or L, and its number.
func (c *call) rowOwner(ownerType string, id int64) (*entity, *record, error) {
	var e *entity
	switch ownerType {
	case "D":
		e = c.deals
	case "L":
		e = c.leads
	default:
		return nil, nil, failed("ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")
	}
	r := e.rows[id]
	if r == nil {
		return nil, nil, errOwnerNotFound
	}
	return e, r, nil
}

// rowsParam reads a parameter that must be an array.
func (c *call) rowsParam(name string) (*php.Array, error) {
	v, ok := c.params.Lookup(name)
	if !ok {
		return nil, missing(name)
	}
	a, ok := v.(*php.Array)
	if !ok {
		return nil, failed("100", "Invalid value to match with parameter {"+name+"}. Should be value of type array.")
	}
	return a, nil
}

// rowSet is crm.item.productrow.set. It replaces all rows of the owner.
func rowSet(c *call) (any, error) {
	for _, name := range []string{"ownerType", "ownerId"} {
		if _, ok := c.params.Lookup(name); !ok {
			return nil, missing(name)
		}
	}
	list, err := c.rowsParam("productRows")
	if err != nil {
		return nil, err
	}
	e, r, err := c.rowOwner(php.String(c.params.Get("ownerType")), php.Int(c.params.Get("ownerId")))
	if err != nil {
		return nil, err
	}
	var inputs []rowInput
	for _, v := range list.All() {
		if el, ok := v.(*php.Array); ok {
			inputs = append(inputs, rowInput{el})
		}
	}
	if err := c.actor().setRows(e, r, inputs); err != nil {
		return nil, err
	}
	return php.Map("productRows", itemRows(c.rows.of(e.short, r.id))), nil
}

// itemRows shows rows as crm.item.productrow.* does.
func itemRows(list []*row) *php.Array {
	out := &php.Array{}
	for _, x := range list {
		out.Append(itemProductRow(x))
	}
	return out
}

// rowAdd is crm.item.productrow.add.
func rowAdd(c *call) (any, error) {
	fields, err := c.rowsParam("fields")
	if err != nil {
		return nil, err
	}
	if fields.Get("ownerId") == nil || fields.Get("ownerType") == nil {
		return nil, failed("100", "Required fields: ownerId, ownerType")
	}
	e, r, err := c.rowOwner(php.String(fields.Get("ownerType")), php.Int(fields.Get("ownerId")))
	if err != nil {
		return nil, err
	}
	x, err := c.actor().addRow(e, r, fields)
	if err != nil {
		return nil, err
	}
	return php.Map("productRow", itemProductRow(x)), nil
}

// rowParam reads the number of a row that must exist.
func (c *call) rowParam() (*row, error) {
	v, ok := c.params.Lookup("id")
	if !ok {
		return nil, missing("id")
	}
	x := c.rows.byID[php.Int(v)]
	if x == nil {
		return nil, errItemNotFound
	}
	return x, nil
}

// rowUpdate is crm.item.productrow.update. Unlike the other methods it refuses unknown fields.
func rowUpdate(c *call) (any, error) {
	x, err := c.rowParam()
	if err != nil {
		return nil, err
	}
	fields, err := c.rowsParam("fields")
	if err != nil {
		return nil, err
	}
	for name := range fields.All() {
		if _, known := rowSchema().byItem[name]; !known {
			return nil, failed("INVALID_ARG_VALUE", "Invalid value for field: unknown field '"+name+"'")
		}
	}
	next := *x
	if err := c.actor().fill(&next, rowInput{fields}); err != nil {
		return nil, err
	}
	changed := !sameRow(x, &next)
	*x = next
	e, r, err := c.rowOwner(x.OwnerType, x.Owner)
	if err != nil {
		return nil, err
	}
	c.actor().retotal(e, r, changed)
	return php.Map("productRow", itemProductRow(x)), nil
}

// rowGet is crm.item.productrow.get.
func rowGet(c *call) (any, error) {
	x, err := c.rowParam()
	if err != nil {
		return nil, err
	}
	return php.Map("productRow", itemProductRow(x)), nil
}

// rowDelete is crm.item.productrow.delete. A success has the result null.
func rowDelete(c *call) (any, error) {
	x, err := c.rowParam()
	if err != nil {
		return nil, err
	}
	e, r, err := c.rowOwner(x.OwnerType, x.Owner)
	if err != nil {
		return nil, err
	}
	c.rows.drop(x)
	c.actor().retotal(e, r, true)
	return nil, nil
}

// rowList is crm.item.productrow.list. The filter must name =ownerType and =ownerId, so it lists the rows of one
// owner.
func rowList(c *call) (any, error) {
	spec, _ := c.params.Get("filter").(*php.Array)
	ownerType, hasType := spec.Either("=ownerType", "ownerType")
	owner, hasOwner := spec.Either("=ownerId", "ownerId")
	if !hasType || !hasOwner {
		return nil, failed("100", "Required filter fields: =ownerType, =ownerId")
	}
	if _, _, err := c.rowOwner(php.String(ownerType), php.Int(owner)); err != nil {
		return nil, err
	}
	t := newTable("productrow", rowSchema())
	byID := map[int64]*row{}
	for _, x := range c.rows.of(php.String(ownerType), php.Int(owner)) {
		r := &record{id: x.ID, vals: make([]any, len(t.fields))}
		shown := itemProductRow(x)
		for at, f := range t.fields {
			r.vals[at] = shown.Get(f.item)
		}
		t.insert(r)
		byID[x.ID] = x
	}
	f, err := c.itemFilter(t, spec, false)
	if err != nil {
		return nil, err
	}
	order, _ := c.params.Get("order").(*php.Array)
	q := query{filter: f, start: php.Int(c.params.Get("start"))}
	q.order = sortKeys(order, func(name string) (int, bool) { return t.itemField(name, false) })
	if len(q.order) == 0 {
		q.order = []orderBy{{at: t.at("SORT")}}
	}
	out := &php.Array{}
	for _, r := range c.page(t, q, nil) {
		out.Append(itemProductRow(byID[r.id]))
	}
	return php.Map("productRows", out), nil
}

// itemProductRow shows a row as crm.item.productrow.* does.
func itemProductRow(x *row) *php.Array {
	return php.Map(
		"id", x.ID, "ownerId", x.Owner, "ownerType", x.OwnerType, "productId", x.ProductID, "productName", x.Name,
		"price", x.Price,
		"priceAccount", php.Round(x.Price, 2), "priceExclusive", x.Exclusive, "priceNetto", x.Netto, "priceBrutto", x.Brutto,
		"quantity", x.Quantity,
		"discountTypeId", x.DiscountType, "discountRate", x.DiscountRate, "discountSum", x.DiscountSum,
		"taxRate", taxRate(x),
		"taxIncluded", x.TaxIncluded, "customized", "Y", "measureCode", x.Measure, "measureName", x.MeasureName,
		"sort", x.Sort,
		"xmlId", x.XMLID, "type", x.Type, "storeId", nil,
	)
}

// taxRate shows the rate of a row; a row without tax has null.
func taxRate(x *row) any {
	if x.TaxRate == nil {
		return nil
	}
	return *x.TaxRate
}

// rowFieldTable are the fields of a product row.
const rowFieldTable = `
ID integer ro | ID
OWNER_ID integer req add | Владелец
OWNER_TYPE string req add | Тип владельца
PRODUCT_ID integer | Товар
PRODUCT_NAME string | Название
PRICE double | Цена
PRICE_ACCOUNT double ro | Цена в валюте отчётов
PRICE_EXCLUSIVE double | Цена без налога
PRICE_NETTO double | Цена без скидки и налога
PRICE_BRUTTO double | Цена без скидки
QUANTITY double | Количество
DISCOUNT_TYPE_ID integer | Тип скидки
DISCOUNT_RATE double | Скидка, %
DISCOUNT_SUM double | Сумма скидки
TAX_RATE double | Налог
TAX_INCLUDED char | Налог включён
CUSTOMIZED char ro | Изменён
MEASURE_CODE integer | Код единицы
MEASURE_NAME string | Единица
SORT integer | Сортировка
XML_ID string | Внешний код
TYPE integer ro | Тип
STORE_ID integer | Склад
`

// rowSchema is the list of these fields.
func rowSchema() *schema { return parseSchema(rowFieldTable) }

// rowFields is crm.item.productrow.fields.
func rowFields(*call) (any, error) {
	out := &php.Array{}
	for _, f := range rowSchema().fields {
		out.Set(f.item, f.describe())
	}
	return php.Map("fields", out), nil
}
