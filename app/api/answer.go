package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/once"
	"github.com/pixlpark/panel/app/refusal"
)

// problem is a request that got nowhere near a service. What services refuse is a refusal.Error.
type problem struct {
	status         int
	field, message string
}

func (p *problem) Error() string { return p.message }

var (
	noToken = &problem{
		status:  http.StatusUnauthorized,
		message: "Нужен действующий токен сайта: Authorization: Bearer <токен>.",
	}
	unknownAddress = &problem{status: http.StatusNotFound, message: "Такого адреса в API нет."}
	wrongMethod    = &problem{
		status:  http.StatusMethodNotAllowed,
		message: "Этот адрес не отвечает на такой метод; возможные перечислены в заголовке Allow.",
	}
	wrongType = &problem{
		status:  http.StatusUnsupportedMediaType,
		message: "Тело запроса должно быть в JSON (Content-Type: application/json).",
	}
	tooLong  = &problem{status: http.StatusRequestEntityTooLarge, message: "Тело запроса больше 1 МБ."}
	cutShort = &problem{status: http.StatusBadRequest, message: "Тело запроса оборвалось."}
	internal = &problem{
		status:  http.StatusInternalServerError,
		message: "Не получилось из-за внутренней ошибки. Повторите запрос позже.",
	}
)

func unreadable(format string, args ...any) error {
	return &problem{status: http.StatusBadRequest, message: fmt.Sprintf(format, args...)}
}

var refusalStatus = map[refusal.Kind]int{
	refusal.Invalid:   http.StatusUnprocessableEntity,
	refusal.NotFound:  http.StatusNotFound,
	refusal.Conflict:  http.StatusConflict,
	refusal.Forbidden: http.StatusForbidden,
}

// errorBody is what every answer that is no success looks like.
type errorBody struct {
	Error struct{ Code, Message, Field string }
}

// fail answers an error. What is nobody's refusal is an accident: it is logged and answered without details.
func (a *api) fail(c echo.Context, err error) error {
	p := internal
	var known *problem
	if refused, ok := refusal.From(err); ok {
		p = &problem{status: refusalStatus[refused.Kind], field: refused.Field, message: refused.Message}
	} else if errors.As(err, &known) {
		p = known
	} else if !errors.Is(err, context.Canceled) {
		a.Log.WithError(err).WithField("path", c.Path()).Error("public API")
	}
	if p.status == http.StatusUnauthorized {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, "Bearer")
	}
	var body errorBody
	body.Error.Code = strings.ReplaceAll(http.StatusText(p.status), " ", "") // as the panel itself answers under /api
	body.Error.Message, body.Error.Field = p.message, p.field
	return c.JSON(p.status, body)
}

// simply does a call and tells its answer.
func (a *api) simply(ctx context.Context, c *call, status int, do handler) (answer, error) {
	value, err := do(ctx, c)
	if err != nil {
		return answer{}, err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return answer{}, fmt.Errorf("write answer: %w", err)
	}
	return answer{Answer: once.Answer{Status: status, Answer: string(text)}}, nil
}
