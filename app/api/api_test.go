package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
)

func TestAPI_whoMayCall(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.New(t, db.SQLite))
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic first-token", "first-token"} {
		got := s.call("GET", "/orders", "", "Authorization: "+header)
		if got.Status != 401 || got.Header.Get("WWW-Authenticate") != "Bearer" || got.at("Error", "Code") != "Unauthorized" {
			t.Errorf("%q = %d %s, want 401", header, got.Status, got.Text)
		}
	}
	s.must(200, "GET", "/orders", "", "Authorization: bearer first-token")
}

func TestAPI_requestsThatGoNowhere(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.New(t, db.SQLite))
	client := fmt.Sprintf("/clients/%d", s.client("anna@mail.ru"))
	tests := []struct {
		name, method, path, body, header string
		status                           int
		code                             string
	}{
		{"unknown address", "GET", "/nothing", "", "", 404, "NotFound"},
		{"the API itself", "GET", "", "", "", 404, "NotFound"},
		{"the API itself with a slash", "POST", "/", "{}", "", 404, "NotFound"},
		{"unknown client", "GET", "/clients/999", "", "", 404, "NotFound"},
		{"unknown organization", "PATCH", "/organizations/999", "{}", "", 404, "NotFound"},
		{"unknown order", "GET", "/orders/3284900", "", "", 404, "NotFound"},
		{"no number", "GET", "/orders/abc", "", "", 404, "NotFound"},
		{"negative number", "GET", "/orders/-1", "", "", 404, "NotFound"},
		{"number beyond numbers", "GET", "/orders/99999999999999999999", "", "", 404, "NotFound"},
		{"wrong method", "DELETE", client, "", "", 405, "MethodNotAllowed"},
		{"an image", "POST", "/clients", "x", "Content-Type: image/png", 415, "UnsupportedMediaType"},
		{"no JSON", "PATCH", client, "{", "", 400, "BadRequest"},
		{"another encoding", "PATCH", client, "{\"FirstName\":\"\xcf\xb8\xf2\xf0\"}", "", 400, "BadRequest"},
		{"a list", "PATCH", client, "[]", "", 400, "BadRequest"},
		{"null", "PATCH", client, "null", "", 400, "BadRequest"},
		{"more than a megabyte", "POST", "/clients", `{"FirstName":"` + strings.Repeat("x", 1<<20) + `"}`, "", 413, "RequestEntityTooLarge"},
		{"a field twice", "PATCH", client, `{"FirstName":"А","Email":"c@mail.ru","firstname":"Б"}`, "", 422, "UnprocessableEntity"},
		{"a query cut short", "GET", "/orders?status=%f", "", "", 400, "BadRequest"},
		{"a value", "PATCH", client, `{"Email":"x"}`, "", 422, "UnprocessableEntity"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var headers []string
			if tt.header != "" {
				headers = append(headers, tt.header)
			}
			got := s.call(tt.method, tt.path, tt.body, headers...)
			if got.Status != tt.status || got.at("Error", "Code") != tt.code || got.at("Error", "Message") == "" {
				t.Errorf("%d %s, want %d %s", got.Status, got.Text, tt.status, tt.code)
			}
		})
	}
	if allow := s.call("PUT", "/orders", "{}").Header.Get("Allow"); allow != "GET, POST" {
		t.Errorf("Allow = %q, want GET, POST", allow)
	}
	whole := `{"FirstName":"` + strings.Repeat("x", 90) + `","Email":"b@mail.ru","Extra":"` +
		strings.Repeat("x", 1<<20-200) + `"}`
	s.must(201, "POST", "/clients", whole,
		"Content-Type: application/x-www-form-urlencoded") // what urllib says of any body
}

func TestClients_registerAndChange(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		made := s.must(201, "POST", "/clients",
			`{"FirstName":" Анна ","LastName":"Смирнова","SecondName":"Ивановна","Email":"Anna@Mail.RU","Phone":"8 (912) 345-67-89"}`)
		path := fmt.Sprintf("/clients/%d", made.id())
		want := fmt.Sprintf(`{"Id":%d,"FirstName":"Анна","LastName":"Смирнова","SecondName":"Ивановна","Email":"anna@mail.ru",`+
			`"Phone":"+79123456789","Status":"Registered"}`, made.id())
		if got := s.must(200, "GET", path, ""); got.Text != want || made.Text != want {
			t.Errorf("client = %s and %s, want %s", made.Text, got.Text, want)
		}
		changed := s.must(200, "PATCH", path, `{"lastName":"Петрова","SecondName":null,"Status":"Blocked","Id":5}`)
		expect(t, changed, "Петрова", "LastName")
		expect(t, changed, "", "SecondName")
		expect(t, changed, "Анна", "FirstName")
		expect(t, changed, "anna@mail.ru", "Email")
		expect(t, changed, "Registered", "Status") // not the site's to say
		expect(t, changed, made.id(), "Id")
		expect(t, s.must(200, "PATCH", path, `{"Phone":""}`), "", "Phone")

		other := s.must(201, "POST", "/clients", `{"Email":"b@mail.ru","Phone":"89120000002"}`)
		for body, field := range map[string]string{`{"Email":"B@mail.ru"}`: "Email", `{"Phone":"+79120000002"}`: "Phone"} {
			if got := s.call("PATCH", path, body); got.Status != 409 || got.field() != field {
				t.Errorf("%s = %d %s, want 409 for %s", body, got.Status, got.Text, field)
			}
			if got := s.call("POST", "/clients", body); got.Status != 409 || got.field() != field {
				t.Errorf("new %s = %d %s, want 409 for %s", body, got.Status, got.Text, field)
			}
		}
		for body, field := range map[string]string{
			`{"Email":"nobody"}`: "Email", `{"Email":5}`: "Email", `{"Phone":"123"}`: "Phone", `{"FirstName":{}}`: "FirstName",
			`{"FirstName":"` + strings.Repeat("я", 101) + `"}`: "FirstName", `{"LastName":"a\u0000b"}`: "LastName",
		} {
			if got := s.call("PATCH", fmt.Sprintf("/clients/%d", other.id()), body); got.Status != 422 || got.field() != field {
				t.Errorf("%.40s = %d %s, want 422 for %s", body, got.Status, got.Text, field)
			}
		}
		if got := s.call("POST", "/clients", `{}`); got.Status != 422 {
			t.Errorf("nobody at all = %d, want 422", got.Status)
		}
	})
}

// Two people of one office are two; an address in Unicode and in punycode is one; what nobody sees is nothing.
func TestClients_asPeopleWriteThem(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		first := s.must(201, "POST", "/clients",
			`{"FirstName":"\u202aИван\u202c","Email":"info@xn--80a1acny.xn--p1ai","Phone":"+7 343 200-10-20 доб. 101"}`)
		expect(t, first, "Иван", "FirstName")
		expect(t, first, "info@почта.рф", "Email")
		expect(t, first, "+73432001020#101", "Phone")
		second := s.must(201, "POST", "/clients", `{"Phone":"8\u00a0(343) ２００-10-20, вн. 102\u200b"}`)
		expect(t, second, "+73432001020#102", "Phone")
		for _, body := range []string{`{"Email":"INFO@ПОЧТА.РФ"}`, `{"Phone":"tel:+7-343-200-10-20;ext=101"}`} {
			if got := s.call("POST", "/clients", body); got.Status != 409 {
				t.Errorf("%s = %d %s, want 409", body, got.Status, got.Text)
			}
		}
		if got := s.call("POST", "/clients", `{"FirstName":"\u200b\u3164","LastName":"\ufeff"}`); got.Status != 422 {
			t.Errorf("a name of nothing visible = %d %s, want 422", got.Status, got.Text)
		}
		order := s.must(201, "POST", "/orders", `{"Client":{"Email":"Info@почта.рф"},
			"Items":[{"Name":"Визитки","Quantity":1,"ItemPrice":1}],"DeliveryAddress":{"Phone":"+7 343 200-10-20 #4048"}}`)
		expect(t, order, first.id(), "UserId")
		expect(t, order, "+73432001020#4048", "DeliveryAddress", "Phone")
	})
}

func TestOrganizations_registerAndChange(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		boss, guest := s.client("a@mail.ru"), s.client("b@mail.ru")
		made := s.must(201, "POST", "/organizations", fmt.Sprintf(`{
			"Name":"ООО Ромашка","Email":"Info@Romashka.ru","Phone":"83822123456","Address":"Томск",
			"Type":"Partner","LegalEntities":[
				{"Name":"ООО Ромашка","Inn":"7017123456","Kpp":"701701001","Ogrn":"1027000861568","Address":"Томск, 1","Bank":"Сбербанк",
				 "Bik":"046902606","Account":"40702810000000000001","CorrAccount":"30101810800000000606"},
				{"Name":"ИП Иванов","Inn":"701712345678"}],
			"Employees":[{"ClientId":%d,"Role":"Administrator"},{"ClientId":%d,"Role":"Guest"}]}`, boss, guest))
		path := fmt.Sprintf("/organizations/%d", made.id())
		if got := s.must(200, "GET", path, ""); got.Text != made.Text {
			t.Errorf("GET = %s, want %s", got.Text, made.Text)
		}
		expect(t, made, "+73822123456", "Phone")
		expect(t, made, "info@romashka.ru", "Email")
		expect(t, made, "046902606", "LegalEntities", 0, "Bik")
		first, second := made.at("LegalEntities", 0, "Id"), made.at("LegalEntities", 1, "Id")

		got := s.must(200, "PATCH", path, `{"Type":"Supplier"}`)
		expect(t, got, "Supplier", "Type")
		expect(t, got, "ООО Ромашка", "Name")
		expect(t, got, "Administrator", "Employees", 0, "Role")

		// The second entity stays and is changed in its bank only, the first goes, another comes.
		got = s.must(200, "PATCH", path, fmt.Sprintf(`{"LegalEntities":[{"Id":%v,"Bank":"ВТБ"},{"Name":"ООО Лютик"}]}`,
			second))
		expect(t, got, second, "LegalEntities", 0, "Id")
		expect(t, got, "701712345678", "LegalEntities", 0, "Inn")
		expect(t, got, "ВТБ", "LegalEntities", 0, "Bank")
		expect(t, got, "ООО Лютик", "LegalEntities", 1, "Name")
		expect(t, got, nil, "LegalEntities", 2)
		expect(t, got, "Guest", "Employees", 1, "Role")

		got = s.must(200, "PATCH", path, fmt.Sprintf(`{"Employees":[{"ClientId":%d,"Role":"Manager"}]}`, guest))
		expect(t, got, guest, "Employees", 0, "ClientId")
		expect(t, got, "Manager", "Employees", 0, "Role")
		expect(t, got, nil, "Employees", 1)

		for body, field := range map[string]string{
			`{"Name":""}`:                                  "Name",
			`{"Type":"Friend"}`:                            "Type",
			`{"Email":"x"}`:                                "Email",
			`{"Phone":"1"}`:                                "Phone",
			`{"LegalEntities":{}}`:                         "LegalEntities",
			`{"LegalEntities":[{}]}`:                       "LegalEntities[0].Name",
			`{"Employees":[{}]}`:                           "Employees[0].ClientId",
			`{"Employees":["a"]}`:                          "Employees[0]",
			`{"Address":["Томск"]}`:                        "Address",
			`{"LegalEntities":[{"Id":1000,"Name":"x"}]}`:   "LegalEntities[0].Id",
			`{"LegalEntities":[{"Name":"x","Inn":"123"}]}`: "LegalEntities[0].Inn",
			fmt.Sprintf(`{"LegalEntities":[{"Id":%v},{"Id":%v}]}`, second, second): "LegalEntities",
			// first is gone
			fmt.Sprintf(`{"LegalEntities":[{"Id":%v,"Name":"x"}]}`, first):                       "LegalEntities[0].Id",
			fmt.Sprintf(`{"Employees":[{"ClientId":%d,"Role":"Boss"}]}`, boss):                   "Employees[0].Role",
			fmt.Sprintf(`{"Employees":[{"ClientId":%d,"Role":"Guest"},{"ClientId":999}]}`, boss): "Employees[1].ClientId",
		} {
			if got := s.call("PATCH", path, body); got.Status != 422 || got.field() != field {
				t.Errorf("%s = %d %s, want 422 for %s", body, got.Status, got.Text, field)
			}
		}
		// Nobody takes another organization's legal entity by naming it.
		if got := s.call("POST", "/organizations", fmt.Sprintf(`{"Name":"Чужие","LegalEntities":[{"Id":%v,"Name":"x"}]}`,
			second)); got.Status != 422 {
			t.Errorf("taking a legal entity = %d %s, want 422", got.Status, got.Text)
		}
		payer := s.must(200, "GET", path, "").at("LegalEntities", 0, "Id")
		s.must(201, "POST", "/orders",
			fmt.Sprintf(`{"UserId":%d,"OrganizationId":%d,"LegalEntityId":%v,"Items":[{"Name":"В","Quantity":1,"ItemPrice":1}]}`,
				guest, made.id(), payer))
		if got := s.call("PATCH", path, `{"LegalEntities":[]}`); got.Status != 409 || got.field() != "LegalEntities" {
			t.Errorf("removing a payer of orders = %d %s, want 409", got.Status, got.Text)
		}
	})
}
