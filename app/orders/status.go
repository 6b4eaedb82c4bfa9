package orders

import "slices"

// Status is where an order stands, by its name in the public API.
type Status string

// The statuses of the vendor's panel.
const (
	Placed                      Status = "Placed"
	Pending                     Status = "Pending"
	WaitingForPayment           Status = "WaitingForPayment"
	Approved                    Status = "Approved"
	DesignInProgress            Status = "DesignInProgress"
	DesignWaiting               Status = "DesignWaiting"
	DesignCompleted             Status = "DesignCompleted"
	PrepressInProgress          Status = "PrepressInProgress"
	PrepressWaiting             Status = "PrepressWaiting"
	PrepressCompleted           Status = "PrepressCompleted"
	PrintingInProgress          Status = "PrintingInProgress"
	PostPressInProgress         Status = "PostPressInProgress"
	PrintingCompletedWithDefect Status = "PrintingCompletedWithDefect"
	Fulfilled                   Status = "Fulfilled"
	Shipped                     Status = "Shipped"
	DeliveredToPickupPoint      Status = "DeliveredToPickupPoint"
	Delivered                   Status = "Delivered"
	Returned                    Status = "Returned"
	Cancelled                   Status = "Cancelled"
	CancelledDueDefect          Status = "CancelledDueDefect"
	CancelledDueAbandon         Status = "CancelledDueAbandon"
	Deleted                     Status = "Deleted"
)

// Group is a tab of the orders list.
type Group string

// The groups in the order of the left menu.
const (
	Incoming  Group = "incoming"
	InWork    Group = "work"
	Finished  Group = "finished"
	Abandoned Group = "cancelled"
)

// Groups lists the groups with their captions, in the order of the left menu.
var Groups = []struct {
	Group Group
	Label string
}{{Incoming, "Входящие"}, {InWork, "В работе"}, {Finished, "Выполненные"}, {Abandoned, "Отмененные"}}

type statusInfo struct {
	status Status
	number int
	label  string
	group  Group
	next   []Status
}

// statuses is the vendor's table of statuses: number in the public API, caption, group, and what usually comes next.
var statuses = []statusInfo{
	{Placed, 1, "Оформлен", Incoming, []Status{Pending, Cancelled}},
	{Pending, 3, "Новый", Incoming, []Status{WaitingForPayment, Approved, DesignInProgress, PrepressInProgress, Cancelled}},
	{WaitingForPayment, 4, "Ожидать оплату", Incoming, []Status{Approved, Cancelled}},
	{Approved, 5, "Готов к работе", InWork, []Status{DesignInProgress, PrepressInProgress, PrintingInProgress, Cancelled}},
	{DesignInProgress, 15, "Разработка дизайна", InWork, []Status{DesignWaiting, DesignCompleted}},
	{DesignWaiting, 20, "Ждать ответа клиента (дизайн)", InWork, []Status{DesignInProgress, DesignCompleted}},
	{DesignCompleted, 16, "Готов дизайн", InWork, []Status{PrepressInProgress}},
	{PrepressInProgress, 22, "Проверка макета", InWork, []Status{PrepressWaiting, PrepressCompleted}},
	{PrepressWaiting, 24, "Ждать ответа клиента (препресс)", InWork, []Status{PrepressInProgress, PrepressCompleted}},
	{PrepressCompleted, 23, "Макет проверен", InWork, []Status{PrintingInProgress}},
	{PrintingInProgress, 17, "В печать", InWork, []Status{PostPressInProgress, Fulfilled}},
	{PostPressInProgress, 28, "Послепечатная обработка", InWork, []Status{Fulfilled, PrintingCompletedWithDefect}},
	{PrintingCompletedWithDefect, 25, "Напечатан с браком", InWork, []Status{PrintingInProgress, CancelledDueDefect}},
	{Fulfilled, 7, "Выполнен", Finished, []Status{Shipped, DeliveredToPickupPoint}},
	{Shipped, 8, "Отправлен", Finished, []Status{DeliveredToPickupPoint, Delivered, Returned}},
	{DeliveredToPickupPoint, 18, "Доставлен на точку выдачи", Finished, []Status{Delivered, Returned}},
	{Delivered, 12, "Выдан", Finished, []Status{Returned}},
	{Returned, 26, "Возвращен", Finished, []Status{CancelledDueAbandon}},
	{Cancelled, 11, "Отменен", Abandoned, nil},
	{CancelledDueDefect, 27, "Отменен по браку", Abandoned, nil},
	{CancelledDueAbandon, 19, "Не забран", Abandoned, nil},
	{Deleted, 21, "Удален", "", nil},
}

func (s Status) info() statusInfo {
	for _, known := range statuses {
		if known.status == s {
			return known
		}
	}
	return statusInfo{}
}

// Known reports whether the status exists.
func (s Status) Known() bool { return s.info().status != "" }

// Label is the status as the panel shows it.
func (s Status) Label() string { return s.info().label }

// Number is the status's number in Pixlpark's own API.
func (s Status) Number() int { return s.info().number }

// Group is the tab of the list the status belongs to; Deleted belongs to none.
func (s Status) Group() Group { return s.info().group }

// Next lists the statuses that usually follow; the order page offers them first.
func (s Status) Next() []Status { return slices.Clone(s.info().next) }

// Statuses lists every status an employee may choose, in the order of an order's life. Deleted is not among them.
func Statuses() []Status {
	var all []Status
	for _, known := range statuses {
		if known.status != Deleted {
			all = append(all, known.status)
		}
	}
	return all
}

// InGroup lists the statuses of a tab.
func InGroup(g Group) []Status {
	return slices.DeleteFunc(Statuses(), func(s Status) bool { return s.Group() != g })
}
