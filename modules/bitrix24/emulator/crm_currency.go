package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// currencyFields are the fields of crm.currency.*. A currency is known by its code, not by a number.
const currencyFields = `
CURRENCY string req | Валюта
AMOUNT_CNT integer | Номинал
AMOUNT string | Курс
SORT integer | Сортировка
BASE char ro | Базовая
FULL_NAME string | Название
LID string | Язык
FORMAT_STRING string | Шаблон
DEC_POINT string | Разделитель
THOUSANDS_SEP string | Разделитель тысяч
DECIMALS integer | Знаков
DATE_UPDATE datetime ro | Дата обновления
`

// currencyList is crm.currency.list (REST.md 14.4). It is not paged, and total is always 0.
func currencyList(c *call) (any, error) {
	out := &php.Array{}
	for _, r := range c.wholeList(c.currencies) {
		out.Append(c.oldRow(c.currencies, r, nil))
	}
	c.total = 0
	return out, nil
}

// currencyGet is crm.currency.get. The parameter id is the code of the currency.
func currencyGet(c *call) (any, error) {
	v, _ := c.params.Either("id", "ID")
	list := c.currencies.where("CURRENCY", v)
	if len(list) == 0 {
		return nil, errNotFound
	}
	return c.oldRow(c.currencies, list[0], nil), nil
}

// baseCurrency is the portal's reporting currency.
func (d *data) baseCurrency() string {
	for _, r := range d.currencies.all() {
		if d.currencies.text(r, "BASE") == "Y" {
			return d.currencies.text(r, "CURRENCY")
		}
	}
	return ""
}
