package bitrix24test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
)

// Draft is the customer and the cart of most scenarios: 5 × 18,00 + 810,00 − 50,50 + 300,25 = 1149,75.
func Draft() apptest.JSON {
	return apptest.JSON{
		"Client": apptest.JSON{
			"FirstName": "Мария", "LastName": "Соколова", "SecondName": "Игоревна", "Email": "sokolova@example.ru",
			"Phone": "8 (912) 345-67-01",
		},
		"Items": []apptest.JSON{
			{
				"MaterialId": 7, "Name": "Фотографии (9x13 см)", "Quantity": 5, "ItemPrice": 18,
				"Options": []apptest.JSON{{"Title": "тип бумаги", "Description": "матовая"}},
			},
			{"MaterialId": 8, "Name": "Фотопостер (30x40 см)", "Quantity": 1, "ItemPrice": "810.00"},
		},
		"DiscountPrice": "50.50", "DeliveryPrice": 300.25,
		"Shipping": apptest.JSON{"Id": 8106, "Title": "Офис компании на Белинского", "Type": "Point"},
		"Comment":  "Позвоните, когда будет готово", "PaymentMethod": "Online",
		"Utm": apptest.JSON{"source": "yandex", "campaign": "autumn"},
	}
}

// CustomersPhone is the phone of [Draft]'s customer, as the panel shows it.
const CustomersPhone = "+79123456701"

// Place orders draft, changed, over the public API.
func (x *Pair) Place(change ...func(d apptest.JSON)) int64 {
	x.T.Helper()
	d := Draft()
	for _, fn := range change {
		fn(d)
	}
	return x.Call("POST", "/api/orders", d).Want(x.T, http.StatusCreated).ID()
}

// PlaceMany places orders of n different customers, and returns their numbers.
func (x *Pair) PlaceMany(n int) (placed []int64) {
	x.T.Helper()
	for i := range n {
		placed = append(placed, x.Place(func(d apptest.JSON) {
			d["Client"] = apptest.JSON{"FirstName": "Клиент", "LastName": fmt.Sprintf("№ %d", i), "Email": fmt.Sprintf("client%d@example.ru", i)}
		}))
	}
	return placed
}

// By has a client who exists already order.
func By(clientID int64) func(d apptest.JSON) {
	return func(d apptest.JSON) {
		delete(d, "Client")
		d["UserId"] = clientID
	}
}

// Set changes one field of what is ordered.
func Set(name string, value any) func(d apptest.JSON) {
	return func(d apptest.JSON) { d[name] = value }
}

// Order reads an order over the public API.
func (x *Pair) Order(id int64) apptest.Reply {
	x.T.Helper()
	return x.Call("GET", fmt.Sprintf("/api/orders/%d", id), nil).Want(x.T, http.StatusOK)
}

// SetStatus changes an order's status over the public API.
func (x *Pair) SetStatus(id int64, status orders.Status) {
	x.T.Helper()
	x.Call("POST", fmt.Sprintf("/api/orders/%d/status", id), apptest.JSON{"Status": status}).Want(x.T, http.StatusOK)
}

// ChangeOrder changes an order as an employee would.
func (x *Pair) ChangeOrder(id int64, change func(o *orders.Order)) {
	x.T.Helper()
	_, err := x.Host().Orders.Change(x.T.Context(), id, staff.Module("test", "Проверка"), func(o *orders.Order) error {
		change(o)
		return nil
	})
	x.Must(err)
}

// NewClient registers the client of [Draft], who has not ordered yet.
func (x *Pair) NewClient() int64 {
	x.T.Helper()
	return x.Call("POST", "/api/clients", Draft()["Client"]).Want(x.T, http.StatusCreated).ID()
}

// Client reads a client over the public API.
func (x *Pair) Client(id int64) apptest.Reply {
	x.T.Helper()
	return x.Call("GET", fmt.Sprintf("/api/clients/%d", id), nil).Want(x.T, http.StatusOK)
}

// NewOrganization registers an organization with two legal entities, one of them an ИП, whose employee is the client.
func (x *Pair) NewOrganization(client int64) apptest.Reply {
	x.T.Helper()
	return x.Call("POST", "/api/organizations", apptest.JSON{
		"Name": "ООО «Северный ветер»", "Type": "Client", "Email": "office@veter.example.ru", "Phone": "+7 343 200-10-20",
		"Address": "Екатеринбург, ул. Белинского, 86",
		"LegalEntities": []apptest.JSON{
			{
				"Name": "ООО «Северный ветер»", "Inn": "6671234567", "Kpp": "667101001", "Ogrn": "1146671000011",
				"Address": "620026, Екатеринбург, ул. Белинского, 86",
				"Bank":    "ПАО Банк «Пример»", "Bik": "046577001",
				"Account": "40702810500000000001", "CorrAccount": "30101810500000000001",
			},
			{"Name": "ИП Ветров", "Inn": "667112345678", "Ogrn": "314667100001111", "Address": "620000, Екатеринбург, а/я 1"},
		},
		"Employees": []apptest.JSON{{"ClientId": client, "Role": "Administrator"}},
	}).Want(x.T, http.StatusCreated)
}

// BusyDay is a day in the print shop: an organization with its legal entities, two orders, and changes of everything.
func (x *Pair) BusyDay() (company, person int64) {
	x.T.Helper()
	client := x.NewClient()
	organization := x.NewOrganization(client).ID()
	company = x.Place(By(client), Set("OrganizationId", organization))
	person = x.Place(By(client))
	x.Drain()
	x.Call("PUT", fmt.Sprintf("/api/orders/%d/items", company), apptest.JSON{"Items": []apptest.JSON{
		{"Name": "Фотографии (9x13 см)", "Quantity": 7, "ItemPrice": 18},
		{"Name": "Рама", "Quantity": 1, "ItemPrice": "333.33"},
		{"Name": "Паспарту", "Quantity": 3, "ItemPrice": "0.01"},
	}}).Want(x.T, http.StatusOK)
	x.SetStatus(person, orders.WaitingForPayment)
	x.Drain()
	x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": "Марья"}).Want(x.T, http.StatusOK)
	x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Phone": "+7 343 200-10-99"}).Want(x.T, http.StatusOK)
	return company, person
}

// Now is the time as the database stores it.
func Now() time.Time { return db.Now() }

// Count is how many rows a table has.
func (x *Pair) Count(table string) int64 {
	x.T.Helper()
	return x.Number("SELECT count(*) FROM " + table)
}

// Number is what a query answers.
func (x *Pair) Number(query string) int64 {
	x.T.Helper()
	var n int64
	x.Must(x.Host().DB.From(x.T.Context()).Raw(query).Scan(&n).Error)
	return n
}

// Text is the one text of a query.
func (x *Pair) Text(query string) (text string) {
	x.T.Helper()
	x.Must(x.Host().DB.From(x.T.Context()).Raw(query).Scan(&text).Error)
	return text
}
