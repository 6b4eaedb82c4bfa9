package emulator

// utmFields say where a visitor came from; all four kinds of records have them.
const utmFields = `
UTM_SOURCE string 255 | Рекламная система
UTM_MEDIUM string 255 | Тип трафика
UTM_CAMPAIGN string 255 | Обозначение рекламной кампании
UTM_CONTENT string 255 | Содержание кампании
UTM_TERM string 255 | Условие поиска кампании
`

// activityFields follow from the timeline.
const activityFields = `
LAST_ACTIVITY_TIME datetime ro | Последняя активность
LAST_ACTIVITY_BY user ro | Автор последней активности
`

// addressFields are the address that leads, contacts and companies have in themselves.
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

// multiFields are shown by *.fields only; see multifield for the values.
const multiFields = `
PHONE crm_multifield mul item=- | Телефон
EMAIL crm_multifield mul item=- | E-mail
WEB crm_multifield mul item=- | Сайт
IM crm_multifield mul item=- | Мессенджер
LINK crm_multifield mul item=- | LINK
`
