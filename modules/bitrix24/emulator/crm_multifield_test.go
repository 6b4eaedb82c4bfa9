package emulator

import (
	"fmt"
	"testing"
)

func TestMultifields(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	contact := r.add("crm.contact.add", obj{
		"NAME": "Иван",
		"PHONE": list{
			obj{"VALUE": "111", "VALUE_TYPE": "WORK"}, obj{"VALUE": "222", "VALUE_TYPE": "MOBILE"}, obj{"VALUE": "333"},
		},
	})
	rows := func() (ids []any, values string) {
		got := r.call("crm.contact.get", obj{"id": contact}).(obj)
		phones, _ := got["PHONE"].([]any)
		for _, p := range phones {
			ids = append(ids, p.(obj)["ID"])
			values += p.(obj)["VALUE_TYPE"].(string) + ":" + p.(obj)["VALUE"].(string) + " "
		}
		return ids, values
	}
	ids, values := rows()
	same(t, "added", values, "WORK:111 MOBILE:222 WORK:333 ")
	update := func(phones ...any) {
		r.call("crm.contact.update", obj{"id": contact, "fields": obj{"PHONE": phones}})
	}
	update(obj{"VALUE": "222", "VALUE_TYPE": "MOBILE"})
	_, values = rows()
	same(t, "without ID a row is doubled", values, "WORK:111 MOBILE:222 WORK:333 MOBILE:222 ")
	update(
		obj{"ID": ids[0], "VALUE": "444", "VALUE_TYPE": "HOME"}, obj{"ID": ids[1], "DELETE": "Y"},
		obj{"ID": ids[2], "VALUE": ""},
	)
	ids, values = rows()
	same(t, "changed and deleted by ID", values, "HOME:444 MOBILE:222 ")
	update(obj{"ID": ids[0]}, obj{"ID": ids[1], "DELETE": "Y"})
	got := r.call("crm.contact.get", obj{"id": contact}).(obj)
	if _, ok := got["PHONE"]; ok {
		t.Error("PHONE is there though empty")
	}
	same(t, "HAS_PHONE", got["HAS_PHONE"], any("N"))

	r.fails(
		"crm.contact.update",
		obj{"id": contact, "fields": obj{"NAME": "Пётр", "EMAIL": list{obj{"VALUE": "no-address", "VALUE_TYPE": "WORK"}}}},
		400, "ERROR_CORE", "The field Work e-mail contains an invalid address",
	)
	now, _ := r.Contact(contact)
	same(t, "a bad address refuses everything", now["NAME"], "Иван")

	item := r.call("crm.item.update", obj{
		"entityTypeId": 3, "id": contact,
		"fields": obj{"fm": obj{"n0": obj{"typeId": "PHONE", "valueType": "MOBILE", "value": "555"}}},
	}).(obj)["item"].(obj)
	same(t, "flat alias", item["phoneMobile"], any("555"))
	row := item["fm"].([]any)[0].(obj)
	item = r.call("crm.item.update", obj{
		"entityTypeId": 3, "id": contact,
		"fields": obj{"fm": obj{fmt.Sprint(row["id"]): obj{"typeId": "PHONE", "valueType": "MOBILE", "value": ""}}},
	}).(obj)["item"].(obj)
	same(t, "an empty value deletes", len(item["fm"].([]any)), 0)
	r.fails("crm.contact.add", obj{"fields": obj{"POST": "x"}}, 400, "", "required")
	r.fails("crm.company.add", obj{"fields": obj{"COMMENTS": "x"}}, 400, "", "required")
}
