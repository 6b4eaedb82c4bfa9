package tariff_test

import (
	"context"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/cache"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/app/settings"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/app/tariff"
)

func open(t *testing.T, d *db.DB) (*paneltest.Site, *tariff.Service, *settings.Store) {
	t.Helper()
	store := settings.New(d, cache.New(d), nil)
	service := tariff.New(d, store)
	return paneltest.New(t, d, func(s *paneltest.Site) { service.Pages(s.Panel, s.Admin) }), service, store
}

func TestPages_switchAndOneTrial(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		site, service, _ := open(t, d)
		changes := 0
		service.OnChanged(func(context.Context, *db.Tx) error { changes++; return nil })
		site.SignIn(staff.Administrator)
		site.Get(tariff.URL).Want(t, 200, "Сейчас работает", "Базовый", "Ваш тариф", "Попробовать бесплатно: 15 дней",
			"один раз на аккаунт")

		got := site.Post(tariff.URL+"/trial", "back", "/admin/settings/tariff").Want(t, 303)
		site.Get(got.Location).Want(t, 200, "Пробный период начался", "Профессиональный", "осталось 15 дней").
			Lacks(t, "Попробовать бесплатно")
		site.Post(tariff.URL+"/trial").Want(t, 303)
		site.Get(tariff.URL).Want(t, 200, "Пробный период уже был использован")

		site.Post(tariff.URL, "plan", "professional").Want(t, 303)
		site.Get(tariff.URL).Want(t, 200, "Тариф «Профессиональный» включён").Lacks(t, "осталось")
		site.Post(tariff.URL, "plan", "golden").Want(t, 303)
		site.Get(tariff.URL).Want(t, 200, "Нет такого тарифа")
		if changes != 2 {
			t.Errorf("listeners were told of %d changes, want 2", changes)
		}
	})
}

func TestTrial_goesBackOnlyToThePanel(t *testing.T) {
	t.Parallel()
	site, _, _ := open(t, dbtest.New(t, db.SQLite))
	site.SignIn(staff.Administrator)
	for back, want := range map[string]string{
		"/admin/orders/settings/export": "/admin/orders/settings/export",
		"https://evil.example/admin/x":  tariff.URL,
		"//evil.example/admin/x":        tariff.URL,
		"/elsewhere":                    tariff.URL,
		"":                              tariff.URL,
	} {
		if got := site.Post(tariff.URL+"/trial", "back", back).Location; got != want {
			t.Errorf("back %q leads to %q, want %q", back, got, want)
		}
	}
}

func TestBanner_speaksOfATrialThatEnds(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	site, _, store := open(t, d)
	site.SignIn(staff.Administrator)
	day := 24 * time.Hour
	for _, test := range []struct {
		name  string
		plan  tariff.Plan
		ends  time.Duration
		shown string
	}{
		{"long before", tariff.Basic, 10 * day, ""},
		{"soon", tariff.Basic, 2 * day, "скоро закончится"},
		{"over", tariff.Basic, -day, "интеграции остановлены"},
		{"long over", tariff.Basic, -60 * day, ""},
		{"paid", tariff.Professional, -day, ""},
	} {
		ends := db.Now().Add(test.ends)
		err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
			return store.Save(tx, "tariff", tariff.State{Plan: test.plan, TrialEnds: &ends})
		})
		paneltest.Must(t, err)
		page := site.Get("/admin/password")
		if test.shown == "" {
			page.Lacks(t, "скоро закончится", "интеграции остановлены")
		} else if page.Want(t, 200, test.shown); t.Failed() {
			t.Errorf("%s: no banner", test.name)
		}
	}
	site.Get(tariff.URL).Want(t, 200, "использован, закончился")
}

func TestPages_onlyForAdministrators(t *testing.T) {
	t.Parallel()
	site, service, _ := open(t, dbtest.New(t, db.SQLite))
	site.SignIn(staff.Supervisor)
	site.Get(tariff.URL).Want(t, 403)
	site.Post(tariff.URL, "plan", "professional").Want(t, 403)
	site.Post(tariff.URL+"/trial").Want(t, 403)
	state, err := service.State(t.Context())
	paneltest.Must(t, err)
	if state.Plan != tariff.Basic || state.TrialEnds != nil {
		t.Errorf("state = %+v: a supervisor changed the tariff", state)
	}
}
