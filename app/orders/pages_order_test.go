package orders_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// refuseOrder is a hook that refuses every change of one order.
func refuseOrder(id int64, message string) func(context.Context, *db.Tx, orders.Saved) error {
	return func(_ context.Context, _ *db.Tx, e orders.Saved) error {
		if e.Order.ID == id {
			return refusal.Value("", "%s", message)
		}
		return nil
	}
}

func TestOrderPage_showsEverything(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		o := s.place(func(d *orders.Draft) {
			d.OrganizationID, d.LegalEntityID = &s.organization.ID, &s.organization.LegalEntities[0].ID
			d.Discount, d.DeliveryPrice, d.Paid = 100_00, 250_00, 50_00
		})
		s.get(page(o)).want(200,
			"Оформлен", fmt.Sprint(o.ID), "Управление", "Обсуждение", "История", "Основная информация", "Обычный",
			"Частично оплачен", "Сайт",
			"Ёлкин Иван", "+79123456789", "+79120000001", "Настольный теннис", "Позвоните заранее",
			"Элементы заказа", "Штендер арочный", "Конструкция (не нужна)", "Тип: 120x60 см", "Без полей",
			"Товар каталога № 17", "425,00 руб.",
			"Сумма:", "1 700,00 руб.", "Скидка:", "100,00 руб.", "За доставку:", "250,00 руб.", "НДС (включен в стоимость)",
			"Итого к оплате:", "1 850,00 руб.",
			"Доступные действия", "Скачать заказ", "Сменить статус", "Повторить заказ",
			"Точка выдачи (Офис на Белинского)", "№ 8106", "Томск, Белинского, 18", "Пётр Ёлкин",
			"Банковский перевод", "Осталось оплатить:", "1 800,00 руб.", "ООО «Ракетка»", "ИНН: 7707083893")
		s.get(page(o, "/history")).want(200, "Лента событий", "Система (сайт)", "Заказ оформлен")
		s.get("/admin/orders/9999999").want(404, "Такого заказа нет")
		s.get("/admin/orders/abc").want(404, "Такого заказа нет")
		s.get("/admin/orders/99999999999999999999").want(404, "Такого заказа нет")
	})
}

func TestOrderPage_escapesWhatACustomerWrote(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator)
	evil := `<script>alert("x")</script>`
	o := s.place(func(d *orders.Draft) { d.Items[0].Name, d.Comment = evil, evil })
	for _, path := range []string{page(o), page(o, "/items"), page(o, "/discussion"), "/admin/orders"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
		must(t, err)
		resp, err := s.browser.Do(r)
		must(t, err)
		var body bytes.Buffer
		_, err = body.ReadFrom(resp.Body)
		must(t, err)
		_ = resp.Body.Close()
		if strings.Contains(body.String(), "<script>alert") {
			t.Errorf("%s holds the customer's script", path)
		}
	}
}

func TestOrderPage_modulesAddActionsAndWidgets(t *testing.T) {
	t.Parallel()
	var done []int64
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator, func(s *shop) {
		s.orders.AddAction(panel.Action[*orders.Order]{
			Name: "crm.send", Label: "Отправить в CRM",
			Visible: func(_ context.Context, o *orders.Order) (bool, error) { return o.Status == orders.Placed, nil },
			Do: func(_ context.Context, o *orders.Order) (string, error) {
				done = append(done, o.ID)
				return "Отправлено", nil
			},
		})
		s.orders.AddWidget(panel.Widget[*orders.Order]{
			Title: "CRM", Template: "orders/pill",
			Data: func(_ context.Context, o *orders.Order) (any, error) {
				return o.Status, nil
			},
		})
		s.orders.AddWidget(panel.Widget[*orders.Order]{
			Title: "Склад", Template: "orders/pill",
			Data: func(context.Context, *orders.Order) (any, error) {
				return nil, errors.New("the store is closed")
			},
		})
	})
	o := s.place()
	s.get(page(o)).want(200, "Отправить в CRM", page(o, "/actions/crm.send"), "<h2>CRM</h2>", "<h2>Склад</h2>",
		"Эти сведения сейчас недоступны").
		lacks("the store is closed")
	s.get(page(o, "/menu")).want(200, "Отправить в CRM")
	got := s.post(page(o, "/actions/crm.send")).want(303)
	s.get(got.location).want(200, "Отправлено")
	if len(done) != 1 || done[0] != o.ID {
		t.Errorf("the action ran for %v, want once for %d", done, o.ID)
	}
	s.post(page(o, "/status"), "status", "Pending")
	s.get(page(o)).want(200).lacks("Отправить в CRM")
	s.post(page(o, "/actions/crm.nothing")).want(404)
}

func TestOrderPage_modulesPutThingsBesideEveryPhone(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator, func(s *shop) {
		s.panel.Mount("phone",
			fstest.MapFS{"templates/call.html": {Data: []byte(`<b>позвонить {{.Number}} по заказу {{.Order.ID}}</b>`)}})
		s.orders.AddPhoneWidget(panel.Widget[orders.Phone]{
			Template: "phone/call",
			Data:     func(_ context.Context, p orders.Phone) (any, error) { return p, nil },
		})
	})
	o := s.place()
	s.get(page(o)).want(200, fmt.Sprintf("позвонить +79123456789 по заказу %d", o.ID),
		fmt.Sprintf("позвонить +79120000001 по заказу %d", o.ID))
	same := s.place(func(d *orders.Draft) { d.Address.Phone = s.client.PhoneText() })
	if n := strings.Count(s.get(page(same)).want(200).text, "позвонить"); n != 1 {
		t.Errorf("one phone has %d buttons", n)
	}
}

func TestDelivery_isEditedAndRefusedInWords(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		o := s.place()
		s.get(page(o, "/delivery")).want(200, "Доставка заказа", `value="Офис на Белинского"`, `value="8106"`)
		s.post(page(o, "/delivery"), "revision", revision(o), "Shipping.Type", "Courier", "Shipping.Title",
			"СДЭК", "Shipping.Id", "",
			"DeliveryPrice", "350,5", "DeliveryAddress.FullName", "Анна", "DeliveryAddress.Phone", "8 (912) 000-00-02",
			"TrackingNumber", "RB1").want(303)
		changed := s.find(o.ID)
		if changed.Shipping.Type != orders.Courier || changed.Shipping.Number != 0 || changed.DeliveryPrice != 350_50 ||
			changed.Address.Phone != "+79120000002" || changed.Total != 2050_50 || changed.Tracking != "RB1" {
			t.Errorf("delivery = %+v %+v, price %v, total %v", changed.Shipping, changed.Address, changed.DeliveryPrice,
				changed.Total)
		}
		s.get(page(o)).want(200, "Сохранено", "Курьерская служба (СДЭК)", "350,50 руб.", "RB1")

		for _, bad := range []struct{ field, value, says string }{
			{"DeliveryPrice", "12,345", "не больше двух знаков"},
			{"DeliveryPrice", "много", "Введите сумму"},
			{"Shipping.Id", "abc", "Введите целое число"},
			{"Shipping.Type", "Pigeon", "Выберите значение из списка"},
			{"DeliveryAddress.Phone", "12", "Проверьте номер телефона"},
			{"DeliveryAddress.City", strings.Repeat("я", 5000), "Слишком длинное значение"},
		} {
			got := s.post(page(o, "/delivery"), "revision", revision(changed), "Shipping.Title",
				"Моя точка", bad.field, bad.value).
				want(422, bad.says, "Моя точка", "aria-invalid")
			if bad.field != "Shipping.Type" { // a selection has no place for it
				got.want(422, bad.value)
			}
		}
		if got := s.find(o.ID).Revision; got != changed.Revision {
			t.Errorf("a refused form changed the order: revision %d, want %d", got, changed.Revision)
		}
	})
}

func TestEditing_overANewerChangeIsRefusedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		o := s.place()
		_, err := s.orders.SetStatus(t.Context(), o.ID, staff.Module("crm", "Битва"), orders.Pending)
		must(t, err)

		s.post(page(o, "/delivery"), "revision", revision(o), "Shipping.Title", "Моё название").
			want(422, "Пока вы редактировали, заказ изменили: Битва", "Статус: Оформлен → Новый", "Моё название",
				`name="revision" value="2"`)
		got := s.post(page(o, "/items"), "revision", revision(o), "Items[0].Name", "Моя позиция", "Items[0].ItemPrice", "5",
			"Items[0].Quantity", "1").
			want(409, "Пока вы редактировали, заказ изменили: Битва", "Моя позиция", `name="revision" value="2"`)
		got.lacks("Штендер")
		if stored := s.find(o.ID); stored.Revision != 2 || stored.Shipping.Title != "Офис на Белинского" {
			t.Errorf("a stale form changed the order: revision %d, %q", stored.Revision, stored.Shipping.Title)
		}
		s.post(page(o, "/delivery"), "revision", "2", "Shipping.Title", "Моё название").want(303)
		s.post(page(o, "/delivery"), "Shipping.Title", "Без ревизии").want(422, "Пока вы редактировали")
	})
}

func TestPayment_isRegisteredOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Accountant)
		o := s.place()
		_, err := s.orders.SetStatus(t.Context(), o.ID, staff.Timer(), orders.WaitingForPayment)
		must(t, err)
		o = s.find(o.ID)
		s.get(page(o, "/payments")).want(200, "Осталось оплатить 1 700,00 руб.")
		for _, bad := range []struct{ amount, says string }{
			{"1,234", "не больше двух знаков"},
			{"сто", "Введите сумму"},
			{"5000", "Оплачено больше, чем стоит заказ"},
			{"-1", "меньше нуля"},
			{"0", "Укажите сумму"},
		} {
			s.post(page(o, "/payments"), "revision", revision(o), "PaymentMethod", "Cash", "Amount", bad.amount).want(422,
				bad.says, `value="`+bad.amount+`"`)
		}
		form := []string{"revision", revision(o), "PaymentMethod", "Cash", "Amount", "1 700"}
		s.post(page(o, "/payments"), form...).want(303)
		s.post(page(o, "/payments"), form...).want(422, "Пока вы редактировали") // the second click
		paid := s.find(o.ID)
		if paid.Paid != 1700_00 || len(paid.Payments) != 1 || paid.Status != orders.Approved ||
			paid.PaymentMethod != orders.Cash {
			t.Errorf("paid %v by %v in %d payments, status %s", paid.Paid, paid.PaymentMethod, len(paid.Payments), paid.Status)
		}
		s.get(page(o)).want(200, "Оплачен полностью", "Наличные при получении: 1 700,00 руб.")
	})
}

func TestDiscussion_tellsInternalFromVisible(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator)
	o := s.place()
	_, err := s.orders.Change(t.Context(), o.ID, staff.Site(), func(o *orders.Order) error {
		o.Say(s.client.Name(), "Когда будет готово?", true)
		return nil
	})
	must(t, err)
	s.post(page(o, "/messages"), "Text", "Завтра", "VisibleToClient", "on").want(303)
	s.post(page(o, "/messages"), "Text", "Клиент торопится").want(303)
	s.post(page(o, "/messages"), "Text", "  ").want(422, "Заполните поле")
	s.post(page(o, "/messages"), "Text", strings.Repeat("ы", 10_001)).want(422, "Слишком длинное значение")
	s.get(page(o, "/discussion")).want(200, "Позвоните заранее", "(3)",
		`<li class="message"><div class="bubble">Когда будет готово?`,
		`<li class="message ours"><div class="bubble">Завтра`,
		`<li class="message internal"><div class="bubble">Клиент торопится`, s.employee.Name)
}

func TestManagerAndArchive(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator)
	o := s.place()
	s.post(page(o, "/manager"), "revision", revision(o), "ManagerId", fmt.Sprint(s.employee.ID)).want(303)
	s.get(page(o)).want(200, s.employee.Name)
	s.post(page(o, "/manager"), "revision", "2", "ManagerId", "999").want(422, "Выберите значение из списка")

	before := s.get(page(o, "/archive")).want(303).location
	s.post(page(o, "/archive/revoke")).want(303)
	if after := s.get(page(o, "/archive")).location; after == before || after == "" {
		t.Errorf("archive at %q before and %q after it was revoked", before, after)
	}
	s.get(page(o, "/history")).want(200, "Ссылка на архив отозвана", s.employee.Name)
}

func TestDeleting_isForSupervisorsAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator)
	o := s.place()
	s.get(page(o)).want(200).lacks("Удалить заказ")
	s.post(page(o, "/delete")).want(403)
	s.post(page(o, "/status"), "status", "Deleted").want(403)
	s.signIn(staff.Supervisor)
	s.get(page(o)).want(200, "Удалить заказ")
	s.post(page(o, "/delete")).want(303)
	s.get("/admin/orders").want(200, fmt.Sprintf("Заказ %d удалён", o.ID), "Заказов пока нет")
	s.get(page(o)).want(200, "Заказ удалён и не показывается в списках", "Сменить статус").lacks(page(o, "/payments"),
		page(o, "/items"), page(o, "/delivery"))
	s.get(page(o, "/discussion")).want(200).lacks("textarea")
	s.post(page(o, "/messages"), "Text", "Ау").want(422, "удалён")
	s.post(page(o, "/payments"), "revision", "2", "Amount", "1", "Method", "Cash").want(422, "удалён")
	s.post(page(o, "/manager"), "revision", "2", "ManagerId", fmt.Sprint(s.employee.ID)).want(422, "удалён")
	s.upload(fmt.Sprintf("%s/items/%d/files", page(o), o.Items[0].ID), "макет.pdf", "%PDF").want(303)
	s.get(page(o)).want(200, "изменить его нельзя").lacks("макет.pdf")
	s.post("/admin/orders/status", "id", fmt.Sprint(o.ID), "status", "Pending").want(303)
	s.get("/admin/orders").want(200, "Заказ удалён").lacks(page(o))
	s.post(page(o, "/status"), "status", "Placed").want(303)
	s.get("/admin/orders").want(200, page(o))
}

func TestFiles_areAttachedDownloadedAndRemoved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		o := s.place()
		upload := fmt.Sprintf("%s/items/%d/files", page(o), o.Items[0].ID)
		s.upload(upload, "макет <1>.html", "<b>макет</b>").want(303)
		s.get(page(o)).want(200, "Файл приложен", "макет _1_.html", "1 КБ")
		file := s.find(o.ID).Items[0].Files[0]
		got := s.get(fmt.Sprintf("%s/files/%d", page(o), file.ID)).want(200, "<b>макет</b>")
		kind, way := got.header.Get("Content-Type"), got.header.Get("Content-Disposition")
		if kind != "application/octet-stream" || !strings.HasPrefix(way, "attachment") {
			t.Errorf("a customer's file is sent as %q, %q", kind, way)
		}
		other := s.place()
		s.get(fmt.Sprintf("%s/files/%d", page(other), file.ID)).want(404)
		s.upload(upload, "пусто.txt", "").want(303)
		s.get(page(o)).want(200, "Файл «пусто.txt» пустой")
		s.upload(fmt.Sprintf("%s/items/%d/files", page(other), o.Items[0].ID), "чужой.txt", "x").want(404)
		s.post(upload, "file", "x").want(400)

		s.post(fmt.Sprintf("%s/files/%d/delete", page(o), file.ID)).want(303)
		s.get(fmt.Sprintf("%s/files/%d", page(o), file.ID)).want(404, "Такого файла в заказе нет")
	})
}

// upload posts a file as a browser does.
func (s *shop) upload(path, name, content string) answer {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", name)
	must(s.t, err)
	_, err = part.Write([]byte(content))
	must(s.t, err)
	must(s.t, w.Close())
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, &body)
	must(s.t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return s.do(r)
}

func TestRoles_areCheckedOnEveryRoute(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Accountant)
	o := s.place()
	for _, path := range []string{
		"/admin/orders", "/admin/orders/export", "/admin/orders/export/orders.csv", page(o),
		page(o, "/discussion"), page(o, "/history"), page(o, "/menu"), page(o, "/payments"),
	} {
		s.get(path).want(200)
	}
	s.get(page(o)).want(200).lacks(page(o, "/items"), page(o, "/delivery"), page(o, "/archive/revoke"),
		page(o, "/status"))
	s.get("/admin/orders").want(200).lacks("/status", "/admin/orders/new?repeat")
	for _, path := range []string{
		"/admin/orders/new", "/admin/orders/statistics", "/admin/orders/settings",
		page(o, "/items"), page(o, "/delivery"), page(o, "/manager"),
	} {
		s.get(path).want(403)
	}
	for _, path := range []string{
		"/admin/orders/new", "/admin/orders/status", "/admin/orders/export/status", page(o, "/status"), page(o, "/messages"),
		page(o, "/delete"),
		page(o, "/archive/revoke"), page(o, "/manager"), page(o, "/delivery"), page(o, "/items"),
		fmt.Sprintf("%s/items/%d/files", page(o), o.Items[0].ID), page(o, "/files/1/delete"),
	} {
		s.post(path, "status", "Pending", "Text", "x").want(403)
	}
	if got := s.find(o.ID); got.Revision != 1 {
		t.Errorf("an accountant changed the order: revision %d", got.Revision)
	}
	s.browser.Jar = nil
	if got := s.get(page(o)); got.status != 303 || !strings.HasPrefix(got.location, "/login") {
		t.Errorf("without sign-in: status %d to %q, want 303 to the sign-in", got.status, got.location)
	}
}
