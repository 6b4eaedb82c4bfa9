package panel

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// statusClosed is what proxies log when the browser went away before the answer.
const statusClosed = 499

// errorPage is what templates/panel/error.html shows.
type errorPage struct {
	Page
	Message string
}

// handleError is the only place where an error becomes an answer: refusals with their words, everything else logged
// once and answered without details.
func (p *Panel) handleError(err error, c echo.Context) {
	status, message, field := explain(err)
	if status == http.StatusInternalServerError {
		p.Log.WithError(err).WithField("method", c.Request().Method).WithField("path", c.Path()).Error("request failed")
	}
	if c.Response().Committed || status == statusClosed {
		return
	}
	var sent error
	switch {
	case c.Request().Method == http.MethodHead:
		sent = c.NoContent(status)
	case strings.HasPrefix(c.Request().URL.Path+"/", "/api/"):
		sent = c.JSON(status, apiError(status, message, field))
	default:
		page := errorPage{Page: Page{Title: errorTitle(status), Status: status}, Message: message}
		sent = p.Render(c, "panel/error", page)
		if sent != nil {
			_ = c.String(http.StatusInternalServerError, errorTitle(http.StatusInternalServerError))
		}
	}
	if sent != nil {
		p.Log.WithError(sent).Error("error page failed")
	}
}

// explain says what an error means to whoever made the request.
func explain(err error) (status int, message, field string) {
	if r, ok := refusal.From(err); ok {
		return refusalStatus(r.Kind), r.Message, r.Field
	}
	if e, ok := errors.AsType[form.FieldError](err); ok {
		return http.StatusUnprocessableEntity, e.Message, e.Name
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge, "Слишком много данных за один раз", ""
	}
	if _, ok := errors.AsType[*staff.TooManyAttempts](err); ok {
		return http.StatusTooManyRequests, "Слишком много попыток входа. Подождите и попробуйте снова", ""
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		return e.Code, "", ""
	}
	if errors.Is(err, context.Canceled) {
		return statusClosed, "", ""
	}
	return http.StatusInternalServerError, "", ""
}

func refusalStatus(kind refusal.Kind) int {
	switch kind {
	case refusal.NotFound:
		return http.StatusNotFound
	case refusal.Forbidden:
		return http.StatusForbidden
	case refusal.Conflict:
		return http.StatusConflict
	default:
		return http.StatusUnprocessableEntity
	}
}

// errorTitle is the heading of an error page.
func errorTitle(status int) string {
	switch status {
	case http.StatusNotFound:
		return "Страница не найдена"
	case http.StatusForbidden:
		return "Нет доступа"
	case http.StatusConflict:
		return "Не получилось"
	case http.StatusMethodNotAllowed:
		return "Так страницу открыть нельзя"
	case http.StatusRequestEntityTooLarge:
		return "Слишком большой запрос"
	case http.StatusTooManyRequests:
		return "Слишком много попыток"
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return "Запрос не принят"
	default:
		return "Ошибка на сервере"
	}
}

// apiAnswer is an error in the public API's shape.
type apiAnswer struct {
	Error struct {
		Code    string `json:"Code"`
		Message string `json:"Message"`
		Field   string `json:"Field,omitempty"`
	} `json:"Error"`
}

func apiError(status int, message, field string) apiAnswer {
	var a apiAnswer
	a.Error.Code = strings.ReplaceAll(http.StatusText(status), " ", "")
	a.Error.Message, a.Error.Field = message, field
	if message == "" {
		a.Error.Message = errorTitle(status)
	}
	return a
}
