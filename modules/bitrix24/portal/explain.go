package portal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Explain says in Russian what went wrong between us and the portal, and what to do about it. It never holds a secret.
func Explain(err error) string {
	var moved *rest.MovedError
	var request *rest.RequestError
	refused, isRefusal := rest.AsRefusal(err)
	switch {
	case errors.As(err, &moved):
		return fmt.Sprintf("Портал переехал на %s. Сохраните в настройках новый адрес.", moved.Portal.Host)
	case isRefusal:
		return explainRefusal(refused)
	case errors.Is(err, rest.ErrAddress):
		return "Этот адрес портала нельзя вызывать: нужен https и общедоступное имя."
	case errors.As(err, &request):
		return explainSilence(request)
	}
	return err.Error()
}

// explainRefusal puts the portal's own codes into words (REST.md, section 4).
func explainRefusal(e *rest.Error) string {
	switch {
	case e.Credentials():
		return "Портал ответил: неверный код вебхука или номер сотрудника. Проверьте «Код входящего " +
			"вебхука» и «ID сотрудника», " +
			"не отозван ли вебхук и не уволен ли его владелец."
	case e.Plan():
		return "Портал ответил: REST API доступен только на платном тарифе Битрикс24. Продлите тариф " +
			"или подписку на Маркет."
	case e.Scope():
		return fmt.Sprintf(
			"Вебхуку не хватает прав для %s: отметьте «CRM» в «Настройке прав» входящего вебхука.", e.Method,
		)
	case e.QueryLimit():
		return "Портал просит реже обращаться к нему; продолжим через несколько секунд."
	case e.OperatingLimit():
		return fmt.Sprintf("Портал временно остановил метод %s: исчерпано время его работы. Продолжим сами.", e.Method)
	case e.Overload():
		return "Портал заблокировал REST API из-за перегрузки. Обратитесь в поддержку Битрикс24."
	case e.PortalDeleted():
		return "Портал закрыт. Укажите другой портал в настройках."
	case e.NotFound():
		return fmt.Sprintf(
			"Портал ответил на %s: такой записи нет. Её удалили в Битрикс24 или скрыли от владельца "+
				"вебхука: проверьте там и повторите отправку.",
			e.Method,
		)
	case e.NoMethod():
		return fmt.Sprintf(
			"На портале нет метода %s. Обновите Битрикс24, если он установлен на вашем сервере, "+
				"иначе обратитесь в его поддержку.",
			e.Method,
		)
	case e.WrongAuth():
		return fmt.Sprintf(
			"Портал не разрешает метод %s входящему вебхуку. Создайте вебхук заново от имени "+
				"администратора; если не поможет, обратитесь в поддержку Битрикс24.",
			e.Method,
		)
	case e.HTTPSRequired():
		return "Портал принимает только https. Впишите «URL портала», который начинается с https://, " +
			"и сохраните настройки."
	case e.AccessDenied():
		return fmt.Sprintf(
			"Владельцу вебхука не хватает прав в CRM (%s). Дайте ему права или создайте вебхук от "+
				"имени администратора.",
			e.Method,
		)
	case e.Unknown():
		return "Портал ответил ошибкой сервера; повторим и проверим, не сделана ли работа."
	}
	text := fmt.Sprintf(
		"Портал не принял %s: «%s». Что было отправлено, видно в «Журнале обмена»",
		e.Method,
		cmp.Or(e.Description, e.Code, "без объяснения"),
	)
	if e.Unexplained() {
		return text + ". Если ошибка не пройдёт сама, исправьте данные или настройки портала и повторите."
	}
	return text + ": исправьте данные или настройки портала и повторите."
}

// explainSilence says why there is no answer that could be read.
func explainSilence(e *rest.RequestError) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		return "Портала с таким адресом нет. Проверьте «URL портала»."
	case errors.Is(e.Err, rest.ErrWebhook):
		return "Вебхук указан не полностью: нужны адрес портала, номер сотрудника и код."
	case errors.As(e.Err, &timeout) && timeout.Timeout():
		return "Портал не ответил вовремя."
	case errors.Is(e.Err, io.ErrUnexpectedEOF):
		return "Ответ портала оборвался на середине; повторим и проверим, не сделана ли работа."
	case e.Status >= 500:
		return fmt.Sprintf(
			"Вместо портала ответил сервер перед ним (статус %d): портал временно недоступен. Продолжим сами.",
			e.Status,
		)
	case e.Status >= 300 && e.Status < 400:
		return "Портал перенаправляет на другой адрес. Проверьте «URL портала»."
	case e.Status != 0:
		return fmt.Sprintf("По адресу портала ответил не Битрикс24 (статус %d). Проверьте «URL портала».", e.Status)
	}
	return "Портал недоступен: соединение не установлено или прервано."
}
