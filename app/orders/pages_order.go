package orders

import (
	"context"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/app/staff"
)

// tab is one of the three parts of the order's page; also the end of its address.
type tab string

const (
	tabManage     tab = ""
	tabDiscussion tab = "/discussion"
	tabHistory    tab = "/history"
)

// orderPage is the order with its surroundings; each tab's template takes what it shows.
type orderPage struct {
	panel.Page
	Order        *Order
	Site         *sites.Site
	Client       *clients.Client
	Organization *organizations.Organization // empty when the client ordered for himself
	Payer        organizations.LegalEntity
	Manager      string
	Phones       []phoneLine
	Statuses     []statusGroup
	ArchiveURL   string
	Actions      []panel.ActionLink
	Widgets      []panel.Box
	Talk         []remark
	Events       []Event    // newest first
	MessageForm  *form.Form // nil where the employee's role may not

	MayAct                     bool // change the status, repeat the order: what is left of a deleted one
	MayEdit, MayPay, MayDelete bool
}

// remark is a message of «Обсуждение» as the page shows it.
type remark struct {
	Message
	FromClient bool
}

func (h *pages) order(c echo.Context) error      { return h.show(c, tabManage) }
func (h *pages) discussion(c echo.Context) error { return h.show(c, tabDiscussion) }
func (h *pages) history(c echo.Context) error    { return h.show(c, tabHistory) }

func (h *pages) show(c echo.Context, t tab) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	page, err := h.orderPage(c, o, t)
	if err != nil {
		return err
	}
	return h.render(c, t, page)
}

func (h *pages) render(c echo.Context, t tab, page orderPage) error {
	template := map[tab]string{
		tabManage: "orders/order", tabDiscussion: "orders/discussion", tabHistory: "orders/history",
	}[t]
	return h.panel.Render(c, template, page)
}

// orderPage gathers what a tab of the order shows.
func (h *pages) orderPage(c echo.Context, o *Order, t tab) (orderPage, error) {
	ctx := c.Request().Context()
	page := orderPage{Order: o, Page: panel.Page{
		Title:  strconv.FormatInt(o.ID, 10),
		Parent: &panel.Link{Label: o.Status.Label(), URL: filter{Group: o.Status.Group()}.Address()},
		Tabs:   orderTabs(o, t), Menu: filter{Group: o.Status.Group()}.Address(),
	}}
	var err error
	if page.Site, err = h.sites.Find(ctx, o.SiteID); err != nil {
		return page, err
	}
	people, err := h.customers(ctx, []*Order{o})
	if err != nil {
		return page, err
	}
	page.Client = people.client(o)
	page.Organization, page.Payer = people.organization(o)
	page.MayAct = mayAny(c, staff.Operator)
	if o.Status != Deleted {
		page.MayEdit, page.MayDelete = page.MayAct, mayAny(c, staff.Supervisor)
		page.MayPay = mayAny(c, staff.Operator, staff.Accountant)
	}

	switch t {
	case tabManage:
		err = h.fillManage(c, &page)
	case tabDiscussion:
		page.Talk = lo.Map(o.Messages, func(m Message, _ int) remark {
			return remark{m, m.Author == page.Client.Name() || m.Author == staff.Site().Name}
		})
		if page.MayEdit {
			page.MessageForm = h.messageForm(o)
		}
	case tabHistory:
		page.Events, err = h.History(ctx, o.ID)
		slices.Reverse(page.Events)
	}
	return page, err
}

func orderTabs(o *Order, t tab) []panel.Tab {
	messages := int64(len(o.Messages))
	return []panel.Tab{
		{Label: "Управление", URL: address(o.ID) + string(tabManage), Active: t == tabManage},
		{Label: "Обсуждение", URL: address(o.ID) + string(tabDiscussion), Count: &messages, Active: t == tabDiscussion},
		{Label: "История", URL: address(o.ID) + string(tabHistory), Active: t == tabHistory},
	}
}

func (h *pages) fillManage(c echo.Context, page *orderPage) error {
	o := page.Order
	employees, err := h.managers(c.Request().Context())
	if err != nil {
		return err
	}
	page.Manager = employees.name(o.ManagerID)
	page.Phones = h.phoneLines(c, page)
	page.Statuses = statusGroups()
	page.ArchiveURL = ArchiveURL(h.panel.PublicURL.String(), o)
	page.Actions = h.Actions(c, h.panel, o)
	page.Widgets = h.Widgets(c, h.panel, o)
	return nil
}

// Phone is a number on the order's page.
type Phone struct {
	Order  *Order
	Name   string // whose it is
	Number string // E.164
}

// AddPhoneWidget adds something small, a button say, beside every phone on the order's page. It has no title.
func (s *Service) AddPhoneWidget(w panel.Widget[Phone]) { s.phones.AddWidget(w) }

// phoneLine is a phone with what modules put beside it.
type phoneLine struct {
	Phone
	Boxes []panel.Box
}

// phoneLines are the distinct phones of the order: the client's and the recipient's.
func (h *pages) phoneLines(c echo.Context, page *orderPage) []phoneLine {
	o := page.Order
	all := []Phone{{o, page.Client.Name(), page.Client.PhoneText()}, {o, o.Address.FullName, o.Address.Phone}}
	all = lo.UniqBy(lo.Filter(all, func(p Phone, _ int) bool { return p.Number != "" }),
		func(p Phone) string { return p.Number })
	return lo.Map(all, func(p Phone, _ int) phoneLine { return phoneLine{p, h.phones.Widgets(c, h.panel, p)} })
}

// orderMenu is the order's «…» menu with what modules add, read only when somebody opens it.
func (h *pages) orderMenu(c echo.Context) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	page := menuPage{
		Page:  panel.Page{Title: "Действия", Parent: &panel.Link{Label: strconv.FormatInt(o.ID, 10), URL: address(o.ID)}},
		Order: o, Actions: h.Actions(c, h.panel, o), MayEdit: mayAny(c, staff.Operator),
	}
	return h.panel.Render(c, "orders/menu", page)
}

type menuPage struct {
	panel.Page
	Order   *Order
	Actions []panel.ActionLink
	MayEdit bool
}

// act performs an action that a module contributed.
func (h *pages) act(c echo.Context) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	return h.Act(c, h.panel, o, c.Param("action"), address(o.ID))
}

// managers are the employees who may be in charge of an order.
type managers []*staff.Employee

func (h *pages) managers(ctx context.Context) (managers, error) { return h.staff.List(ctx) }

func (m managers) name(id *int64) string {
	if id == nil {
		return ""
	}
	for _, e := range m {
		if e.ID == *id {
			return e.Name
		}
	}
	return "Сотрудник №\u00a0" + strconv.FormatInt(*id, 10)
}

func (m managers) options() []form.Option[string] {
	options := []form.Option[string]{{Value: "", Label: "Нет менеджера"}}
	for _, e := range m {
		if e.Active {
			options = append(options, form.Option[string]{Value: strconv.FormatInt(e.ID, 10), Label: e.Name})
		}
	}
	return options
}

// managerID reads what the selection of a manager holds.
func managerID(chosen string) (*int64, error) {
	if chosen == "" {
		return nil, nil
	}
	id, err := strconv.ParseInt(chosen, 10, 64)
	if err != nil {
		return nil, refusal.Value("ManagerId", "Выберите менеджера из списка.")
	}
	return &id, nil
}

func optionalID(id *int64) string {
	if id == nil {
		return ""
	}
	return strconv.FormatInt(*id, 10)
}
