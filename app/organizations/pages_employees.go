package organizations

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
)

// addEmployee makes a client an employee of the organization.
func (h *pages) addEmployee(c echo.Context) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	who, role := "", Manager
	page := below(o, "Новый сотрудник", tabEmployees)
	page.Forms = form.Forms{{
		Submit: "Добавить",
		Fields: []*form.Field{
			form.Text("ClientId", "Клиент", &who).Required().Max(250).Help("Почта, телефон, имя или номер клиента"),
			form.Select("Role", "Роль", &role, roleOptions()),
		},
		Save: func(ctx context.Context, _ *db.Tx) error {
			client, err := h.clientOf(ctx, who)
			if err != nil {
				return err
			}
			return h.change(ctx, o.ID, func(o *Organization) error {
				if slices.ContainsFunc(o.Employees, func(e Employee) bool { return e.ClientID == client.ID }) {
					return refusal.Taken("ClientId", "%s уже сотрудник этой организации.", client.Name())
				}
				o.Employees = append(o.Employees, Employee{ClientID: client.ID, Role: role})
				return nil
			})
		},
	}}
	return h.submit(c, page, func() string { return page.Back })
}

// clientOf finds the one client whom an employee of the panel means: by e-mail, number, phone or a part of the name.
func (h *pages) clientOf(ctx context.Context, typed string) (*clients.Client, error) {
	client, err := h.exactly(ctx, typed)
	if err == nil {
		return client, nil
	}
	if _, refused := refusal.From(err); !refused {
		return nil, err
	}
	found, err := h.clients.List(ctx, clients.Query{Text: typed, Take: 2})
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, refusal.Value("ClientId", "Такого клиента нет. Сначала добавьте его в «Частные лица».")
	case len(found) > 1:
		return nil, refusal.Value("ClientId", "Подходит несколько клиентов: %s, %s… Укажите почту, телефон или номер.",
			found[0].Name(), found[1].Name())
	}
	return found[0], nil
}

// exactly finds a client by what belongs to nobody else.
func (h *pages) exactly(ctx context.Context, typed string) (*clients.Client, error) {
	if strings.Contains(typed, "@") {
		return h.clients.ByEmail(ctx, typed)
	}
	id, err := strconv.ParseInt(strings.TrimSpace(strings.TrimPrefix(typed, "№")), 10, 64)
	if err == nil && id < 1e9 { // longer ones are phones
		return h.clients.Find(ctx, id)
	}
	return h.clients.ByPhone(ctx, typed)
}

// changeRole gives an employee another role.
func (h *pages) changeRole(c echo.Context) error {
	role := Role(c.FormValue("role"))
	return h.changeEmployee(c, "Роль изменена", func(o *Organization, i int) { o.Employees[i].Role = role })
}

// removeEmployee ends the employment; the client stays.
func (h *pages) removeEmployee(c echo.Context) error {
	return h.changeEmployee(c, "Сотрудник убран из организации", func(o *Organization, i int) {
		o.Employees = slices.Delete(o.Employees, i, i+1)
	})
}

func (h *pages) changeEmployee(c echo.Context, done string, change func(o *Organization, i int)) error {
	id, err := number(c, "id")
	if err != nil {
		return err
	}
	employee, err := number(c, "employee")
	if err != nil {
		return err
	}
	back := Address(id) + string(tabEmployees)
	err = h.change(c.Request().Context(), id, func(o *Organization) error {
		i := slices.IndexFunc(o.Employees, func(e Employee) bool { return e.ID == employee })
		if i < 0 {
			return refusal.Unknown("Такого сотрудника в организации нет.")
		}
		change(o, i)
		return nil
	})
	if err != nil {
		return h.refused(c, err, back)
	}
	h.panel.Flash(c, panel.Good, done)
	return panel.SeeOther(c, back)
}
