package orders

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// section is the entry of the left menu that all these pages stand under.
const section = "Заказы"

// root is where the pages of orders begin.
const root = "/admin/orders"

// pages are «Заказы» in the panel: the list, the order, creating and editing one, statistics, export.
type pages struct {
	*Service
	panel *panel.Panel
	staff *staff.Service
}

// Pages puts «Заказы» into the panel: its menu and its routes under /admin.
func (s *Service) Pages(p *panel.Panel, admin *echo.Group, employees *staff.Service) {
	h := &pages{Service: s, panel: p, staff: employees}

	p.AddSection(panel.Section{Title: section, Icon: "shopping-cart", URL: root, Add: root + "/new", Rank: 10})
	p.AddMenu(panel.MenuItem{Section: section, Label: "Все", URL: root})
	for _, g := range Groups {
		p.AddMenu(panel.MenuItem{Section: section, Label: g.Label, URL: root + "?group=" + string(g.Group)})
	}
	p.AddMenu(panel.MenuItem{Section: section, Label: "Статистика", URL: root + "/statistics", Role: staff.Supervisor})
	p.AddMenu(panel.MenuItem{Section: section, Label: "Экспорт", URL: root + "/export"})
	p.AddMenu(panel.MenuItem{Section: section, Label: "Настройка", URL: settingsRoot, Role: staff.Administrator})

	edits := panel.Require(staff.Operator)
	pays := requireAny(staff.Operator, staff.Accountant)
	manages := panel.Require(staff.Supervisor)

	admin.GET("/orders", h.list)
	admin.POST("/orders/status", h.setStatuses, edits)
	admin.GET("/orders/new", h.newOrder, edits)
	admin.POST("/orders/new", h.createOrder, edits)
	admin.GET("/orders/statistics", h.statistics, manages)
	admin.GET("/orders/export", h.export)
	admin.GET("/orders/export/orders.csv", h.exportCSV)
	admin.POST("/orders/export/status", h.exportStatus, edits)
	admin.GET("/orders/settings", h.settings, panel.Require(staff.Administrator))

	admin.GET("/orders/:number", h.order)
	admin.GET("/orders/:number/discussion", h.discussion)
	admin.GET("/orders/:number/history", h.history)
	admin.GET("/orders/:number/menu", h.orderMenu)
	admin.POST("/orders/:number/actions/:action", h.act)
	admin.POST("/orders/:number/status", h.setStatus, edits)
	admin.POST("/orders/:number/messages", h.say, edits)
	admin.POST("/orders/:number/delete", h.deleteOrder, manages)
	admin.GET("/orders/:number/archive", h.archive)
	admin.POST("/orders/:number/archive/revoke", h.revokeArchive, edits)

	admin.GET("/orders/:number/manager", h.open("Менеджер заказа", h.managerForm), edits)
	admin.POST("/orders/:number/manager", h.save("Менеджер заказа", h.managerForm), edits)
	admin.GET("/orders/:number/delivery", h.open("Доставка заказа", h.deliveryForm), edits)
	admin.POST("/orders/:number/delivery", h.save("Доставка заказа", h.deliveryForm), edits)
	admin.GET("/orders/:number/payments", h.open("Оплата заказа", h.paymentForm), pays)
	admin.POST("/orders/:number/payments", h.save("Оплата заказа", h.paymentForm), pays)
	admin.GET("/orders/:number/items", h.editItems, edits)
	admin.POST("/orders/:number/items", h.saveItems, edits)
	admin.POST("/orders/:number/items/:item/files", h.uploadFiles, edits, panel.BodyLimit(uploads))
	admin.GET("/orders/:number/files/:file", h.downloadFile)
	admin.POST("/orders/:number/files/:file/delete", h.deleteFile, edits)
}

// requireAny lets in whoever has one of the roles; an accountant and an operator include neither each other.
func requireAny(roles ...staff.Role) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if !mayAny(c, roles...) {
				return refusal.Denied("Ваша роль не позволяет это действие")
			}
			return next(c)
		}
	}
}

func mayAny(c echo.Context, roles ...staff.Role) bool {
	employee := staff.EmployeeFrom(c.Request().Context())
	for _, role := range roles {
		if employee.May(role) {
			return true
		}
	}
	return false
}

// actor is the signed-in employee as the author of a change.
func actor(c echo.Context) staff.Actor { return staff.ActorFrom(c.Request().Context()) }

// address is the page of an order.
func address(id int64) string { return fmt.Sprintf("%s/%d", root, id) }

// number reads a number of the address; whatever is no number is a page that is not there.
func number(c echo.Context, name string) (int64, error) {
	id, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil || id <= 0 {
		return 0, refusal.Unknown("Такого заказа нет.")
	}
	return id, nil
}

// asked finds the order of the address.
func (h *pages) asked(c echo.Context) (*Order, error) {
	id, err := number(c, "number")
	if err != nil {
		return nil, err
	}
	return h.Find(c.Request().Context(), id)
}

// back is where the form came from, if that is a page of ours; else otherwise.
func back(c echo.Context, otherwise string) string {
	u, err := url.Parse(c.FormValue("back"))
	if err != nil || u.Host != "" || u.Scheme != "" || u.Path != root && !strings.HasPrefix(u.Path, root+"/") ||
		strings.Contains(u.Path, `\`) {
		return otherwise
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}

// refused shows why a button did nothing, on the page it stands on; every other error goes on.
func (h *pages) refused(c echo.Context, err error, otherwise string) error {
	no, ok := refusal.From(err)
	if !ok || no.Kind == refusal.NotFound || no.Kind == refusal.Forbidden {
		return err
	}
	h.panel.Flash(c, panel.Bad, no.Message)
	return panel.SeeOther(c, otherwise)
}

// status is what a page with a refused form answers: 409 when somebody was faster, else 422.
func status(err error) int {
	if no, ok := refusal.From(err); ok && no.Kind == refusal.Conflict {
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}
