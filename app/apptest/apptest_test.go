package apptest_test

import (
	"net/http"
	"runtime"
	"slices"
	"testing"
	"weak"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/app/staff"
)

func TestNew_isAWholePanelWithoutAnyModule(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			p := apptest.New(t, dialect)
			order := p.Call("POST", "/api/orders", apptest.JSON{
				"Client": apptest.JSON{"FirstName": "Мария", "Email": "maria@example.ru"},
				"Items":  []apptest.JSON{{"Name": "Визитки", "Quantity": 100, "ItemPrice": "3.90"}},
			}).Want(t, http.StatusCreated)
			if got := order.Number("TotalPrice"); got != 390 {
				t.Errorf("total = %v, want 390", got)
			}
			p.Drain()
			p.As(staff.Operator).Get("/admin/orders/"+order.Value("Id")).Want(t, http.StatusOK, "Визитки", "Мария")
			p.Browser().Get("/admin/orders").Want(t, http.StatusSeeOther)
		})
	}
}

// kept is a test as a parallel one is: its cleanups stay where they are after they have run.
type kept struct {
	testing.TB
	cleanups []func()
}

func (k *kept) Cleanup(fn func()) { k.cleanups = append(k.cleanups, fn) }

func (k *kept) end() {
	for _, cleanup := range slices.Backward(k.cleanups) {
		cleanup()
	}
}

func TestNew_isNotHeldByTheCleanupsOfATestThatHasEnded(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			ended := &kept{TB: t}
			whole := func() weak.Pointer[app.App] {
				p := apptest.New(ended, dialect)
				p.As(staff.Operator).Get("/admin/orders").Want(t, http.StatusOK)
				return weak.Make(p.App)
			}()
			data := weak.Make(dbtest.New(ended, dialect))
			site := func() weak.Pointer[panel.Panel] {
				return weak.Make(paneltest.New(ended, dbtest.New(ended, dialect), func(*paneltest.Site) {}).Panel)
			}()
			ended.end()
			for range 3 { // a sync.Pool, of which echo has one, outlives two collections
				runtime.GC()
			}
			if whole.Value() != nil {
				t.Error("a whole panel is still there")
			}
			if data.Value() != nil {
				t.Error("a database is still there")
			}
			if site.Value() != nil {
				t.Error("a panel of paneltest is still there")
			}
			runtime.KeepAlive(ended)
		})
	}
}
