package panel

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/staff"
)

const settingsSection = "Настройка"

// Section is a top entry of the left menu; it opens to show its items while one of them is the present page.
type Section struct {
	Title string
	Icon  string // name in static/icons.svg
	URL   string // where the section leads; default: its first item
	Add   string // address of the + button, optional
	Rank  int    // sections are shown in this order: 10 orders, 20 clients, 90 settings
}

// MenuItem is a line under a section of the left menu.
type MenuItem struct {
	Section    string     // title of the section; an unknown one is made
	Label, URL string     // the URL may have a query: "/admin/orders?group=work"
	Role       staff.Role // who sees it; empty: every employee
}

// AddSection adds a section to the left menu, or completes the one of that title.
func (p *Panel) AddSection(s Section) {
	if i := slices.IndexFunc(p.sections, func(known Section) bool { return known.Title == s.Title }); i >= 0 {
		p.sections[i] = s
	} else {
		p.sections = append(p.sections, s)
	}
	slices.SortStableFunc(p.sections, func(a, b Section) int { return cmp.Compare(a.Rank, b.Rank) })
}

// AddMenu adds a line to a section of the left menu, below those added before.
func (p *Panel) AddMenu(item MenuItem) {
	if !slices.ContainsFunc(p.sections, func(s Section) bool { return s.Title == item.Section }) {
		p.AddSection(Section{Title: item.Section, Icon: "plug", Rank: 50})
	}
	p.items = append(p.items, item)
}

// menuSection is a section as the layout draws it for one employee and one page.
type menuSection struct {
	Section
	Open  bool
	Items []menuItem
}

type menuItem struct {
	MenuItem
	Active bool
}

// menu is what the employee may see; sections with nothing in them are left out.
func (p *Panel) menu(c echo.Context) []menuSection {
	employee := staff.EmployeeFrom(c.Request().Context())
	var shown []menuSection
	for _, s := range p.sections {
		section := menuSection{Section: s}
		for _, item := range p.items {
			if item.Section == s.Title && (item.Role == "" || employee.May(item.Role)) {
				section.Items = append(section.Items, menuItem{MenuItem: item})
			}
		}
		if len(section.Items) == 0 {
			continue
		}
		if section.URL == "" {
			section.URL = section.Items[0].URL
		}
		shown = append(shown, section)
	}
	return shown
}

// menuAt is the menu with the present page marked: the given address, or else the entry that fits the request best.
func (p *Panel) menuAt(c echo.Context, address string) []menuSection {
	here := c.Request().URL
	if address != "" {
		if u, err := url.Parse(address); err == nil {
			here = u
		}
	}
	menu := p.menu(c)
	best, bestSection, bestItem := 0, -1, -1
	for i, section := range menu {
		for j, item := range section.Items {
			if score := fit(item.URL, here); score > best {
				best, bestSection, bestItem = score, i, j
			}
		}
		if score := fit(section.URL, here); score > best {
			best, bestSection, bestItem = score, i, -1
		}
	}
	if bestSection >= 0 {
		menu[bestSection].Open = true
	}
	if bestItem >= 0 {
		menu[bestSection].Items[bestItem].Active = true
	}
	return menu
}

// fit says how well an entry's address describes the page: the longest path wins, then the most of the query; 0: not.
func fit(entry string, here *url.URL) int {
	u, err := url.Parse(entry)
	if err != nil || here.Path != u.Path && !strings.HasPrefix(here.Path, u.Path+"/") {
		return 0
	}
	score := len(u.Path) * 100
	for name, values := range u.Query() {
		if here.Path != u.Path || here.Query().Get(name) != values[0] {
			return 0
		}
		score++
	}
	return score
}
