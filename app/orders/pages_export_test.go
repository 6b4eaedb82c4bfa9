package orders_test

import (
	"encoding/csv"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
)

// placedAt moves an order to another time.
func (s *shop) placedAt(o *orders.Order, at string) {
	s.t.Helper()
	when, err := time.Parse(time.RFC3339, at)
	must(s.t, err)
	must(s.t, s.db.From(s.t.Context()).Table("orders").Where("id = ?", o.ID).Update("created_at", when.UTC()).Error)
}

func TestStatistics_countsDaysOfTheAccountsZone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Supervisor)
		late, night, other, deleted := s.place(), s.place(), s.place(), s.place()
		s.placedAt(late, "2026-03-01T20:59:59Z")  // 23:59 in Moscow, the first of March
		s.placedAt(night, "2026-03-01T21:00:00Z") // midnight, the second
		s.placedAt(other, "2026-03-02T10:00:00Z")
		s.placedAt(deleted, "2026-03-02T10:00:00Z")
		_, err := s.orders.SetStatus(t.Context(), other.ID, staff.Timer(), orders.Cancelled)
		must(t, err)
		_, err = s.orders.SetStatus(t.Context(), deleted.ID, staff.Timer(), orders.Deleted)
		must(t, err)

		days, err := s.orders.Statistics(t.Context(), time.Date(2026, 3, 1, 0, 0, 0, 0, moscow),
			time.Date(2026, 3, 3, 0, 0, 0, 0, moscow))
		must(t, err)
		if len(days) != 3 {
			t.Fatalf("%d days, want 3", len(days))
		}
		one := orders.Tally{Orders: 1, Sum: 1700_00}
		if got := days[0].ByStatus[orders.Placed]; got != one {
			t.Errorf("first of March = %+v, want %+v", got, one)
		}
		if got, want := days[1].Total(), (orders.Tally{Orders: 2, Sum: 3400_00}); got != want ||
			days[1].ByStatus[orders.Cancelled] != one {
			t.Errorf("second of March = %+v of %+v, want %+v", got, days[1].ByStatus, want)
		}
		if got := days[2].Total(); got.Orders != 0 {
			t.Errorf("third of March = %+v, want nothing", got)
		}
		s.get("/admin/orders/statistics?from=2026-03-01&to=2026-03-03").want(200,
			"Статистика", "<b>3</b>заказов за период", "5 100,00 руб.", "02.03.2026", "Отменен: 1")
		s.get("/admin/orders/statistics?from=2026-03-01&to=2027-03-01").want(200) // a year and a day: both ends count
		s.get("/admin/orders/statistics?from=2026-03-01&to=2027-03-02").want(422, "Период не может быть длиннее года")
		s.get("/admin/orders/statistics?from=2026-03-02&to=2026-03-01").want(422, "Конец периода раньше его начала",
			`value="2026-03-02"`)
		s.get("/admin/orders/statistics?from=yesterday").want(422, "Не похоже на дату: «yesterday»")
		s.get("/admin/orders/statistics").want(200, "За этот период заказов нет")
	})
}

// TestStatistics_daysOf23And25Hours goes over both changes of the clock in Berlin: every day begins at its midnight.
func TestStatistics_daysOf23And25Hours(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	must(t, err)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Supervisor)
		for _, placed := range []string{
			"2026-03-28T22:59:59.9996Z", // the 28th of March, however it is rounded
			"2026-03-28T23:00:00Z",      // midnight
			"2026-03-29T21:59:59Z",      // the end of a day of 23 hours
			"2026-03-29T22:00:00Z",      // the 30th
			"2026-10-24T22:00:00Z",      // the 25th of October
			"2026-10-25T22:59:59Z",      // the end of a day of 25 hours
			"2026-10-25T23:00:00Z",
		} {
			s.placedAt(s.place(), placed)
		}
		days, err := s.orders.Statistics(t.Context(), time.Date(2026, 3, 28, 0, 0, 0, 0, berlin),
			time.Date(2026, 10, 26, 0, 0, 0, 0, berlin))
		must(t, err)
		got := map[string]int64{}
		for _, day := range days {
			if n := day.Total().Orders; n > 0 {
				got[day.Date.Format(time.DateOnly)] = n
			}
		}
		want := map[string]int64{"2026-03-28": 1, "2026-03-29": 2, "2026-03-30": 1, "2026-10-25": 2, "2026-10-26": 1}
		if !maps.Equal(got, want) {
			t.Errorf("orders by day = %v, want %v", got, want)
		}
	})
}

func TestExport_writesATable(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Accountant)
		plain := s.place(func(d *orders.Draft) { d.OrganizationID = &s.organization.ID })
		evil := s.place(func(d *orders.Draft) {
			d.Comment, d.Items[0].Name = "=HYPERLINK(\"http://evil\")", "Кружка; \"белая\"\nбольшая"
		})
		s.placedAt(plain, "2026-03-01T21:00:00Z")

		s.get("/admin/orders/export").want(200, "Подходит заказов", "<b>2</b>", "Скачать CSV").lacks("Сменить статус")
		got := s.get("/admin/orders/export/orders.csv").want(200)
		if kind := got.header.Get("Content-Type"); kind != "text/csv; charset=utf-8" {
			t.Errorf("content type = %q", kind)
		}
		table := csv.NewReader(strings.NewReader(strings.TrimPrefix(got.text, "\uFEFF")))
		table.Comma = ';'
		rows, err := table.ReadAll()
		must(t, err)
		if len(rows) != 3 {
			t.Fatalf("%d rows, want a head and two orders", len(rows))
		}
		cell := func(row int, head string) string {
			for i, name := range rows[0] {
				if name == head {
					return rows[row][i]
				}
			}
			t.Fatalf("no column %q", head)
			return ""
		}
		if cell(1, "Номер") != fmt.Sprint(evil.ID) || cell(1, "Комментарий") != "'=HYPERLINK(\"http://evil\")" ||
			!strings.HasPrefix(cell(1, "Состав"), "Кружка; \"белая\"\nбольшая") {
			t.Errorf("first row = %q", rows[1])
		}
		for head, want := range map[string]string{
			"Дата": "02.03.2026 00:00", "Статус": "Оформлен", "Заказчик": "Ёлкин Иван",
			"Телефон": "+79123456789", "Организация": "Настольный теннис",
			"Итого к оплате": "1700,00", "Способ доставки": "Точка выдачи (Офис на Белинского)",
			"Адрес": "Томск, Белинского, 18",
		} {
			if got := cell(2, head); got != want {
				t.Errorf("%s = %q, want %q", head, got, want)
			}
		}
		narrowed := s.get("/admin/orders/export/orders.csv?from=2026-03-02&to=2026-03-02").want(200, fmt.Sprint(plain.ID))
		narrowed.lacks(fmt.Sprint(evil.ID))
		s.get("/admin/orders/export/orders.csv?from=x").want(422, "Не похоже на дату")
	})
}

func TestExport_readsPastTheFirstPage(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator)
	for range 101 {
		s.place(func(d *orders.Draft) { d.Items = []orders.Item{{Name: "Кружка", Quantity: 1, Price: 100}} })
	}
	if lines := strings.Count(s.get("/admin/orders/export/orders.csv").want(200).text, "\r\n"); lines != 102 {
		t.Errorf("%d lines, want a head and 101 orders", lines)
	}
	s.post("/admin/orders/export/status", "found", "101", "to_status", "Pending").want(303)
	s.get("/admin/orders/export").want(200, "Статус изменён, заказов: 101")
}

func TestExport_movesWhatWasSeen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		a, b := s.place(),
			s.place(func(d *orders.Draft) { d.Items = []orders.Item{{Name: "Кружка", Quantity: 1, Price: 100}} })
		s.get("/admin/orders/export?q=кружка").want(200, `name="found" value="1"`, `name="q" value="кружка"`)
		s.post("/admin/orders/export/status", "q", "кружка", "found", "2", "to_status", "Pending").want(422,
			"число подходящих заказов изменилось", "кружка")
		s.post("/admin/orders/export/status", "q", "кружка", "found", "1", "to_status", "").want(422, "Выберите статус")
		s.post("/admin/orders/export/status", "q", "кружка", "found", "1", "to_status", "Deleted").
			want(422, "Выберите статус")
		s.post("/admin/orders/export/status", "from", "x", "found", "1", "to_status", "Pending").
			want(422, "Не похоже на дату")
		s.post("/admin/orders/export/status", "q", "кружка", "found", "1", "to_status", "Pending").want(303)
		if got := s.find(b.ID).Status; got != orders.Pending {
			t.Errorf("status = %q, want Pending", got)
		}
		if got := s.find(a.ID).Status; got != orders.Placed {
			t.Errorf("the other one's status = %q, want Placed", got)
		}
	})
}

func TestSettings_leadToTheFirstTab(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Administrator)
	s.get("/admin/orders/settings").want(404)
	s.orders.AddSettingsTab("Выгрузка заказов", "/admin/orders/settings/export")
	if got := s.get("/admin/orders/settings").want(303).location; got != "/admin/orders/settings/export" {
		t.Errorf("location = %q", got)
	}
	tabs := s.orders.SettingsTabs("/admin/orders/settings/export")
	if want := (panel.Tab{
		Label: "Выгрузка заказов", URL: "/admin/orders/settings/export",
		Active: true,
	}); len(tabs) != 1 || tabs[0] != want {
		t.Errorf("tabs = %+v, want %+v", tabs, want)
	}
}
