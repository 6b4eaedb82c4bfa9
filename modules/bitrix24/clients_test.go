package bitrix24_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// multifield is the number of a contact's or company's first phone or e-mail on the portal.
func multifield(t testing.TB, records []map[string]any, kind string) any {
	t.Helper()
	for _, r := range records {
		if list, ok := r[kind].([]any); ok && len(list) > 0 {
			return list[0].(map[string]any)["ID"]
		}
	}
	t.Fatalf("no %s in %v", kind, records)
	return nil
}

func (x *exchange) client(id int64) apptest.Reply {
	x.t.Helper()
	return x.Call("GET", fmt.Sprintf("/api/clients/%d", id), nil).Want(x.t, http.StatusOK)
}

func TestContactChangedInThePortal_changesTheClient(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := int64(x.order(x.place()).Number("UserId"))
		x.settle()
		contacts := x.state().Contacts
		contact := number(t, contacts[0]["ID"].(string))
		phone, email := multifield(t, contacts, "PHONE"), multifield(t, contacts, "EMAIL")
		x.do("edit_contact", emulator.Args{"id": contact, "fields": map[string]any{
			"NAME": "Марья", "LAST_NAME": "Соколова-Орлова",
			"PHONE": []any{map[string]any{"ID": phone, "VALUE": "8 922 111-22-33", "VALUE_TYPE": "MOBILE"}},
			"EMAIL": []any{map[string]any{"ID": email, "VALUE": "new@example.ru", "VALUE_TYPE": "HOME"}},
		}})
		changes := x.portal.Stats().Changes
		x.settle()
		c := x.client(client)
		equal(t, "name", c.Value("LastName")+" "+c.Value("FirstName")+" "+c.Value("SecondName"), "Соколова-Орлова Марья Игоревна")
		equal(t, "phone", c.Value("Phone"), "+79221112233")
		equal(t, "e-mail", c.Value("Email"), "new@example.ru")
		equal(t, "changes caused on the portal", x.portal.Stats().Changes-changes, 0)
	})
}

func TestOnlyMobileAndPrivateReplace_othersFillWhatIsEmpty(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place(set("Client", apptest.JSON{"FirstName": "Пётр", "Email": "petr@example.ru"}))
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		contact := number(t, x.state().Contacts[0]["ID"].(string))
		x.do("edit_contact", emulator.Args{"id": contact, "fields": map[string]any{
			"PHONE": []any{map[string]any{"VALUE": "+7 343 200-10-20", "VALUE_TYPE": "WORK"}},
			"EMAIL": []any{map[string]any{"VALUE": "work@example.ru", "VALUE_TYPE": "WORK"}},
		}})
		x.settle()
		c := x.client(client)
		equal(t, "a work phone fills the empty one", c.Value("Phone"), "+73432001020")
		equal(t, "a work e-mail does not replace", c.Value("Email"), "petr@example.ru")
	})
}

func TestValueThePanelCannotTake_isRefusedOnceAndTheRestIsTaken(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Другой", "Email": "taken@example.ru"}).Want(t, http.StatusCreated)
		client := int64(x.order(x.place()).Number("UserId"))
		x.settle()
		contacts := x.state().Contacts
		contact := number(t, contacts[0]["ID"].(string))
		x.do("edit_contact", emulator.Args{"id": contact, "fields": map[string]any{
			"NAME":  "Мария-Луиза",
			"EMAIL": []any{map[string]any{"ID": multifield(t, contacts, "EMAIL"), "VALUE": "taken@example.ru", "VALUE_TYPE": "HOME"}},
		}})
		x.settle()
		c := x.client(client)
		equal(t, "name", c.Value("FirstName"), "Мария-Луиза")
		equal(t, "e-mail", c.Value("Email"), "sokolova@example.ru")
		x.journalHas("не принято", 1)
		x.do("edit_contact", emulator.Args{"id": contact, "fields": map[string]any{"POST": "директор"}})
		x.settle()
		x.journalHas("не принято", 1)
		record, _ := x.portal.Contact(contact)
		equal(t, "the portal keeps its own", record["EMAIL.HOME"], "taken@example.ru")
	})
}

func TestClientChangedInThePanel_changesTheExistingValuesOfTheContact(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := int64(x.order(x.place()).Number("UserId"))
		x.settle()
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": "Маша", "Phone": "+7 922 000-00-01", "Email": "masha@example.ru"}).Want(t, http.StatusOK)
		x.settle()
		contact := x.state().Contacts[0]
		equal(t, "name", contact["NAME"], "Маша")
		for kind, want := range map[string]string{"PHONE": "+79220000001", "EMAIL": "masha@example.ru"} {
			list := contact[kind].([]any)
			if len(list) != 1 {
				t.Errorf("the contact has %d values of %s, want 1", len(list), kind)
			}
			equal(t, kind, list[0].(map[string]any)["VALUE"], want)
		}
	})
}

func TestContactFound_byPhoneInBothSpellingsOrByEmail_isNotMadeAgain(t *testing.T) {
	for name, fields := range map[string]map[string]any{
		"by +7":     {"NAME": "М.", "PHONE": []any{map[string]any{"VALUE": "+7 (912) 345-67-01", "VALUE_TYPE": "WORK"}}},
		"by 8":      {"NAME": "М.", "PHONE": []any{map[string]any{"VALUE": "8 912 345 67 01", "VALUE_TYPE": "MOBILE"}}},
		"by e-mail": {"NAME": "М.", "EMAIL": []any{map[string]any{"VALUE": "Sokolova@Example.ru", "VALUE_TYPE": "WORK"}}},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, x *exchange) {
				contact := x.do("create_contact", emulator.Args{"fields": fields})["id"]
				order := x.place()
				x.settle()
				_, deal := x.deal(order)
				equal(t, "contact of the deal", deal["CONTACT_ID"], contact)
				if got := len(x.portal.IDs("contact")); got != 1 {
					t.Errorf("%d contacts, want 1", got)
				}
				record, _ := x.portal.Contact(contact)
				equal(t, "the portal's name is kept", record["NAME"], "М.")
				equal(t, "our key is stamped", record["ORIGIN_ID"], fmt.Sprintf("client:%.0f", x.order(order).Number("UserId")))
			})
		})
	}
}

func TestClientWithoutAName_goesByWhatThePanelCallsHim(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place(set("Client", apptest.JSON{"Phone": "+79223334455"}))
		_, deal := x.deal(order)
		contact, _ := x.portal.Contact(number(t, deal["CONTACT_ID"]))
		equal(t, "name", contact["NAME"], "+79223334455")
		x.settle()
		equal(t, "the client stays nameless", x.client(int64(x.order(order).Number("UserId"))).Value("FirstName"), "")
	})
}

func TestContactDeleted_theIDIsClearedAndTheButtonIsBack(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		profile := fmt.Sprintf("/admin/clients/%d", client)
		operator := x.As(staff.Operator)
		operator.Get(profile).Want(t, http.StatusOK).Lacks(t, "Отправить в Битрикс24")
		x.do("delete_contact", emulator.Args{"id": x.portal.IDs("contact")[0]})
		x.settle()
		operator.Get(profile).Want(t, http.StatusOK, "Отправить в Битрикс24")
		operator.Post(profile+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		operator.Post(profile + "/actions/bitrix24.send")
		x.settle()
		if got := len(x.portal.IDs("contact")); got != 1 {
			t.Errorf("pressed twice: %d contacts, want 1", got)
		}
		x.setStatus(order, "PrintingInProgress")
		x.settle()
		_, deal := x.deal(order)
		equal(t, "the deal has the new contact", deal["CONTACT_ID"], x.portal.IDs("contact")[0])
	})
}

func TestBitrixContactID_typedByHand(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		known := x.do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Иван", "LAST_NAME": "Готовый"}})["id"]
		client := x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Иван", "Email": "ivan@example.ru"}).Want(t, http.StatusCreated).ID()
		other := x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Лже", "Email": "ivan2@example.ru"}).Want(t, http.StatusCreated).ID()
		operator := x.As(staff.Operator)
		edit := func(client int64, id string) apptest.Answer {
			path := fmt.Sprintf("/admin/clients/%d/edit", client)
			values := apptest.Fields(operator.Get(path).Want(t, http.StatusOK, "Bitrix Contact ID").Text, "")
			values.Set("bitrix24.contact_id", id)
			return operator.Submit(path, values)
		}
		edit(client, "999").Want(t, http.StatusUnprocessableEntity, "В Битрикс24 нет контакта 999")
		edit(client, fmt.Sprint(known)).Want(t, http.StatusSeeOther)
		operator.Get(fmt.Sprintf("/admin/clients/%d", client)).Want(t, http.StatusOK, fmt.Sprintf("Контакт %d в Битрикс24: Иван Готовый", known))
		edit(other, fmt.Sprint(known)).Want(t, http.StatusUnprocessableEntity, "уже привязан к клиенту")
		x.settle()
		order := x.place(by(client))
		_, deal := x.deal(order)
		equal(t, "contact of the deal", deal["CONTACT_ID"], known)
		edit(client, "").Want(t, http.StatusSeeOther)
		values := apptest.Fields(operator.Get(fmt.Sprintf("/admin/clients/%d/edit", client)).Text, "bitrix24.")
		equal(t, "emptied", values.Get("bitrix24.contact_id"), "")
	})
}

// company registers an organization with two legal entities, one of them an ИП, whose employee is the client.
func (x *exchange) organization(client int64) apptest.Reply {
	x.t.Helper()
	return x.Call("POST", "/api/organizations", apptest.JSON{
		"Name": "ООО «Северный ветер»", "Type": "Client", "Email": "office@veter.example.ru", "Phone": "+7 343 200-10-20",
		"Address": "Екатеринбург, ул. Белинского, 86",
		"LegalEntities": []apptest.JSON{
			{
				"Name": "ООО «Северный ветер»", "Inn": "6671234567", "Kpp": "667101001", "Ogrn": "1146671000011", "Address": "620026, Екатеринбург, ул. Белинского, 86",
				"Bank": "ПАО Банк «Пример»", "Bik": "046577001", "Account": "40702810500000000001", "CorrAccount": "30101810500000000001",
			},
			{"Name": "ИП Ветров", "Inn": "667112345678", "Ogrn": "314667100001111", "Address": "620000, Екатеринбург, а/я 1"},
		},
		"Employees": []apptest.JSON{{"ClientId": client, "Role": "Administrator"}},
	}).Want(x.t, http.StatusCreated)
}

// employee is a client who has not ordered yet.
func (x *exchange) employee() int64 {
	x.t.Helper()
	return x.Call("POST", "/api/clients", draft()["Client"]).Want(x.t, http.StatusCreated).ID()
}

func TestOrderForAnOrganization_bringsCompanyRequisitesAndEmployees(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		organization := x.organization(client)
		order := x.place(by(client), set("OrganizationId", organization.ID()))
		x.settle()
		_, deal := x.deal(order)
		x.wholeCompany(deal)
		x.As(staff.Operator).Get(fmt.Sprintf("/admin/organizations/%d", organization.ID())).Want(t, http.StatusOK, "Bitrix ID").
			Lacks(t, "Отправить в Битрикс24")
		// A second order asks for nothing that is known.
		x.place(by(client), set("OrganizationId", organization.ID()))
		x.settle()
		x.wholeCompany(deal)
	})
}

// wholeCompany checks that the portal has exactly one company with everything that the organization has.
func (x *exchange) wholeCompany(deal emulator.Record) {
	x.t.Helper()
	t := x.t
	s := x.state()
	if len(s.Companies) != 1 || len(s.Contacts) != 1 || len(s.Requisites) != 2 || len(s.Bankdetails) != 1 {
		t.Fatalf("%d companies, %d contacts, %d requisites, %d bank details; want 1, 1, 2, 1", len(s.Companies), len(s.Contacts), len(s.Requisites), len(s.Bankdetails))
	}
	company := s.Companies[0]
	equal(t, "company of the deal", deal["COMPANY_ID"], company["ID"])
	equal(t, "name", company["TITLE"], "ООО «Северный ветер»")
	equal(t, "type", company["COMPANY_TYPE"], "CUSTOMER")
	equal(t, "employees", fmt.Sprint(s.Links.CompanyContacts[company["ID"].(string)]), fmt.Sprint([]any{s.Contacts[0]["ID"]}))
	if got := len(s.Addresses); got < 2 {
		t.Errorf("%d addresses, want both legal ones", got)
	}
	for _, r := range s.Requisites {
		switch r["RQ_INN"] {
		case "6671234567":
			equal(t, "КПП", r["RQ_KPP"], "667101001")
			equal(t, "ОГРН", r["RQ_OGRN"], "1146671000011")
			equal(t, "owner of the bank details", s.Bankdetails[0]["ENTITY_ID"], r["ID"])
		case "667112345678":
			equal(t, "ОГРНИП", r["RQ_OGRNIP"], "314667100001111")
		default:
			t.Errorf("a requisite with ИНН %v", r["RQ_INN"])
		}
	}
	equal(t, "account", s.Bankdetails[0]["RQ_ACC_NUM"], "40702810500000000001")
}

func TestSendOrganization_pressedTwiceMakesOneCompany(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		organization := x.organization(x.employee()).ID()
		path := fmt.Sprintf("/admin/organizations/%d", organization)
		operator := x.As(staff.Operator)
		operator.Get(path).Want(t, http.StatusOK, "Отправить в Битрикс24")
		for range 2 {
			operator.Post(path + "/actions/bitrix24.send")
		}
		x.settle()
		company := x.portal.IDs("company")
		if len(company) != 1 {
			t.Fatalf("%d companies, want 1", len(company))
		}
		operator.Get(path).Want(t, http.StatusOK, "Bitrix ID", fmt.Sprint(company[0])).Lacks(t, "Отправить в Битрикс24")
		record, _ := x.portal.Company(company[0])
		x.wholeCompany(emulator.Record{"COMPANY_ID": record["ID"]})
	})
}

func TestCompanyChangedInThePortal_changesTheOrganization(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		organization := x.organization(x.employee()).ID()
		x.As(staff.Operator).Post(fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)).Want(t, http.StatusSeeOther)
		x.settle()
		companies := x.state().Companies
		company := number(t, companies[0]["ID"].(string))
		x.do("edit_company", emulator.Args{"id": company, "fields": map[string]any{
			"TITLE": "АО «Северный ветер»", "COMPANY_TYPE": "PARTNER",
			"PHONE": []any{map[string]any{"ID": multifield(t, companies, "PHONE"), "VALUE": "+73432001021", "VALUE_TYPE": "MOBILE"}},
		}})
		changes := x.portal.Stats().Changes
		x.settle()
		o := x.Call("GET", fmt.Sprintf("/api/organizations/%d", organization), nil).Want(t, http.StatusOK)
		equal(t, "name", o.Value("Name"), "АО «Северный ветер»")
		equal(t, "type", o.Value("Type"), "Partner")
		equal(t, "phone", strings.NewReplacer(" ", "", "-", "").Replace(o.Value("Phone")), "+73432001021")
		equal(t, "changes caused on the portal", x.portal.Stats().Changes-changes, 0)

		x.do("delete_company", emulator.Args{"id": company})
		x.settle()
		x.As(staff.Operator).Get(fmt.Sprintf("/admin/organizations/%d", organization)).Want(t, http.StatusOK, "Отправить в Битрикс24").Lacks(t, "Bitrix ID")
	})
}

func TestAddressOfAnOrganization_changesInItsCompanyAndLeavesTheRestOfTheComment(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		organization := x.organization(x.employee()).ID()
		x.As(staff.Operator).Post(fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)).Want(t, http.StatusSeeOther)
		x.settle()
		company := x.portal.IDs("company")[0]
		comment := func() string {
			record, _ := x.portal.Company(company)
			return record["COMMENTS"]
		}
		equal(t, "comment", comment(), "Фактический адрес: Екатеринбург, ул. Белинского, 86")
		x.do("edit_company", emulator.Args{"id": company, "fields": map[string]any{"COMMENTS": "Звонить до 12\n" + comment() + "\nПлатят вовремя"}})
		x.settle()
		for _, c := range []struct{ address, comment string }{
			{"Пермь, ул. Мира, 1", "Звонить до 12\nФактический адрес: Пермь, ул. Мира, 1\nПлатят вовремя"},
			{"", "Звонить до 12\nПлатят вовремя"},
			{"Тула", "Звонить до 12\nПлатят вовремя\nФактический адрес: Тула"},
		} {
			x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Address": c.address}).Want(t, http.StatusOK)
			x.settle()
			equal(t, "comment", comment(), c.comment)
		}
	})
}

func TestCompanyFoundByINN_isLinkedAndNotMadeAgain(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		company := x.do("create_company", emulator.Args{"fields": map[string]any{"TITLE": "Северный ветер (старый)"}})["id"]
		hook := x.portalURL + "/rest/1/" + webhookCode + "/crm.requisite.add?fields[ENTITY_TYPE_ID]=4&fields[PRESET_ID]=1&fields[NAME]=x&fields[RQ_INN]=6671234567&fields[ENTITY_ID]=" + fmt.Sprint(company)
		resp, err := http.Get(hook)
		x.must(err)
		_ = resp.Body.Close()
		equal(t, "status of the requisite", resp.StatusCode, http.StatusOK)
		order := x.place(by(client), set("OrganizationId", x.organization(client).ID()))
		x.settle()
		_, deal := x.deal(order)
		equal(t, "company of the deal", deal["COMPANY_ID"], company)
		if got := len(x.portal.IDs("company")); got != 1 {
			t.Errorf("%d companies, want 1", got)
		}
		record, _ := x.portal.Company(company)
		equal(t, "the portal's name is kept", record["TITLE"], "Северный ветер (старый)")
		if got := len(x.state().Requisites); got != 2 {
			t.Errorf("%d requisites, want the found one and the ИП's", got)
		}
	})
}
