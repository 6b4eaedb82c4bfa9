package emulator

import (
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A stockStage is a stage that every funnel begins with.
type stockStage struct {
	id, name  string
	sort      int64
	semantics string
	color     string
	system    bool
}

// stockStages are those of a new funnel, without the prefix of its codes.
var stockStages = []stockStage{
	{"NEW", "Новая", 10, "", "#39A8EF", true},
	{"PREPARATION", "Подготовка документов", 20, "", "#2FC6F6", false},
	{"PREPAYMENT_INVOICE", "Счёт на предоплату", 30, "", "#55D0E0", false},
	{"EXECUTING", "В работе", 40, "", "#47E4C2", false},
	{"FINAL_INVOICE", "Финальный счёт", 50, "", "#FFA900", false},
	{"WON", "Сделка успешна", 60, "S", "#7BD500", true},
	{"LOSE", "Сделка провалена", 70, "F", "#FF5752", true},
	{"APOLOGY", "Анализ причины провала", 80, "F", "#FF5752", false},
}

// stockLeadStages are those of leads.
var stockLeadStages = []stockStage{
	{"NEW", "Не обработан", 10, "", "#39A8EF", true},
	{"IN_PROCESS", "В работе", 20, "", "#2FC6F6", false},
	{"PROCESSED", "Обработан", 30, "", "#55D0E0", false},
	{"CONVERTED", "Качественный лид", 40, "S", "#7BD500", true},
	{"JUNK", "Некачественный лид", 50, "F", "#FF5752", true},
}

// stockDirectories are the stock lists: code, Russian name, in their order.
var stockDirectories = []struct {
	id    string
	items [][2]string
}{
	{"SOURCE", [][2]string{
		{"CALL", "Звонок"},
		{"EMAIL", "Электронная почта"},
		{"WEB", "Веб-сайт"},
		{"ADVERTISING", "Реклама"},
		{"PARTNER", "Существующий клиент"},
		{"RECOMMENDATION", "По рекомендации"},
		{"TRADE_SHOW", "Выставка"},
		{"WEBFORM", "CRM-форма"},
		{"CALLBACK", "Обратный звонок"},
		{"RC_GENERATOR", "Генератор продаж"},
		{"STORE", "Интернет-магазин"},
		{"OTHER", "Другое"},
	}},
	{
		"COMPANY_TYPE",
		[][2]string{
			{"CUSTOMER", "Клиент"},
			{"SUPPLIER", "Поставщик"},
			{"COMPETITOR", "Конкурент"},
			{"PARTNER", "Партнер"},
			{"OTHER", "Другое"},
		},
	},
	{
		"CONTACT_TYPE",
		[][2]string{{"CLIENT", "Клиенты"}, {"SUPPLIER", "Поставщики"}, {"PARTNER", "Партнеры"}, {"OTHER", "Другое"}},
	},
	{"DEAL_TYPE", [][2]string{
		{"SALE", "Продажа"},
		{"COMPLEX", "Комплексная продажа"},
		{"GOODS", "Продажа товара"},
		{"SERVICES", "Продажа услуги"},
		{"SERVICE", "Сервисное обслуживание"},
	}},
	{"INDUSTRY", [][2]string{
		{"IT", "Информационные технологии"},
		{"TELECOM", "Телекоммуникации и связь"},
		{"MANUFACTURING", "Производство"},
		{"BANKING", "Банковские услуги"},
		{"CONSULTING", "Консалтинг"},
		{"FINANCE", "Финансы"},
		{"GOVERNMENT", "Правительство"},
		{"DELIVERY", "Доставка"},
		{"ENTERTAINMENT", "Развлечения"},
		{"NOTPROFIT", "Не для получения прибыли"},
		{"OTHER", "Другое"},
	}},
	{
		"EMPLOYEES",
		[][2]string{
			{"EMPLOYEES_1", "менее 50"},
			{"EMPLOYEES_2", "50 - 250"},
			{"EMPLOYEES_3", "250 - 500"},
			{"EMPLOYEES_4", "более 500"},
		},
	},
	{"HONORIFIC", [][2]string{{"HNR_RU_1", "г-н"}, {"HNR_RU_2", "г-жа"}}},
	{
		"CALL_LIST",
		[][2]string{
			{"IN_WORK", "В работе"},
			{"SUCCESS", "Успешно"},
			{"WRONG_NUMBER", "Неверный номер"},
			{"STOP_CALLING", "Больше не звонить"},
		},
	},
}

// seed fills a new portal with what stands in a fresh Russian account.
func (p *Portal) seed() {
	a := actor{p, 1}
	at := time.Date(2025, time.January, 15, 9, 0, 0, 0, time.UTC)
	p.seedUsers(at)
	for _, c := range stockCurrencies {
		p.currencies.insert(p.currencies.make(
			"CURRENCY", c.code, "AMOUNT_CNT", int64(1), "AMOUNT", c.amount, "SORT", c.sort, "BASE", flag(c.code == "RUB"),
			"FULL_NAME", c.name, "LID", "ru", "FORMAT_STRING", c.format, "DEC_POINT", ",", "THOUSANDS_SEP", "&nbsp;",
			"DECIMALS", int64(2), "DATE_UPDATE", at,
		))
	}
	for _, s := range stockLeadStages {
		a.addStatus(leadStages, s.id, s.name, s.sort, s.semantics, s.color, s.system)
	}
	for _, d := range stockDirectories {
		for i, item := range d.items {
			a.addStatus(d.id, item[0], item[1], int64(i+1)*10, "", "", true)
		}
	}
	p.categories.insert(p.categories.make(
		"CATEGORY_ID", int64(0), "NAME", "Общая", "SORT", int64(300), "CREATED_DATE", at,
	))
	for _, s := range stockStages {
		a.addStatus(dealStages(0), s.id, s.name, s.sort, s.semantics, s.color, s.system)
	}
	a.addCategory("Печать на заказ", 400)
	for i, preset := range stockPresets {
		p.presets.insert(p.presets.make(
			"ENTITY_TYPE_ID", int64(typeRequisite), "COUNTRY_ID", int64(1), "NAME", preset.name, "XML_ID", preset.xmlID,
			"ACTIVE", "Y",
			"SORT", int64(i+1)*500, "CREATED_BY_ID", int64(1), "DATE_CREATE", at,
		))
	}
	if !p.opts.Empty {
		for i, product := range stockProducts {
			p.products.insert(p.products.make(
				"CATALOG_ID", int64(14), "NAME", product.name, "PRICE", product.price, "CURRENCY_ID", "RUB", "ACTIVE", "Y",
				"SORT", int64(i+1)*100,
				"MEASURE", int64(9), "VAT_INCLUDED", "N", "DATE_CREATE", at, "TIMESTAMP_X", at, "CREATED_BY", int64(1),
				"MODIFIED_BY", int64(1),
				"DESCRIPTION_TYPE", "text",
			))
		}
	}
}

// seedUsers hires the employees, and the owner of the webhook if it is none of them.
func (p *Portal) seedUsers(at time.Time) {
	for _, u := range stockUsers {
		r := p.users.make(
			"ACTIVE", "Y", "NAME", u.name, "LAST_NAME", u.last, "SECOND_NAME", "", "EMAIL", u.email,
			"WORK_POSITION", u.position, "ADMIN", flag(u.admin),
			"PERSONAL_GENDER", "", "PERSONAL_BIRTHDAY", "", "UF_EMPLOYMENT_DATE", "", "TIME_ZONE", "", "IS_ONLINE", "Y",
			"USER_TYPE", "employee",
			"LAST_LOGIN", at, "DATE_REGISTER", at, "UF_DEPARTMENT", php.List(int64(1)),
		)
		r.id = u.id
		p.users.insert(r)
	}
	if p.users.rows[p.opts.UserID] == nil { // the webhook belongs to somebody else
		r := p.users.make(
			"ACTIVE", "Y", "NAME", "Интеграция", "LAST_NAME", "Pixlpark", "EMAIL", "integration@example.ru", "ADMIN", "Y",
			"USER_TYPE", "employee", "LAST_LOGIN", at, "DATE_REGISTER", at, "UF_DEPARTMENT", php.List(int64(1)),
		)
		r.id = p.opts.UserID
		p.users.insert(r)
	}
}

// stockUsers are the employees of a new portal; the first is its administrator.
var stockUsers = []struct {
	id                          int64
	name, last, email, position string
	admin                       bool
}{
	{1, "Анна", "Смирнова", "admin@example.ru", "Директор", true},
	{2, "Сергей", "Кузнецов", "kuznetsov@example.ru", "Менеджер по продажам", false},
	{3, "Мария", "Орлова", "orlova@example.ru", "Менеджер по продажам", false},
	{4, "Олег", "Тихонов", "tihonov@example.ru", "Технолог", false},
}

// stockCurrencies are the currencies of a new portal; the rouble is the base one.
var stockCurrencies = []struct {
	code, name, format string
	amount             string
	sort               int64
}{
	{"RUB", "Российский рубль", "# ₽", "1.0000", 100},
	{"USD", "Доллар США", "$#", "92.5000", 200},
	{"EUR", "Евро", "# €", "99.8000", 300},
	{"BYN", "Белорусский рубль", "# руб.", "28.4000", 400},
	{"KZT", "Казахстанский тенге", "# ₸", "0.1900", 500},
}

// stockPresets are the templates of requisites.
var stockPresets = []struct{ name, xmlID string }{
	{"Организация", "#CRM_REQUISITE_PRESET_DEF_RU_COMPANY#"},
	{"ИП", "#CRM_REQUISITE_PRESET_DEF_RU_INDIVIDUAL#"},
	{"Физ. лицо", "#CRM_REQUISITE_PRESET_DEF_RU_PERSON#"},
	{"Организация (доп.)", "#CRM_REQUISITE_PRESET_DEF_RU_COMPANY_EXT#"},
}

// stockProducts are the demo products, which Options.Empty leaves out.
var stockProducts = []struct {
	name  string
	price float64
}{
	{"Фотография 10х15", 18},
	{"Визитки 90х50, 100 шт.", 890},
	{"Фотопостер 30х40", 810},
	{"Календарь настенный А3", 1250},
}
