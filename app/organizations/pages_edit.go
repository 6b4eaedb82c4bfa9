package organizations

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/email"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/phone"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// editPage is templates/organizations/edit.html: the host's form, then those of modules.
type editPage struct {
	panel.Page
	Forms form.Forms
	Back  string
}

// add registers an organization. What modules add to the form is opened for one without a number; when their Save runs
// it has one, in the same transaction.
func (h *pages) add(c echo.Context) error {
	o := &Organization{Status: clients.Registered, Type: Customer}
	page := editPage{
		Page: panel.Page{Title: "Новая организация", Parent: &panel.Link{Label: "Организации", URL: root}, Menu: root},
		Back: root,
	}
	return h.editProfile(c, page, o, func(ctx context.Context, p profile) error {
		draft := Organization{}
		p.fill(&draft)
		registered, err := h.Register(ctx, staff.ActorFrom(ctx), draft)
		if err != nil {
			return err
		}
		*o = *registered
		return nil
	})
}

// edit is the form behind «редактировать».
func (h *pages) edit(c echo.Context) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	page := below(o, "Редактирование организации", tabInfo)
	return h.editProfile(c, page, o, func(ctx context.Context, p profile) error {
		_, err := h.Change(ctx, o.ID, staff.ActorFrom(ctx), func(stored *Organization) error {
			p.fill(stored)
			return nil
		})
		return err
	})
}

// below is a page with a form that leads back to a tab of the organization.
func below(o *Organization, title string, t tab) editPage {
	return editPage{
		Page: panel.Page{Title: title, Parent: &panel.Link{Label: o.Name, URL: Address(o.ID)}, Menu: root},
		Back: Address(o.ID) + string(t),
	}
}

// editProfile shows the forms of an organization, or saves all of them in one transaction.
func (h *pages) editProfile(
	c echo.Context, page editPage, o *Organization, save func(ctx context.Context, p profile) error,
) error {
	managers, err := h.managers(c)
	if err != nil {
		return err
	}
	p := profileOf(o)
	own := &form.Form{
		Fields: p.fields(managers, o.ManagerID),
		Save:   func(ctx context.Context, _ *db.Tx) error { return save(ctx, p) },
	}
	page.Forms = append(form.Forms{own}, h.Forms(c, h.panel, o)...)
	return h.submit(c, page, func() string { return Address(o.ID) })
}

// submit shows a page with forms, or saves them and goes on to where next says; refused, the page comes back marked.
func (h *pages) submit(c echo.Context, page editPage, next func() string) error {
	if c.Request().Method == http.MethodPost {
		saved, err := h.panel.Submit(c, page.Forms)
		if err != nil {
			return err
		}
		if saved {
			h.panel.Flash(c, panel.Good, "Сохранено")
			return panel.SeeOther(c, next())
		}
		page.Status = http.StatusUnprocessableEntity
	}
	return h.panel.Render(c, "organizations/edit", page)
}

// change changes the organization for a form about one of its parts: "LegalEntities[2].Inn" is that form's "Inn".
func (h *pages) change(ctx context.Context, id int64, change func(o *Organization) error) error {
	_, err := h.Change(ctx, id, staff.ActorFrom(ctx), change)
	no, ok := refusal.From(err)
	if !ok {
		return err
	}
	part := *no
	part.Field = part.Field[strings.LastIndex(part.Field, ".")+1:]
	return &part
}

// profile is what the form edits, as it is typed.
type profile struct {
	Name, Address, Email, Phone, ExternalNumber, Manager string
	Status                                               clients.Status
	Type                                                 Type
}

func profileOf(o *Organization) profile {
	return profile{
		Name: o.Name, Status: o.Status, Address: o.Address, Email: o.Email, Phone: phone.Words(o.Phone),
		ExternalNumber: o.ExternalNumber, Manager: clients.ManagerText(o.ManagerID), Type: o.Type,
	}
}

func (p profile) fill(o *Organization) {
	o.Name, o.Status, o.Address, o.Email, o.Phone = p.Name, p.Status, p.Address, p.Email, p.Phone
	o.ExternalNumber, o.ManagerID, o.Type = p.ExternalNumber, clients.ManagerOf(p.Manager), p.Type
}

// fields are named as the service names them when it refuses a value.
func (p *profile) fields(managers clients.Managers, present *int64) []*form.Field {
	types := append([]form.Option[Type]{{Value: NoType, Label: NoType.Label()}}, typeOptions()...)
	return []*form.Field{
		form.Text("Name", "Название", &p.Name).Required().Max(250).FullWidth(),
		form.Select("Status", "Статус", &p.Status, clients.StatusOptions()),
		form.Select("Type", "Тип компании", &p.Type, types),
		form.Text("Address", "Фактический адрес", &p.Address).Max(500).FullWidth(),
		form.Text("Email", "Эл. почта", &p.Email).Keyboard("email").Check(email.Check),
		form.Text("Phone", "Телефон", &p.Phone).Keyboard("tel").Check(phone.Check).Example("+7 495 545-46-91"),
		form.Select("ManagerId", "Менеджер заказов", &p.Manager, managers.Options(present)),
		form.Text("ExternalNumber", "Дополнительный номер", &p.ExternalNumber).Max(100),
	}
}
