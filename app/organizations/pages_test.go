package organizations_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/app/staff"
)

// account is a panel with the pages of clients and organizations, and one of each.
type account struct {
	*paneltest.Site
	clients       *clients.Service
	organizations *organizations.Service
	ivan          *clients.Client
	tennis        *organizations.Organization
}

func open(t *testing.T, d *db.DB, extend ...func(s *organizations.Service)) *account {
	t.Helper()
	a := &account{clients: clients.New(d)}
	a.organizations = organizations.New(d, a.clients)
	for _, fn := range extend {
		fn(a.organizations)
	}
	a.Site = paneltest.New(t, d, func(s *paneltest.Site) {
		a.clients.Pages(s.Panel, s.Admin, s.Staff)
		a.organizations.Pages(s.Panel, s.Admin, s.Staff)
	})
	var err error
	a.ivan, err = a.clients.Register(t.Context(), staff.Site(), clients.Client{
		FirstName: "Иван", LastName: "Ёлкин",
		Email: new("ivan@example.ru"), Phone: new("+79123456789"),
	})
	paneltest.Must(t, err)
	a.tennis, err = a.organizations.Register(t.Context(), staff.Site(), organizations.Organization{
		Name: "Настольный теннис", Type: organizations.Customer,
		LegalEntities: []organizations.LegalEntity{{
			Name: "ООО «Ракетка»", INN: "7707083893", Bank: "Вымышленный банк",
			Account: "40702810900000000001",
		}},
		Employees: []organizations.Employee{{ClientID: a.ivan.ID, Role: organizations.Manager}},
	})
	paneltest.Must(t, err)
	return a
}

// find reads the organization as it is stored now.
func (a *account) find(t *testing.T) *organizations.Organization {
	t.Helper()
	o, err := a.organizations.Find(t.Context(), a.tennis.ID)
	paneltest.Must(t, err)
	return o
}

func (a *account) page(rest string) string { return organizations.Address(a.tennis.ID) + rest }

func TestList_searchesAndFilters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := open(t, d)
		_, err := a.organizations.Register(t.Context(), staff.Site(),
			organizations.Organization{Name: "Бумага", Type: organizations.Supplier, Status: clients.Blocked})
		paneltest.Must(t, err)
		a.SignIn(staff.Operator)
		a.Get("/admin/organizations").Want(t, 200, "Организации", "Настольный теннис", "Компания-клиент", "Бумага",
			"Заблокирован", "Добавить")
		a.Get("/admin/organizations?q=ТЕННИС").Want(t, 200, "Настольный теннис").Lacks(t, "Бумага")
		a.Get("/admin/organizations?q=7707083893").Want(t, 200, "Настольный теннис").Lacks(t, "Бумага")
		a.Get("/admin/organizations?type=Supplier").Want(t, 200, "Бумага").Lacks(t, "Настольный теннис")
		a.Get("/admin/organizations?status=Blocked").Want(t, 200, "Бумага").Lacks(t, "Настольный теннис")
		a.Get("/admin/organizations?q=ничего").Want(t, 200, "Ничего не нашлось")
	})
}

func TestPage_showsTabsRequisitesAndEmployees(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := open(t, d)
		a.SignIn(staff.Operator)
		a.Get(a.page("")).Want(t, 200, "Настольный теннис", "Инфо", "Сотрудники", "Заказы",
			fmt.Sprintf("/admin/orders?organization=%d", a.tennis.ID),
			"Основная информация", "Фактический адрес", "Менеджер заказов", "Реквизиты юридических лиц", "ООО «Ракетка»",
			"7707083893",
			"Вымышленный банк", "40702810900000000001")
		a.Get(a.page("/employees")).Want(t, 200, "Ёлкин Иван", "ivan@example.ru", `value="Manager" selected`)
		a.Get(clients.Address(a.ivan.ID)).Want(t, 200, "Организации", "Настольный теннис", "Менеджер")
		a.Get("/admin/organizations/99").Want(t, 404, "Такой организации нет")
	})
}

func TestEdit_savesOrComesBackMarked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := open(t, d)
		me := a.SignIn(staff.Operator)
		a.Get(a.page("/edit")).Want(t, 200, "Название:", "Статус:", "Тип компании:", "Фактический адрес:", "Эл. почта:",
			"Телефон:", "Менеджер заказов:", "Дополнительный номер:")
		a.Post(a.page("/edit"), "Name", "", "Email", "x", "Phone", "1").
			Want(t, 422, "Заполните поле", "Проверьте адрес электронной почты", "Проверьте номер телефона", `value="x"`)
		got := a.Post(a.page("/edit"), "Name", "Теннис", "Status", "Verified", "Type", "Partner",
			"Address", "Томск, Белинского, 18",
			"Email", "OFFICE@example.ru", "Phone", "8 (3822) 90-00-00", "ManagerId", fmt.Sprint(me.ID), "ExternalNumber",
			"T-1").Want(t, 303)
		a.Get(got.Location).Want(t, 200, "Теннис", "Проверен", "Компания-партнер", "Томск, Белинского, 18",
			"office@example.ru", "+73822900000", "Анна Оператор", "T-1", "Сохранено")
		if o := a.find(t); len(o.LegalEntities) != 1 || len(o.Employees) != 1 {
			t.Errorf("organization = %+v: editing lost its parts", o)
		}

		a.Post("/admin/organizations/new", "Name", " ").Want(t, 422, "Заполните поле")
		got = a.Post("/admin/organizations/new", "Name", "Новая", "Type", "").Want(t, 303)
		a.Get(got.Location).Want(t, 200, "Новая", "Зарегистрирован", "Не задано", "Реквизитов пока нет")
	})
}

func TestLegalEntities_addEditDelete(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := open(t, d)
		a.SignIn(staff.Operator)
		add := a.page("/legal-entities/new")
		a.Get(add).Want(t, 200, "ИНН", "КПП", "ОГРН", "Юридический адрес", "Наименование банка", "БИК", "Счет", "Корр. счет")
		a.Post(add, "Name", "ИП Ёлкин", "Inn", "123").Want(t, 422, "Должно быть цифр: 10 или 12",
			`value="123"`, `value="ИП Ёлкин"`)
		a.Post(add, "Name", "ИП Ёлкин", "Inn", "5001\u00a0００７３ 2259\u200b", "Ogrn", "304500116000157").Want(t, 303) // as pasted
		a.Get(a.page("")).Want(t, 200, "ИП Ёлкин", "500100732259", "ООО «Ракетка»")

		entity := a.page(fmt.Sprintf("/legal-entities/%d", a.find(t).LegalEntities[1].ID))
		a.Get(entity).Want(t, 200, `value="500100732259"`)
		a.Post(entity, "Name", "ИП Ёлкин И. И.", "Inn", "500100732259", "Bik", "12").Want(t, 422, "Должно быть цифр: 9")
		a.Post(entity, "Name", "ИП Ёлкин И. И.", "Inn", "500100732259", "Bik", "044525225").Want(t, 303)
		if o := a.find(t); o.LegalEntities[1].BIK != "044525225" || o.LegalEntities[0].Name != "ООО «Ракетка»" {
			t.Errorf("legal entities = %+v", o.LegalEntities)
		}
		a.Post(entity+"/delete").Want(t, 303)
		a.Get(a.page("")).Want(t, 200, "Реквизиты удалены", "ООО «Ракетка»").Lacks(t, "ИП Ёлкин")
		a.Get(entity).Want(t, 404, "Таких реквизитов")
		a.Post(entity+"/delete").Want(t, 404)
	})
}

func TestLegalEntities_payersOfOrdersStay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := open(t, d)
		shops := sites.New(d)
		shop, _, err := shops.Add(t.Context(), "Печать", "https://shop.ru", "")
		paneltest.Must(t, err)
		_, err = orders.New(d, shops, a.clients, a.organizations).Place(t.Context(), orders.Draft{
			By: staff.Site(), SiteID: shop.ID, ClientID: a.ivan.ID, OrganizationID: &a.tennis.ID,
			LegalEntityID: &a.tennis.LegalEntities[0].ID,
			PaymentMethod: orders.BankTransfer, Items: []orders.Item{{Name: "Кружка", Quantity: 1, Price: 500_00}},
		})
		paneltest.Must(t, err)
		a.SignIn(staff.Operator)
		a.Post(a.page(fmt.Sprintf("/legal-entities/%d/delete", a.tennis.LegalEntities[0].ID))).Want(t, 303)
		a.Get(a.page("")).Want(t, 200, "«ООО «Ракетка»» — плательщик в заказах, удалить его нельзя")
		if n := len(a.find(t).LegalEntities); n != 1 {
			t.Errorf("legal entities = %d, want the payer kept", n)
		}
	})
}

func TestEmployees_addRoleRemove(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := open(t, d)
		for _, name := range []string{"Мария Первая", "Мария Вторая", "Олег"} {
			_, err := a.clients.Register(t.Context(), staff.Site(), clients.Client{DisplayName: name})
			paneltest.Must(t, err)
		}
		a.SignIn(staff.Operator)
		add := a.page("/employees/new")
		a.Post(add, "ClientId", "nobody@example.ru", "Role", "Guest").Want(t, 422, "Такого клиента нет",
			`value="nobody@example.ru"`)
		a.Post(add, "ClientId", "мария", "Role", "Guest").Want(t, 422,
			"Подходит несколько клиентов: Мария Вторая, Мария Первая")
		for _, me := range []string{
			"IVAN@example.ru", "8 912 345-67-89", fmt.Sprint(a.ivan.ID),
			"№ " + fmt.Sprint(a.ivan.ID), "ёлкин",
		} {
			a.Post(add, "ClientId", me, "Role", "Guest").Want(t, 422, "Ёлкин Иван уже сотрудник этой организации")
		}
		a.Post(add, "ClientId", "Олег", "Role", "boss").Want(t, 422, "Выберите значение из списка")
		a.Post(add, "ClientId", "олег", "Role", "Guest").Want(t, 303)
		a.Get(a.page("/employees")).Want(t, 200, "Олег", "(2)", `value="Guest" selected`)

		oleg := a.page(fmt.Sprintf("/employees/%d", a.find(t).Employees[1].ID))
		a.Post(oleg, "role", "Administrator").Want(t, 303)
		a.Get(a.page("/employees")).Want(t, 200, `value="Administrator" selected`, "Роль изменена")
		a.Post(oleg, "role", "boss").Want(t, 303)
		a.Get(a.page("/employees")).Want(t, 200, "Нет такой роли", `value="Administrator" selected`)
		a.Post(oleg+"/delete").Want(t, 303)
		a.Get(a.page("/employees")).Want(t, 200, "Ёлкин Иван").Lacks(t, "Олег")
		a.Post(oleg+"/delete").Want(t, 404)
	})
}

func TestModules_addAButtonAndThenALine(t *testing.T) {
	t.Parallel()
	var sent int
	a := open(t, dbtest.New(t, db.SQLite), func(s *organizations.Service) {
		s.AddAction(panel.Action[*organizations.Organization]{
			Name: "crm.send", Label: "Отправить в CRM",
			Visible: func(context.Context, *organizations.Organization) (bool, error) { return sent == 0, nil },
			Do: func(_ context.Context, o *organizations.Organization) (string, error) {
				sent++
				return "Компания создана: " + o.LegalEntities[0].Name, nil
			},
		})
		s.AddFields(func(context.Context, *organizations.Organization) (*form.Form, error) {
			if sent == 0 {
				return nil, nil
			}
			return &form.Form{Section: "crm", Fields: []*form.Field{form.Static("CRM ID", "21")}}, nil
		})
	})
	a.SignIn(staff.Operator)
	a.Get(a.page("")).Want(t, 200, "Отправить в CRM").Lacks(t, "CRM ID")
	a.Post(a.page("/actions/crm.send")).Want(t, 303)
	a.Get(a.page("")).Want(t, 200, "Компания создана: ООО «Ракетка»", "CRM ID:", "21").Lacks(t, "Отправить в CRM")
	a.Post(a.page("/actions/crm.send")).Want(t, 303)
	if sent != 1 {
		t.Errorf("pressed twice, sent %d times", sent)
	}
	a.Post(a.page("/edit"), "Name", "Теннис").Want(t, 303) // a read-only line is no obstacle
}

func TestRoles_accountantsOnlyRead(t *testing.T) {
	t.Parallel()
	a := open(t, dbtest.New(t, db.SQLite))
	a.SignIn(staff.Accountant)
	a.Get("/admin/organizations").Want(t, 200, "Настольный теннис").Lacks(t, "/admin/organizations/new")
	a.Get(a.page("")).Want(t, 200, "ООО «Ракетка»").Lacks(t, "редактировать", "добавить", "удалить")
	a.Get(a.page("/employees")).Want(t, 200, "Ёлкин Иван", "Менеджер").Lacks(t, "убрать", "<select")
	entity := fmt.Sprintf("/legal-entities/%d", a.tennis.LegalEntities[0].ID)
	employee := fmt.Sprintf("/employees/%d", a.tennis.Employees[0].ID)
	for _, path := range []string{"/edit", "/legal-entities/new", entity, "/employees/new"} {
		a.Get(a.page(path)).Want(t, 403)
		a.Post(a.page(path), "Name", "Взлом").Want(t, 403)
	}
	for _, path := range []string{entity + "/delete", employee, employee + "/delete"} {
		a.Post(a.page(path), "role", "Guest").Want(t, 403)
	}
	if o := a.find(t); o.Revision != 1 {
		t.Errorf("revision = %d: an accountant changed the organization", o.Revision)
	}
}
