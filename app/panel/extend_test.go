package panel_test

import (
	"context"
	"errors"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// client is a record that a module extends.
type client struct {
	ID   int64
	Sent bool
}

type clientPage struct {
	panel.Page
	Actions []panel.ActionLink
	Widgets []panel.Box
	Forms   form.Forms
}

// extended is a page of a client with everything that modules can add.
func extended(t *testing.T, record *client, add func(x *panel.FormExtensions[*client])) *site {
	t.Helper()
	var x panel.FormExtensions[*client]
	add(&x)
	return newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		s.Mount("crm", files(
			"templates/client.html", `{{define "content"}}
				{{range .Actions}}<button>{{.Name}}: {{t .Label}}</button>{{end}}
				{{template "boxes" .Widgets}}{{range .Forms}}{{template "form/fields" .}}{{end}}{{end}}`,
			"templates/box.html", `Сделка <b>{{.}}</b>`,
			"templates/failing.html", `{{.Missing}}`,
		))
		s.admin.GET("/clients/7", func(c echo.Context) error {
			return s.Render(c, "crm/client", clientPage{
				Page: panel.Page{Title: "Клиент"}, Actions: x.Actions(c, s.Panel, record),
				Widgets: x.Widgets(c, s.Panel, record), Forms: x.Forms(c, s.Panel, record),
			})
		})
		s.admin.POST("/clients/7/actions/:name", func(c echo.Context) error {
			return x.Act(c, s.Panel, record, c.Param("name"), "/admin/clients/7")
		})
	})
}

func TestActions(t *testing.T) {
	t.Parallel()
	record := &client{ID: 7}
	s := extended(t, record, func(x *panel.FormExtensions[*client]) {
		x.AddAction(panel.Action[*client]{
			Name: "crm.send", Label: "Отправить",
			Visible: func(_ context.Context, c *client) (bool, error) { return !c.Sent, nil },
			Do:      func(_ context.Context, c *client) (string, error) { c.Sent = true; return "Отправлено", nil },
		})
		x.AddAction(panel.Action[*client]{
			Name: "crm.check", Label: "Проверить", Role: staff.Administrator,
			Do: func(context.Context, *client) (string, error) {
				return "", refusal.Value("", "Портал отверг вебхук")
			},
		})
		x.AddAction(panel.Action[*client]{
			Name: "crm.break", Label: "Сломать",
			Visible: func(context.Context, *client) (bool, error) { return false, errors.New("broken") },
		})
	})

	s.signedIn(staff.Accountant)
	s.get("/admin/clients/7").lacks(t, "crm.send", "crm.check")
	s.post("/admin/clients/7/actions/crm.send").want(t, 403)
	if record.Sent {
		t.Fatal("an accountant has sent the client")
	}

	s.client = s.browser()
	s.signedIn(staff.Operator)
	got := s.get("/admin/clients/7")
	got.want(t, 200, "crm.send: Отправить")
	got.lacks(t, "crm.check", "crm.break")
	s.post("/admin/clients/7/actions/crm.check").want(t, 403)
	s.post("/admin/clients/7/actions/crm.nothing").want(t, 404)
	s.post("/admin/clients/7/actions/crm.send").want(t, 303)
	s.get("/admin/clients/7").want(t, 200, "Отправлено")
	s.post("/admin/clients/7/actions/crm.send").want(t, 303) // pressed twice
	got = s.get("/admin/clients/7")
	got.want(t, 200, "Действие уже выполнено")
	got.lacks(t, "crm.send")

	s.client = s.browser()
	s.signedIn(staff.Administrator)
	s.post("/admin/clients/7/actions/crm.check").want(t, 303)
	s.get("/admin/clients/7").want(t, 200, "Портал отверг вебхук")
}

func TestActions_ofOneNameStopTheProgram(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a second action of the same name was accepted")
		}
	}()
	var x panel.FormExtensions[*client]
	x.AddAction(panel.Action[*client]{Name: "crm.send"})
	x.AddAction(panel.Action[*client]{Name: "crm.send"})
}

func TestWidgets_failInTheirOwnBox(t *testing.T) {
	t.Parallel()
	s := extended(t, &client{ID: 7}, func(x *panel.FormExtensions[*client]) {
		widget := func(title, template string, data func() (any, error)) {
			x.AddWidget(panel.Widget[*client]{
				Title: title, Template: template,
				Data: func(context.Context, *client) (any, error) { return data() },
			})
		}
		widget("Целый", "crm/box", func() (any, error) { return "<759>", nil })
		widget("Без данных", "crm/box", func() (any, error) { return nil, nil })
		widget("Сломанный", "crm/box", func() (any, error) { return nil, errors.New("s3cret") })
		widget("Паника", "crm/box", func() (any, error) { panic("s3cret") })
		widget("Плохой шаблон", "crm/failing", func() (any, error) { return "x", nil })
		widget("Нет шаблона", "crm/nowhere", func() (any, error) { return "x", nil })
	})
	s.signedIn(staff.Operator)
	got := s.get("/admin/clients/7")
	got.want(t, 200, "Целый", "Сделка <b>&lt;759&gt;</b>", "Сломанный", "Паника", "Плохой шаблон", "Нет шаблона",
		"Сейчас не получилось")
	got.lacks(t, "s3cret", "Без данных")
}

func TestForms_ofModules(t *testing.T) {
	t.Parallel()
	id := int64(41)
	s := extended(t, &client{ID: 7}, func(x *panel.FormExtensions[*client]) {
		x.AddFields(func(context.Context, *client) (*form.Form, error) {
			return &form.Form{Section: "crm", Fields: []*form.Field{form.Number("contact", "Contact ID", &id)}}, nil
		})
		x.AddFields(func(context.Context, *client) (*form.Form, error) { return nil, nil })
		x.AddFields(func(context.Context, *client) (*form.Form, error) { panic("s3cret") })
	})
	s.signedIn(staff.Operator)
	got := s.get("/admin/clients/7")
	got.want(t, 200, "Contact ID", `name="crm.contact"`, `value="41"`, "Часть полей сейчас недоступна")
	got.lacks(t, "s3cret")
}
