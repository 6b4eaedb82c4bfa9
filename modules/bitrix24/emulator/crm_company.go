package emulator

// companyFields are the fields of crm.company.* (REST.md 12). REG_ADDRESS and what begins with it is the legal
// address.
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
