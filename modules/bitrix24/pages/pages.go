// Package pages is what the module adds to the panel's pages of orders, clients and organizations, and its own pages:
// the state of the exchange, its journal, the check of the connection, and what vanished on the portal.
//
// A page reads what was stored and asks nothing of the portal. Only a button does that, for the employee who waits:
// checking the connection, calling a customer, linking another deal. Whatever is to be sent becomes a job of package
// exchange.
//
// Begin with New and the file of a page: order.go is the box on the order's page, order_actions.go its buttons,
// send.go «Отправить в Битрикс24», standing.go and status.go are «Состояние обмена», doctor.go and doctor_page.go
// «Проверить подключение».
package pages

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// Pages has the handlers of the pages and whatever the pages of the panel ask for.
type Pages struct {
	*app.Host
	portals  *portal.Portals
	exchange *exchange.Exchange
}

// New returns the pages of a host.
func New(h *app.Host, portals *portal.Portals, x *exchange.Exchange) *Pages {
	return &Pages{Host: h, portals: portals, exchange: x}
}

// Models are the tables of this package, for the check of the schema at the start.
func Models() []any { return []any{&check{}, &phoneCall{}} }

// orderOf is the order whose number is in the address.
func (x *Pages) orderOf(c echo.Context) (*orders.Order, error) {
	id, err := strconv.ParseInt(c.Param("number"), 10, 64)
	if err != nil {
		return nil, refusal.Unknown("Такого заказа нет.")
	}
	return x.Orders.Find(c.Request().Context(), id)
}

// answer goes to the page on which the button stands, and says there what came of it. Whoever may not press the
// button, or names what does not exist, gets an error page instead.
func (x *Pages) answer(c echo.Context, address, notice string, err error) error {
	if no, ok := refusal.From(err); ok && no.Kind != refusal.NotFound && no.Kind != refusal.Forbidden {
		x.Panel.Flash(c, panel.Bad, no.Message)
		return panel.SeeOther(c, address)
	}
	if err != nil {
		return err
	}
	if notice != "" {
		x.Panel.Flash(c, panel.Good, notice)
	}
	return panel.SeeOther(c, address)
}
