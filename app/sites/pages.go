package sites

import (
	"context"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// root is «Настройка / Сайты».
const root = "/admin/settings/sites"

// pages are «Настройка / Сайты»: the list, adding and renaming a site, its token.
type pages struct {
	*Service
	panel *panel.Panel
}

// Pages puts «Настройка / Сайты» into the panel, for administrators.
func (s *Service) Pages(p *panel.Panel, admin *echo.Group) {
	h := &pages{Service: s, panel: p}
	p.AddMenu(panel.MenuItem{Section: "Настройка", Label: "Сайты", URL: root, Role: staff.Administrator})
	administrators := panel.Require(staff.Administrator)
	admin.GET("/settings/sites", h.list, administrators)
	admin.GET("/settings/sites/new", h.add, administrators)
	admin.POST("/settings/sites/new", h.add, administrators)
	admin.GET("/settings/sites/:id", h.edit, administrators)
	admin.POST("/settings/sites/:id", h.edit, administrators)
	admin.POST("/settings/sites/:id/token", h.newToken, administrators)
}

// listPage is templates/sites/list.html.
type listPage struct {
	panel.Page
	Sites []*Site
}

func (h *pages) list(c echo.Context) error {
	list, err := h.All(c.Request().Context())
	if err != nil {
		return err
	}
	return h.panel.Render(c, "sites/list", listPage{Page: panel.Page{Title: "Сайты"}, Sites: list})
}

// editPage is templates/sites/edit.html; Site is nil for a new one.
type editPage struct {
	panel.Page
	Site *Site
	Form *form.Form
}

// tokenPage is templates/sites/token.html: the only time the token is seen. It answers the POST itself, since a
// redirect would have to keep the token somewhere meanwhile.
type tokenPage struct {
	panel.Page
	Site  *Site
	Token string
}

func (h *pages) add(c echo.Context) error {
	site, token := &Site{}, ""
	f := &form.Form{
		Submit: "Добавить", Fields: site.fields(),
		Save: func(ctx context.Context, _ *db.Tx) error {
			added, made, err := h.Add(ctx, site.Name, site.URL, "")
			if err != nil {
				return err
			}
			site, token = added, made
			return nil
		},
	}
	page := editPage{Page: panel.Page{Title: "Новый сайт", Parent: parent(), Menu: root}, Form: f}
	saved, err := h.submit(c, f)
	if err != nil {
		return err
	}
	if saved {
		return h.showToken(c, site, token)
	}
	return h.render(c, page)
}

func (h *pages) edit(c echo.Context) error {
	found, err := h.asked(c)
	if err != nil {
		return err
	}
	site := *found
	f := &form.Form{
		Fields: site.fields(),
		Save: func(ctx context.Context, _ *db.Tx) error {
			_, err := h.Change(ctx, found.ID, site.Name, site.URL)
			return err
		},
	}
	page := editPage{Page: panel.Page{Title: found.Name, Parent: parent(), Menu: root}, Site: found, Form: f}
	saved, err := h.submit(c, f)
	if err != nil {
		return err
	}
	if saved {
		h.panel.Flash(c, panel.Good, "Сохранено")
		return panel.SeeOther(c, root)
	}
	return h.render(c, page)
}

// newToken replaces the token of a site; the old one stops working at once.
func (h *pages) newToken(c echo.Context) error {
	site, err := h.asked(c)
	if err != nil {
		return err
	}
	token, err := h.NewToken(c.Request().Context(), site.ID)
	if err != nil {
		return err
	}
	return h.showToken(c, site, token)
}

func (h *pages) showToken(c echo.Context, site *Site, token string) error {
	return h.panel.Render(c, "sites/token", tokenPage{
		Page: panel.Page{Title: "Токен сайта", Parent: parent(), Menu: root}, Site: site, Token: token,
	})
}

// submit saves a posted form; a form that is only shown is not saved.
func (h *pages) submit(c echo.Context, f *form.Form) (bool, error) {
	if c.Request().Method != http.MethodPost {
		return false, nil
	}
	return h.panel.Submit(c, form.Forms{f})
}

// render shows the form, a refused one as 422.
func (h *pages) render(c echo.Context, page editPage) error {
	if page.Form.Failed() {
		page.Status = http.StatusUnprocessableEntity
	}
	return h.panel.Render(c, "sites/edit", page)
}

func (h *pages) asked(c echo.Context) (*Site, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return nil, refusal.Unknown("Такого сайта нет.")
	}
	return h.Find(c.Request().Context(), id)
}

// fields are named as the service names them when it refuses a value.
func (s *Site) fields() []*form.Field {
	return []*form.Field{
		form.Text("Name", "Название", &s.Name).Required().Max(200),
		form.Text("URL", "Адрес", &s.URL).Required().Max(500).Keyboard("url").Example("https://shop.ru"),
	}
}

func parent() *panel.Link { return &panel.Link{Label: "Сайты", URL: root} }
