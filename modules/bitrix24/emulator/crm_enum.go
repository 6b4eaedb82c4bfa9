package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// enumMethods are crm.enum.*, crm.settings.mode.get and crm.multifield.fields, whose answers are the same on every
// portal.
func (m methods) enumMethods() {
	m.add("crm", map[string]func(*call) (any, error){
		"crm.enum.ownertype": func(*call) (any, error) {
			return enumRows([]enumRow{
				{typeLead, "Лид", "LEAD", "L"},
				{typeDeal, "Сделка", "DEAL", "D"},
				{typeContact, "Контакт", "CONTACT", "C"},
				{typeCompany, "Компания", "COMPANY", "CO"},
				{5, "Счёт (старая версия)", "INVOICE", "I"},
				{31, "Счёт", "SMART_INVOICE", "SI"},
				{7, "Предложение", "QUOTE", "Q"},
				{typeRequisite, "Реквизиты", "REQUISITE", "RQ"},
			}), nil
		},
		"crm.enum.addresstype": func(*call) (any, error) {
			return enumRows([]enumRow{
				{11, "Адрес доставки", "", ""},
				{1, "Фактический адрес", "", ""},
				{6, "Юридический адрес", "", ""},
				{4, "Адрес регистрации", "", ""},
				{8, "Адрес для корреспонденции", "", ""},
				{9, "Адрес бенефициара", "", ""},
			}), nil
		},
		"crm.enum.settings.mode": func(*call) (any, error) {
			return enumRows([]enumRow{{classicMode, "Классическая CRM", "", ""}, {simpleMode, "Простая CRM", "", ""}}), nil
		},
		"crm.enum.fields": func(*call) (any, error) {
			return describeAll(parseSchema(
				"ID integer ro |\nNAME string ro |\nSYMBOL_CODE string ro |\nSYMBOL_CODE_SHORT string ro |",
			)), nil
		},
		"crm.settings.mode.get": func(c *call) (any, error) { return c.mode, nil },
		"crm.multifield.fields": func(*call) (any, error) {
			return describeAll(parseSchema("ID integer ro |\nTYPE_ID string add |\nVALUE_TYPE string |\nVALUE string |")), nil
		},
	})
}

// An enumRow is one entry of crm.enum.*.
type enumRow struct {
	id                int64
	name, code, short string
}

// enumRows shows the entries; one without a symbolic code has null there.
func enumRows(rows []enumRow) *php.Array {
	out := &php.Array{}
	for _, r := range rows {
		x := php.Map("ID", r.id, "NAME", r.name, "SYMBOL_CODE", nil, "SYMBOL_CODE_SHORT", nil)
		if r.code != "" {
			x.Set("SYMBOL_CODE", r.code)
			x.Set("SYMBOL_CODE_SHORT", r.short)
		}
		out.Append(x)
	}
	return out
}
