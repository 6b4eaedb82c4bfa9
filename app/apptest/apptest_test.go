package apptest_test

import (
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
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
