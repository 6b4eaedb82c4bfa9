package panel

import (
	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/staff"
)

// Page is what the layout has to know about a page. Page structs embed it.
type Page struct {
	Title   string
	Parent  *Link  // «Организации» in «Организации / ООО Настольный теннис»
	Count   *int64 // in grey behind the title: Заказы (325)
	Help    string // address of «помощь»
	Tabs    []Tab
	Menu    string // address of the menu entry to highlight; default: the best match of the request's path
	Refresh int    // seconds after which the page's live parts ([data-live]) are fetched anew; 0: never
	Status  int    // HTTP status; 0 is 200, a form with errors is 422
	Bare    bool   // without menu: sign-in, set-up
}

// Body is a page: any struct that embeds Page.
type Body interface{ chrome() Page }

func (p Page) chrome() Page { return p }

// Link is an address with its words.
type Link struct{ Label, URL string }

// Tab is a part of a page under its title.
type Tab struct {
	Label, URL string
	Count      *int64 // in brackets behind the label
	Active     bool
}

// view is what layout.html is executed with; the page's own template sees only Body.
type view struct {
	Page     Page
	Body     any
	Path     string
	Employee *staff.Employee
	Menu     []menuSection
	Flash    []Flash
	Banners  []Banner
	Language Language
	Styles   []string
}

// view gathers the page's surroundings.
func (p *Panel) view(c echo.Context, body Body) view {
	ctx := c.Request().Context()
	v := view{
		Page: body.chrome(), Body: body, Path: c.Request().URL.RequestURI(),
		Employee: staff.EmployeeFrom(ctx), Language: LanguageFrom(ctx),
	}
	if v.Employee == nil {
		v.Page.Bare = true
	}
	v.Flash = p.popFlash(c)
	if v.Page.Bare {
		return v
	}
	v.Menu = p.menuAt(c, v.Page.Menu)
	if v.Employee.May(staff.Administrator) {
		v.Banners = p.gatherBanners(ctx)
	}
	return v
}

// PageSize keeps a requested number of rows within reason: 1 to 100, 25 when none was asked for.
func PageSize(take int) int {
	switch {
	case take <= 0:
		return 25
	case take > 100:
		return 100
	default:
		return take
	}
}
