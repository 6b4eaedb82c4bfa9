package export_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pixlpark/panel/app/cache"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/export"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/settings"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/app/tariff"
)

// crmSettings are what the CRM of these tests keeps.
type crmSettings struct {
	Enabled bool
	URL     string
	Code    string
	Status  string
}

// crm is a module with a section, on a real panel.
type crm struct {
	*paneltest.Site
	d      *db.DB
	store  *settings.Store
	tariff *tariff.Service

	checks int   // how often the other system was asked
	inside bool  // whether a transaction was open then
	refuse error // what Save says
	broken error // what Open says
	done   []string
}

func open(t *testing.T, d *db.DB, requires tariff.Plan) *crm {
	t.Helper()
	m := &crm{d: d, store: settings.New(d, cache.New(d), nil)}
	m.tariff = tariff.New(d, m.store)
	m.Site = paneltest.New(t, d, func(s *paneltest.Site) {
		page := export.New(s.Panel, m.tariff)
		page.Pages(s.Admin, func(present string) []panel.Tab {
			return []panel.Tab{{Label: "Выгрузка заказов", URL: export.URL, Active: present == export.URL}}
		})
		m.tariff.Pages(s.Panel, s.Admin)
		s.Panel.Mount("crm", fstest.MapFS{"templates/below.html": {Data: []byte(`<p>Обработчик: {{.}}</p>`)}})
		page.AddSection(export.Section{
			Name: "crm", Title: "Наша CRM", Help: "https://example.ru/help", Requires: requires, Open: m.open,
			Template: "crm/below", Data: func(context.Context) (any, error) { return "https://panel.example/api/crm", nil },
			Actions: []export.Action{
				{Name: "lists", Label: "Обновить списки", Do: func(context.Context) (string, error) {
					m.done = append(m.done, "lists")
					return "Списки обновлены", nil
				}},
				{Name: "refused", Label: "Проверить подключение", Do: func(context.Context) (string, error) {
					return "", refusal.Value("", "Портал не отвечает")
				}},
			},
		})
		page.AddSection(export.Section{
			Name: "plain", Title: "Простая", Group: "Облачные хранилища",
			Open: func(context.Context) (*form.Form, error) {
				on := false
				return &form.Form{Switch: form.Toggle("enabled", "", &on)}, nil
			},
		})
	})
	return m
}

func (m *crm) open(ctx context.Context) (*form.Form, error) {
	if m.broken != nil {
		return nil, m.broken
	}
	s, err := settings.Load[crmSettings](ctx, m.store, "crm")
	if err != nil {
		return nil, err
	}
	paid := false
	options := []form.Option[string]{{Value: "", Label: "Не задано"}, {Value: "Pending", Label: "Новый"}}
	f := &form.Form{Switch: form.Toggle("enabled", "", &s.Enabled)}
	f.Fields = []*form.Field{
		form.Text("url", "URL портала", &s.URL).Required(),
		form.Secret("code", "Код вебхука", &s.Code),
		form.Table([]string{"Стадия сделки", "Статус заказа", ""}, []form.Row{{Label: "Новая", Cells: []*form.Field{
			form.Select("stage.NEW.status", "", &s.Status, options), form.Toggle("stage.NEW.paid",
				"Перевести заказ в оплаченный", &paid),
		}}}),
	}
	f.Rewrite = func(values url.Values) {
		if address, code, whole := strings.Cut(values.Get("crm.url"), "/rest/"); whole {
			values.Set("crm.url", address)
			values.Set("crm.code", code)
		}
	}
	f.Check = func(ctx context.Context) error {
		m.checks++
		m.inside = m.d.Tx(ctx) != nil
		if strings.Contains(s.URL, "refuses") {
			return form.FieldError{Name: "code", Message: "Портал ответил: неверный код вебхука"}
		}
		if strings.Contains(s.URL, "sleeps") {
			f.Remarks = append(f.Remarks, "Портал сейчас недоступен: настройки сохранены без проверки")
		}
		return nil
	}
	f.Save = func(_ context.Context, tx *db.Tx) error {
		if err := m.store.Save(tx, "crm", s); err != nil {
			return err
		}
		return m.refuse
	}
	return f, nil
}

// stored are the settings in force.
func (m *crm) stored(t *testing.T) crmSettings {
	t.Helper()
	s, err := settings.Load[crmSettings](t.Context(), m.store, "crm")
	paneltest.Must(t, err)
	return s
}

func TestPage_foldsSectionsUnderTheirToggles(t *testing.T) {
	t.Parallel()
	m := open(t, dbtest.New(t, db.SQLite), "")
	m.SignIn(staff.Administrator)
	m.Get(export.URL).Want(t, 200, "Настройка", "Выгрузка заказов", "ERP и CRM системы", "Наша CRM",
		"Облачные хранилища", "Простая",
		`name="crm.enabled"`, `name="crm.url"`, `name="crm.stage.NEW.status"`, "https://example.ru/help").
		Lacks(t, "fold-shown", "Обновить списки") // switched off: folded by the style sheet, no actions
}

func TestSave_takesEffectAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := open(t, d, "")
		m.SignIn(staff.Administrator)
		got := m.Post(export.URL+"/crm", "crm.enabled", "on", "crm.url", "https://portal.ru/rest/s3cret",
			"crm.stage.NEW.status", "Pending").Want(t, 303)
		if got.Location != export.URL {
			t.Errorf("location = %q, want %q", got.Location, export.URL)
		}
		want := crmSettings{Enabled: true, URL: "https://portal.ru", Code: "s3cret", Status: "Pending"}
		if m.stored(t) != want {
			t.Errorf("stored = %+v, want %+v", m.stored(t), want)
		}
		if m.checks != 1 || m.inside {
			t.Errorf("checks = %d, inside a transaction: %v; want one, outside", m.checks, m.inside)
		}
		m.Get(export.URL).Want(t, 200, "Сохранено. Кеш сайта сброшен.", "fold-shown", `value="https://portal.ru"`,
			"Обновить списки", "Обработчик: https://panel.example/api/crm").Lacks(t, "s3cret")

		m.Post(export.URL+"/crm", "crm.enabled", "on", "crm.url", "https://sleeps.ru").Want(t, 303)
		m.Get(export.URL).Want(t, 200, "Сохранено. Кеш сайта сброшен.", "сохранены без проверки")

		m.Post(export.URL+"/crm", "crm.url", "https://portal.ru").Want(t, 303) // the toggle was not submitted: off
		if s := m.stored(t); s.Enabled || s.Code != "s3cret" {
			t.Errorf("stored = %+v, want it off and the secret kept", s)
		}
	})
}

func TestSave_refusedKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := open(t, d, "")
		m.SignIn(staff.Administrator)
		m.Post(export.URL+"/crm", "crm.enabled", "on", "crm.url", "https://good.ru", "crm.code", "works").Want(t, 303)
		before := m.stored(t)

		m.Post(export.URL+"/crm", "crm.enabled", "on", "crm.url", "", "crm.stage.NEW.status", "Pending").
			Want(t, 422, "Заполните поле", "Простая", `value="Pending" selected`)
		m.Post(export.URL+"/crm", "crm.enabled", "on", "crm.url", "https://refuses.ru", "crm.code", "wr0ng").
			Want(t, 422, "Портал ответил: неверный код вебхука", `value="https://refuses.ru"`, "введён, не сохранён").
			Lacks(t, "wr0ng")
		m.refuse = form.FieldError{Name: "crm.url", Message: "Этот портал уже подключён"}
		m.Post(export.URL+"/crm", "crm.enabled", "on", "crm.url", "https://taken.ru").
			Want(t, 422, "Этот портал уже подключён", `value="https://taken.ru"`, "fold-shown")
		m.refuse = errors.New("disk full")
		m.Post(export.URL+"/crm", "crm.enabled", "on", "crm.url", "https://taken.ru").Want(t, 500).Lacks(t, "disk full")
		if m.stored(t) != before {
			t.Errorf("stored = %+v, want it untouched: %+v", m.stored(t), before)
		}
		m.Post(export.URL+"/unknown", "x", "y").Want(t, 404, "Такой интеграции нет")
	})
}

func TestActions_belongToThePage(t *testing.T) {
	t.Parallel()
	m := open(t, dbtest.New(t, db.SQLite), "")
	m.SignIn(staff.Administrator)
	m.Post(export.URL+"/crm/actions/lists").Want(t, 303)
	m.Get(export.URL).Want(t, 200, "Списки обновлены")
	m.Post(export.URL+"/crm/actions/refused").Want(t, 303)
	m.Get(export.URL).Want(t, 200, "Портал не отвечает")
	m.Post(export.URL+"/crm/actions/none").Want(t, 404)
	if len(m.done) != 1 {
		t.Errorf("done = %v, want one action", m.done)
	}
}

func TestLock_belowTheTariffNothingIsSaved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := open(t, d, tariff.Professional)
		m.SignIn(staff.Administrator)
		m.Get(export.URL).Want(t, 200, "Наша CRM", "disabled", "на тарифе «Профессиональный»", "Начать пробный период",
			"15 дней").
			Lacks(t, `name="crm.url"`)
		m.Post(export.URL+"/crm", "crm.enabled", "on", "crm.url", "https://portal.ru").Want(t, 422,
			"на тарифе «Профессиональный»")
		m.Post(export.URL+"/crm/actions/lists").Want(t, 422)
		if m.stored(t) != (crmSettings{}) || m.done != nil || m.checks != 0 {
			t.Errorf("a locked section was saved (%+v), acted (%v) or checked (%d)", m.stored(t), m.done, m.checks)
		}

		got := m.Post("/admin/settings/tariff/trial", "back", export.URL).Want(t, 303)
		m.Get(got.Location).Want(t, 200, "Пробный период начался", `name="crm.url"`)
		m.Post(export.URL+"/crm", "crm.enabled", "on", "crm.url", "https://portal.ru").Want(t, 303)

		over := db.Now().AddDate(0, 0, -1)
		paneltest.Must(t, d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
			return m.store.Save(tx, "tariff", tariff.State{Plan: tariff.Basic, TrialEnds: &over})
		}))
		m.Get(export.URL).Want(t, 200, "Пробный период закончился", "checked", "disabled").Lacks(t, "Начать пробный период",
			`name="crm.url"`)
		if !m.stored(t).Enabled {
			t.Error("the end of the trial changed the settings")
		}
	})
}

func TestPage_survivesASectionThatCannotOpen(t *testing.T) {
	t.Parallel()
	m := open(t, dbtest.New(t, db.SQLite), "")
	m.SignIn(staff.Administrator)
	m.broken = errors.New("s3cret detail")
	m.Get(export.URL).Want(t, 200, "Наша CRM", "Настройки сейчас не открываются", "Простая").Lacks(t, "s3cret detail")
	m.Post(export.URL+"/crm", "crm.url", "x").Want(t, 500).Lacks(t, "s3cret detail")
}

func TestPage_onlyForAdministrators(t *testing.T) {
	t.Parallel()
	m := open(t, dbtest.New(t, db.SQLite), "")
	m.SignIn(staff.Supervisor)
	m.Get(export.URL).Want(t, 403)
	m.Post(export.URL+"/crm", "crm.enabled", "on", "crm.url", "https://portal.ru").Want(t, 403)
	m.Post(export.URL+"/crm/actions/lists").Want(t, 403)
	if m.stored(t) != (crmSettings{}) || m.done != nil {
		t.Errorf("a supervisor changed the settings: %+v, %v", m.stored(t), m.done)
	}
}
