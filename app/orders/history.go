package orders

import (
	"context"
	"fmt"
	"reflect"
	"slices"
)

// Note adds words in brackets to the line of history that the change under way will write: which stage moved it, say.
func (o *Order) Note(text string) { o.note = text }

// History returns «История» of an order, oldest first.
func (s *Service) History(ctx context.Context, id int64) ([]Event, error) {
	byOrder, err := s.Histories(ctx, []int64{id})
	return byOrder[id], err
}

// Histories returns «История» of several orders at once, by order, oldest first.
func (s *Service) Histories(ctx context.Context, ids []int64) (map[int64][]Event, error) {
	var events []Event
	if err := s.db.From(ctx).Where("order_id IN ?", ids).Order("id").Find(&events).Error; err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	byOrder := make(map[int64][]Event, len(ids))
	for _, e := range events {
		byOrder[e.OrderID] = append(byOrder[e.OrderID], e)
	}
	return byOrder, nil
}

// differences names what a change changed, a line of history each. Nothing means that nothing is to be written.
func (o *Order) differences(before *Order) []string {
	var lines []string
	add := func(differs bool, format string, args ...any) {
		if differs {
			lines = append(lines, fmt.Sprintf(format, args...))
		}
	}
	add(o.Status != before.Status, "Статус: %s → %s", before.Status.Label(), o.Status.Label())
	add(!slices.EqualFunc(o.Items, before.Items, Item.same), "Изменены элементы заказа")
	add(o.Discount != before.Discount, "Скидка: %s", o.Discount.In(o.Currency))
	for _, p := range o.Payments[len(before.Payments):] {
		lines = append(lines, "Оплата: "+p.Amount.In(o.Currency))
	}
	add(len(o.Payments) == len(before.Payments) && (o.Paid != before.Paid || o.AccountPaid != before.AccountPaid),
		"Оплачено: %s", o.Paid.In(o.Currency))
	add(o.PaymentMethod != before.PaymentMethod, "Способ оплаты: %s", o.PaymentMethod.Label())
	add(o.Shipping != before.Shipping || o.Address != before.Address || o.DeliveryPrice != before.DeliveryPrice,
		"Изменена доставка")
	add(o.Tracking != before.Tracking, "Номер отправления: %s", o.Tracking)
	for _, m := range o.Messages[len(before.Messages):] {
		if m.VisibleToClient {
			lines = append(lines, "Сообщение в обсуждении")
		} else {
			lines = append(lines, "Внутреннее сообщение")
		}
	}
	add(o.ArchiveKey != before.ArchiveKey, "Ссылка на архив отозвана")
	add(!reflect.DeepEqual(o.ManagerID, before.ManagerID), "Сменён исполнитель")
	if len(lines) == 0 && !reflect.DeepEqual(o.bare(), before.bare()) {
		lines = append(lines, "Изменены данные заказа")
	}
	return lines
}

// same reports whether two items say the same; attached files are no part of it, they are stored by AttachFile.
func (i Item) same(other Item) bool {
	i.Files, other.Files = nil, nil
	i.OrderID, other.OrderID = 0, 0
	return reflect.DeepEqual(i, other)
}

// bare is the order without its parts and without what the service itself keeps.
func (o *Order) bare() Order {
	b := *o
	b.Items, b.Messages, b.Payments, b.note = nil, nil, nil, ""
	b.Title, b.Search = "", ""
	return b
}

func (o *Order) clone() *Order {
	c := *o
	c.Items = slices.Clone(o.Items)
	for i := range c.Items {
		c.Items[i].Options = slices.Clone(c.Items[i].Options)
	}
	c.Messages, c.Payments = slices.Clone(o.Messages), slices.Clone(o.Payments)
	return &c
}
