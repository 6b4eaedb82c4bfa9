package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// productFields are the fields of crm.product.*.
const productFields = `
ID integer ro | ID
CATALOG_ID integer add | Каталог
NAME string req 255 | Название
CODE string 100 | Символьный код
ACTIVE char | Активен
DESCRIPTION string | Описание
DESCRIPTION_TYPE string 4 | Тип описания
PRICE double money | Цена
CURRENCY_ID string 3 | Валюта
MEASURE integer | Единица измерения
VAT_ID integer | Ставка НДС
VAT_INCLUDED char | НДС включён в цену
SECTION_ID integer | Раздел
SORT integer | Сортировка
XML_ID string 255 | Внешний код
DATE_CREATE datetime ro | Дата создания
TIMESTAMP_X datetime ro | Дата изменения
CREATED_BY integer ro | Кем создан
MODIFIED_BY integer ro | Кем изменён
PREVIEW_PICTURE file | Картинка
DETAIL_PICTURE file | Детальная картинка
`

// productMethods are crm.product.* and crm.currency.* (REST.md 14.3 and 14.4).
func (m methods) productMethods() {
	gone := func(int64) error { return failed("", "Product is not found") }
	m.plainMethods("crm.product.", func(p *Portal) *table { return p.products }, gone)
	m.add("crm", map[string]func(*call) (any, error){
		"crm.product.add":       productAdd,
		"crm.product.update":    func(c *call) (any, error) { return productUpdate(c, gone) },
		"crm.product.delete":    func(c *call) (any, error) { return productDelete(c, gone) },
		"crm.currency.list":     currencyList,
		"crm.currency.get":      currencyGet,
		"crm.currency.base.get": func(c *call) (any, error) { return c.baseCurrency(), nil },
		"crm.currency.fields":   func(c *call) (any, error) { return describeAll(c.currencies.schema), nil },
	})
}

// productAdd is crm.product.add. It needs an administrator of the CRM.
func productAdd(c *call) (any, error) {
	if err := c.admin(); err != nil {
		return nil, err
	}
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	if php.String(fields.Get("NAME")) == "" {
		return nil, failed("", "The field NAME is required.")
	}
	r := c.add(c.products, fields,
		"ACTIVE", "Y", "CATALOG_ID", int64(14), "CURRENCY_ID", c.baseCurrency(), "DESCRIPTION_TYPE", "text",
		"SORT", int64(100), "VAT_INCLUDED", "N", "DATE_CREATE", c.moment(), "TIMESTAMP_X", c.moment(),
		"CREATED_BY", c.hook.UserID, "MODIFIED_BY", c.hook.UserID,
	)
	c.emit("ONCRMPRODUCTADD", r.id)
	return r.id, nil
}

// productUpdate is crm.product.update. It needs an administrator, and sends its event even when nothing changed.
func productUpdate(c *call, gone func(int64) error) (any, error) {
	if err := c.admin(); err != nil {
		return nil, err
	}
	r, err := c.plainParam(c.products, gone)
	if err != nil {
		return nil, err
	}
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	if c.update(c.products, r, fields) {
		c.products.put(r, "TIMESTAMP_X", c.moment())
		c.products.put(r, "MODIFIED_BY", c.hook.UserID)
	}
	c.emit("ONCRMPRODUCTUPDATE", r.id)
	return true, nil
}

// productDelete is crm.product.delete. Rows that name the product keep its number.
func productDelete(c *call, gone func(int64) error) (any, error) {
	if err := c.admin(); err != nil {
		return nil, err
	}
	r, err := c.plainParam(c.products, gone)
	if err != nil {
		return nil, err
	}
	c.actor().dropProduct(r)
	return true, nil
}

// dropProduct deletes a product and sends its event.
func (a actor) dropProduct(r *record) {
	a.products.remove(r)
	a.stats.Changes++
	a.save()
	a.emit("ONCRMPRODUCTDELETE", r.id)
}
