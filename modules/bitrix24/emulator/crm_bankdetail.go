package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// bankFields are the fields of crm.requisite.bankdetail.*. ENTITY_ID is the number of a requisite.
const bankFields = `
ID integer ro | ID
ENTITY_ID integer req add | Реквизит
COUNTRY_ID integer | Страна
DATE_CREATE datetime ro | Дата создания
DATE_MODIFY datetime ro blank | Дата изменения
CREATED_BY_ID user ro | Кем создан
MODIFY_BY_ID user ro | Кем изменён
NAME string req 255 | Название
CODE string 45 | Символьный код
XML_ID string 45 | Внешний ключ
ORIGINATOR_ID string 255 | Внешняя система
ACTIVE char | Активность
SORT integer | Сортировка
RQ_BANK_NAME string 255 | Наименование банка
RQ_BANK_CODE string 100 | Код банка
RQ_BANK_ADDR string 255 | Адрес банка
RQ_BANK_ROUTE_NUM string 9 | Маршрутный номер
RQ_BIK string 11 | БИК
RQ_MFO string 6 | МФО
RQ_ACC_NAME string 150 | Владелец счёта
RQ_ACC_NUM string 34 | Расчётный счёт
RQ_ACC_TYPE string 20 | Тип счёта
RQ_IIK string 20 | ИИК
RQ_ACC_CURRENCY string 100 | Валюта счёта
RQ_COR_ACC_NUM string 34 | Корреспондентский счёт
RQ_IBAN string 34 | IBAN
RQ_SWIFT string 11 | SWIFT
RQ_BIC string 11 | BIC
RQ_CODEB string 5 | Code B
RQ_CODEG string 5 | Code G
RQ_RIB string 2 | RIB
RQ_AGENCY_NAME string 255 | Agency
COMMENTS string | Комментарий
`

// bankGone is the error of bank details that do not exist.
func bankGone(id int64) error {
	return failed("", "The RequisiteBankDetail with ID '"+php.String(id)+"' is not found")
}

// bankAdd is crm.requisite.bankdetail.add (REST.md 14.2).
func bankAdd(c *call) (any, error) {
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	switch {
	case c.requisites.rows[php.Int(fields.Get("ENTITY_ID"))] == nil:
		return nil, undefined("ENTITY_ID")
	case php.String(fields.Get("NAME")) == "":
		return nil, failed("", "The field NAME is required.")
	}
	r := c.add(c.banks, fields,
		"DATE_CREATE", c.moment(), "CREATED_BY_ID", c.hook.UserID, "ACTIVE", "Y", "SORT", int64(500), "COUNTRY_ID", int64(1))
	c.emit("ONCRMBANKDETAILADD", r.id)
	return r.id, nil
}

// bankUpdate is crm.requisite.bankdetail.update. The event is sent even when nothing changed.
func bankUpdate(c *call) (any, error) {
	r, err := c.plainParam(c.banks, bankGone)
	if err != nil {
		return nil, err
	}
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	c.stamped(c.banks, r, fields)
	c.emit("ONCRMBANKDETAILUPDATE", r.id)
	return true, nil
}

// bankDelete is crm.requisite.bankdetail.delete.
func bankDelete(c *call) (any, error) {
	r, err := c.plainParam(c.banks, bankGone)
	if err != nil {
		return nil, err
	}
	c.banks.remove(r)
	c.stats.Changes++
	c.save()
	c.emit("ONCRMBANKDETAILDELETE", r.id)
	return true, nil
}
