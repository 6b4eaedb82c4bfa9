package orders_test

import (
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/templates"
)

func TestWords_haveTheirEnglish(t *testing.T) {
	t.Parallel()
	english := map[string]string{}
	files, err := fs.Glob(templates.FS, "*/en.json")
	must(t, err)
	for _, file := range files {
		text, err := fs.ReadFile(templates.FS, file)
		must(t, err)
		must(t, json.Unmarshal(text, &english))
	}
	check := func(where, russian string) {
		if english[russian] == "" {
			t.Errorf("%s: no English for %q", where, russian)
		}
	}
	for _, s := range append(orders.Statuses(), orders.Deleted) {
		check("status", s.Label())
	}
	for _, g := range orders.Groups {
		check("group", g.Label)
	}
	for _, w := range orders.PaymentStatuses {
		check("payment status", w.Label)
	}
}

func TestPages_speakEnglish(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator)
	o := s.place()
	s.post("/language", "language", "en").want(303)
	s.get(page(o)).want(200, "Management", "Items of the order", "Not paid", "Штендер арочный").lacks("Управление")
	s.get("/admin/orders").want(200, "Incoming", "Search").lacks("Входящие")
	s.post(page(o, "/items"), with(typed(o), "Items[0].Quantity", "x")...).want(422, "Enter a whole number.")
}
