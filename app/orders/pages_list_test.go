package orders_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
)

func TestList_showsACardAsPeopleKnowIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		s.get("/admin/orders").want(200, "Заказов пока нет")
		for _, sign := range []string{"%00", "%ff", "%ed%a0%80"} { // which Postgres does not take for a text
			s.get("/admin/orders?q=a"+sign).want(404, "недопустимые знаки")
			s.get("/admin/orders?"+sign+"=a").want(404, "недопустимые знаки")
			s.get("/admin/orders/"+sign).want(404, "недопустимые знаки")
		}
		o := s.place(func(d *orders.Draft) { d.OrganizationID = &s.organization.ID })
		s.get("/admin/orders").want(200,
			"Заказы", "(1)", fmt.Sprint(o.ID),
			"Штендер арочный; Конструкция (не нужна), Штендер прямоугольный на <b>1 700,00 руб.</b>",
			"Печать на Белинского", "Ёлкин Иван", "ivan@example.ru", "Настольный теннис",
			"Точка выдачи:</b> Офис на Белинского",
			"Банковский перевод, Не оплачен", "обсуждение заказа", "Оформлен", `name="status" value="Pending"`,
			"Назначить исполнителя",
			"Скачать заказ", "Повторить заказ")
	})
}

func TestList_tabsCountAndHoldTheirStatuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		incoming, printing := s.place(), s.place()
		_, err := s.orders.SetStatus(t.Context(), printing.ID, staff.Timer(), orders.PrintingInProgress)
		must(t, err)
		deleted := s.place()
		_, err = s.orders.SetStatus(t.Context(), deleted.ID, staff.Timer(), orders.Deleted)
		must(t, err)

		s.get("/admin/orders").want(200, page(incoming), page(printing), "(2)").lacks(page(deleted))
		s.get("/admin/orders?group=work").want(200, page(printing), "В печать", "Послепечатная обработка").
			lacks(page(incoming))
		s.get("/admin/orders?group=cancelled").want(200, "Заказов пока нет")
		s.get("/admin/orders?group=nonsense").want(404, "Такого раздела заказов нет")
	})
}

func TestList_searchesAndFilters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		unpaid := s.place()
		paid := s.place(func(d *orders.Draft) {
			d.Items, d.Paid = []orders.Item{{Name: "Кружка", Quantity: 1, Price: 10}}, 10
		})

		s.get("/admin/orders?q=шТЕНДЕР").want(200, page(unpaid), "Найдено: 1").lacks(page(paid))
		s.get("/admin/orders?q=ёлкин").want(200, page(unpaid), page(paid))
		s.get("/admin/orders?payment=Paid").want(200, page(paid)).lacks(page(unpaid))
		s.get("/admin/orders?payment=NotPaid").want(200, page(unpaid)).lacks(page(paid))
		s.get("/admin/orders?status=Placed&site="+fmt.Sprint(s.site.ID)).want(200, page(unpaid))
		s.get("/admin/orders?site=999").want(200, "По этому отбору заказов нет")
		s.get("/admin/orders?from=2001-01-01&to=02.01.2001").want(200, "По этому отбору заказов нет")
		s.get("/admin/orders?from=%27--").want(422, "Не похоже на дату: «'--»", `value="'--"`)
		s.get("/admin/orders?status=Nonsense").want(422, "Нет такого статуса: «Nonsense»")
		s.get("/admin/orders?q=%25").want(200, "По этому отбору заказов нет")
	})
}

func TestList_pagesByKey(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator)
	var placed []*orders.Order
	for range 26 {
		placed = append(placed, s.place())
	}
	first := s.get("/admin/orders").want(200, page(placed[25]), page(placed[1]), "Показать ещё",
		fmt.Sprintf("before=%d", placed[1].ID))
	first.lacks(`href="` + page(placed[0]) + `"`)
	s.get(fmt.Sprintf("/admin/orders?before=%d", placed[1].ID)).want(200, page(placed[0]), "В начало").
		lacks("Показать ещё", page(placed[1]))
}

func TestList_neverAsksPerRow(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator)
	var queries atomic.Int64
	must(t, s.db.From(t.Context()).Callback().Query().After("gorm:query").Register("test:count",
		func(*gorm.DB) { queries.Add(1) }))
	count := func() int64 {
		queries.Store(0)
		s.get("/admin/orders").want(200)
		return queries.Load()
	}
	forOrganization := func(d *orders.Draft) { d.OrganizationID = &s.organization.ID }
	s.place(forOrganization)
	one := count()
	for range 20 {
		s.place(forOrganization)
	}
	if many := count(); many != one {
		t.Errorf("21 orders took %d queries, one took %d", many, one)
	}
}

func TestList_changesStatusByOneClickAndInBulk(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		a, b, c := s.place(), s.place(), s.place()
		got := s.post(page(a, "/status"), "status", "Pending", "back", "/admin/orders?q=x").want(303)
		if got.location != "/admin/orders?q=x" {
			t.Errorf("location = %q, want the list it came from", got.location)
		}
		s.get(got.location).want(200, fmt.Sprintf("Заказ %d: Новый", a.ID))
		if got := s.find(a.ID).Status; got != orders.Pending {
			t.Errorf("status = %q, want Pending", got)
		}
		got = s.post(page(a, "/status"), "status", "Approved", "back", "https://evil.example/admin/orders").want(303)
		if strings.Contains(got.location, "evil") {
			t.Errorf("location = %q leads away", got.location)
		}

		s.post("/admin/orders/status", "id", fmt.Sprint(b.ID), "id", fmt.Sprint(c.ID), "id", "x", "id", "7", "status",
			"PrintingInProgress").want(303)
		s.get("/admin/orders").want(200, "Статус изменён, заказов: 2")
		for _, o := range []*orders.Order{b, c} {
			if got := s.find(o.ID).Status; got != orders.PrintingInProgress {
				t.Errorf("status = %q, want PrintingInProgress", got)
			}
		}
		s.post("/admin/orders/status", "status", "Pending").want(303)
		s.get("/admin/orders").want(200, "Отметьте заказы")
		s.post("/admin/orders/status", "id", fmt.Sprint(b.ID), "status", "").want(303)
		s.get("/admin/orders").want(200, "Выберите статус.")
		s.post("/admin/orders/status", "id", fmt.Sprint(b.ID), "status", "Deleted").want(303)
		if got := s.find(b.ID).Status; got == orders.Deleted {
			t.Error("a bulk change deleted an order")
		}
	})
}

func TestSetStatuses_leavesWhatAHookRefuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		a, b := s.place(), s.place()
		s.orders.OnSaved(refuseOrder(a.ID, "Этот заказ сейчас не трогать."))
		s.post("/admin/orders/status", "id", fmt.Sprint(a.ID), "id", fmt.Sprint(b.ID), "status", "Pending").want(303)
		s.get("/admin/orders").want(200, "Статус изменён, заказов: 1",
			fmt.Sprintf("%d — Этот заказ сейчас не трогать.", a.ID))
		if got := s.find(a.ID).Status; got != orders.Placed {
			t.Errorf("refused order: status = %q, want Placed", got)
		}
		if got := s.find(b.ID).Status; got != orders.Pending {
			t.Errorf("the other: status = %q, want Pending", got)
		}
		counts, err := s.orders.Counts(t.Context())
		must(t, err)
		if counts[orders.Placed] != 1 || counts[orders.Pending] != 1 {
			t.Errorf("counters = %v, want one Placed and one Pending", counts)
		}
	})
}
