package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// leadFields are the fields of crm.lead.* (REST.md 10.1). What crm.item.* calls stageId is STATUS_ID here.
const leadFields = `
ID integer ro | ID
TITLE string 255 | Название лида
HONORIFIC crm_status:HONORIFIC 50 | Обращение
NAME string 50 | Имя
SECOND_NAME string 50 | Отчество
LAST_NAME string 50 | Фамилия
BIRTHDATE date blank | Дата рождения
COMPANY_TITLE string 255 | Название компании
SOURCE_ID crm_status:SOURCE 50 | Источник
SOURCE_DESCRIPTION string | Дополнительно об источнике
STATUS_ID crm_status:STATUS 50 item=stageId | Стадия
STATUS_DESCRIPTION string | Дополнительно о стадии
STATUS_SEMANTIC_ID string ro item=stageSemanticId | Группа стадии
POST string 255 | Должность
` + addressFields + `
CURRENCY_ID crm_currency 50 | Валюта
OPPORTUNITY double money | Сумма
IS_MANUAL_OPPORTUNITY char | IS_MANUAL_OPPORTUNITY
OPENED char | Доступен для всех
COMMENTS string | Комментарий
HAS_PHONE char ro | Задан телефон
HAS_EMAIL char ro | Задан e-mail
HAS_IMOL char ro | Задана открытая линия
ASSIGNED_BY_ID user | Ответственный
CREATED_BY_ID user ro item=createdBy | Кем создан
MODIFY_BY_ID user ro item=updatedBy | Кем изменён
MOVED_BY_ID user ro item=movedBy | MOVED_BY_ID
DATE_CREATE datetime ro item=createdTime | Дата создания
DATE_MODIFY datetime ro item=updatedTime | Дата изменения
MOVED_TIME datetime ro | MOVED_TIME
COMPANY_ID crm_company zero | Компания
CONTACT_ID crm_contact zero dep | Контакт
CONTACT_IDS crm_contact mul | CONTACT_IDS
IS_RETURN_CUSTOMER char ro | Повторный лид
DATE_CLOSED datetime ro blank | Дата закрытия
ORIGINATOR_ID string 255 | Внешний источник
ORIGIN_ID string 255 | Идентификатор элемента во внешнем источнике
` + utmFields + activityFields + multiFields + `
OBSERVERS any int | Наблюдатели
TAX_VALUE double int item=- | Сумма налога
`

// prepareLead settles the stage of a lead and what follows from it. As with deals, an unknown stage is ignored in the
// old family and refused in crm.item.*.
func (a actor) prepareLead(r *record, ch *change) error {
	e := a.leads
	stages := a.stages(leadStages)
	stage := ""
	if r != nil {
		stage = e.text(r, "STATUS_ID")
	}
	if v, given := ch.vals[e.at("STATUS_ID")]; given {
		switch wanted := php.String(v); {
		case a.stageIn(stages, wanted) != nil:
			stage = wanted
		case ch.strict && wanted != "":
			return notValid("STAGE_ID")
		}
	}
	if a.stageIn(stages, stage) == nil {
		stage = a.statuses.text(stages[0], "STATUS_ID")
	}
	if php.Int(ch.vals[e.at("COMPANY_ID")]) > 0 || ch.primary != nil && *ch.primary > 0 || len(ch.links) > 0 {
		ch.set(e, "IS_RETURN_CUSTOMER", "Y")
	}
	if r != nil && stage == e.text(r, "STATUS_ID") {
		delete(ch.vals, e.at("STATUS_ID"))
		return nil
	}
	semantics := semanticsOf(a.statuses, a.stageIn(stages, stage))
	ch.set(e, "STATUS_ID", stage)
	ch.set(e, "STATUS_SEMANTIC_ID", semantics)
	ch.set(e, "MOVED_TIME", a.moment())
	ch.set(e, "MOVED_BY_ID", a.user)
	ch.set(e, "DATE_CLOSED", nil)
	if semantics != "P" {
		ch.set(e, "DATE_CLOSED", a.moment())
	}
	return nil
}

// hidden reports whether a lead can no longer be read because the CRM mode without leads converted it at once (OPEN.md
// C14).
func (p *Portal) hidden(lead *record) bool {
	return p.mode == simpleMode && !p.behaviour.SimpleLeadReadable && p.leads.text(lead, "STATUS_SEMANTIC_ID") == "S"
}
