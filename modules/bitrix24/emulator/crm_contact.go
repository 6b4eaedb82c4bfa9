package emulator

import "slices"

// contactFields are the fields of crm.contact.* (REST.md 11.1).
const contactFields = `
ID integer ro | ID
HONORIFIC crm_status:HONORIFIC 50 | Обращение
NAME string 50 req | Имя
SECOND_NAME string 50 req | Отчество
LAST_NAME string 50 req | Фамилия
PHOTO file | Фотография
BIRTHDATE date blank | Дата рождения
TYPE_ID crm_status:CONTACT_TYPE 50 | Тип контакта
SOURCE_ID crm_status:SOURCE 50 | Источник
SOURCE_DESCRIPTION string | Дополнительно об источнике
POST string 255 | Должность
` + addressFields + `
COMMENTS string | Комментарий
OPENED char | Доступен для всех
EXPORT char | Участвует в экспорте контактов
HAS_PHONE char ro | Задан телефон
HAS_EMAIL char ro | Задан e-mail
HAS_IMOL char ro | Задана открытая линия
ASSIGNED_BY_ID user | Ответственный
CREATED_BY_ID user ro item=createdBy | Кем создан
MODIFY_BY_ID user ro item=updatedBy | Кем изменён
DATE_CREATE datetime ro item=createdTime | Дата создания
DATE_MODIFY datetime ro item=updatedTime | Дата изменения
COMPANY_ID crm_company zero dep | Компания
COMPANY_IDS crm_company mul | COMPANY_IDS
LEAD_ID crm_lead ro | Лид
FACE_ID integer nof | FACE_ID
ORIGINATOR_ID string 255 | Внешний источник
ORIGIN_ID string 255 | Идентификатор элемента во внешнем источнике
ORIGIN_VERSION string 255 | Версия оригинала
` + utmFields + activityFields + multiFields + `
OBSERVERS any int | Наблюдатели
`

// merge joins two contacts. The values that keep lacks, the phones and addresses, the deals, the leads and the
// companies of drop go to keep, and drop is deleted. So does the external key, if keep has none (REST.md 13.4).
func (a actor) merge(keep, drop *record) {
	e := a.contacts
	ch := fillEmpty(e, keep, drop)
	for _, m := range drop.multi {
		if !slices.ContainsFunc(keep.multi, func(x multifield) bool {
			return x.kind == m.kind && a.commKeyOf(x.kind, x.text) == a.commKeyOf(m.kind, m.text)
		}) {
			m.id = 0
			ch.multi = append(ch.multi, multiChange{multifield: m})
		}
	}
	for _, owner := range []*entity{a.deals, a.leads} {
		for _, id := range slices.Clone(owner.links.back[drop.id]) {
			list := owner.links.of(id)
			for i := range list {
				if list[i].id == drop.id {
					list[i].id = keep.id
				}
			}
			a.setLinks(owner, owner.rows[id], list)
		}
	}
	for _, x := range e.links.of(drop.id) {
		a.linkCompany(keep.id, x.id, &link{sort: x.sort})
	}
	_ = a.update(e, keep, ch) // the winner has a name
	a.delete(e, drop)
}

// fillEmpty is the change that gives the winner of a merge what it lacks and the loser has, the external key included.
func fillEmpty(e *entity, keep, drop *record) *change {
	ch := &change{vals: map[int]any{}}
	for i, f := range e.fields {
		if f.name != "" && !f.readOnly && sameValue(keep.get(i), nil) && !sameValue(drop.get(i), nil) {
			ch.vals[i] = drop.get(i)
		}
	}
	return ch
}

// mergeDeals joins two deals: keep gets the values that it lacks, the external key included, and the contacts of drop,
// which is deleted (REST.md 13.4).
func (a actor) mergeDeals(keep, drop *record) error {
	ch := fillEmpty(a.deals, keep, drop)
	ch.links = append(a.deals.links.of(keep.id), a.deals.links.of(drop.id)...)
	if err := a.update(a.deals, keep, ch); err != nil {
		return err
	}
	a.delete(a.deals, drop)
	return nil
}
