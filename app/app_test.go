package app_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
)

// greeter is a second module: nothing outside of it has to change but main's list.
type greeter struct{}

func (greeter) Name() string { return "greeter" }

func (greeter) Register(h *app.Host) error {
	h.Orders.AddAction(panel.Action[*orders.Order]{Name: "greeter.greet", Label: "Поздороваться"})
	h.Panel.AddMenu(panel.MenuItem{Section: "Заказы", Label: "Приветствия", URL: "/admin/greeter"})
	h.Admin.GET("/greeter", func(c echo.Context) error {
		return c.String(http.StatusOK, "Здравствуйте, "+panel.Employee(c).Name)
	})
	return nil
}

func TestNew_takesAnotherModuleWithoutAChangeToTheHost(t *testing.T) {
	t.Parallel()
	p := apptest.New(t, db.SQLite, greeter{})
	operator := p.As(staff.Operator)
	operator.Get("/admin/orders").Want(t, http.StatusOK, "Приветствия")
	operator.Get("/admin/greeter").Want(t, http.StatusOK, "Здравствуйте")
}

func TestNew_runsWithoutAnyModule(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			p := apptest.New(t, dialect)
			administrator := p.As(staff.Administrator)
			for _, page := range []string{
				"/admin/orders", "/admin/orders/new", "/admin/orders/statistics", "/admin/orders/export",
				"/admin/orders/settings/export",
				"/admin/clients", "/admin/organizations", "/admin/settings/staff", "/admin/settings/jobs",
			} {
				administrator.Get(page).Want(t, http.StatusOK)
			}
		})
	}
}

// badModule has a name that would not do as a prefix of tables.
type badModule struct{ greeter }

func (badModule) Name() string { return "Bad module" }

func TestNew_refusesABadModuleName(t *testing.T) {
	cfg := app.Config{DataDir: t.TempDir(), Addr: "127.0.0.1:0", TimeZone: "UTC", LogLevel: "panic", LogFormat: "text"}
	log, err := cfg.Logger()
	if err != nil {
		t.Fatal(err)
	}
	if a, err := app.New(t.Context(), cfg, log, badModule{}); err == nil {
		_ = a.Close()
		t.Error("a module with a bad name was taken")
	}
}

func TestNew_hashesPasswordsAtFullCost(t *testing.T) {
	t.Parallel()
	cfg := app.Config{DataDir: t.TempDir(), Addr: "127.0.0.1:0", TimeZone: "UTC", LogLevel: "panic", LogFormat: "text"}
	log, err := cfg.Logger()
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	e, err := a.Staff.Create(t.Context(), app.DemoStaff[0])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(e.Password), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("a panel as main makes it stores %q", string(e.Password))
	}
}

// The bubble ends only with the last goroutine that was started in it, and fails when one of them is left waiting.
func TestClose_leavesNoGoroutineBehind(t *testing.T) {
	t.Parallel()
	cfg := app.Config{DataDir: t.TempDir(), Addr: "127.0.0.1:0", TimeZone: "UTC", LogLevel: "panic", LogFormat: "text"}
	log, err := cfg.Logger()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		for range 3 {
			a, err := app.New(t.Context(), cfg, log)
			if err != nil {
				t.Fatal(err)
			}
			page := httptest.NewRecorder()
			a.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/login", nil))
			if page.Code != http.StatusOK {
				t.Errorf("/login answers %d", page.Code)
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestServeHTTP_headIsGetWithoutABody(t *testing.T) {
	t.Parallel()
	p := apptest.New(t, db.SQLite)
	for _, path := range []string{"/login", "/admin", "/site", "/static/panel/panel.css", "/readyz", "/nowhere"} {
		get, err := http.Get(p.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = get.Body.Close()
		head, err := http.Head(p.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(head.Body)
		_ = head.Body.Close()
		if err != nil || len(body) > 0 || head.StatusCode != get.StatusCode {
			t.Errorf("HEAD %s = %d with %d bytes, %v; want %d without", path, head.StatusCode, len(body), err, get.StatusCode)
		}
		for _, name := range []string{"Content-Type", "Cache-Control"} {
			if head.Header.Get(name) != get.Header.Get(name) {
				t.Errorf("HEAD %s: %s = %q, want %q", path, name, head.Header.Get(name), get.Header.Get(name))
			}
		}
	}
}

// Orders are taken all the same, so a balancer must not take the process out.
func TestReadyz_saysWhenNobodyDoesTheJobs(t *testing.T) {
	t.Parallel()
	p := apptest.New(t, db.SQLite)
	jobs.Handle(p.Host().Jobs, "shop", 1, func(context.Context, []jobs.Job) []error { return nil })
	p.Drain()
	ready := func() string {
		answer, err := http.Get(p.URL + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("/readyz = %d, %v", answer.StatusCode, err)
		}
		return string(body)
	}
	if got := ready(); got != "ready\n" {
		t.Errorf("/readyz says %q while all is well", got)
	}
	d := p.Host().DB
	if err := d.From(t.Context()).Exec("UPDATE leases SET ends_at = ? WHERE lane = 'shop'", d.Clock(-time.Hour)).Error; err != nil {
		t.Fatal(err)
	}
	if got, want := ready(), "ready, but no process does the jobs of shop\n"; got != want {
		t.Errorf("/readyz says %q, want %q", got, want)
	}
}
