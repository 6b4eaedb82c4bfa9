package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
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

func TestContactChangedInThePortal_changesTheClient(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := int64(x.Order(x.Place()).Number("UserId"))
		x.Settle()
		contacts := x.State().Contacts
		contact := bitrix24test.Number(t, contacts[0]["ID"].(string))
		phone, email := multifield(t, contacts, "PHONE"), multifield(t, contacts, "EMAIL")
		x.Do("edit_contact", emulator.Args{"id": contact, "fields": map[string]any{
			"NAME": "Марья", "LAST_NAME": "Соколова-Орлова",
			"PHONE": []any{map[string]any{"ID": phone, "VALUE": "8 922 111-22-33", "VALUE_TYPE": "MOBILE"}},
			"EMAIL": []any{map[string]any{"ID": email, "VALUE": "new@example.ru", "VALUE_TYPE": "HOME"}},
		}})
		changes := x.Portal.Stats().Changes
		x.Settle()
		c := x.Client(client)
		bitrix24test.Equal(t, "name", c.Value("LastName")+" "+c.Value("FirstName")+" "+c.Value("SecondName"), "Соколова-Орлова Марья Игоревна")
		bitrix24test.Equal(t, "phone", c.Value("Phone"), "+79221112233")
		bitrix24test.Equal(t, "e-mail", c.Value("Email"), "new@example.ru")
		bitrix24test.Equal(t, "changes caused on the portal", x.Portal.Stats().Changes-changes, 0)
	})
}

func TestOnlyMobileAndPrivateReplace_othersFillWhatIsEmpty(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place(bitrix24test.Set("Client", apptest.JSON{"FirstName": "Пётр", "Email": "petr@example.ru"}))
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		contact := bitrix24test.Number(t, x.State().Contacts[0]["ID"].(string))
		x.Do("edit_contact", emulator.Args{"id": contact, "fields": map[string]any{
			"PHONE": []any{map[string]any{"VALUE": "+7 343 200-10-20", "VALUE_TYPE": "WORK"}},
			"EMAIL": []any{map[string]any{"VALUE": "work@example.ru", "VALUE_TYPE": "WORK"}},
		}})
		x.Settle()
		c := x.Client(client)
		bitrix24test.Equal(t, "a work phone fills the empty one", c.Value("Phone"), "+73432001020")
		bitrix24test.Equal(t, "a work e-mail does not replace", c.Value("Email"), "petr@example.ru")
	})
}

func TestValueThePanelCannotTake_isRefusedOnceAndTheRestIsTaken(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Другой", "Email": "taken@example.ru"}).Want(t, http.StatusCreated)
		client := int64(x.Order(x.Place()).Number("UserId"))
		x.Settle()
		contacts := x.State().Contacts
		contact := bitrix24test.Number(t, contacts[0]["ID"].(string))
		x.Do("edit_contact", emulator.Args{"id": contact, "fields": map[string]any{
			"NAME":  "Мария-Луиза",
			"EMAIL": []any{map[string]any{"ID": multifield(t, contacts, "EMAIL"), "VALUE": "taken@example.ru", "VALUE_TYPE": "HOME"}},
		}})
		x.Settle()
		c := x.Client(client)
		bitrix24test.Equal(t, "name", c.Value("FirstName"), "Мария-Луиза")
		bitrix24test.Equal(t, "e-mail", c.Value("Email"), "sokolova@example.ru")
		x.JournalHas("не принято", 1)
		x.Do("edit_contact", emulator.Args{"id": contact, "fields": map[string]any{"POST": "директор"}})
		x.Settle()
		x.JournalHas("не принято", 1)
		record, _ := x.Portal.Contact(contact)
		bitrix24test.Equal(t, "the portal keeps its own", record["EMAIL.HOME"], "taken@example.ru")
	})
}

func TestClientChangedInThePanel_changesTheExistingValuesOfTheContact(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := int64(x.Order(x.Place()).Number("UserId"))
		x.Settle()
		x.Call(
			"PATCH", fmt.Sprintf("/api/clients/%d", client),
			apptest.JSON{"FirstName": "Маша", "Phone": "+7 922 000-00-01", "Email": "masha@example.ru"},
		).Want(t, http.StatusOK)
		x.Settle()
		contact := x.State().Contacts[0]
		bitrix24test.Equal(t, "name", contact["NAME"], "Маша")
		for kind, want := range map[string]string{"PHONE": "+79220000001", "EMAIL": "masha@example.ru"} {
			list := contact[kind].([]any)
			if len(list) != 1 {
				t.Errorf("the contact has %d values of %s, want 1", len(list), kind)
			}
			bitrix24test.Equal(t, kind, list[0].(map[string]any)["VALUE"], want)
		}
	})
}

func TestContactFound_byPhoneInBothSpellingsOrByEmail_isNotMadeAgain(t *testing.T) {
	for name, fields := range map[string]map[string]any{
		"by +7": {"NAME": "М.", "PHONE": []any{map[string]any{"VALUE": "+7 (912) 345-67-01", "VALUE_TYPE": "WORK"}}},
		"by 8":  {"NAME": "М.", "PHONE": []any{map[string]any{"VALUE": "8 912 345 67 01", "VALUE_TYPE": "MOBILE"}}},
		"by a pasted phone": {"NAME": "М.", "PHONE": []any{map[string]any{
			"VALUE": "\u202a8 912 345 67 01\u202c", "VALUE_TYPE": "MOBILE",
		}}},
		"by e-mail": {"NAME": "М.", "EMAIL": []any{map[string]any{"VALUE": "Sokolova@Example.ru", "VALUE_TYPE": "WORK"}}},
	} {
		t.Run(name, func(t *testing.T) {
			bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
				contact := x.Do("create_contact", emulator.Args{"fields": fields})["id"]
				order := x.Place()
				x.Settle()
				_, deal := x.Deal(order)
				bitrix24test.Equal(t, "contact of the deal", deal["CONTACT_ID"], contact)
				if got := len(x.Portal.IDs("contact")); got != 1 {
					t.Errorf("%d contacts, want 1", got)
				}
				record, _ := x.Portal.Contact(contact)
				bitrix24test.Equal(t, "the portal's name is kept", record["NAME"], "М.")
				bitrix24test.Equal(t, "our key is stamped", bitrix24test.WithoutToken(record["ORIGIN_ID"]),
					fmt.Sprintf("client:%.0f", x.Order(order).Number("UserId")))
			})
		})
	}
}

// Two people of one office share a number and have an extension each: they stay two, there and back.
func TestPhoneWithAnExtension_isAnotherPersons(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		phone := func(text string) map[string]any {
			return map[string]any{"NAME": "М.", "PHONE": []any{map[string]any{"VALUE": text, "VALUE_TYPE": "MOBILE"}}}
		}
		x.Do("create_contact", emulator.Args{"fields": phone("+7 (343) 200-10-20 доб. 101")})
		ours := x.Do("create_contact", emulator.Args{"fields": phone("+73432001020;102")})["id"]
		order := x.Place(bitrix24test.Set("Client", apptest.JSON{"FirstName": "М.", "Phone": "8 343 200-10-20 вн. 102"}))
		other := x.Place(bitrix24test.Set("Client", apptest.JSON{"FirstName": "Н.", "Phone": "8 343 200-10-20"}))
		x.Settle()
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "the contact with the same extension", deal["CONTACT_ID"], ours)
		bitrix24test.Equal(t, "contacts", len(x.Portal.IDs("contact")), 3)
		_, deal = x.Deal(other)
		made := bitrix24test.Number(t, deal["CONTACT_ID"])
		x.Do("edit_contact", emulator.Args{"id": made, "fields": map[string]any{"PHONE": []any{map[string]any{
			"ID": multifield(t, x.State().Contacts[2:], "PHONE"), "VALUE": "+7 343 200-10-20 доб. 103", "VALUE_TYPE": "MOBILE",
		}}}})
		x.Settle()
		client := x.Client(int64(x.Order(other).Number("UserId")))
		bitrix24test.Equal(t, "the extension comes back", client.Value("Phone"), "+73432001020#103")
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client.ID()), apptest.JSON{"Phone": "+7 343 200-10-20*104"})
		x.Settle()
		record, _ := x.Portal.Contact(made)
		bitrix24test.Equal(t, "the extension is sent", record["PHONE.MOBILE"], "+73432001020#104")
		x.AtRest()
	})
}

func TestClientWithoutAName_goesByWhatThePanelCallsHim(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place(bitrix24test.Set("Client", apptest.JSON{"Phone": "+79223334455"}))
		_, deal := x.Deal(order)
		contact, _ := x.Portal.Contact(bitrix24test.Number(t, deal["CONTACT_ID"]))
		bitrix24test.Equal(t, "name", contact["NAME"], "+79223334455")
		x.Settle()
		bitrix24test.Equal(t, "the client stays nameless", x.Client(int64(x.Order(order).Number("UserId"))).Value("FirstName"), "")
	})
}

func TestContactDeleted_theIDIsClearedAndTheButtonIsBack(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		profile := fmt.Sprintf("/admin/clients/%d", client)
		operator := x.As(staff.Operator)
		operator.Get(profile).Want(t, http.StatusOK).Lacks(t, "Отправить в Битрикс24")
		x.Do("delete_contact", emulator.Args{"id": x.Portal.IDs("contact")[0]})
		x.Settle()
		operator.Get(profile).Want(t, http.StatusOK, "Отправить в Битрикс24")
		operator.Post(profile+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		operator.Post(profile + "/actions/bitrix24.send")
		x.Settle()
		if got := len(x.Portal.IDs("contact")); got != 1 {
			t.Errorf("pressed twice: %d contacts, want 1", got)
		}
		x.SetStatus(order, "PrintingInProgress")
		x.Settle()
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "the deal has the new contact", deal["CONTACT_ID"], x.Portal.IDs("contact")[0])
	})
}

func TestBitrixContactID_typedByHand(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		known := x.Do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Иван", "LAST_NAME": "Готовый"}})["id"]
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
		x.Settle()
		order := x.Place(bitrix24test.By(client))
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "contact of the deal", deal["CONTACT_ID"], known)
		edit(client, "").Want(t, http.StatusSeeOther)
		values := apptest.Fields(operator.Get(fmt.Sprintf("/admin/clients/%d/edit", client)).Text, "bitrix24.")
		bitrix24test.Equal(t, "emptied", values.Get("bitrix24.contact_id"), "")
	})
}
