package bitrix24test

const StatusPath = "/admin/bitrix24/status"
