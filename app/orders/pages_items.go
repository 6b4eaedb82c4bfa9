package orders

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/panel"
)

// itemsPage edits the items of an order and the discount.
type itemsPage struct {
	panel.Page
	Order *Order
	Lines lines
}

func (h *pages) itemsPage(o *Order, l lines) itemsPage {
	return itemsPage{
		Page: panel.Page{
			Title:  "Элементы заказа",
			Parent: &panel.Link{Label: strconv.FormatInt(o.ID, 10), URL: address(o.ID)},
			Menu:   filter{Group: o.Status.Group()}.Address(),
		},
		Order: o, Lines: l,
	}
}

func (h *pages) editItems(c echo.Context) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	l := linesOf(o)
	if c.QueryParam("add") != "" {
		l.press("add")
	}
	return h.panel.Render(c, "orders/items", h.itemsPage(o, l))
}

// saveItems also serves the buttons of the table, which work without a script: those change what was typed, nothing
// else.
func (h *pages) saveItems(c echo.Context) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	values, err := panel.Values(c)
	if err != nil {
		return err
	}
	l := readLines(values)
	if l.press(values.Get("button")) {
		page := h.itemsPage(o, l)
		page.Order.Revision, _ = strconv.ParseInt(values.Get("revision"), 10, 64) // still what the person looked at
		return h.panel.Render(c, "orders/items", page)
	}
	items, discount, ok := l.items()
	if ok {
		err = h.edit(c.Request().Context(), c, o.ID, func(o *Order) error {
			o.ReplaceItems(items)
			o.Discount = discount
			return nil
		})
		if err == nil {
			h.panel.Flash(c, panel.Good, "Элементы заказа сохранены")
			return panel.SeeOther(c, address(o.ID))
		}
		if !l.reject(err) {
			return err
		}
	}
	page := h.itemsPage(o, l)
	page.Status = http.StatusUnprocessableEntity
	if err != nil {
		page.Status = status(err)
	}
	return h.panel.Render(c, "orders/items", page)
}
