package api_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
)

func TestPlaceOrder_everythingComesBack(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		client := s.client("anna@mail.ru")
		organization := s.must(201, "POST", "/organizations", fmt.Sprintf(`{
			"Name":"ООО Ромашка","LegalEntities":[{"Name":"ООО Ромашка","Inn":"7017123456"}],
			"Employees":[{"ClientId":%d,"Role":"Manager"}]}`, client))
		payer := int64(organization.at("LegalEntities", 0, "Id").(float64))
		o := s.must(201, "POST", "/orders", fmt.Sprintf(`{
			"UserId": %d, "OrganizationId": %d, "LegalEntityId": %d, "CustomId": "A-1",
			"Items": [
				{"MaterialId": 12, "Name": "Фотопостер", "Description": "30×40", "Quantity": 3, "ItemPrice": 300.50, "Comment": "аккуратно",
				 "Options": [{"Title": "Рама", "Description": "черная", "Price": "150,25", "Quantity": 2}, {"Title": "Упаковка", "Price": 10}]},
				{"Name": "Дизайн", "Quantity": 1, "ItemPrice": "1000.00"}],
			"DiscountPrice": 100.01, "DeliveryPrice": 250,
			"Shipping": {"Id": 8106, "Title": "Офис на Белинского", "Type": "Point", "Phone": "88001234567", "Email": "o@x.ru"},
			"DeliveryAddress": {"ZipCode": "634029", "AddressLine1": "Белинского, 18", "AddressLine2": "офис 2", "Description": "код 5",
				"City": "Томск", "Country": "Россия", "State": "Томская", "FullName": "Анна", "Phone": "8 (912) 345-67-89"},
			"PaymentMethod": "BankTransfer", "PaidPrice": 500, "Comment": "срочно", "Source": "App", "Type": "Quick", "Currency": "RUB",
			"Utm": {"source": "ya", "medium": "cpc", "campaign": "c", "content": "d", "term": "e"}}`, client, organization.id(), payer))
		number := fmt.Sprint(o.id())
		if !regexp.MustCompile(`^\d{7}$`).MatchString(number) {
			t.Errorf("Id = %s, want seven digits", number)
		}
		for _, want := range []string{
			`"Price":2212.00`, `"DiscountPrice":100.01`, `"DeliveryPrice":250.00`, `"TotalPrice":2361.99`, `"PaidPrice":500.00`,
			`"ItemPrice":300.50`, `"Price":150.25`,
			`"Utm":{"source":"ya","medium":"cpc","campaign":"c","content":"d","term":"e"}`,
			`"DownloadLink":"https://panel.example/orders/` + number + `/archive/`, `"PreviewImageUrl":""`,
		} {
			if !strings.Contains(o.Text, want) {
				t.Errorf("the answer lacks %s:\n%s", want, o.Text)
			}
		}
		expect(t, o, client, "UserId")
		expect(t, o, organization.id(), "UserCompanyAccountId")
		expect(t, o, organization.id(), "OrganizationId")
		expect(t, o, payer, "LegalEntityId")
		expect(t, o, "A-1", "CustomId")
		expect(t, o, "Фотопостер; Рама (черная), Упаковка, Дизайн", "Title")
		expect(t, o, "Placed", "Status")
		expect(t, o, "PartiallyPaid", "PaymentStatus")
		expect(t, o, "Quick", "Type")
		expect(t, o, "App", "Source")
		expect(t, o, "8106", "Shipping", "Id")
		expect(t, o, "Point", "Shipping", "Type")
		expect(t, o, "+79123456789", "DeliveryAddress", "Phone")
		expect(t, o, "офис 2", "DeliveryAddress", "AddressLine2")
		expect(t, o, "1212", "Items", 0, "TotalPrice")
		expect(t, o, "2", "Items", 0, "Options", 0, "Quantity")
		expect(t, o, "1", "Items", 0, "Options", 1, "Quantity")
		expect(t, o, "12", "Items", 0, "MaterialId")
		expect(t, o, "0", "Items", 1, "MaterialId")
		expect(t, o, number, "Items", 1, "OrderId")
		expect(t, o, "Система (сайт)", "History", 0, "Actor")
		expect(t, o, "Placed", "History", 0, "Status")
		created, err := time.Parse(time.RFC3339, fmt.Sprint(o.at("DateCreated")))
		if _, offset := created.Zone(); err != nil || offset != 3*60*60 {
			t.Errorf("DateCreated = %v, want RFC 3339 in the account's offset", o.at("DateCreated"))
		}
		if again := s.must(200, "GET", "/orders/"+number, ""); again.Text != o.Text {
			t.Errorf("GET answers\n%s\nwant what POST answered:\n%s", again.Text, o.Text)
		}
	})
}

func TestPlaceOrder_whoOrders(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		byEmail := s.must(201, "POST", "/clients", `{"FirstName":"А","Email":"a@mail.ru","Phone":"+79120000001"}`).id()
		byPhone := s.must(201, "POST", "/clients", `{"FirstName":"Б","Email":"b@mail.ru","Phone":"+79120000002"}`).id()
		place := func(client string) reply {
			return s.must(201, "POST", "/orders",
				`{"Client":`+client+`,"Items":[{"Name":"Визитки","Quantity":1,"ItemPrice":1}]}`)
		}
		expect(t, place(`{"Email":"A@Mail.ru"}`), byEmail, "UserId")
		expect(t, place(`{"Phone":"8 912 000-00-02"}`), byPhone, "UserId")
		expect(t, place(`{"Email":"new@mail.ru","Phone":"8 912 000-00-02"}`), byPhone, "UserId")
		expect(t, place(`{"Email":"a@mail.ru","Phone":"89120000002"}`), byEmail, "UserId") // the e-mail decides
		fresh := place(`{"FirstName":"Вера","LastName":"Новая","Email":"vera@mail.ru","Phone":"89120000003"}`)
		registered := s.must(200, "GET", fmt.Sprintf("/clients/%v", fresh.at("UserId")), "")
		expect(t, registered, "Вера", "FirstName")
		expect(t, registered, "+79120000003", "Phone")
		expect(t, registered, "Registered", "Status")
		expect(t, place(`{"Email":"vera@mail.ru"}`), registered.id(), "UserId")
		if n := s.rows("clients"); n != 3 {
			t.Errorf("%d clients, want 3", n)
		}
	})
}

func TestPlaceOrder_refusedBeforeAnythingIsWritten(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		client := s.client("anna@mail.ru")
		organization := s.must(201, "POST", "/organizations", fmt.Sprintf(
			`{"Name":"Р","LegalEntities":[{"Name":"ООО"}],"Employees":[{"ClientId":%d,"Role":"Guest"}]}`, client))
		stranger := s.must(201, "POST", "/organizations", fmt.Sprintf(
			`{"Name":"Ч","LegalEntities":[{"Name":"ООО Ч"}],"Employees":[{"ClientId":%d,"Role":"Manager"}]}`, client))
		const items = `"Items":[{"Name":"Визитки","Quantity":1,"ItemPrice":100}]`
		user := fmt.Sprintf(`"UserId":%d`, client)
		unknown := `"Client":{"Email":"new@mail.ru"}`
		payer := organization.at("LegalEntities", 0, "Id")
		tests := []struct {
			name, body string
			status     int
			field      string
		}{
			{"not JSON", `{"UserId":`, 400, ""},
			{"nothing", ` `, 400, ""},
			{"a list", `[]`, 400, ""},
			{"a number", `5`, 400, ""},
			{"two objects", `{} {}`, 400, ""},
			{"nobody", `{` + items + `}`, 422, "UserId"},
			{"two customers", `{` + user + `,` + unknown + `,` + items + `}`, 422, "UserId"},
			{"no items", `{` + unknown + `}`, 422, "Items"},
			{"unknown client", `{"UserId":999999,` + items + `}`, 422, "UserId"},
			{"client as text", `{"UserId":"5",` + items + `}`, 422, "UserId"},
			{"items as object", `{` + user + `,"Items":{}}`, 422, "Items"},
			{"an item that is none", `{` + user + `,"Items":[5]}`, 422, "Items[0]"},
			{
				"negative quantity",
				`{` + unknown + `,"Items":[{"Name":"В","Quantity":1,"ItemPrice":1},{"Name":"В","Quantity":-1,"ItemPrice":1}]}`,
				422, "Items[1].Quantity",
			},
			{"no quantity", `{` + unknown + `,"Items":[{"Name":"В","ItemPrice":1}]}`, 422, "Items[0].Quantity"},
			{"half a piece", `{` + unknown + `,"Items":[{"Name":"В","Quantity":1.5,"ItemPrice":1}]}`, 422, "Items[0].Quantity"},
			{"three decimals", `{` + unknown + `,"Items":[{"Name":"В","Quantity":1,"ItemPrice":1.005}]}`, 422, "Items[0].ItemPrice"},
			{"three decimals as text", `{` + unknown + `,"Items":[{"Name":"В","Quantity":1,"ItemPrice":"1.000"}]}`, 422, "Items[0].ItemPrice"},
			{"price as list", `{` + unknown + `,"Items":[{"Name":"В","Quantity":1,"ItemPrice":[1]}]}`, 422, "Items[0].ItemPrice"},
			{"no price", `{` + unknown + `,"Items":[{"Name":"В","Quantity":1,"ItemPrice":1},{"Name":"В","Quantity":1}]}`, 422, "Items[1].ItemPrice"},
			{
				"a field of an item twice", `{` + unknown + `,"Items":[{"Name":"В","Quantity":1,"ItemPrice":1,"quantity":2}]}`,
				422, "Items[0].quantity",
			},
			{"null for a price", `{` + unknown + `,"Items":[{"Name":"В","Quantity":1,"ItemPrice":null}]}`, 422, "Items[0].ItemPrice"},
			{"negative price", `{` + unknown + `,"Items":[{"Name":"В","Quantity":1,"ItemPrice":-1}]}`, 422, "Items[0].ItemPrice"},
			{"no name", `{` + unknown + `,"Items":[{"Quantity":1,"ItemPrice":1}]}`, 422, "Items[0].Name"},
			{
				"option price",
				`{` + unknown + `,"Items":[{"Name":"В","Quantity":1,"ItemPrice":1,"Options":[{"Title":"Р","Price":"x"}]}]}`, 422,
				"Items[0].Options[0].Price",
			},
			{
				"none of an option",
				`{` + unknown + `,"Items":[{"Name":"В","Quantity":1,"ItemPrice":1,"Options":[{"Title":"Р","Quantity":0}]}]}`, 422,
				"Items[0].Options[0].Quantity",
			},
			{"discount beyond the total", `{` + unknown + `,` + items + `,"DiscountPrice":100.01}`, 422, "DiscountPrice"},
			{"three decimals of discount", `{` + unknown + `,` + items + `,"DiscountPrice":0.001}`, 422, "DiscountPrice"},
			{"negative discount", `{` + unknown + `,` + items + `,"DiscountPrice":-1}`, 422, "DiscountPrice"},
			{"negative delivery", `{` + unknown + `,` + items + `,"DeliveryPrice":-1}`, 422, "DeliveryPrice"},
			{"more paid than owed", `{` + unknown + `,` + items + `,"PaidPrice":100.01}`, 422, "PaidPrice"},
			{"unknown source", `{` + unknown + `,` + items + `,"Source":"Fax"}`, 422, "Source"},
			{"the panel's source", `{` + unknown + `,` + items + `,"Source":"Panel"}`, 422, "Source"},
			{"unknown type", `{` + unknown + `,` + items + `,"Type":"X"}`, 422, "Type"},
			{"a top-up", `{` + unknown + `,` + items + `,"Type":"TopUpPerson"}`, 422, "Type"},
			{"another currency", `{` + unknown + `,` + items + `,"Currency":"USD"}`, 422, "Currency"},
			{"unknown payment method", `{` + unknown + `,` + items + `,"PaymentMethod":"Gold"}`, 422, "PaymentMethod"},
			{"unknown delivery", `{` + unknown + `,` + items + `,"Shipping":{"Type":"Pigeon"}}`, 422, "Shipping.Type"},
			{"delivery as text", `{` + unknown + `,` + items + `,"Shipping":"Point"}`, 422, "Shipping"},
			{"broken recipient's phone", `{` + unknown + `,` + items + `,"DeliveryAddress":{"Phone":"12"}}`, 422, "DeliveryAddress.Phone"},
			{"broken e-mail", `{"Client":{"Email":"new@"},` + items + `}`, 422, "Client.Email"},
			{"broken phone", `{"Client":{"Phone":"+7 000"},` + items + `}`, 422, "Client.Phone"},
			{"client without anything", `{"Client":{},` + items + `}`, 422, "Client.Email"},
			{"payer without organization", fmt.Sprintf(`{%s,%s,"LegalEntityId":%v}`, user, items, payer), 422, "OrganizationId"},
			{"guest of the organization", fmt.Sprintf(`{%s,%s,"OrganizationId":%d}`, user, items, organization.id()), 422, "OrganizationId"},
			{"somebody else's organization", fmt.Sprintf(`{%s,%s,"OrganizationId":%d}`, unknown, items, stranger.id()), 422, "OrganizationId"},
			{"unknown organization", fmt.Sprintf(`{%s,%s,"OrganizationId":9999}`, user, items), 422, "OrganizationId"},
			{"another organization's payer", fmt.Sprintf(`{%s,%s,"OrganizationId":%d,"LegalEntityId":%v}`,
				user, items, stranger.id(), payer), 422, "LegalEntityId"},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				got := s.call("POST", "/orders", tt.body)
				if got.Status != tt.status || got.field() != tt.field || got.at("Error", "Message") == "" {
					t.Errorf("%d %s, want %d and field %q", got.Status, got.Text, tt.status, tt.field)
				}
			})
		}
		if orders, people := s.rows("orders"), s.rows("clients"); orders != 0 || people != 1 {
			t.Errorf("%d orders and %d clients were written, want none but the one client", orders, people)
		}
	})
}

func TestPlaceOrder_blockedClientIsRefused(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		client := s.client("anna@mail.ru")
		if err := s.db.From(t.Context()).Exec("UPDATE clients SET status = 'Blocked'").Error; err != nil {
			t.Fatal(err)
		}
		got := s.call("POST", "/orders", fmt.Sprintf(`{"UserId":%d,"Items":[{"Name":"В","Quantity":1,"ItemPrice":1}]}`,
			client))
		if got.Status != 422 || got.field() != "UserId" {
			t.Errorf("%d %s, want 422 for UserId", got.Status, got.Text)
		}
	})
}

func TestOrders_anotherSiteSeesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		o := s.order(s.client("anna@mail.ru"))
		path := fmt.Sprintf("/orders/%d", o.id())
		const other = "Authorization: Bearer second-token"
		for _, call := range []struct{ method, path, body string }{
			{"GET", path, ""},
			{"POST", path + "/status", `{"Status":"Pending"}`},
			{"POST", path + "/payments", `{"Amount":1}`},
			{"POST", path + "/comments", `{"Text":"?"}`},
			{"PUT", path + "/items", `{"Items":[{"Name":"В","Quantity":1,"ItemPrice":1}]}`},
			{"DELETE", path, ""},
		} {
			if got := s.call(call.method, call.path, call.body, other); got.Status != 404 {
				t.Errorf("%s %s = %d, want 404", call.method, call.path, got.Status)
			}
		}
		expect(t, s.must(200, "GET", "/orders", "", other), 0, "Total")
		if again := s.must(200, "GET", path, ""); again.Text != o.Text {
			t.Errorf("the order changed: %s", again.Text)
		}
	})
}

func TestOrders_listIsPagedAndFiltered(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		client := s.client("anna@mail.ru")
		var ids []int64
		for range 5 {
			ids = append(ids, s.order(client).id())
		}
		s.must(200, "POST", fmt.Sprintf("/orders/%d/status", ids[1]), `{"Status":"PrintingInProgress"}`)
		s.must(200, "DELETE", fmt.Sprintf("/orders/%d", ids[0]), "")

		page := s.must(200, "GET", "/orders?take=2&skip=1", "")
		expect(t, page, 4, "Total")
		expect(t, page, ids[3], "Items", 0, "Id")
		expect(t, page, ids[2], "Items", 1, "Id")
		expect(t, page, "Заказ оформлен", "Items", 0, "History", 0, "Text")
		expect(t, page, nil, "Items", 2)
		expect(t, s.must(200, "GET", "/orders?status=PrintingInProgress", ""), ids[1], "Items", 0, "Id")
		expect(t, s.must(200, "GET", "/orders?status=PrintingInProgress,Placed", ""), 4, "Total")
		expect(t, s.must(200, "GET", "/orders?status=Deleted", ""), ids[0], "Items", 0, "Id")
		if empty := s.must(200, "GET", "/orders?status=Shipped", ""); !strings.Contains(empty.Text, `"Items":[]`) {
			t.Errorf("nothing found = %s, want an empty list", empty.Text)
		}
		for query, field := range map[string]string{
			"take=101": "take", "take=0": "take", "take=x": "take", "take=-1": "take", "skip=-1": "skip", "skip=1e3": "skip",
			"skip=99999999999999999999": "skip", "status=Nope": "status", "status=Placed,": "status",
		} {
			if got := s.call("GET", "/orders?"+query, ""); got.Status != 422 || got.field() != field {
				t.Errorf("%s = %d %s, want 422 for %s", query, got.Status, got.Text, field)
			}
		}
	})
}

func TestOrders_aLifeOfChanges(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		o := s.order(s.client("anna@mail.ru"))
		path := fmt.Sprintf("/orders/%d", o.id())
		s.must(200, "POST", path+"/status", `{"Status":"WaitingForPayment"}`)

		got := s.must(200, "POST", path+"/payments", `{"Amount":"400.50","Method":"Cash"}`)
		expect(t, got, "PartiallyPaid", "PaymentStatus")
		expect(t, got, "WaitingForPayment", "Status")
		if refused := s.call("POST", path+"/payments", `{"Amount":499.51}`); refused.Status != 422 ||
			refused.field() != "Amount" {
			t.Errorf("paying too much = %d %s, want 422 for Amount", refused.Status, refused.Text)
		}
		got = s.must(200, "POST", path+"/payments", `{"Amount":499.50,"Method":"Online"}`)
		expect(t, got, "Paid", "PaymentStatus")
		expect(t, got, "Approved", "Status") // a paid order goes on
		expect(t, got, "900", "PaidPrice")

		got = s.must(200, "POST", path+"/comments", `{"Text":"Когда будет готово?","VisibleToClient":true}`)
		expect(t, got, "Когда будет готово?", "Comments", 0, "Text")
		expect(t, got, true, "Comments", 0, "VisibleToClient")
		expect(t, got, "Система (сайт)", "Comments", 0, "Author")
		got = s.must(200, "POST", path+"/comments", `{"Text":"между нами"}`)
		expect(t, got, false, "Comments", 1, "VisibleToClient")

		got = s.must(200, "DELETE", path, "")
		expect(t, got, "Deleted", "Status")
		expect(t, s.must(200, "GET", path, ""), "Deleted", "Status")
		expect(t, s.must(200, "GET", "/orders", ""), 0, "Total")

		// Nothing is left to be done with it but deleting it again.
		s.must(200, "DELETE", path, "")
		for _, refused := range []struct{ method, path, body string }{
			{"POST", "/status", `{"Status":"Pending"}`},
			{"POST", "/payments", `{"Amount":-1}`},
			{"POST", "/comments", `{"Text":"Ау"}`},
			{"PUT", "/items", `{"Items":[{"Name":"В","Quantity":1,"ItemPrice":900}]}`},
		} {
			got := s.call(refused.method, path+refused.path, refused.body)
			if message, _ := got.at("Error", "Message").(string); got.Status != 409 || !strings.Contains(message, "удалён") {
				t.Errorf("%s of a deleted order = %d %s, want 409 and why", refused.path, got.Status, got.Text)
			}
		}
		expect(t, s.must(200, "GET", path, ""), "900", "PaidPrice")

		for body, words := range map[string]string{
			`{}`: "Укажите статус", `{"Status":null}`: "Укажите статус",
			`{"Status":"Nope"}`: "«Nope»",
		} {
			message, _ := s.call("POST", path+"/status", body).at("Error", "Message").(string)
			if !strings.Contains(message, words) {
				t.Errorf("%s is refused with %q, want %q", body, message, words)
			}
		}
		for _, refused := range []struct{ call, body, field string }{
			{"/status", `{"Status":"Nope"}`, "Status"},
			{"/status", `{"Status":5}`, "Status"},
			{"/status", `{}`, "Status"},
			{"/payments", `{"Amount":0}`, "Amount"},
			{"/payments", `{}`, "Amount"},
			{"/payments", `{"Amount":1.001}`, "Amount"},
			{"/payments", `{"Amount":1,"Method":"Gold"}`, "Method"},
			{"/payments", `{"Amount":-901}`, "Amount"},
			{"/comments", `{"Text":" "}`, "Text"},
			{"/comments", `{"Text":["x"]}`, "Text"},
			{"/comments", `{"Text":"x","VisibleToClient":"да"}`, "VisibleToClient"},
		} {
			if got := s.call("POST", path+refused.call, refused.body); got.Status != 422 || got.field() != refused.field {
				t.Errorf("%s %s = %d %s, want 422 for %s", refused.call, refused.body, got.Status, got.Text, refused.field)
			}
		}
	})
}

func TestReplaceItems_whatHangsOnAnItemStays(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		o := s.must(201, "POST", "/orders", fmt.Sprintf(`{"UserId":%d,"PaidPrice":100,"Items":[
			{"MaterialId":7,"Name":"Визитки","Quantity":2,"ItemPrice":450},
			{"Name":"Дизайн","Quantity":1,"ItemPrice":100}]}`, s.client("anna@mail.ru")))
		ctx := staff.WithActor(t.Context(), staff.Site())
		cards, design := int64(o.at("Items", 0, "Id").(float64)), int64(o.at("Items", 1, "Id").(float64))
		if _, err := s.orders.AttachFile(ctx, o.id(), cards, "макет.pdf", strings.NewReader("%PDF")); err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("/orders/%d/items", o.id())
		got := s.must(200, "PUT", path,
			`{"Items":[{"Name":"Доставка до двери","Quantity":1,"ItemPrice":50},{"MaterialId":7,"Name":"Визитки","Quantity":3,"ItemPrice":450}]}`)
		expect(t, got, cards, "Items", 1, "Id")
		expect(t, got, 1400, "TotalPrice")
		if got.at("Items", 0, "Id") == o.at("Items", 1, "Id") {
			t.Error("another item took the number of one that is gone")
		}
		list, err := s.orders.Find(t.Context(), o.id())
		if err != nil || len(list.Items[1].Files) != 1 {
			t.Errorf("files of the item that stayed = %v, %v; want the one attached", list.Items[1].Files, err)
		}
		got = s.must(200, "PUT", path, fmt.Sprintf(`[{"Id":%d,"Name":"Визитки с лаком","Quantity":1,"ItemPrice":500}]`,
			cards))
		expect(t, got, cards, "Items", 0, "Id")
		expect(t, got, 500, "TotalPrice")
		for body, field := range map[string]string{
			`{}`:           "Items",
			`{"Items":[]}`: "Items",
			fmt.Sprintf(`[{"Id":%d,"Name":"Д","Quantity":1,"ItemPrice":100}]`, design): "Items[0].Id",
			`[{"Name":"Д","Quantity":1,"ItemPrice":99.99}]`:                            "PaidPrice", // less than what is paid
			`[{"Name":"Д","Quantity":0,"ItemPrice":500}]`:                              "Items[0].Quantity",
			`[{"Name":"Д","Quantity":1,"ItemPrice":null}]`:                             "Items[0].ItemPrice",
		} {
			if got := s.call("PUT", path, body); got.Status != 422 || got.field() != field {
				t.Errorf("%s = %d %s, want 422 for %s", body, got.Status, got.Text, field)
			}
		}
		if got := s.call("PUT", path, `"x"`); got.Status != 400 {
			t.Errorf("a text instead of items = %d, want 400", got.Status)
		}
	})
}

func TestOrders_aHookThatRefusesLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		s.orders.OnSaved(vetoOf("Не сегодня."))
		got := s.call("POST", "/orders",
			`{"Client":{"Email":"new@mail.ru"},"Items":[{"Name":"В","Quantity":1,"ItemPrice":1}]}`, "Idempotency-Key: k")
		if got.Status != 422 || got.at("Error", "Message") != "Не сегодня." {
			t.Errorf("%d %s, want the hook's refusal", got.Status, got.Text)
		}
		for _, table := range []string{"orders", "clients", "items", "order_history", "api_answers"} {
			if n := s.rows(table); n != 0 {
				t.Errorf("%s holds %d rows, want none", table, n)
			}
		}
		if counts, err := s.orders.Counts(t.Context()); err != nil || counts[orders.Placed] != 0 {
			t.Errorf("counters = %v, %v; want none", counts, err)
		}
	})
}
