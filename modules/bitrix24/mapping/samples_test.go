package mapping_test

import (
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// The panel of these tests: its name on the portal, its zone, and an administrator who has chosen everything.
const origin mapping.Origin = "pixlpark:5f0c"

var moscow = time.FixedZone("Europe/Moscow", 3*60*60)

func rules() mapping.Rules {
	return mapping.Rules{
		ResponsibleID: 19,
		Funnels: map[int64]mapping.Funnel{0: {Name: "Общая", Stages: []mapping.StageRule{
			{StageID: "NEW", Name: "Новая", Status: orders.Placed},
			{StageID: "PREPARATION", Name: "Подготовка документов", Status: orders.Pending},
			{StageID: "EXECUTING", Name: "В работе", Status: orders.PrintingInProgress, Paid: true},
			{StageID: "WON", Name: "Сделка успешна", Status: orders.Delivered},
		}}},
		CompanyTypes: []mapping.CompanyTypeRule{
			{ID: "CUSTOMER", Type: organizations.Customer}, {ID: "VIP", Type: organizations.Customer}, {ID: "PARTNER", Type: organizations.NoType},
		},
		Fields: mapping.DefaultFields,
	}
}

func client() *clients.Client {
	return &clients.Client{
		ID: 7, Token: "c11e0007", FirstName: "Мария", SecondName: "Ивановна", LastName: "Петрова",
		Phone: lo.ToPtr("+79123456701"), Email: lo.ToPtr("maria@example.ru"),
	}
}

func organization() *organizations.Organization {
	return &organizations.Organization{
		ID: 3, Token: "06a20003", Name: "Ромашка", Type: organizations.Customer,
		Phone: "+73432001020", Email: "office@romashka.example", Address: "Екатеринбург, ул. Мира, 1",
		LegalEntities: []organizations.LegalEntity{company()},
	}
}

// company is an ООО: the ten digits of its ИНН say so.
func company() organizations.LegalEntity {
	return organizations.LegalEntity{
		ID: 5, Token: "1e9a0005", OrganizationID: 3, Name: "ООО «Ромашка»", INN: "6670123450", KPP: "667001001", OGRN: "1056600000001",
		Address: "620000, Екатеринбург, ул. Мира, 1", Bank: "АО «Банк»",
		BIK: "046577001", Account: "40702810000000000001", CorrAccount: "30101810000000000001",
	}
}

// soleTrader is an ИП: the twelve digits of its ИНН say so.
func soleTrader() organizations.LegalEntity {
	return organizations.LegalEntity{
		ID: 6, Token: "1e9a0006", OrganizationID: 3, Name: "ИП Петрова Мария Ивановна",
		INN: "667012345601", KPP: "", OGRN: "305660000000001",
		Address: "620000, Екатеринбург, ул. Мира, 2", Account: "40802810000000000001",
	}
}

var presets = mapping.Presets{Company: 1, SoleTrader: 3}

// order is one of two items, picked up by the client, not paid yet.
func order() *orders.Order {
	o := &orders.Order{
		ID: 1000001, Token: "0d2e0001", ClientID: 7, Type: orders.Ordinary, Source: orders.FromSite, Status: orders.Placed, Currency: "RUB",
		CreatedAt:     time.Date(2026, 11, 23, 22, 5, 0, 0, time.UTC), // the next day in Moscow
		PaymentMethod: orders.Online, DeliveryPrice: 150_00,
		Shipping: orders.Shipping{Number: 42, Title: "Пункт выдачи на Мира", Type: orders.Point},
		Address:  orders.Address{FullName: "Петрова Мария", Phone: "+79123456701"},
		Items: []orders.Item{
			{ID: 17, Name: "Фотопостер", Quantity: 2, Price: 450_00},
			{ID: 18, Name: "Визитки", Quantity: 100, Price: 3_50, Options: []orders.Option{
				{Title: "ламинация", Description: "матовая", Price: 200_00, Quantity: 1},
			}},
		},
	}
	o.Recount()
	return o
}

func input(o *orders.Order) mapping.OrderInput {
	return mapping.OrderInput{
		Order: o, SiteName: "Фотосалон", SiteURL: "https://photo.example",
		PageURL: "https://panel.example/orders/1000001", ArchiveURL: "https://panel.example/archive/1000001/k3y",
		Zone: moscow, Rules: rules(), Origin: origin,
	}
}

// contact is the client's contact on the portal, as the panel made it.
func contact() rest.Contact {
	return rest.Contact{
		Name: "Мария", SecondName: "Ивановна", LastName: "Петрова",
		Multifields: rest.Multifields{
			{ID: 31, TypeID: rest.Phone, ValueType: rest.Mobile, Value: "+79123456701"},
			{ID: 32, TypeID: rest.Email, ValueType: rest.Home, Value: "maria@example.ru"},
		},
		Origin: rest.Origin{OriginatorID: rest.Text(origin), OriginID: "client:7:c11e0007"},
	}
}

// companyThere is the organization's company on the portal, as the panel made it.
func companyThere() rest.Company {
	return rest.Company{
		Title: "Ромашка", TypeID: "CUSTOMER", Comments: "Фактический адрес: Екатеринбург, ул. Мира, 1",
		Multifields: rest.Multifields{
			{ID: 41, TypeID: rest.Phone, ValueType: rest.Mobile, Value: "+73432001020"},
			{ID: 42, TypeID: rest.Email, ValueType: rest.Home, Value: "office@romashka.example"},
		},
		Origin: rest.Origin{OriginatorID: rest.Text(origin), OriginID: "organization:3:06a20003"},
	}
}
