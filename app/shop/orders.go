package shop

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

func orderAddress(id int64) string { return fmt.Sprintf("%s/orders/%d", root, id) }

type ordersPage struct {
	page
	Orders []*orders.Order
}

// orders lists the visitor's own orders and those of organizations whose orders he may all see.
func (s *shop) orders(c echo.Context) error {
	ctx := c.Request().Context()
	client := visitorOf(c).Client.ID
	list, err := s.Orders.List(ctx, orders.Query{ClientID: client})
	if err != nil {
		return err
	}
	overseen, err := s.overseen(ctx, client)
	if err != nil {
		return err
	}
	for _, organization := range overseen {
		more, err := s.Orders.List(ctx, orders.Query{OrganizationID: organization})
		if err != nil {
			return err
		}
		list = append(list, more...)
	}
	slices.SortFunc(list, func(a, b *orders.Order) int { return int(b.ID - a.ID) })
	list = slices.CompactFunc(list, func(a, b *orders.Order) bool { return a.ID == b.ID })
	return s.render(c, http.StatusOK, "orders", ordersPage{s.page(c, "Мои заказы"), list})
}

// overseen are the organizations all of whose orders the client may see.
func (s *shop) overseen(ctx context.Context, client int64) ([]int64, error) {
	employers, err := s.Organizations.Of(ctx, client)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, o := range employers {
		for _, e := range o.Employees {
			if e.ClientID == client && (e.Role == organizations.Administrator || e.Role == organizations.Supervisor) {
				ids = append(ids, o.ID)
			}
		}
	}
	return ids, nil
}

type orderPage struct {
	page
	Order    *orders.Order
	Messages []orders.Message // only what is meant for clients
}

// find returns the order of the address, if the visitor may see it.
func (s *shop) find(c echo.Context) (*orders.Order, error) {
	ctx, client := c.Request().Context(), visitorOf(c).Client.ID
	unknown := refusal.Unknown("Такого заказа у вас нет.")
	id, err := strconv.ParseInt(c.Param("number"), 10, 64)
	if err != nil {
		return nil, unknown
	}
	o, err := s.Orders.Find(ctx, id)
	if _, gone := refusal.From(err); gone {
		return nil, unknown
	}
	if err != nil {
		return nil, err
	}
	if o.Status == orders.Deleted {
		return nil, unknown
	}
	if o.ClientID == client {
		return o, nil
	}
	overseen, err := s.overseen(ctx, client)
	if err != nil {
		return nil, err
	}
	if o.OrganizationID == nil || !slices.Contains(overseen, *o.OrganizationID) {
		return nil, unknown
	}
	return o, nil
}

func (s *shop) order(c echo.Context) error {
	o, err := s.find(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "order", s.openOrder(c, o))
}

func (s *shop) openOrder(c echo.Context, o *orders.Order) *orderPage {
	view := &orderPage{page: s.page(c, fmt.Sprintf("Заказ № %d", o.ID)), Order: o}
	for _, m := range o.Messages {
		if m.VisibleToClient {
			view.Messages = append(view.Messages, m)
		}
	}
	return view
}

func (s *shop) say(c echo.Context) error {
	o, err := s.find(c)
	if err != nil {
		return err
	}
	typed, err := panel.Values(c)
	if err != nil {
		return err
	}
	_, err = s.Orders.Change(c.Request().Context(), o.ID, staff.Site(), func(o *orders.Order) error {
		o.Say(visitorOf(c).Client.Name(), typed.Get("Text"), true)
		return nil
	})
	view := s.openOrder(c, o)
	if view.refused(err, typed) {
		return s.render(c, http.StatusUnprocessableEntity, "order", view)
	}
	if err != nil {
		return err
	}
	return panel.SeeOther(c, orderAddress(o.ID)+"#messages")
}

// addFiles attaches files to an item of an order that is not in work yet.
func (s *shop) addFiles(c echo.Context) error {
	o, err := s.find(c)
	if err != nil {
		return err
	}
	item, err := strconv.ParseInt(c.Param("item"), 10, 64)
	if err != nil {
		return refusal.Unknown("Такой позиции в заказе нет.")
	}
	posted, err := readFiles(c)
	if err != nil {
		return err
	}
	defer func() { _ = posted.RemoveAll() }()
	view := s.openOrder(c, o)
	if !view.MayAddFiles() {
		err = refusal.Value("file", "Заказ уже в работе. Напишите в обсуждении, и мы заменим файл.")
	} else {
		err = s.Panel.DB.Transaction(c.Request().Context(), func(ctx context.Context, _ *db.Tx) error {
			return s.attach(ctx, o.ID, item, posted.File["file"])
		})
	}
	if view.refused(err, posted.Value) {
		return s.render(c, http.StatusUnprocessableEntity, "order", view)
	}
	if err != nil {
		return err
	}
	return panel.SeeOther(c, orderAddress(o.ID))
}

// MayAddFiles says whether files can still be added: nobody works with the order yet.
func (p *orderPage) MayAddFiles() bool { return p.Order.Status.Group() == orders.Incoming }
