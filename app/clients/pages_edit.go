package clients

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/email"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/phone"
	"github.com/pixlpark/panel/app/staff"
)

// editPage is templates/clients/edit.html: the host's form, then those of modules.
type editPage struct {
	panel.Page
	Forms form.Forms
	Back  string
}

// add registers a client. What modules add to the form is opened for a client who has no number yet; when their Save
// runs he has one, in the same transaction.
func (h *pages) add(c echo.Context) error {
	client := &Client{Status: Registered}
	page := editPage{
		Page: panel.Page{Title: "Новый клиент", Parent: &panel.Link{Label: "Частные лица", URL: root}, Menu: root},
		Back: root,
	}
	return h.submit(c, page, client, func(ctx context.Context, p profile) error {
		draft := Client{}
		if err := p.fill(&draft); err != nil {
			return err
		}
		registered, err := h.Register(ctx, staff.ActorFrom(ctx), draft)
		if err != nil {
			return err
		}
		*client = *registered
		return nil
	})
}

// edit is «Редактирование профиля».
func (h *pages) edit(c echo.Context) error {
	client, err := h.asked(c)
	if err != nil {
		return err
	}
	page := editPage{
		Page: panel.Page{
			Title:  "Редактирование профиля",
			Parent: &panel.Link{Label: client.Name(), URL: Address(client.ID)},
			Menu:   root,
		},
		Back: Address(client.ID),
	}
	return h.submit(c, page, client, func(ctx context.Context, p profile) error {
		_, err := h.Change(ctx, client.ID, staff.ActorFrom(ctx), p.fill)
		return err
	})
}

// submit shows the forms of a client, or saves all of them in one transaction and goes to his page.
func (h *pages) submit(
	c echo.Context, page editPage, client *Client, save func(ctx context.Context, p profile) error,
) error {
	managers, err := h.managers(c)
	if err != nil {
		return err
	}
	p := profileOf(client)
	own := &form.Form{
		Fields: p.fields(managers, client.ManagerID),
		Save:   func(ctx context.Context, _ *db.Tx) error { return save(ctx, p) },
	}
	page.Forms = append(form.Forms{own}, h.Forms(c, h.panel, client)...)
	if c.Request().Method == http.MethodPost {
		saved, err := h.panel.Submit(c, page.Forms)
		if err != nil {
			return err
		}
		if saved {
			h.panel.Flash(c, panel.Good, "Сохранено")
			return panel.SeeOther(c, Address(client.ID))
		}
		page.Status = http.StatusUnprocessableEntity
	}
	return h.panel.Render(c, "clients/edit", page)
}

// profile is what the form edits, as it is typed.
type profile struct {
	Status                                       Status
	Email, Phone                                 string
	FirstName, LastName, SecondName, DisplayName string
	ExternalNumber, Manager                      string
}

func profileOf(c *Client) profile {
	number := c.PhoneTyped
	if number == "" {
		number = phone.Words(c.PhoneText())
	}
	return profile{
		Status: c.Status, Email: c.EmailText(), Phone: number,
		FirstName: c.FirstName, LastName: c.LastName, SecondName: c.SecondName, DisplayName: c.DisplayName,
		ExternalNumber: c.ExternalNumber, Manager: ManagerText(c.ManagerID),
	}
}

// fill puts the profile into a client.
func (p profile) fill(c *Client) error {
	if err := c.SetEmail(p.Email); err != nil {
		return err
	}
	if err := c.SetPhone(p.Phone); err != nil {
		return err
	}
	c.Status, c.ManagerID, c.ExternalNumber = p.Status, ManagerOf(p.Manager), p.ExternalNumber
	c.FirstName, c.LastName, c.SecondName, c.DisplayName = p.FirstName, p.LastName, p.SecondName, p.DisplayName
	return nil
}

// fields are named as the service names them when it refuses a value.
func (p *profile) fields(managers Managers, present *int64) []*form.Field {
	return []*form.Field{
		form.Select("Status", "Статус", &p.Status, StatusOptions()).FullWidth(),
		form.Text("Email", "Эл. почта", &p.Email).Keyboard("email").Check(email.Check),
		form.Text("Phone", "Телефон", &p.Phone).Keyboard("tel").Check(phone.Check).Example("+7 912 345-67-89"),
		form.Text("FirstName", "Имя", &p.FirstName).Max(100),
		form.Text("LastName", "Фамилия", &p.LastName).Max(100),
		form.Text("SecondName", "Отчество", &p.SecondName).Max(100),
		form.Text("DisplayName", "Имя для отображения", &p.DisplayName).Max(200),
		form.Text("ExternalNumber", "Дополнительный номер", &p.ExternalNumber).Max(100),
		form.Select("ManagerId", "Менеджер заказов", &p.Manager, managers.Options(present)),
	}
}

// StatusOptions are the choices of a selection over standings.
func StatusOptions() []form.Option[Status] {
	options := make([]form.Option[Status], len(Statuses))
	for i, s := range Statuses {
		options[i] = form.Option[Status]{Value: s.Status, Label: s.Label}
	}
	return options
}
