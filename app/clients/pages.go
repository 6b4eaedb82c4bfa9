package clients

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// MenuSection is the entry of the left menu that people and organizations stand under.
const MenuSection = "Клиенты"

// root is where the pages of clients begin.
const root = "/admin/clients"

// pages are «Клиенты / Частные лица»: the list, a client, editing and adding one.
type pages struct {
	*Service
	panel *panel.Panel
	staff *staff.Service
}

// Pages puts «Клиенты / Частные лица» into the panel: its menu and its routes under /admin. Everybody may read.
func (s *Service) Pages(p *panel.Panel, admin *echo.Group, employees *staff.Service) {
	h := &pages{Service: s, panel: p, staff: employees}
	p.AddSection(panel.Section{Title: MenuSection, Icon: "users", URL: root, Rank: 20})
	p.AddMenu(panel.MenuItem{Section: MenuSection, Label: "Частные лица", URL: root})

	edits := panel.Require(staff.Operator)
	admin.GET("/clients", h.list)
	admin.GET("/clients/new", h.add, edits)
	admin.POST("/clients/new", h.add, edits)
	admin.GET("/clients/:id", h.client)
	admin.GET("/clients/:id/edit", h.edit, edits)
	admin.POST("/clients/:id/edit", h.edit, edits)
	admin.POST("/clients/:id/actions/:action", h.act) // each action names its own role
}

// Address is the page of a client.
func Address(id int64) string { return fmt.Sprintf("%s/%d", root, id) }

// asked finds the client of the address; whatever is no number is nobody.
func (h *pages) asked(c echo.Context) (*Client, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return nil, refusal.Unknown("Такого клиента нет.")
	}
	return h.Find(c.Request().Context(), id)
}

// managers are everybody who may be, or once was, in charge of a client.
func (h *pages) managers(c echo.Context) (Managers, error) {
	return h.staff.List(c.Request().Context())
}

// mayEdit reports whether the signed-in employee may change clients.
func mayEdit(c echo.Context) bool { return panel.Employee(c).May(staff.Operator) }

// onPage is how many clients the list shows at once.
const onPage = 50

// filter is what narrows the list, as it stands in the address.
type filter struct {
	Text   string
	Status Status
	Before int64
}

func readFilter(c echo.Context) filter {
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64) // not a number: from the beginning
	return filter{
		Text:   strings.TrimSpace(c.QueryParam("q")),
		Status: Status(c.QueryParam("status")),
		Before: max(before, 0),
	}
}

// Address is the list with this filter.
func (f filter) Address() string {
	values := url.Values{}
	for name, value := range map[string]string{"q": f.Text, "status": string(f.Status)} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if f.Before > 0 {
		values.Set("before", strconv.FormatInt(f.Before, 10))
	}
	if len(values) == 0 {
		return root
	}
	return root + "?" + values.Encode()
}

// row is a client as the list shows him.
type row struct {
	*Client
	Manager string
}

// listPage is templates/clients/list.html.
type listPage struct {
	panel.Page
	Filter      filter
	Statuses    []form.Option[Status]
	Rows        []row
	First, Next string // addresses of the beginning and of what follows; empty where there is nothing to go to
	MayEdit     bool
}

func (h *pages) list(c echo.Context) error {
	f := readFilter(c)
	if f.Status.Label() == "" {
		f.Status = ""
	}
	found, err := h.List(c.Request().Context(), Query{Text: f.Text, Status: f.Status, Before: f.Before, Take: onPage + 1})
	if err != nil {
		return err
	}
	managers, err := h.managers(c)
	if err != nil {
		return err
	}
	page := listPage{Page: panel.Page{Title: "Частные лица"}, Filter: f, Statuses: StatusOptions(), MayEdit: mayEdit(c)}
	if f.Before > 0 {
		page.First = filter{Text: f.Text, Status: f.Status}.Address()
	}
	if len(found) > onPage {
		found = found[:onPage]
		page.Next = filter{Text: f.Text, Status: f.Status, Before: found[onPage-1].ID}.Address()
	}
	for _, client := range found {
		page.Rows = append(page.Rows, row{client, managers.Name(client.ManagerID)})
	}
	return h.panel.Render(c, "clients/list", page)
}
