package panel

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/email"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/staff"
)

// loginPage is what templates/panel/login.html shows.
type loginPage struct {
	Page
	Email, Next string
	Error       string
	Minutes     int64 // how long to wait after too many attempts; 0: not at all
}

func (p *Panel) loginPage(c echo.Context) error {
	next := localPath(c.QueryParam("next"))
	if Employee(c) != nil {
		return SeeOther(c, next)
	}
	return p.Render(c, "panel/login", loginPage{Page: Page{Title: "Вход в панель управления"}, Next: next})
}

// login checks e-mail and password and starts the session.
func (p *Panel) login(c echo.Context) error {
	values, err := Values(c)
	if err != nil {
		return err
	}
	page := loginPage{
		Page:  Page{Title: "Вход в панель управления", Status: http.StatusUnprocessableEntity},
		Email: values.Get("email"), Next: localPath(values.Get("next")),
	}
	caller := p.Caller(c, staff.NormalEmail(page.Email))
	e, err := p.Staff.Authenticate(c.Request().Context(), page.Email, values.Get("password"), caller)
	if many, ok := errors.AsType[*staff.TooManyAttempts](err); ok {
		page.Status = http.StatusTooManyRequests
		page.Minutes = int64(math.Ceil(many.Wait.Minutes()))
		c.Response().Header().Set("Retry-After", fmt.Sprint(int64(math.Ceil(many.Wait.Seconds()))))
		return p.Render(c, "panel/login", page)
	}
	if errors.Is(err, staff.ErrWrongPassword) {
		page.Error = "Неверная почта или пароль"
		return p.Render(c, "panel/login", page)
	}
	if err != nil {
		return err
	}
	if err := p.signIn(c, e); err != nil {
		return err
	}
	p.RememberBrowser(c, e.Email, caller)
	return SeeOther(c, page.Next)
}

func (p *Panel) logout(c echo.Context) error {
	if err := p.sessions.Destroy(c.Request().Context()); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return SeeOther(c, "/login")
}

// setupPage is the page of the first administrator, templates/panel/setup.html.
type setupPage struct {
	Page
	Token string
	Form  *form.Form
}

// Invite logs the one-time link of the first administrator while there is no employee. It is called once, at start.
func (p *Panel) Invite(ctx context.Context) error {
	token, err := p.Staff.Invite(ctx)
	if err != nil || token == "" {
		return err
	}
	link := p.PublicURL.JoinPath("setup")
	link.RawQuery = url.Values{"token": {token}}.Encode()
	p.Log.WithField("link", link.String()).
		Warn("nobody works here yet: open the link once to create the first administrator")
	return nil
}

func (p *Panel) setupPage(c echo.Context) error {
	return p.showSetup(c, c.QueryParam("token"), setupForm(new(staff.NewEmployee)), http.StatusOK)
}

func (p *Panel) showSetup(c echo.Context, token string, f *form.Form, status int) error {
	invited, err := p.Staff.Invited(c.Request().Context(), token)
	if err != nil {
		return err
	}
	if !invited {
		return staff.ErrInvitationGone
	}
	page := setupPage{Page: Page{Title: "Первый администратор", Status: status, Bare: true}, Token: token, Form: f}
	return p.Render(c, "panel/setup", page)
}

// setup makes the first administrator and signs him in.
func (p *Panel) setup(c echo.Context) error {
	values, err := Values(c)
	if err != nil {
		return err
	}
	var n staff.NewEmployee
	f := setupForm(&n)
	if !f.Bind(values) {
		return p.showSetup(c, values.Get("token"), f, http.StatusUnprocessableEntity)
	}
	e, err := p.Staff.CreateFirst(c.Request().Context(), values.Get("token"), n)
	if f.Reject(err) {
		return p.showSetup(c, values.Get("token"), f, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	if err := p.signIn(c, e); err != nil {
		return err
	}
	p.RememberBrowser(c, e.Email, p.Caller(c, e.Email))
	return SeeOther(c, "/admin")
}

func setupForm(n *staff.NewEmployee) *form.Form {
	return &form.Form{
		Submit: "Начать работу",
		Fields: []*form.Field{
			form.Text("name", "Имя", &n.Name).Required(),
			form.Text("email", "Эл. почта", &n.Email).Required().Check(email.CheckLocal).Keyboard("email"),
			form.Secret("password", "Пароль", &n.Password).Required().Check(staff.CheckPassword).
				Help("Не короче восьми знаков"),
		},
	}
}
