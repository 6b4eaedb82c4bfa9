package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// dealFields are the fields of crm.deal.* (REST.md 8.1).
const dealFields = `
ID integer ro | ID
TITLE string 255 | Название
TYPE_ID crm_status:DEAL_TYPE 50 | Тип
CATEGORY_ID crm_category add | Воронка
STAGE_ID crm_status:DEAL_STAGE 50 | Стадия сделки
STAGE_SEMANTIC_ID string ro | Группа стадии
IS_NEW char ro | Новая сделка
IS_RECURRING char | Регулярная сделка
IS_RETURN_CUSTOMER char | Повторная сделка
IS_REPEATED_APPROACH char | Повторное обращение
PROBABILITY integer | Вероятность
CURRENCY_ID crm_currency 50 | Валюта
OPPORTUNITY double money | Сумма
IS_MANUAL_OPPORTUNITY char | IS_MANUAL_OPPORTUNITY
TAX_VALUE double money | Ставка налога
COMPANY_ID crm_company zero | Компания
CONTACT_ID crm_contact zero dep | Контакт
CONTACT_IDS crm_contact mul | Контакты
QUOTE_ID crm_quote ro | Предложение
BEGINDATE date | Дата начала
CLOSEDATE date | Дата завершения
OPENED char | Доступна для всех
CLOSED char | Закрыта
COMMENTS string | Комментарий
ASSIGNED_BY_ID user | Ответственный
CREATED_BY_ID user ro item=createdBy | Кем создана
MODIFY_BY_ID user ro item=updatedBy | Кем изменена
MOVED_BY_ID user ro item=movedBy | MOVED_BY_ID
DATE_CREATE datetime ro item=createdTime | Дата создания
DATE_MODIFY datetime ro item=updatedTime | Дата изменения
MOVED_TIME datetime ro | MOVED_TIME
SOURCE_ID crm_status:SOURCE 50 | Источник
SOURCE_DESCRIPTION string | Дополнительно об источнике
LEAD_ID crm_lead ro | Лид
ADDITIONAL_INFO string | Дополнительная информация
LOCATION_ID location | Местоположение
ORIGINATOR_ID string 255 | Внешний источник
ORIGIN_ID string 255 | Идентификатор элемента во внешнем источнике
` + utmFields + activityFields + `
OBSERVERS any int | Наблюдатели
`

// prepareDeal settles the funnel and the stage of a deal and what follows from them. The old family ignores a stage
// that does not fit; crm.item.* refuses it or does the same, as Behaviour.UnknownStage says (REST.md 8.2).
func (a actor) prepareDeal(r *record, ch *change) error {
	e := a.deals
	category, stage := int64(0), ""
	if r != nil {
		category, stage = e.integer(r, "CATEGORY_ID"), e.text(r, "STAGE_ID")
	}
	if v, given := ch.vals[e.at("CATEGORY_ID")]; given {
		if wanted := php.Int(v); a.category(wanted) != nil {
			if r != nil && wanted != category {
				stage = ""
			}
			category = wanted
		} else if ch.strict {
			return notValid("CATEGORY_ID")
		}
		ch.set(e, "CATEGORY_ID", category)
	}
	stages := a.stages(dealStages(category))
	if v, given := ch.vals[e.at("STAGE_ID")]; given {
		switch wanted := php.String(v); {
		case a.stageIn(stages, wanted) != nil:
			stage = wanted
		case ch.strict && wanted != "" && a.behaviour.UnknownStage == "error":
			return notValid("STAGE_ID")
		case ch.strict && r == nil:
			stage = a.firstOfMeaning(stages, wanted)
		}
	}
	if a.stageIn(stages, stage) == nil {
		stage = a.statuses.text(stages[0], "STATUS_ID")
	}
	if r != nil && stage == e.text(r, "STAGE_ID") && !ch.has(e, "CATEGORY_ID") {
		delete(ch.vals, e.at("STAGE_ID"))
		return nil
	}
	semantics := semanticsOf(a.statuses, a.stageIn(stages, stage))
	closed := flag(semantics != "P")
	ch.set(e, "STAGE_ID", stage)
	ch.set(e, "STAGE_SEMANTIC_ID", semantics)
	ch.set(e, "IS_NEW", flag(a.statuses.text(stages[0], "STATUS_ID") == stage))
	ch.set(e, "CLOSED", closed)
	if r == nil || e.text(r, "STAGE_ID") != stage {
		ch.set(e, "MOVED_TIME", a.moment())
		ch.set(e, "MOVED_BY_ID", a.user)
	}
	if a.behaviour.CloseDateOnClose && closed == "Y" && (r == nil || e.text(r, "CLOSED") != "Y") {
		ch.setDefault(e, "CLOSEDATE", dayOf(a.now(), a.zone))
	}
	return nil
}

// firstOfMeaning is the first stage of a funnel that means what a stage of any other does; one that nobody knows is one
// of deals in progress.
func (a actor) firstOfMeaning(stages []*record, foreign string) string {
	meaning := "P"
	for _, r := range a.statuses.where("STATUS_ID", foreign) {
		meaning = semanticsOf(a.statuses, r)
	}
	for _, r := range stages {
		if semanticsOf(a.statuses, r) == meaning {
			return a.statuses.text(r, "STATUS_ID")
		}
	}
	return ""
}
