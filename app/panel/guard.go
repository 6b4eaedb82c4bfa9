package panel

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/refusal"
)

// pageBody is how much a page may post unless its route says otherwise with BodyLimit.
const pageBody = 1 << 20

// secured sets the headers that keep pages from running, framing or leaking what is not theirs.
func (p *Panel) secured(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "+
			"form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		if p.PublicURL.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// recovered turns a panic into an error that is logged with its stack.
func (p *Panel) recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			if e, ok := r.(error); ok && errors.Is(e, http.ErrAbortHandler) {
				panic(r) // net/http's own way to cut a connection
			}
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}()
		return next(c)
	}
}

// legible refuses an address with signs that no text has, and that no database takes: a zero byte, or what is not
// UTF-8.
func legible(next echo.HandlerFunc) echo.HandlerFunc {
	plain := func(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
	return func(c echo.Context) error {
		u := c.Request().URL
		for name, values := range u.Query() {
			if !plain(name) || !plain(strings.Join(values, "")) {
				return refusal.Unknown("В адресе страницы есть недопустимые знаки.")
			}
		}
		if !plain(u.Path) {
			return refusal.Unknown("В адресе страницы есть недопустимые знаки.")
		}
		return next(c)
	}
}

// sameOrigin refuses what another site makes a browser post.
func (p *Panel) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := p.csrf.Check(c.Request()); err != nil {
			return refusal.Denied("Запрос пришёл с другого сайта. Откройте страницу в панели и повторите")
		}
		return next(c)
	}
}

// limitedBody remembers the request's own body, so that a route may allow more than its group.
type limitedBody struct {
	io.ReadCloser
	whole io.ReadCloser
}

// BodyLimit bounds what may be posted: 413 beyond it. The innermost limit counts, so a route of a group may have its
// own.
func BodyLimit(bytes int64) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			whole := r.Body
			if outer, ok := whole.(limitedBody); ok {
				whole = outer.whole
			}
			r.Body = limitedBody{ReadCloser: http.MaxBytesReader(c.Response(), whole, bytes), whole: whole}
			return next(c)
		}
	}
}

// bodyError tells a body that is too long from one that cannot be read.
func bodyError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
}
