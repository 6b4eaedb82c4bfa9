package api

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

func (a *api) order(ctx context.Context, c *call) (any, error) {
	o, err := a.Orders.Find(ctx, c.id)
	if err != nil {
		return nil, err
	}
	if err := ofSite(o, c); err != nil {
		return nil, err
	}
	return a.view(ctx, o)
}

// ofSite hides the orders of other sites.
func ofSite(o *orders.Order, c *call) error {
	if o.SiteID != c.site.ID {
		return refusal.Unknown("Такого заказа нет.")
	}
	return nil
}

func (a *api) listOrders(ctx context.Context, c *call) (any, error) {
	q, err := readQuery(c.query)
	if err != nil {
		return nil, err
	}
	q.SiteID = c.site.ID
	list, err := a.Orders.List(ctx, q)
	if err != nil {
		return nil, err
	}
	total, err := a.Orders.Count(ctx, q)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(list))
	for i, o := range list {
		ids[i] = o.ID
	}
	histories, err := a.Orders.Histories(ctx, ids)
	if err != nil {
		return nil, err
	}
	view := listView{Items: make([]orderView, len(list)), Total: total}
	for i, o := range list {
		view.Items[i] = a.viewOrder(o, histories[o.ID])
	}
	return view, nil
}

// readQuery reads status (one, or several separated by commas), take and skip.
func readQuery(values url.Values) (orders.Query, error) {
	var q orders.Query
	if text := values.Get("status"); text != "" {
		for name := range strings.SplitSeq(text, ",") {
			status := orders.Status(strings.TrimSpace(name))
			if !status.Known() {
				return q, refusal.Value("status", "Нет такого статуса: «%.60s».", name)
			}
			q.Statuses = append(q.Statuses, status)
		}
	}
	for _, f := range []struct {
		name     string
		to       *int
		min, max int
	}{{"take", &q.Take, 1, 100}, {"skip", &q.Skip, 0, 1_000_000_000}} {
		text := values.Get(f.name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < f.min || n > f.max {
			return q, refusal.Value(f.name, "Здесь должно быть целое число от %d до %d.", f.min, f.max)
		}
		*f.to = n
	}
	return q, nil
}

// change changes an order of the caller's site and shows it.
func (a *api) change(ctx context.Context, c *call, change func(o *orders.Order) error) (any, error) {
	o, err := a.Orders.Change(ctx, c.id, staff.Site(), func(o *orders.Order) error {
		if err := ofSite(o, c); err != nil {
			return err
		}
		gone := o.Status == orders.Deleted
		if err := change(o); err != nil {
			return err
		}
		if gone && o.Status != orders.Deleted {
			return refusal.Taken("", "Заказ №\u00a0%d удалён: вернуть его может только сотрудник в панели.", o.ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return a.view(ctx, o)
}

func (a *api) setStatus(ctx context.Context, c *call) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	var status orders.Status
	if word(body, "Status", &status); status == "" {
		body.wrong("Status", "Укажите статус: его название в API, например PrintingInProgress.")
	} else if !status.Known() {
		body.wrong("Status", "Нет такого статуса: «%.60s».", string(status))
	}
	if err := body.err(); err != nil {
		return nil, err
	}
	return a.change(ctx, c, func(o *orders.Order) error {
		o.Status = status
		return nil
	})
}

func (a *api) pay(ctx context.Context, c *call) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	var amount orders.Money
	var method orders.PaymentMethod
	body.money("Amount", &amount)
	word(body, "Method", &method)
	if err := body.err(); err != nil {
		return nil, err
	}
	answer, err := a.change(ctx, c, func(o *orders.Order) error {
		o.Pay(amount, method)
		return nil
	})
	if e, ok := refusal.From(err); ok && e.Field == "PaidPrice" {
		return nil, &refusal.Error{Kind: e.Kind, Field: "Amount", Message: e.Message}
	}
	return answer, err
}

func (a *api) comment(ctx context.Context, c *call) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	var text string
	var visible bool
	body.text("Text", &text)
	body.flag("VisibleToClient", &visible)
	if err := body.err(); err != nil {
		return nil, err
	}
	return a.change(ctx, c, func(o *orders.Order) error {
		o.Say("", text, visible)
		return nil
	})
}

func (a *api) replaceItems(ctx context.Context, c *call) (any, error) {
	items, err := readItems(c)
	if err != nil {
		return nil, err
	}
	return a.change(ctx, c, func(o *orders.Order) error {
		for i, item := range items {
			if item.ID != 0 && !o.HasItem(item.ID) {
				return refusal.Value(fmt.Sprintf("Items[%d].Id", i), "В заказе нет позиции №\u00a0%d.", item.ID)
			}
		}
		o.ReplaceItems(items)
		return nil
	})
}

func (a *api) deleteOrder(ctx context.Context, c *call) (any, error) {
	return a.change(ctx, c, func(o *orders.Order) error {
		o.Status = orders.Deleted
		return nil
	})
}
