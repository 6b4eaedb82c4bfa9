package bitrix24test

import (
	"fmt"
	"net/http"

	"github.com/pixlpark/panel/app/apptest"
)

// Client reads a client over the public API.
func (x *Pair) Client(id int64) apptest.Reply {
	x.T.Helper()
	return x.Call("GET", fmt.Sprintf("/api/clients/%d", id), nil).Want(x.T, http.StatusOK)
}

// Organization registers an organization with two legal entities, one of them an ИП, whose employee is the client.
func (x *Pair) Organization(client int64) apptest.Reply {
	x.T.Helper()
	return x.Call("POST", "/api/organizations", apptest.JSON{
		"Name": "ООО «Северный ветер»", "Type": "Client", "Email": "office@veter.example.ru", "Phone": "+7 343 200-10-20",
		"Address": "Екатеринбург, ул. Белинского, 86",
		"LegalEntities": []apptest.JSON{
			{
				"Name": "ООО «Северный ветер»", "Inn": "6671234567", "Kpp": "667101001", "Ogrn": "1146671000011",
				"Address": "620026, Екатеринбург, ул. Белинского, 86", "Bank": "ПАО Банк «Пример»", "Bik": "046577001",
				"Account": "40702810500000000001", "CorrAccount": "30101810500000000001",
			},
			{"Name": "ИП Ветров", "Inn": "667112345678", "Ogrn": "314667100001111", "Address": "620000, Екатеринбург, а/я 1"},
		},
		"Employees": []apptest.JSON{{"ClientId": client, "Role": "Administrator"}},
	}).Want(x.T, http.StatusCreated)
}

// Employee is a client who has not ordered yet.
func (x *Pair) Employee() int64 {
	x.T.Helper()
	return x.Call("POST", "/api/clients", Draft()["Client"]).Want(x.T, http.StatusCreated).ID()
}
