package organizations

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// root is where the pages of organizations begin.
const root = "/admin/organizations"

// pages are «Клиенты / Организации»: the list, an organization with its tabs, its legal entities and employees.
type pages struct {
	*Service
	panel *panel.Panel
	staff *staff.Service
}

// Pages puts «Клиенты / Организации» into the panel: its menu and its routes under /admin, and the organizations of a
// client on the client's page. Everybody may read. It comes after the pages of clients.
func (s *Service) Pages(p *panel.Panel, admin *echo.Group, employees *staff.Service) {
	h := &pages{Service: s, panel: p, staff: employees}
	p.AddMenu(panel.MenuItem{Section: clients.MenuSection, Label: "Организации", URL: root})
	s.clients.AddWidget(panel.Widget[*clients.Client]{
		Title: "Организации", Template: "organizations/of_client", Data: s.ofClient,
	})

	edits := panel.Require(staff.Operator)
	admin.GET("/organizations", h.list)
	admin.GET("/organizations/new", h.add, edits)
	admin.POST("/organizations/new", h.add, edits)
	admin.GET("/organizations/:id", h.info)
	admin.GET("/organizations/:id/edit", h.edit, edits)
	admin.POST("/organizations/:id/edit", h.edit, edits)
	admin.POST("/organizations/:id/actions/:action", h.act) // each action names its own role

	admin.GET("/organizations/:id/legal-entities/new", h.addLegalEntity, edits)
	admin.POST("/organizations/:id/legal-entities/new", h.addLegalEntity, edits)
	admin.GET("/organizations/:id/legal-entities/:entity", h.editLegalEntity, edits)
	admin.POST("/organizations/:id/legal-entities/:entity", h.editLegalEntity, edits)
	admin.POST("/organizations/:id/legal-entities/:entity/delete", h.deleteLegalEntity, edits)

	admin.GET("/organizations/:id/employees", h.employees)
	admin.GET("/organizations/:id/employees/new", h.addEmployee, edits)
	admin.POST("/organizations/:id/employees/new", h.addEmployee, edits)
	admin.POST("/organizations/:id/employees/:employee", h.changeRole, edits)
	admin.POST("/organizations/:id/employees/:employee/delete", h.removeEmployee, edits)
}

// Address is the page of an organization.
func Address(id int64) string { return fmt.Sprintf("%s/%d", root, id) }

// asked finds the organization of the address.
func (h *pages) asked(c echo.Context) (*Organization, error) {
	id, err := number(c, "id")
	if err != nil {
		return nil, err
	}
	return h.Find(c.Request().Context(), id)
}

// number reads a number of the address; whatever is no number is a page that is not there.
func number(c echo.Context, name string) (int64, error) {
	id, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil {
		return 0, refusal.Unknown("Такой организации нет.")
	}
	return id, nil
}

// managers are everybody who may be, or once was, in charge of an organization.
func (h *pages) managers(c echo.Context) (clients.Managers, error) {
	return h.staff.List(c.Request().Context())
}

// mayEdit reports whether the signed-in employee may change organizations.
func mayEdit(c echo.Context) bool { return panel.Employee(c).May(staff.Operator) }

// refused shows on a page why a button did nothing; every other error goes on.
func (h *pages) refused(c echo.Context, err error, back string) error {
	no, ok := refusal.From(err)
	if !ok || no.Kind == refusal.NotFound {
		return err
	}
	h.panel.Flash(c, panel.Bad, no.Message)
	return panel.SeeOther(c, back)
}

// membership is an organization as its employee's page lists it.
type membership struct {
	*Organization
	Role Role
}

// ofClient is the widget on a client's page; a client without organizations has none.
func (s *Service) ofClient(ctx context.Context, client *clients.Client) (any, error) {
	list, err := s.Of(ctx, client.ID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	var memberships []membership
	for _, o := range list {
		for _, e := range o.Employees {
			if e.ClientID == client.ID {
				memberships = append(memberships, membership{o, e.Role})
			}
		}
	}
	return memberships, nil
}

// onPage is how many organizations the list shows at once.
const onPage = 50

// filter is what narrows the list, as it stands in the address.
type filter struct {
	Text   string
	Status clients.Status
	Type   Type
	Before int64
}

func readFilter(c echo.Context) filter {
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64) // not a number: from the beginning
	f := filter{
		Text: strings.TrimSpace(c.QueryParam("q")), Status: clients.Status(c.QueryParam("status")),
		Type: Type(c.QueryParam("type")), Before: max(before, 0),
	}
	if f.Status.Label() == "" {
		f.Status = ""
	}
	if f.Type.Label() == "" {
		f.Type = NoType
	}
	return f
}

// Address is the list with this filter.
func (f filter) Address() string {
	values := url.Values{}
	for name, value := range map[string]string{"q": f.Text, "status": string(f.Status), "type": string(f.Type)} {
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

// row is an organization as the list shows it.
type row struct {
	*Organization
	Manager string
}

// listPage is templates/organizations/list.html.
type listPage struct {
	panel.Page
	Filter      filter
	Statuses    []form.Option[clients.Status]
	Types       []form.Option[Type]
	Rows        []row
	First, Next string // addresses of the beginning and of what follows; empty where there is nothing to go to
	MayEdit     bool
}

func (h *pages) list(c echo.Context) error {
	f := readFilter(c)
	found, err := h.List(c.Request().Context(), Query{
		Text: f.Text, Status: f.Status, Type: f.Type, Before: f.Before, Take: onPage + 1,
	})
	if err != nil {
		return err
	}
	managers, err := h.managers(c)
	if err != nil {
		return err
	}
	page := listPage{
		Page: panel.Page{Title: "Организации"}, Filter: f, MayEdit: mayEdit(c),
		Statuses: clients.StatusOptions(), Types: typeOptions(),
	}
	if f.Before > 0 {
		first := f
		first.Before = 0
		page.First = first.Address()
	}
	if len(found) > onPage {
		found = found[:onPage]
		next := f
		next.Before = found[onPage-1].ID
		page.Next = next.Address()
	}
	for _, o := range found {
		page.Rows = append(page.Rows, row{o, managers.Name(o.ManagerID)})
	}
	return h.panel.Render(c, "organizations/list", page)
}

// typeOptions are the choices of a selection over types of companies; «Не задано» is added where it makes sense.
func typeOptions() []form.Option[Type] {
	options := make([]form.Option[Type], len(Types))
	for i, t := range Types {
		options[i] = form.Option[Type]{Value: t.Type, Label: t.Label}
	}
	return options
}
