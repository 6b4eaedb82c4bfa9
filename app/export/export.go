// Package export is «Заказы / Настройка / Выгрузка заказов»: the page on which modules show their settings, one
// section each, under a toggle that unfolds the section's form in place. The page owns routes, roles, the tariff's
// lock and the transaction; a section only opens its form. Begin with Section.
package export

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/app/tariff"
)

// URL is the page; a section is posted to URL/<name>, its actions to URL/<name>/actions/<action>.
const URL = "/admin/orders/settings/export"

// Page is «Выгрузка заказов».
type Page struct {
	panel    *panel.Panel
	tariff   *tariff.Service
	tabs     func(present string) []panel.Tab
	sections []Section
}

// New returns the page without sections.
func New(p *panel.Panel, t *tariff.Service) *Page { return &Page{panel: p, tariff: t} }

var sectionName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// AddSection adds a module's section, below those added before. A second one of the name is a mistake of the program.
func (p *Page) AddSection(s Section) {
	if !sectionName.MatchString(s.Name) ||
		slices.ContainsFunc(p.sections, func(other Section) bool { return other.Name == s.Name }) {
		panic("export: section " + s.Name + " is badly named or added twice")
	}
	if s.Group == "" {
		s.Group = CRM
	}
	p.sections = append(p.sections, s)
}

// Pages puts the page under /admin, for administrators. tabs are those of «Заказы / Настройка» with the present
// marked.
func (p *Page) Pages(admin *echo.Group, tabs func(present string) []panel.Tab) {
	p.tabs = tabs
	const path = "/orders/settings/export"
	administrators := panel.Require(staff.Administrator)
	admin.GET(path, func(c echo.Context) error { return p.show(c, "", nil) }, administrators)
	admin.POST(path+"/:section", p.save, administrators)
	admin.POST(path+"/:section/actions/:action", p.act, administrators)
}

// save binds and saves the form of one section. Refused, the page comes back with it as it was typed.
func (p *Page) save(c echo.Context) error {
	s, err := p.asked(c)
	if err != nil {
		return err
	}
	allowed, err := p.tariff.Allows(c.Request().Context(), s.Requires)
	if err != nil {
		return err
	}
	if !allowed {
		return p.show(c, s.Name, nil)
	}
	f, err := s.open(c.Request().Context())
	if err != nil {
		return err
	}
	saved, err := p.panel.Submit(c, form.Forms{f})
	if err != nil {
		return err
	}
	if !saved {
		return p.show(c, s.Name, f)
	}
	p.panel.Flash(c, panel.Good, "Сохранено. Кеш сайта сброшен.")
	return panel.SeeOther(c, URL)
}

// act performs an action of a section.
func (p *Page) act(c echo.Context) error {
	ctx := c.Request().Context()
	s, err := p.asked(c)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(s.Actions, func(a Action) bool { return a.Name == c.Param("action") })
	if i < 0 {
		return refusal.Unknown("Такого действия нет")
	}
	allowed, err := p.tariff.Allows(ctx, s.Requires)
	if err != nil {
		return err
	}
	if !allowed {
		return p.show(c, s.Name, nil)
	}
	a := s.Actions[i]
	notice, err := a.Do(ctx)
	if refused, ok := refusal.From(err); ok {
		p.panel.Flash(c, panel.Bad, refused.Message)
		return panel.SeeOther(c, URL)
	}
	if err != nil {
		return fmt.Errorf("action %s of %s: %w", a.Name, s.Name, err)
	}
	if notice != "" {
		p.panel.Flash(c, panel.Good, notice)
	}
	if a.Then != "" {
		return panel.SeeOther(c, a.Then)
	}
	return panel.SeeOther(c, URL)
}

// asked finds the section of the address.
func (p *Page) asked(c echo.Context) (Section, error) {
	i := slices.IndexFunc(p.sections, func(s Section) bool { return s.Name == c.Param("section") })
	if i < 0 {
		return Section{}, refusal.Unknown("Такой интеграции нет")
	}
	return p.sections[i], nil
}
