package emulator

// The fields of the four kinds of CRM records, as crm.*.fields lists them (parseSchema explains the marks).

const utmFields = `
UTM_SOURCE string 255 | Рекламная система
UTM_MEDIUM string 255 | Тип трафика
UTM_CAMPAIGN string 255 | Обозначение рекламной кампании
UTM_CONTENT string 255 | Содержание кампании
UTM_TERM string 255 | Условие поиска кампании
`

const activityFields = `
LAST_ACTIVITY_TIME datetime ro | Последняя активность
LAST_ACTIVITY_BY user ro | Автор последней активности
`

const addressFields = `
ADDRESS string 255 | Адрес
ADDRESS_2 string 255 | Адрес (стр. 2)
ADDRESS_CITY string 255 | Город
ADDRESS_POSTAL_CODE string 60 | Почтовый индекс
ADDRESS_REGION string 255 | Район
ADDRESS_PROVINCE string 255 | Область
ADDRESS_COUNTRY string 255 | Страна
ADDRESS_COUNTRY_CODE string 100 | Код страны
ADDRESS_LOC_ADDR_ID integer | Идентификатор адреса местоположения
`

const multiFields = `
PHONE crm_multifield mul item=- | Телефон
EMAIL crm_multifield mul item=- | E-mail
WEB crm_multifield mul item=- | Сайт
IM crm_multifield mul item=- | Мессенджер
LINK crm_multifield mul item=- | LINK
`

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

const companyFields = `
ID integer ro | ID
TITLE string 255 req | Название компании
COMPANY_TYPE crm_status:COMPANY_TYPE 50 item=typeId | Тип компании
LOGO file | Логотип
` + addressFields + `
ADDRESS_LEGAL string | Юридический адрес
REG_ADDRESS string 255 | Юридический адрес
REG_ADDRESS_2 string 255 | Юридический адрес (стр. 2)
REG_ADDRESS_CITY string 255 | Юридический адрес: город
REG_ADDRESS_POSTAL_CODE string 60 | Юридический адрес: индекс
REG_ADDRESS_REGION string 255 | Юридический адрес: район
REG_ADDRESS_PROVINCE string 255 | Юридический адрес: область
REG_ADDRESS_COUNTRY string 255 | Юридический адрес: страна
REG_ADDRESS_COUNTRY_CODE string 100 | Юридический адрес: код страны
REG_ADDRESS_LOC_ADDR_ID integer | Юридический адрес: местоположение
BANKING_DETAILS string | Банковские реквизиты
INDUSTRY crm_status:INDUSTRY 50 | Сфера деятельности
EMPLOYEES crm_status:EMPLOYEES 50 | Количество сотрудников
CURRENCY_ID crm_currency 50 | Валюта
REVENUE double | Годовой оборот
OPENED char | Доступна для всех
COMMENTS string | Комментарий
HAS_PHONE char ro | Задан телефон
HAS_EMAIL char ro | Задан e-mail
HAS_IMOL char ro | Задана открытая линия
IS_MY_COMPANY char | Моя компания
ASSIGNED_BY_ID user | Ответственный
CREATED_BY_ID user ro item=createdBy | Кем создана
MODIFY_BY_ID user ro item=updatedBy | Кем изменена
DATE_CREATE datetime ro item=createdTime | Дата создания
DATE_MODIFY datetime ro item=updatedTime | Дата изменения
CONTACT_ID crm_contact mul item=contactIds | Контакт
LEAD_ID crm_lead ro | Лид
ORIGINATOR_ID string 255 | Внешний источник
ORIGIN_ID string 255 | Идентификатор элемента во внешнем источнике
ORIGIN_VERSION string 255 | Версия оригинала
` + utmFields + activityFields + `
LAST_COMMUNICATION_TIME string ro | Дата последней коммуникации
` + multiFields + `
OBSERVERS any int | Наблюдатели
`
