package organizations

import (
	"fmt"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
)

// tab is one of the parts of the organization's page; also the end of its address.
type tab string

const (
	tabInfo      tab = ""
	tabEmployees tab = "/employees"
)

// surroundings are title and tabs of an organization's page. «Заказы» is the list of orders, narrowed to it.
func surroundings(o *Organization, t tab) panel.Page {
	return panel.Page{
		Title: o.Name, Parent: &panel.Link{Label: "Организации", URL: root}, Menu: root,
		Tabs: []panel.Tab{
			{Label: "Инфо", URL: Address(o.ID), Active: t == tabInfo},
			{Label: "Сотрудники", URL: Address(o.ID) + string(tabEmployees), Count: lo.ToPtr(int64(len(o.Employees))), Active: t == tabEmployees},
			{Label: "Заказы", URL: fmt.Sprintf("/admin/orders?organization=%d", o.ID)},
		},
	}
}

// infoPage is templates/organizations/info.html.
type infoPage struct {
	panel.Page
	Organization *Organization
	Manager      string
	Facts        []form.Fact // what modules know about it
	Actions      []panel.ActionLink
	Widgets      []panel.Box
	MayEdit      bool
}

// info is the tab «Инфо».
func (h *pages) info(c echo.Context) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	managers, err := h.managers(c)
	if err != nil {
		return err
	}
	return h.panel.Render(c, "organizations/info", infoPage{
		Page: surroundings(o, tabInfo), Organization: o, Manager: managers.Name(o.ManagerID),
		Facts: h.Forms(c, h.panel, o).Facts(), Actions: h.Actions(c, h.panel, o), Widgets: h.Widgets(c, h.panel, o),
		MayEdit: mayEdit(c),
	})
}

// act performs an action that a module contributed.
func (h *pages) act(c echo.Context) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	return h.Act(c, h.panel, o, c.Param("action"), Address(o.ID))
}

// member is an employee with the client behind him.
type member struct {
	Employee
	Client *clients.Client
}

// employeesPage is templates/organizations/employees.html.
type employeesPage struct {
	panel.Page
	Organization *Organization
	Members      []member
	Roles        []form.Option[Role]
	MayEdit      bool
}

// employees is the tab «Сотрудники».
func (h *pages) employees(c echo.Context) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	people, err := h.clients.FindMany(c.Request().Context(),
		lo.Map(o.Employees, func(e Employee, _ int) int64 { return e.ClientID }))
	if err != nil {
		return err
	}
	return h.panel.Render(c, "organizations/employees", employeesPage{
		Page: surroundings(o, tabEmployees), Organization: o, Roles: roleOptions(), MayEdit: mayEdit(c),
		Members: lo.Map(o.Employees, func(e Employee, _ int) member { return member{e, people[e.ClientID]} }),
	})
}

func roleOptions() []form.Option[Role] {
	options := make([]form.Option[Role], len(Roles))
	for i, r := range Roles {
		options[i] = form.Option[Role]{Value: r.Role, Label: r.Label}
	}
	return options
}
