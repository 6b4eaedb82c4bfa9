package bitrix24test

// StatusPath is the address of «Состояние обмена».
const StatusPath = "/admin/bitrix24/status"
