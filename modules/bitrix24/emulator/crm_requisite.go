package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// requisiteFields are the fields of crm.requisite.* (REST.md 14.1). Those of other countries than Russia are there
// because *.fields lists them.
const requisiteFields = `
ID integer ro | ID
ENTITY_TYPE_ID integer req add | Тип владельца
ENTITY_ID integer req add | Владелец
PRESET_ID integer req add | Шаблон
DATE_CREATE datetime ro | Дата создания
DATE_MODIFY datetime ro blank | Дата изменения
CREATED_BY_ID user ro | Кем создан
MODIFY_BY_ID user ro | Кем изменён
NAME string req 255 | Название
CODE string 45 | Символьный код
XML_ID string 45 | Внешний ключ
ORIGINATOR_ID string 255 | Внешняя система
ACTIVE char | Активность
ADDRESS_ONLY char | Только адрес
SORT integer | Сортировка
RQ_NAME string 150 | ФИО
RQ_FIRST_NAME string 50 | Имя
RQ_LAST_NAME string 50 | Фамилия
RQ_SECOND_NAME string 50 | Отчество
RQ_COMPANY_ID string 50 | Идентификатор организации
RQ_COMPANY_NAME string 255 | Сокращённое наименование организации
RQ_COMPANY_FULL_NAME string 300 | Полное наименование организации
RQ_COMPANY_REG_DATE string 30 | Дата государственной регистрации
RQ_DIRECTOR string 150 | Ген. директор
RQ_ACCOUNTANT string 150 | Гл. бухгалтер
RQ_CEO_NAME string 150 | ФИО первого руководителя
RQ_CEO_WORK_POS string 150 | Должность первого руководителя
RQ_CONTACT string 150 | Контактное лицо
RQ_EMAIL string 255 | E-mail
RQ_PHONE string 30 | Телефон
RQ_FAX string 30 | Факс
RQ_IDENT_TYPE string | Удостоверение
RQ_IDENT_DOC string 255 | Вид документа
RQ_IDENT_DOC_SER string 25 | Серия
RQ_IDENT_DOC_NUM string 25 | Номер
RQ_IDENT_DOC_PERS_NUM string 25 | Личный номер
RQ_IDENT_DOC_DATE string 30 | Дата выдачи
RQ_IDENT_DOC_ISSUED_BY string 255 | Кем выдан
RQ_IDENT_DOC_DEP_CODE string 25 | Код подразделения
RQ_INN string 15 | ИНН
RQ_KPP string 9 | КПП
RQ_USRLE string 20 | Номер в реестре
RQ_IFNS string 255 | ИФНС
RQ_OGRN string 13 | ОГРН
RQ_OGRNIP string 15 | ОГРНИП
RQ_OKPO string 12 | ОКПО
RQ_OKTMO string 11 | ОКТМО
RQ_OKVED string 255 | ОКВЭД
RQ_EDRPOU string 10 | ЄДРПОУ
RQ_DRFO string 10 | ДРФО
RQ_KBE string 2 | КБЕ
RQ_IIN string 12 | ИИН
RQ_BIN string 12 | БИН
RQ_ST_CERT_SER string 10 | Серия свидетельства
RQ_ST_CERT_NUM string 15 | Номер свидетельства
RQ_ST_CERT_DATE string 30 | Дата свидетельства
RQ_VAT_PAYER char | Плательщик НДС
RQ_VAT_ID string 20 | Номер плательщика НДС
RQ_VAT_CERT_SER string 10 | Серия свидетельства НДС
RQ_VAT_CERT_NUM string 15 | Номер свидетельства НДС
RQ_VAT_CERT_DATE string 30 | Дата свидетельства НДС
RQ_RESIDENCE_COUNTRY string 128 | Страна резидентства
RQ_BASE_DOC string 255 | Основание деятельности
RQ_REGON string 9 | REGON
RQ_KRS string 10 | KRS
RQ_PESEL string 11 | PESEL
RQ_LEGAL_FORM string 255 | Форма
RQ_SIRET string 20 | SIRET
RQ_SIREN string 15 | SIREN
RQ_CAPITAL string 30 | Капитал
RQ_RCS string 255 | RCS
RQ_CNPJ string 20 | CNPJ
RQ_STATE_REG string 20 | Регистрация
RQ_MNPL_REG string 20 | Регистрация
RQ_CPF string 20 | CPF
`

// presetFields are the fields of crm.requisite.preset.*, the templates of requisites.
const presetFields = `
ID integer ro | ID
ENTITY_TYPE_ID integer req | Тип
COUNTRY_ID integer req | Страна
DATE_CREATE datetime ro | Дата создания
DATE_MODIFY datetime ro blank | Дата изменения
CREATED_BY_ID user ro | Кем создан
MODIFY_BY_ID user ro | Кем изменён
NAME string req 255 | Название
XML_ID string 45 | Внешний ключ
ACTIVE char | Активность
SORT integer | Сортировка
`

// requisiteMethods are crm.requisite.*, crm.requisite.bankdetail.* and crm.requisite.preset.* (REST.md 14.1).
func (m methods) requisiteMethods() {
	m.plainMethods("crm.requisite.", func(p *Portal) *table { return p.requisites }, requisiteGone)
	m.plainMethods("crm.requisite.bankdetail.", func(p *Portal) *table { return p.banks }, bankGone)
	m.plainMethods("crm.requisite.preset.", func(p *Portal) *table { return p.presets }, func(id int64) error {
		return failed("", "The Preset with ID '"+php.String(id)+"' is not found")
	})
	m.add("crm", map[string]func(*call) (any, error){
		"crm.requisite.add":               requisiteAdd,
		"crm.requisite.update":            requisiteUpdate,
		"crm.requisite.delete":            requisiteDelete,
		"crm.requisite.bankdetail.add":    bankAdd,
		"crm.requisite.bankdetail.update": bankUpdate,
		"crm.requisite.bankdetail.delete": bankDelete,
		"crm.requisite.preset.countries": func(*call) (any, error) {
			return php.List(php.Map("ID", int64(1), "CODE", "RU", "TITLE", "Россия")), nil
		},
	})
}

// requisiteGone is the error of a requisite that does not exist.
func requisiteGone(id int64) error {
	return failed("", "The Requisite with ID '"+php.String(id)+"' is not found")
}

// undefined is the error of a reference that is missing or leads nowhere.
func undefined(name string) error {
	return failed("", name+" is not defined or invalid.")
}

// requisiteAdd is crm.requisite.add. The owner is a contact or a company.
func requisiteAdd(c *call) (any, error) {
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	e := c.entityOf(php.Int(fields.Get("ENTITY_TYPE_ID")))
	id := php.Int(fields.Get("ENTITY_ID"))
	switch {
	case e == nil || e.typeID != typeContact && e.typeID != typeCompany:
		return nil, undefined("ENTITY_TYPE_ID")
	case id <= 0:
		return nil, undefined("ENTITY_ID")
	case c.presets.rows[php.Int(fields.Get("PRESET_ID"))] == nil:
		return nil, undefined("PRESET_ID")
	case e.rows[id] == nil:
		return nil, failed("", "Entity not found.")
	case php.String(fields.Get("NAME")) == "":
		return nil, failed("", "The field NAME is required.")
	}
	r := c.add(c.requisites, fields,
		"DATE_CREATE", c.moment(), "CREATED_BY_ID", c.hook.UserID, "ACTIVE", "Y", "ADDRESS_ONLY", "N", "SORT", int64(500),
		"RQ_VAT_PAYER", "N")
	c.emit("ONCRMREQUISITEADD", r.id)
	return r.id, nil
}

// requisiteUpdate is crm.requisite.update. The event is sent even when nothing changed.
func requisiteUpdate(c *call) (any, error) {
	r, err := c.plainParam(c.requisites, requisiteGone)
	if err != nil {
		return nil, err
	}
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	c.stamped(c.requisites, r, fields)
	c.emit("ONCRMREQUISITEUPDATE", r.id)
	return true, nil
}

// stamped updates a record that notes when and by whom it was changed.
func (c *call) stamped(t *table, r *record, fields *php.Array) {
	if c.update(t, r, fields) {
		t.put(r, "DATE_MODIFY", c.moment())
		t.put(r, "MODIFY_BY_ID", c.hook.UserID)
	}
}

// requisiteDelete is crm.requisite.delete. Bank details and addresses of the requisite go with it.
func requisiteDelete(c *call) (any, error) {
	r, err := c.plainParam(c.requisites, requisiteGone)
	if err != nil {
		return nil, err
	}
	c.actor().dropRequisite(r)
	c.stats.Changes++
	c.save()
	return true, nil
}

// dropRequisite removes a requisite with its bank details and addresses.
func (a actor) dropRequisite(r *record) {
	for _, b := range a.banks.where("ENTITY_ID", r.id) {
		a.banks.remove(b)
		a.emit("ONCRMBANKDETAILDELETE", b.id)
	}
	for _, x := range a.addresses.where("ENTITY_ID", r.id) {
		if a.addresses.integer(x, "ENTITY_TYPE_ID") == typeRequisite {
			a.addresses.remove(x)
		}
	}
	a.requisites.remove(r)
	a.emit("ONCRMREQUISITEDELETE", r.id)
}
