// Package shop is a small shop on /site: a visitor registers, orders printing with files, and follows his order. It is
// there so that "a customer orders on the site" can be seen end to end; a real shop stands elsewhere and uses the
// public API. Like one it places orders as the site: staff.Site, orders.FromSite.
//
// Begin with Register. catalogue.go is what is sold, visitor.go what is remembered of whoever looks at it.
package shop

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/app/staff"
)

// root is where the shop's pages begin.
const root = "/site"

// uploads is how much one form with files may hold.
const uploads = 2*orders.MaxFileSize + 1<<20

// Deps is what the shop stands on.
type Deps struct {
	Panel         *panel.Panel // templates, sessions, limits on signing in; its pages are not the shop's
	Sites         *sites.Service
	Clients       *clients.Service
	Organizations *organizations.Service
	Orders        *orders.Service
}

type shop struct{ Deps }

// Register puts the shop on a server.
func Register(e *echo.Echo, d Deps) {
	s := &shop{d}
	g := e.Group(root, append(d.Panel.Pages(), s.welcome)...)
	g.GET("", s.home)
	g.GET("/products/:slug", s.product)
	g.POST("/products/:slug", s.addToCart)
	g.GET("/cart", s.cart)
	g.POST("/cart/remove", s.removeFromCart)

	g.GET("/register", s.registerPage)
	g.POST("/register", s.register)
	g.GET("/login", s.loginPage)
	g.POST("/login", s.login)
	g.POST("/logout", s.logout)

	g.GET("/checkout", s.checkoutPage, s.signedIn)
	g.POST("/checkout", s.checkout, s.signedIn, panel.BodyLimit(uploads))
	g.GET("/orders", s.orders, s.signedIn)
	g.GET("/orders/:number", s.order, s.signedIn)
	g.POST("/orders/:number/messages", s.say, s.signedIn)
	g.POST("/orders/:number/items/:item/files", s.addFiles, s.signedIn, panel.BodyLimit(uploads))
	g.RouteNotFound("/*", func(echo.Context) error { return refusal.Unknown("Такой страницы нет.") })
}

// welcome finds out who is here and where from, and turns refusals that no page has shown into a page of the shop.
func (s *shop) welcome(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		v, err := s.visit(c)
		if err == nil {
			ctx := staff.WithActor(c.Request().Context(), staff.Site())
			c.SetRequest(c.Request().WithContext(context.WithValue(ctx, visitorKey{}, v)))
			err = next(c)
		}
		status, words := http.StatusInternalServerError, ""
		if no, ok := refusal.From(err); ok {
			status, words = http.StatusUnprocessableEntity, no.Message
			if no.Kind == refusal.NotFound {
				status = http.StatusNotFound
			}
		} else if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			status, words = http.StatusRequestEntityTooLarge,
				"За один раз можно отправить не больше 50 МБ. Остальные файлы приложите к заказу позже."
		}
		if words == "" || v == nil {
			return err // none, or an accident: the panel logs it and answers
		}
		return s.render(c, status, "error", errorPage{s.page(c, "Не получилось"), words})
	}
}

type errorPage struct {
	page
	Message string
}

// page is what every page of the shop shows around its own content, and what its form needs.
type page struct {
	Title   string
	Visitor *visitor
	Notice  string
	Values  url.Values     // what was typed, when the form comes back
	Wrong   *refusal.Error // why it comes back
}

// page begins a page; a notice is shown once.
func (s *shop) page(c echo.Context, title string) page {
	notice := s.Panel.Sessions().PopString(c.Request().Context(), noticeKey)
	return page{Title: title, Visitor: visitorOf(c), Notice: notice}
}

// render writes a page: templates/shop/<name>.html, which embeds page.
func (s *shop) render(c echo.Context, status int, name string, view any) error {
	html, err := s.Panel.Fragment(c.Request().Context(), "shop/"+name, view)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return c.HTML(status, string(html))
}

// notice tells something on the next page.
func (s *shop) notice(c echo.Context, words string) {
	s.Panel.Sessions().Put(c.Request().Context(), noticeKey, words)
}

// Typed is what a field of the page's form holds.
func (p page) Typed(name string) string { return p.Values.Get(name) }

// Refused is why a field was refused, if it was.
func (p page) Refused(name string) string {
	if p.Wrong != nil && p.Wrong.Field == name {
		return p.Wrong.Message
	}
	return ""
}

// Field is a line of a form as templates/shop/field.html draws it: name and label, then the type of its input and, for
// one that may stay empty, "optional".
func (p page) Field(name, label, kind string, optional ...string) field {
	return field{
		Name: name, Label: label, Type: kind, Required: len(optional) == 0,
		Value: p.Typed(name), Wrong: p.Refused(name),
	}
}

type field struct {
	Name, Label, Type, Value, Wrong string
	Required                        bool
}

// refused says whether an error is to be shown on the form that caused it, with what was typed.
func (p *page) refused(err error, typed url.Values) bool {
	no, ok := refusal.From(err)
	if !ok || no.Kind == refusal.NotFound {
		return false
	}
	p.Wrong, p.Values = no, typed
	p.Values.Del("password")
	return true
}
