package clients

import (
	"fmt"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
)

// clientPage is templates/clients/client.html.
type clientPage struct {
	panel.Page
	Client  *Client
	Manager string
	Facts   []form.Fact // what modules know about him
	Actions []panel.ActionLink
	Widgets []panel.Box
	MayEdit bool
}

// client is the page of one client: «Инфо». His orders are the list of orders, narrowed to him.
func (h *pages) client(c echo.Context) error {
	client, err := h.asked(c)
	if err != nil {
		return err
	}
	managers, err := h.managers(c)
	if err != nil {
		return err
	}
	return h.panel.Render(c, "clients/client", clientPage{
		Page: panel.Page{
			Title: client.Name(), Parent: &panel.Link{Label: "Частные лица", URL: root}, Menu: root,
			Tabs: []panel.Tab{
				{Label: "Инфо", URL: Address(client.ID), Active: true},
				{Label: "Заказы", URL: fmt.Sprintf("/admin/orders?client=%d", client.ID)},
			},
		},
		Client: client, Manager: managers.Name(client.ManagerID), Facts: h.Forms(c, h.panel, client).Facts(),
		Actions: h.Actions(c, h.panel, client), Widgets: h.Widgets(c, h.panel, client), MayEdit: mayEdit(c),
	})
}

// act performs an action that a module contributed.
func (h *pages) act(c echo.Context) error {
	client, err := h.asked(c)
	if err != nil {
		return err
	}
	return h.Act(c, h.panel, client, c.Param("action"), Address(client.ID))
}

// Tone is how pages colour the standing.
func (s Status) Tone() panel.Tone {
	switch s {
	case Verified:
		return panel.Good
	case Dangerous:
		return panel.Warning
	case Blocked:
		return panel.Bad
	default:
		return panel.Info
	}
}
