package panel

import (
	"context"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"
	"github.com/samber/lo"
	"github.com/sirupsen/logrus"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/staff"
)

// Options are what a panel is made of.
type Options struct {
	DB        *db.DB
	Staff     *staff.Service
	Log       *logrus.Entry
	Templates fs.FS          // layout.html, form/, and a folder for each of the host's owners
	Static    fs.FS          // served under /static/panel/
	PublicURL *url.URL       // how people reach the panel; https makes cookies secure
	Location  *time.Location // the account's time zone; default UTC
	SecretKey []byte         // seals what a refused form has to carry, signs what a browser is known by
	Proxies   []*net.IPNet   // whose X-Forwarded-For is believed
	Dev       bool           // read templates and static files anew on each request
}

// Panel renders pages and guards them. Everything that adds to it is called before Parse and not afterwards.
type Panel struct {
	Options
	sessions *scs.SessionManager
	csrf     *http.CrossOriginProtection
	sealer   *form.Sealer
	known    []byte // key of known browsers

	owners    []owner
	parsed    atomic.Pointer[loaded]
	sections  []Section
	items     []MenuItem
	banners   []func(context.Context) ([]Banner, error)
	forgetful []func(context.Context) error
}

// New makes a panel; Attach puts it on a server and Parse makes it ready.
func New(o Options) (*Panel, error) {
	if o.Location == nil {
		o.Location = time.UTC
	}
	sealer, err := form.NewSealer(o.SecretKey)
	if err != nil {
		return nil, err
	}
	known, err := knownKey(o.SecretKey)
	if err != nil {
		return nil, err
	}
	p := &Panel{Options: o, sealer: sealer, known: known, csrf: http.NewCrossOriginProtection()}
	if err := p.csrf.AddTrustedOrigin(o.PublicURL.Scheme + "://" + o.PublicURL.Host); err != nil {
		return nil, fmt.Errorf("trust the public address: %w", err)
	}
	p.sessions = newSessions(o)
	p.owners = []owner{{hostOwner, folder{o.Templates, "."}, folder{o.Static, "."}}}
	p.AddSection(Section{Title: settingsSection, Icon: "settings", Rank: 90})
	return p, nil
}

// Mount adds a module's folders templates/ and static/ under its name; either may be missing.
func (p *Panel) Mount(name string, files fs.FS) {
	p.owners = append(p.owners, owner{name, folder{files, "templates"}, folder{files, "static"}})
}

// Parse reads every template and static file. An error names the file; the program must not start with it.
func (p *Panel) Parse() error {
	parsed, err := load(p.owners, p.Location)
	if err != nil {
		return err
	}
	p.parsed.Store(parsed)
	return nil
}

// current is what Parse read; in development it is read anew.
func (p *Panel) current() (*loaded, error) {
	if p.Dev {
		if err := p.Parse(); err != nil {
			return nil, err
		}
	}
	return p.parsed.Load(), nil
}

// Attach puts the panel's own routes and middleware on the server and returns the groups for everybody's pages: admin
// asks for a signed-in employee, api leaves it to each route to check its caller.
func (p *Panel) Attach(e *echo.Echo) (admin, api *echo.Group) {
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = p.handleError
	e.IPExtractor = echo.ExtractIPFromXFFHeader(append(
		[]echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)},
		lo.Map(p.Proxies, func(n *net.IPNet, _ int) echo.TrustOption { return echo.TrustIPRange(n) })...)...)
	e.Use(compressed, p.recovered, p.secured)
	e.GET("/static/:owner/*", p.serveAsset)
	e.GET("/favicon.ico", p.serveFavicon)
	pages := p.Pages()
	e.GET("/", func(c echo.Context) error { return SeeOther(c, "/admin") }, pages...)
	e.GET("/login", p.loginPage, pages...)
	e.POST("/login", p.login, pages...)
	e.POST("/logout", p.logout, pages...)
	e.GET("/setup", p.setupPage, pages...)
	e.POST("/setup", p.setup, pages...)
	e.POST("/language", p.chooseLanguage, pages...)

	admin = e.Group("/admin", append(pages, p.signedIn)...)
	admin.GET("", p.home)
	p.addStaffPages(admin)
	admin.POST("/cache/reset", p.resetCache, Require(staff.Administrator))
	return admin, e.Group("/api", BodyLimit(pageBody))
}

// Pages is the middleware of everything that people open in a browser: session, language, origin check, body limit.
// The group returned by Attach has it already.
func (p *Panel) Pages() []echo.MiddlewareFunc {
	return []echo.MiddlewareFunc{
		BodyLimit(pageBody), p.withLanguage, legible, echo.WrapMiddleware(p.sessions.LoadAndSave), p.sameOrigin,
		p.withEmployee,
	}
}

// Render writes a page: its template inside the layout, with status page.Status (200 when it is zero). Nothing is
// written when the template fails; the error then becomes the error page.
func (p *Panel) Render(c echo.Context, name string, page Body) error {
	now, err := p.current()
	if err != nil {
		return err
	}
	v := p.view(c, page)
	v.Styles = now.assets.css
	html, err := now.templates.execute(v.Language, name, "layout", v)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	status := v.Page.Status
	if status == 0 {
		status = http.StatusOK
	}
	return c.HTMLBlob(status, html)
}

// Fragment renders a template that is no page of its own: a widget, a box.
func (p *Panel) Fragment(ctx context.Context, name string, data any) (template.HTML, error) {
	now, err := p.current()
	if err != nil {
		return "", err
	}
	html, err := now.templates.execute(LanguageFrom(ctx), name, name, data)
	return template.HTML(html), err // rendered by html/template just now
}

// Submit binds the posted values and, when every field accepts its own, checks all forms and saves them in one
// transaction. False means that the same page is to be shown again with status 422: the fields are marked and hold
// what was typed.
func (p *Panel) Submit(c echo.Context, forms form.Forms) (bool, error) {
	values, err := Values(c)
	if err != nil {
		return false, err
	}
	for _, f := range forms {
		f.Sealer = p.sealer
	}
	if !forms.Bind(values) {
		return false, nil
	}
	ctx := c.Request().Context()
	if err = forms.Check(ctx); err == nil {
		err = p.DB.Transaction(ctx, forms.Save)
	}
	if err != nil && forms.Failed() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, f := range forms {
		for _, remark := range f.Remarks {
			p.Flash(c, Warning, remark)
		}
	}
	return true, nil
}

// SeeOther answers a POST that succeeded: the browser goes on to a page. A dialog (panel.js) is told where to go
// instead, for a script that followed the redirect would use up the flash.
func SeeOther(c echo.Context, address string) error {
	if c.Request().Header.Get("X-Dialog") != "" {
		c.Response().Header().Set("X-Location", address)
		return c.NoContent(http.StatusNoContent)
	}
	return c.Redirect(http.StatusSeeOther, address)
}

// Values are the posted form fields, of either encoding, without the query.
func Values(c echo.Context) (url.Values, error) {
	if _, err := c.FormParams(); err != nil {
		return nil, bodyError(err)
	}
	return c.Request().PostForm, nil
}

// OnCacheReset adds what the button «Сбросить кеш сайта» does.
func (p *Panel) OnCacheReset(fn func(ctx context.Context) error) {
	p.forgetful = append(p.forgetful, fn)
}

func (p *Panel) resetCache(c echo.Context) error {
	for _, forget := range p.forgetful {
		if err := forget(c.Request().Context()); err != nil {
			return fmt.Errorf("reset cache: %w", err)
		}
	}
	p.Flash(c, Good, "Кеш сайта сброшен")
	return SeeOther(c, localPath(c.Request().Referer()))
}

// home goes to the first page of the menu that the employee may open.
func (p *Panel) home(c echo.Context) error {
	for _, section := range p.menu(c) {
		if section.URL != "" {
			return SeeOther(c, section.URL)
		}
		if len(section.Items) > 0 {
			return SeeOther(c, section.Items[0].URL)
		}
	}
	return p.Render(c, "panel/home", Page{Title: "Панель управления"})
}

// localPath is the path and query of an address, for going back to where somebody came from. It never leads to another
// host: what could is replaced by the start page.
func localPath(address string) string {
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, `\`) {
		return "/admin"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}
