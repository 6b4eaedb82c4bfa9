package orders_test

import (
	"fmt"
	"regexp"
	"sync"
	"testing"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
)

// draft is the form of a new order, filled in.
func (s *shop) draft(key string) []string {
	return []string{
		"key", key, "SiteId", fmt.Sprint(s.site.ID), "Type", "Ordinary", "UserId", fmt.Sprint(s.client.ID), "ManagerId",
		fmt.Sprint(s.employee.ID),
		"OrganizationId", fmt.Sprintf("%d-%d", s.organization.ID, s.organization.LegalEntities[0].ID),
		"Items[0].Name", "Визитки", "Items[0].ItemPrice", "2,50", "Items[0].Quantity", "100",
		"Items[0].Options[0].Title", "Ламинация", "Items[0].Options[0].Price", "50", "Items[0].Options[0].Quantity", "1",
		"Items[1].Name", "", "Items[1].ItemPrice", "", "Items[1].Quantity", "1",
		"DiscountPrice", "10", "Shipping.Type", "Courier", "DeliveryPrice", "300", "DeliveryAddress.City", "Омск",
		"DeliveryAddress.Phone", "89120000003",
		"PaymentMethod", "Cash", "PaidPrice", "100", "Comment", "До пятницы", "button", "create",
	}
}

func TestNewOrder_isPlacedWithEverything(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		s.get("/admin/orders/new").want(200, "Создание заказа", "1. Менеджер заказа", "2. Клиент", "Пользователь не выбран",
			"3. Элементы заказа", "Нет менеджера")
		got := s.post("/admin/orders/new", s.draft("k1")...).want(303)
		list, err := s.orders.List(t.Context(), orders.Query{})
		must(t, err)
		if len(list) != 1 {
			t.Fatalf("%d orders, want one", len(list))
		}
		o := list[0]
		if o.Total != 250_00+50_00-10_00+300_00 || o.Paid != 100_00 || *o.OrganizationID != s.organization.ID ||
			*o.LegalEntityID != s.organization.LegalEntities[0].ID || *o.ManagerID != s.employee.ID ||
			o.Source != orders.FromPanel ||
			len(o.Items) != 1 || o.Comment != "До пятницы" || o.Address.Phone != "+79120000003" ||
			o.Shipping.Type != orders.Courier {
			t.Errorf("order = %+v", o)
		}
		s.get(got.location).want(200, fmt.Sprintf("Заказ %d создан", o.ID), "Панель управления", s.employee.Name, "Визитки")
	})
}

func TestNewOrder_twoClicksMakeOneOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		form := s.draft("same")
		answers := make([]answer, 4)
		var clicks sync.WaitGroup
		for i := range answers {
			clicks.Go(func() { answers[i] = s.post("/admin/orders/new", form...) })
		}
		clicks.Wait()
		for _, got := range answers {
			if got.status != 303 || got.location != answers[0].location {
				t.Errorf("a click answered %d to %q, the first one to %q", got.status, got.location, answers[0].location)
			}
		}
		if n, err := s.orders.Count(t.Context(), orders.Query{}); err != nil || n != 1 {
			t.Errorf("%d orders (%v), want one", n, err)
		}
		s.post("/admin/orders/new", s.draft("other")...).want(303)
		if n, _ := s.orders.Count(t.Context(), orders.Query{}); n != 2 {
			t.Errorf("%d orders after another form, want two", n)
		}
	})
}

func TestNewOrder_findsTheClient(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		_, err := s.clients.Register(t.Context(), staff.Site(), clients.Client{FirstName: "Пётр", LastName: "Ёлкин"})
		must(t, err)
		find := func(text string) answer {
			return s.post("/admin/orders/new", "key", "k", "search", text, "button", "find", "Items[0].Name", "Визитки",
				"Items[0].Quantity", "5").
				want(200, `value="Визитки"`, `name="key" value="k"`)
		}
		chosen := fmt.Sprintf(`type="hidden" name="UserId" value="%d"`, s.client.ID)
		for _, text := range []string{fmt.Sprint(s.client.ID), "8 (912) 345-67-89", "IVAN@example.ru", "иван ё"} {
			if text == "иван ё" {
				text = "ёлкин иван"
			}
			find(text).want(200, chosen, "Для себя (частное лицо)", "Настольный теннис, платит ООО «Ракетка»")
		}
		find("ЁЛКИН").want(200, "Ёлкин Иван", "Ёлкин Пётр", `type="radio"`).lacks(chosen)
		find("никто").want(200, "Таких клиентов нет.", `value="никто"`)
		s.post("/admin/orders/new", "key", "k", "UserId", fmt.Sprint(s.client.ID), "button", "choose").want(200, chosen)
		s.post("/admin/orders/new", "key", "k", "UserId", fmt.Sprint(s.client.ID), "button", "drop").want(200,
			"Пользователь не выбран")
		s.get(fmt.Sprintf("/admin/orders/new?client=%d", s.client.ID)).want(200, chosen)
		s.get("/admin/orders/new?client=999").want(404, "Такого клиента нет")
	})
}

func TestNewOrder_badInputIsMarkedAndKept(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator)
	blocked, err := s.clients.Register(t.Context(), staff.Site(),
		clients.Client{FirstName: "Злой", Status: clients.Blocked})
	must(t, err)
	for _, bad := range []struct{ field, value, says string }{
		{"UserId", "", "Выберите клиента."},
		{"UserId", "999", "Такого клиента нет"},
		{"SiteId", "999", "Выберите значение из списка"},
		{"SiteId", "", "Заполните поле"},
		{"OrganizationId", "77", "Выберите значение из списка"},
		{"Items[0].Quantity", "-1", "Количество должно быть от 1"},
		{"Items[0].ItemPrice", "1,001", "не больше двух знаков"},
		{"Items[0].Name", "", "Укажите название."},
		{"DeliveryPrice", "1,001", "не больше двух знаков"},
		{"DeliveryAddress.Phone", "5", "Проверьте номер телефона"},
		{"PaidPrice", "100000", "Оплачено больше, чем стоит заказ"},
		{"DiscountPrice", "100000", "Скидка больше суммы заказа"},
	} {
		s.post("/admin/orders/new", with(s.draft("k"), bad.field, bad.value)...).want(422, bad.says, "До пятницы",
			"Ламинация", `name="key" value="k"`)
	}
	form := with(with(s.draft("k"), "UserId", fmt.Sprint(blocked.ID)), "OrganizationId", "")
	s.post("/admin/orders/new", form...).want(422, "заблокирован и не может заказывать", "До пятницы")
	if n, err := s.orders.Count(t.Context(), orders.Query{}); err != nil || n != 0 {
		t.Errorf("%d orders (%v), want none", n, err)
	}
}

func TestNewOrder_repeatsAnOrder(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator)
	o := s.place(func(d *orders.Draft) {
		d.OrganizationID, d.LegalEntityID = &s.organization.ID, &s.organization.LegalEntities[0].ID
		d.Discount = 5_00
	})
	got := s.get("/admin/orders/new?repeat="+fmt.Sprint(o.ID)).want(200, `value="Штендер арочный"`,
		`value="Конструкция"`, "Без полей",
		`value="Офис на Белинского"`, "Ёлкин Иван", "Позвоните заранее", `name="DiscountPrice" value="5,00"`)
	got.want(200, fmt.Sprintf(`<option value="%d-%d" selected>`, s.organization.ID, s.organization.LegalEntities[0].ID))
	if ids := regexp.MustCompile(`name="Items\[\d+\]\.Id" value="[^"]`).FindString(got.text); ids != "" {
		t.Errorf("the repetition takes over numbers of items: %s", ids)
	}
	s.get("/admin/orders/new?repeat=1").want(404, "Такого заказа нет")
	s.get("/admin/orders/new?repeat=x").want(404, "Такого заказа нет")
}
