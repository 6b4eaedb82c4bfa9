package clients_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// open puts the pages of clients on a panel; extend adds what a module would.
func open(t *testing.T, d *db.DB, extend ...func(s *clients.Service)) (*paneltest.Site, *clients.Service) {
	t.Helper()
	service := clients.New(d)
	for _, fn := range extend {
		fn(service)
	}
	site := paneltest.New(t, d, func(s *paneltest.Site) { service.Pages(s.Panel, s.Admin, s.Staff) })
	return site, service
}

// register adds a client.
func register(t *testing.T, s *clients.Service, c clients.Client) *clients.Client {
	t.Helper()
	registered, err := s.Register(t.Context(), staff.Site(), c)
	paneltest.Must(t, err)
	return registered
}

func ivan() clients.Client {
	email, phone := "ivan@example.ru", "+79123456789"
	return clients.Client{
		FirstName: "Иван", LastName: "Ёлкин", Email: &email, Phone: &phone,
		PhoneTyped: "8 (912) 345-67-89",
	}
}

func TestList_findsPeopleInAnyCaseAndByStatus(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		site, s := open(t, d)
		site.SignIn(staff.Operator)
		site.Get("/admin/clients").Want(t, 200, "Частные лица", "Никого не нашлось", "Добавить")
		register(t, s, ivan())
		register(t, s, clients.Client{DisplayName: "Фотостудия", Status: clients.Verified})

		site.Get("/admin/clients").Want(t, 200, "Ёлкин Иван", "ivan@example.ru", "+79123456789",
			"Зарегистрирован", "Фотостудия")
		site.Get("/admin/clients?q=ёЛКИН").Want(t, 200, "Ёлкин Иван", `value="ёЛКИН"`).Lacks(t, "Фотостудия")
		site.Get("/admin/clients?status=Verified").Want(t, 200, "Фотостудия").Lacks(t, "Ёлкин Иван")
		site.Get("/admin/clients?q=%25").Want(t, 200, "Никого не нашлось") // data, not a pattern
		site.Get("/admin/clients?status=nonsense&before=x").Want(t, 200, "Фотостудия", "Ёлкин Иван")
	})
}

func TestList_goesOnPageByPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		site, s := open(t, d)
		site.SignIn(staff.Operator)
		for i := range 51 {
			register(t, s, clients.Client{DisplayName: fmt.Sprintf("Клиент %02d.", i)})
		}
		first := site.Get("/admin/clients?q=клиент").Want(t, 200, "Клиент 50.", "Клиент 01.", "Следующие").Lacks(t,
			"Клиент 00.", "В начало")
		_, rest, _ := strings.Cut(first.Text, `rel="next" href="`)
		next, _, _ := strings.Cut(rest, `"`)
		site.Get(next).Want(t, 200, "Клиент 00.", "В начало").Lacks(t, "Клиент 01.", "Следующие")
	})
}

func TestEdit_savesTheProfileAsItWasTyped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		site, s := open(t, d)
		me := site.SignIn(staff.Operator)
		c := register(t, s, ivan())
		address := clients.Address(c.ID)
		site.Get(address+"/edit").Want(t, 200, "Редактирование профиля", "Имя:", "Фамилия:", "Отчество:",
			"Имя для отображения:", "Эл. почта:",
			"Телефон:", "Статус:", "Менеджер заказов:", "Дополнительный номер:", `value="8 (912) 345-67-89"`, "Анна Оператор")

		got := site.Post(address+"/edit", "FirstName", "Пётр", "LastName", "Ёлкин", "SecondName", "Ильич",
			"DisplayName", "", "Email", "PETR@example.ru",
			"Phone", "8 912 000-00-01", "Status", "Verified", "ManagerId", fmt.Sprint(me.ID), "ExternalNumber", "A-17").
			Want(t, 303)
		site.Get(got.Location).Want(t, 200, "Ёлкин Пётр Ильич", "Проверен", "petr@example.ru", "+79120000001",
			"Анна Оператор", "A-17", "Сохранено")
	})
}

func TestEdit_badValuesComeBackMarked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		site, s := open(t, d)
		site.SignIn(staff.Operator)
		c := register(t, s, ivan())
		register(t, s, clients.Client{DisplayName: "Мария", Email: new("maria@example.ru")})
		edit := clients.Address(c.ID) + "/edit"

		site.Post(edit, "FirstName", "Пётр", "Email", "no at sign", "Phone", "12", "Status", "Verified").
			Want(t, 422, "Проверьте адрес электронной почты", "Проверьте номер телефона", `value="no at sign"`, `value="Пётр"`)
		site.Post(edit, "FirstName", "Пётр", "Email", "MARIA@example.ru", "Phone", "", "Status", "Verified").
			Want(t, 422, "Эта почта уже у клиента", `value="MARIA@example.ru"`)
		site.Post(edit, "FirstName", strings.Repeat("я", 101), "Status", "nonsense").Want(t, 422, "Слишком длинное значение",
			"Выберите значение из списка")
		site.Post(edit, "FirstName", "", "LastName", "", "Email", "", "Phone", "").Want(t, 422,
			"Укажите имя, почту или телефон")
		stored, err := s.Find(t.Context(), c.ID)
		paneltest.Must(t, err)
		if stored.Revision != 1 || stored.FirstName != "Иван" {
			t.Errorf("client = %+v, want it untouched", stored)
		}
		site.Get("/admin/clients/999999").Want(t, 404, "Такого клиента нет")
		site.Get("/admin/clients/abc").Want(t, 404)
	})
}

func TestAdd_registersAClient(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		site, _ := open(t, d)
		site.SignIn(staff.Operator)
		site.Get("/admin/clients/new").Want(t, 200, "Новый клиент")
		site.Post("/admin/clients/new", "FirstName", "").Want(t, 422, "Укажите имя, почту или телефон")
		got := site.Post("/admin/clients/new", "FirstName", "Ольга", "Email", "olga@example.ru").Want(t, 303)
		site.Get(got.Location).Want(t, 200, "olga@example.ru", "Зарегистрирован")
	})
}

// note is a table that a module would bring, here made by hand.
func note(t *testing.T, d *db.DB) {
	t.Helper()
	paneltest.Must(t,
		d.From(t.Context()).Exec("CREATE TABLE notes (client_id bigint PRIMARY KEY, contact bigint NOT NULL)").Error)
}

// contactField contributes «Contact ID», as a CRM module would: number 13 is refused when it is saved.
func contactField(d *db.DB) func(s *clients.Service) {
	return func(s *clients.Service) {
		s.AddFields(func(ctx context.Context, c *clients.Client) (*form.Form, error) {
			var contact int64
			if err := d.From(ctx).Raw("SELECT contact FROM notes WHERE client_id = ?", c.ID).Scan(&contact).Error; err != nil {
				return nil, err
			}
			return &form.Form{
				Section: "crm", Fields: []*form.Field{form.Number("contact", "Contact ID", &contact)},
				Save: func(_ context.Context, tx *db.Tx) error {
					if contact == 13 {
						return form.FieldError{Name: "contact", Message: "Контакт 13 уже привязан к другому клиенту"}
					}
					return tx.Exec("INSERT INTO notes VALUES (?, ?) ON CONFLICT (client_id) DO UPDATE SET contact = excluded.contact",
						c.ID, contact).Error
				},
			}, nil
		})
	}
}

func TestFields_ofAModuleAreSavedInTheClientsTransaction(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		note(t, d)
		site, s := open(t, d, contactField(d))
		site.SignIn(staff.Operator)
		c := register(t, s, ivan())
		address := clients.Address(c.ID)
		site.Get(address+"/edit").Want(t, 200, "Contact ID", `name="crm.contact"`)

		site.Post(address+"/edit", "FirstName", "Пётр", "LastName", "Новый", "crm.contact", "13").
			Want(t, 422, "Контакт 13 уже привязан к другому клиенту", `value="13"`, `value="Пётр"`)
		stored, err := s.Find(t.Context(), c.ID)
		paneltest.Must(t, err)
		if stored.FirstName != "Иван" {
			t.Errorf("first name = %q: the client was saved although the module refused", stored.FirstName)
		}
		site.Post(address+"/edit", "FirstName", "Пётр", "Email", "broken", "crm.contact", "777").Want(t, 422, `value="777"`)
		site.Post(address+"/edit", "FirstName", "Пётр", "crm.contact", "much").Want(t, 422, "Введите целое число",
			`value="much"`)

		site.Post(address+"/edit", "FirstName", "Пётр", "crm.contact", "777").Want(t, 303)
		site.Get(address).Want(t, 200, "Пётр", "Contact ID", "777")

		got := site.Post("/admin/clients/new", "FirstName", "Ольга", "crm.contact", "5").Want(t, 303)
		site.Get(got.Location).Want(t, 200, "Ольга", "Contact ID", ">5<") // saved under the new client's number
	})
}

func TestActions_belongToTheHost(t *testing.T) {
	t.Parallel()
	var sent []int64
	site, s := open(t, dbtest.New(t, db.SQLite), func(s *clients.Service) {
		s.AddAction(panel.Action[*clients.Client]{
			Name: "crm.send", Label: "Отправить в CRM", Icon: "send",
			Visible: func(_ context.Context, c *clients.Client) (bool, error) { return len(sent) == 0, nil },
			Do: func(_ context.Context, c *clients.Client) (string, error) {
				sent = append(sent, c.ID)
				return "Контакт создан", nil
			},
		})
		s.AddAction(panel.Action[*clients.Client]{
			Name: "crm.refuse", Label: "Отказать",
			Do: func(context.Context, *clients.Client) (string, error) {
				return "", refusal.Value("", "Портал не отвечает")
			},
		})
	})
	c := register(t, s, ivan())
	address := clients.Address(c.ID)
	site.SignIn(staff.Operator)
	site.Get(address).Want(t, 200, "Отправить в CRM", address+"/actions/crm.send")
	got := site.Post(address+"/actions/crm.send").Want(t, 303)
	site.Get(got.Location).Want(t, 200, "Контакт создан").Lacks(t, "Отправить в CRM")
	site.Post(address+"/actions/crm.send").Want(t, 303) // pressed twice
	if len(sent) != 1 || sent[0] != c.ID {
		t.Errorf("sent = %v, want client %d once", sent, c.ID)
	}
	site.Post(address+"/actions/crm.refuse").Want(t, 303)
	site.Get(address).Want(t, 200, "Портал не отвечает")
	site.Post(address+"/actions/crm.unknown").Want(t, 404, "Такого действия нет")
	site.Get(address+"/actions/crm.send").Want(t, 404) // a link does nothing

	foreign := site.PostRequest(address + "/actions/crm.send")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	site.Do(foreign).Want(t, 403, "с другого сайта")
}

func TestPage_survivesWhatAModuleBreaks(t *testing.T) {
	t.Parallel()
	site, s := open(t, dbtest.New(t, db.SQLite), func(s *clients.Service) {
		broken := errors.New("broken")
		s.AddFields(func(context.Context, *clients.Client) (*form.Form, error) { return nil, broken })
		s.AddWidget(panel.Widget[*clients.Client]{
			Title: "Обмен", Template: "clients/none",
			Data: func(context.Context, *clients.Client) (any, error) { return nil, broken },
		})
		s.AddAction(panel.Action[*clients.Client]{
			Name: "crm.send", Label: "Отправить в CRM",
			Visible: func(context.Context, *clients.Client) (bool, error) { return false, broken },
		})
	})
	c := register(t, s, ivan())
	site.SignIn(staff.Operator)
	site.Get(clients.Address(c.ID)).Want(t, 200, "Ёлкин Иван", "Обмен", "Сейчас не получилось это показать").
		Lacks(t, "Отправить в CRM")
	site.Get(clients.Address(c.ID)+"/edit").Want(t, 200, "Часть полей сейчас недоступна")
	site.Post(clients.Address(c.ID)+"/edit", "FirstName", "Пётр").Want(t, 303)
}

func TestRoles_accountantsOnlyRead(t *testing.T) {
	t.Parallel()
	site, s := open(t, dbtest.New(t, db.SQLite), func(s *clients.Service) {
		s.AddAction(panel.Action[*clients.Client]{
			Name: "crm.send", Label: "Отправить в CRM",
			Do: func(context.Context, *clients.Client) (string, error) { return "", nil },
		})
	})
	c := register(t, s, ivan())
	address := clients.Address(c.ID)
	site.Get(address).Want(t, 303) // nobody is signed in
	site.SignIn(staff.Accountant)
	site.Get("/admin/clients").Want(t, 200, "Ёлкин Иван").Lacks(t, "/admin/clients/new")
	site.Get(address).Want(t, 200, "Ёлкин Иван").Lacks(t, "Редактировать профиль", "Отправить в CRM")
	for _, path := range []string{"/admin/clients/new", address + "/edit"} {
		site.Get(path).Want(t, 403)
		site.Post(path, "FirstName", "Пётр").Want(t, 403)
	}
	site.Post(address+"/actions/crm.send").Want(t, 403)
}
