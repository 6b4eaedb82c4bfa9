// Package api is the public API of the panel, through which a site registers clients and organizations, places orders
// and follows them. It speaks JSON in the names of Pixlpark's own API; a site proves itself by its bearer token.
//
// The package only translates: what may be written is decided by the services of app/orders, app/clients and
// app/organizations. Begin with Register; read.go turns a body into values, once.go makes a repeated POST harmless,
// answer.go holds every answer that is no success.
package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/sirupsen/logrus"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/app/staff"
)

// maxBody is how long a request's body may be.
const maxBody = 1 << 20

// Deps is what the API stands on.
type Deps struct {
	DB            *db.DB
	Sites         *sites.Service
	Clients       *clients.Service
	Organizations *organizations.Service
	Orders        *orders.Service
	PublicURL     string         // where archives of orders are found
	Location      *time.Location // of the account: instants are told in its offset
	Log           *logrus.Entry
}

type api struct{ Deps }

// handler does one call and returns what is answered.
type handler func(ctx context.Context, c *call) (any, error)

// call is a request that was read and whose site is known.
type call struct {
	site  *sites.Site
	id    int64 // from the path; 0 where it has none
	path  string
	query url.Values
	body  []byte
	key   string // Idempotency-Key
}

// Register mounts the API on its group, /api. Other handlers of the group check their own callers.
func Register(g *echo.Group, d Deps) {
	a := &api{d}
	a.route(g, "/clients", map[string]handler{"POST": a.registerClient})
	a.route(g, "/clients/:id", map[string]handler{"GET": a.client, "PATCH": a.changeClient})
	a.route(g, "/organizations", map[string]handler{"POST": a.registerOrganization})
	a.route(g, "/organizations/:id", map[string]handler{"GET": a.organization, "PATCH": a.changeOrganization})
	a.route(g, "/orders", map[string]handler{"GET": a.listOrders, "POST": a.placeOrder})
	a.route(g, "/orders/:id", map[string]handler{"GET": a.order, "DELETE": a.deleteOrder})
	a.route(g, "/orders/:id/status", map[string]handler{"POST": a.setStatus})
	a.route(g, "/orders/:id/payments", map[string]handler{"POST": a.pay})
	a.route(g, "/orders/:id/comments", map[string]handler{"POST": a.comment})
	a.route(g, "/orders/:id/items", map[string]handler{"PUT": a.replaceItems})
	for _, path := range []string{"", "/*"} {
		g.RouteNotFound(path, func(c echo.Context) error { return a.fail(c, unknownAddress) })
	}
}

// route serves a path. A POST to a collection creates something, and so answers 201.
func (a *api) route(g *echo.Group, path string, methods map[string]handler) {
	allowed := make([]string, 0, len(methods))
	for method := range methods {
		allowed = append(allowed, method)
	}
	slices.Sort(allowed)
	g.Any(path, func(c echo.Context) error { // what is added after it takes its methods from it
		c.Response().Header().Set(echo.HeaderAllow, strings.Join(allowed, ", "))
		return a.fail(c, wrongMethod)
	})
	for method, do := range methods {
		status := http.StatusOK
		if method == http.MethodPost && !strings.Contains(path, ":id") {
			status = http.StatusCreated
		}
		g.Add(method, path, a.serve(status, do))
	}
}

func (a *api) serve(status int, do handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		call, err := a.read(c)
		if err != nil {
			return a.fail(c, err)
		}
		ctx := staff.WithActor(c.Request().Context(), staff.Site())
		run := a.simply
		if c.Request().Method == http.MethodPost {
			run = a.once
		}
		given, err := run(ctx, call, status, do)
		if err != nil {
			return a.fail(c, err)
		}
		if given.repeated {
			c.Response().Header().Set("Idempotency-Replayed", "true")
		}
		return c.Blob(given.Status, echo.MIMEApplicationJSON, []byte(given.Answer.Answer))
	}
}

// read tells who calls and takes in what is asked for.
func (a *api) read(c echo.Context) (*call, error) {
	r := c.Request()
	scheme, token, _ := strings.Cut(r.Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(token) == "" {
		return nil, noToken
	}
	site, err := a.Sites.ByToken(r.Context(), strings.TrimSpace(token))
	if e, ok := refusal.From(err); ok && e.Kind == refusal.NotFound {
		return nil, noToken
	}
	if err != nil {
		return nil, err
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, unreadable("Строка запроса после «?» не читается.")
	}
	call := &call{site: site, path: r.URL.Path, query: query, key: r.Header.Get("Idempotency-Key")}
	if text := c.Param("id"); text != "" {
		if call.id, err = strconv.ParseInt(text, 10, 64); err != nil || call.id <= 0 {
			return nil, unknownAddress
		}
	}
	if r.Method == http.MethodGet || r.Method == http.MethodDelete {
		return call, nil
	}
	if !readable(r.Header.Get(echo.HeaderContentType)) {
		return nil, wrongType
	}
	call.body, err = io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, tooLong
	}
	if err != nil {
		return nil, cutShort
	}
	return call, nil
}

// readable reports whether a body so declared may be JSON. Many callers leave the type out or send their library's
// default, which says nothing about the body; only what is certainly something else is turned away.
func readable(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if contentType == "" || err != nil {
		return contentType == ""
	}
	switch kind {
	case "application/json", "text/json", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream":
		return true
	}
	return strings.HasSuffix(kind, "+json")
}
