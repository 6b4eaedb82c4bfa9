package panel

import (
	"context"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

const staffURL = "/admin/settings/staff"

// addStaffPages puts «Настройка / Сотрудники» on the panel, and everybody's own password page.
func (p *Panel) addStaffPages(admin *echo.Group) {
	administrators := Require(staff.Administrator)
	admin.GET("/settings/staff", p.listStaff, administrators)
	admin.GET("/settings/staff/new", p.newEmployee, administrators)
	admin.POST("/settings/staff/new", p.newEmployee, administrators)
	admin.GET("/settings/staff/:id", p.editEmployee, administrators)
	admin.POST("/settings/staff/:id", p.editEmployee, administrators)
	admin.GET("/password", p.ownPassword)
	admin.POST("/password", p.ownPassword)
	p.AddMenu(MenuItem{Section: settingsSection, Label: "Сотрудники", URL: staffURL, Role: staff.Administrator})
}

// staffPage is «Настройка / Сотрудники», templates/staff/list.html.
type staffPage struct {
	Page
	Employees []*staff.Employee
}

func (p *Panel) listStaff(c echo.Context) error {
	employees, err := p.Staff.List(c.Request().Context())
	if err != nil {
		return err
	}
	return p.Render(c, "staff/list", staffPage{
		Page:      Page{Title: "Сотрудники", Count: lo.ToPtr(int64(len(employees)))},
		Employees: employees,
	})
}

// employeePage is one form, templates/staff/edit.html.
type employeePage struct {
	Page
	Form *form.Form
}

func (p *Panel) newEmployee(c echo.Context) error {
	n := staff.NewEmployee{Role: staff.Operator}
	f := &form.Form{
		Submit: "Добавить",
		Fields: []*form.Field{
			form.Text("name", "Имя", &n.Name).Required().Max(100),
			form.Text("email", "Эл. почта", &n.Email).Required().Keyboard("email"),
			form.Select("role", "Роль", &n.Role, roleOptions()),
			form.Secret("password", "Пароль", &n.Password).Required().Check(staff.CheckPassword).
				Help("Не короче восьми знаков"),
		},
		Save: func(ctx context.Context, _ *db.Tx) error {
			_, err := p.Staff.Create(ctx, n)
			return err
		},
	}
	page := employeePage{Page: Page{Title: "Новый сотрудник", Parent: staffParent(), Menu: staffURL}, Form: f}
	return p.submitEmployee(c, page, "Сотрудник добавлен")
}

func (p *Panel) editEmployee(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return refusal.Unknown("Такого сотрудника нет")
	}
	found, err := p.Staff.Find(c.Request().Context(), id)
	if err != nil {
		return err
	}
	e, password := *found, ""
	f := &form.Form{
		Fields: []*form.Field{
			form.Text("name", "Имя", &e.Name).Required().Max(100),
			form.Text("email", "Эл. почта", &e.Email).Required().Keyboard("email"),
			form.Select("role", "Роль", &e.Role, roleOptions()),
			form.Secret("password", "Новый пароль", &password).Check(staff.CheckPassword).
				Help("Пусто: остаётся прежний. С новым паролем сотрудник входит заново"),
			form.Toggle("active", "Может входить в панель", &e.Active),
		},
		Save: func(ctx context.Context, _ *db.Tx) error {
			_, err := p.Staff.Change(ctx, id, func(stored *staff.Employee) error {
				stored.Name, stored.Email, stored.Role, stored.Active = e.Name, e.Email, e.Role, e.Active
				return nil
			})
			if err != nil || password == "" {
				return err
			}
			_, err = p.Staff.ChangePassword(ctx, id, password)
			return err
		},
	}
	page := employeePage{Page: Page{Title: found.Name, Parent: staffParent(), Menu: staffURL}, Form: f}
	return p.submitEmployee(c, page, "Сохранено")
}

// submitEmployee shows the form, or saves it and goes back to the list.
func (p *Panel) submitEmployee(c echo.Context, page employeePage, saved string) error {
	if c.Request().Method == http.MethodPost {
		ok, err := p.Submit(c, form.Forms{page.Form})
		if err != nil {
			return err
		}
		if ok {
			p.Flash(c, Good, saved)
			return SeeOther(c, staffURL)
		}
		page.Status = http.StatusUnprocessableEntity
	}
	return p.Render(c, "staff/edit", page)
}

// ownPassword lets every employee change the own password; other browsers are signed out by it, this one stays.
func (p *Panel) ownPassword(c echo.Context) error {
	me := Employee(c)
	var present, password string
	f := &form.Form{Fields: []*form.Field{
		form.Secret("present", "Нынешний пароль", &present).Required(),
		form.Secret("password", "Новый пароль", &password).Required().Check(staff.CheckPassword).
			Help("Не короче восьми знаков"),
	}}
	page := employeePage{Page: Page{Title: "Смена пароля"}, Form: f}
	if c.Request().Method != http.MethodPost {
		return p.Render(c, "staff/edit", page)
	}
	page.Status = http.StatusUnprocessableEntity
	values, err := Values(c)
	if err != nil {
		return err
	}
	if !f.Bind(values) {
		return p.Render(c, "staff/edit", page)
	}
	changed, err := p.Staff.ChangeOwnPassword(c.Request().Context(), me, present, password)
	if f.Reject(err) {
		return p.Render(c, "staff/edit", page)
	}
	if err != nil {
		return err
	}
	if err := p.signIn(c, changed); err != nil {
		return err
	}
	p.Flash(c, Good, "Пароль изменён")
	return SeeOther(c, "/admin")
}

func staffParent() *Link { return &Link{Label: "Сотрудники", URL: staffURL} }

func roleOptions() []form.Option[staff.Role] {
	return lo.Map(staff.Roles(), func(r staff.Role, _ int) form.Option[staff.Role] {
		return form.Option[staff.Role]{Value: r, Label: r.Title()}
	})
}
