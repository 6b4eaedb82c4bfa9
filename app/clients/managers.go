package clients

import (
	"strconv"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/staff"
)

// Managers are the employees out of whom a client or an organization gets its «Менеджер заказов».
type Managers []*staff.Employee

// Name is the employee of that number as pages call him; nothing where nobody is in charge.
func (m Managers) Name(id *int64) string {
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

// Options are the choices of a selection over managers. Whoever has left is offered only where he still stands.
func (m Managers) Options(present *int64) []form.Option[string] {
	options := []form.Option[string]{{Value: "", Label: "Не назначен"}}
	for _, e := range m {
		if e.Active || present != nil && *present == e.ID {
			options = append(options, form.Option[string]{Value: strconv.FormatInt(e.ID, 10), Label: e.Name})
		}
	}
	return options
}

// ManagerText is the option of a manager; ManagerOf reads it back. The selection refuses what is not on its list.
func ManagerText(id *int64) string {
	if id == nil {
		return ""
	}
	return strconv.FormatInt(*id, 10)
}

// ManagerOf is the manager of an option.
func ManagerOf(option string) *int64 {
	id, err := strconv.ParseInt(option, 10, 64)
	if err != nil {
		return nil
	}
	return &id
}
