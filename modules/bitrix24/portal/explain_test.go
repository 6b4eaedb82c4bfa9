package portal_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

func TestExplain_saysWhatToDo(t *testing.T) {
	t.Parallel()
	refused := func(method, code, description string, status int) error {
		return fmt.Errorf("push order 5: %w", &rest.Error{Method: method, Code: code, Description: description, Status: status})
	}
	silent := func(status int, err error) error {
		return fmt.Errorf("push order 5: %w", &rest.RequestError{Method: rest.BatchMethod, Sent: true, Status: status, Err: err})
	}
	address, err := rest.ParsePortal("https://new.bitrix24.ru")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"wrong code":           {refused("batch", "INVALID_CREDENTIALS", "", 401), "Проверьте «Код входящего вебхука»"},
		"webhook gone":         {refused("batch", "NO_AUTH_FOUND", "", 401), "не отозван ли вебхук"},
		"no plan":              {refused("batch", "ACCESS_DENIED", "only on commercial plans", 401), "Продлите тариф"},
		"no scope":             {refused("crm.item.add", "insufficient_scope", "", 403), "не хватает прав для crm.item.add: отметьте «CRM»"},
		"too often":            {refused("batch", "QUERY_LIMIT_EXCEEDED", "", 503), "продолжим через несколько секунд"},
		"method rests":         {refused("crm.item.list", "OPERATION_TIME_LIMIT", "", 429), "временно остановил метод crm.item.list"},
		"overload":             {refused("batch", "OVERLOAD_LIMIT", "", 503), "Обратитесь в поддержку Битрикс24"},
		"portal closed":        {refused("batch", "PORTAL_DELETED", "", 403), "Укажите другой портал в настройках"},
		"record gone":          {refused("crm.item.update", "NOT_FOUND", "Элемент не найден", 400), "crm.item.update: такой записи нет"},
		"record gone, in text": {refused("crm.deal.contact.add", "", "Not found", 400), "такой записи нет"},
		"no method":            {refused("crm.item.add", "ERROR_METHOD_NOT_FOUND", "", 404), "Обновите Битрикс24"},
		"for applications":     {refused("event.bind", "WRONG_AUTH_TYPE", "", 403), "Создайте вебхук заново от имени администратора"},
		"https":                {refused("batch", "INVALID_REQUEST", "Https required.", 403), "начинается с https://"},
		"no rights":            {refused("crm.item.add", "ACCESS_DENIED", "Доступ запрещён", 403), "не хватает прав в CRM (crm.item.add)"},
		"server error":         {refused("batch", "INTERNAL_SERVER_ERROR", "", 500), "повторим и проверим, не сделана ли работа"},
		"its own words": {
			refused("crm.item.add", "CRM_FIELD_ERROR", "Поле заполнено неверно", 400),
			"не принял crm.item.add: «Поле заполнено неверно»",
		},
		"its code alone":      {refused("crm.item.add", "ODD_CODE", "", 400), "«ODD_CODE»"},
		"nothing said":        {refused("crm.item.add", "", "", 400), "«без объяснения»"},
		"moved":               {fmt.Errorf("ask: %w", &rest.MovedError{Portal: address}), "Портал переехал на new.bitrix24.ru"},
		"private address":     {fmt.Errorf("ask: %w", rest.ErrAddress), "нужен https и общедоступное имя"},
		"no such name":        {silent(0, &net.DNSError{IsNotFound: true}), "Портала с таким адресом нет"},
		"half a webhook":      {silent(0, rest.ErrWebhook), "нужны адрес портала, номер сотрудника и код"},
		"timeout":             {silent(0, context.DeadlineExceeded), "Портал не ответил вовремя."},
		"half an answer":      {silent(200, io.ErrUnexpectedEOF), "Ответ портала оборвался на середине"},
		"a proxy's page":      {silent(502, errors.New("no JSON")), "(статус 502)"},
		"a redirect":          {silent(302, errors.New("no JSON")), "перенаправляет на другой адрес"},
		"another program":     {silent(200, errors.New("no JSON")), "ответил не Битрикс24 (статус 200)"},
		"no connection":       {silent(0, errors.New("connection refused")), "соединение не установлено или прервано"},
		"an error of our own": {plan.ErrNoPreset, "добавьте его в «CRM / Настройки / Реквизиты»"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := portal.Explain(c.err); !strings.Contains(got, c.want) {
				t.Errorf("explanation = %q, want %q in it", got, c.want)
			}
		})
	}
}
