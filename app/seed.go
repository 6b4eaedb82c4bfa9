package app

import (
	"context"
	"fmt"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/app/tariff"
)

// Demo sign-ins: the addresses below with this password; and the token of the demo site.
const (
	DemoPassword = "demo"
	DemoToken    = "demo-site-token"
)

// DemoStaff are the sign-ins of the demo, one for each role.
var DemoStaff = []staff.NewEmployee{
	{Email: "admin@demo", Name: "Анна Смирнова", Role: staff.Administrator, Password: DemoPassword},
	{Email: "supervisor@demo", Name: "Сергей Павлов", Role: staff.Supervisor, Password: DemoPassword},
	{Email: "operator@demo", Name: "Ольга Иванова", Role: staff.Operator, Password: DemoPassword},
	{Email: "accountant@demo", Name: "Борис Кузнецов", Role: staff.Accountant, Password: DemoPassword},
}

// SeedStaff adds the demo's employees, its site and its tariff: everything that must be there before a module is
// connected. A database that has employees already is left as it is; seeded says which.
func (a *App) SeedStaff(ctx context.Context, siteURL string) (seeded bool, err error) {
	list, err := a.Staff.List(ctx)
	if err != nil || len(list) > 0 {
		return false, err
	}
	for _, e := range DemoStaff {
		if _, err := a.Staff.Create(ctx, e); err != nil {
			return false, fmt.Errorf("seed %s: %w", e.Email, err)
		}
	}
	if _, _, err := a.host.Sites.Add(ctx, "Типография «Демо»", siteURL, DemoToken); err != nil {
		return false, fmt.Errorf("seed the site: %w", err)
	}
	return true, a.host.Tariff.Switch(ctx, tariff.Professional)
}

// SeedOrders adds a few clients, an organization and orders, as if they came from the site.
func (a *App) SeedOrders(ctx context.Context) error {
	shops, err := a.host.Sites.All(ctx)
	if err != nil || len(shops) == 0 {
		return err
	}
	var people []*clients.Client
	for _, c := range []struct{ first, last, second, email, phone string }{
		{"Мария", "Соколова", "Игоревна", "sokolova@example.ru", "+7 912 345-67-01"},
		{"Павел", "Орлов", "Андреевич", "orlov@example.ru", "8 912 345-67-02"},
		{"Елена", "Васильева", "", "vasilieva@example.ru", "+7 912 345-67-03"},
	} {
		client := clients.Client{FirstName: c.first, LastName: c.last, SecondName: c.second}
		if err := client.SetEmail(c.email); err != nil {
			return err
		}
		if err := client.SetPhone(c.phone); err != nil {
			return err
		}
		saved, err := a.host.Clients.Register(ctx, staff.Timer(), client)
		if err != nil {
			return fmt.Errorf("seed clients: %w", err)
		}
		people = append(people, saved)
	}
	company, err := a.host.Organizations.Register(ctx, staff.Timer(), organizations.Organization{
		Name: "ООО «Северный ветер»", Type: organizations.Customer,
		Email: "office@veter.example.ru", Phone: "+7 343 200-10-20",
		Address:   "Екатеринбург, ул. Белинского, 86",
		Employees: []organizations.Employee{{ClientID: people[2].ID, Role: organizations.Administrator}},
		LegalEntities: []organizations.LegalEntity{{
			Name: "ООО «Северный ветер»", INN: "6671234567", KPP: "667101001", OGRN: "1146671000011",
			Address: "620026, Екатеринбург, ул. Белинского, 86", Bank: "ПАО Банк «Пример»",
			BIK: "046577001", Account: "40702810500000000001", CorrAccount: "30101810500000000001",
		}},
	})
	if err != nil {
		return fmt.Errorf("seed the organization: %w", err)
	}
	for _, d := range demoDrafts(shops[0].ID, people, company) {
		d.By = staff.Timer()
		if _, err := a.host.Orders.Place(ctx, d); err != nil {
			return fmt.Errorf("seed orders: %w", err)
		}
	}
	return nil
}

func demoDrafts(site int64, people []*clients.Client, company *organizations.Organization) []orders.Draft {
	office := orders.Shipping{Number: 8106, Title: "Офис компании на Белинского", Type: orders.Point}
	return []orders.Draft{
		{
			SiteID: site, ClientID: people[0].ID, Shipping: office, PaymentMethod: orders.Online,
			Comment: "Позвоните, когда будет готово",
			Items: []orders.Item{
				{
					Name: "Фотографии (9x13 см) [без полей]", Quantity: 5, Price: 18_00,
					Options: []orders.Option{{Title: "тип бумаги", Description: "матовая", Quantity: 1}},
				},
				{
					Name: "Фотопостеры в раму (30x40 см)", Quantity: 1, Price: 810_00,
					Options: []orders.Option{{Title: "цвет рамы", Description: "черный", Quantity: 1}},
				},
			},
		},
		{
			SiteID: site, ClientID: people[1].ID, PaymentMethod: orders.Cash, DeliveryPrice: 350_00, Discount: 100_00,
			Shipping: orders.Shipping{Number: 12, Title: "По городу", Type: orders.Courier},
			Address: orders.Address{
				City: "Екатеринбург", Line1: "ул. Малышева, 51", FullName: "Павел Орлов", Phone: "+7 912 345-67-02",
			},
			Items: []orders.Item{{Name: "Визитки (90x50 мм)", Quantity: 500, Price: 3_90}},
		},
		{
			SiteID: site, ClientID: people[2].ID, OrganizationID: &company.ID, LegalEntityID: &company.LegalEntities[0].ID,
			Shipping: office, PaymentMethod: orders.BankTransfer,
			Items: []orders.Item{
				{Name: "Штендеры (120x60 см, арочный)", Quantity: 2, Price: 850_00},
				{Name: "Буклеты А4", Quantity: 1000, Price: 11_50, Options: []orders.Option{{Title: "фальцовка", Price: 900_00, Quantity: 1}}},
			},
		},
	}
}
