package emulator

import (
	"fmt"
	"testing"
)

func TestRequisites(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	company := r.add("crm.company.add", obj{"TITLE": "ООО"})
	fields := obj{
		"ENTITY_TYPE_ID": 4, "ENTITY_ID": company, "PRESET_ID": 1, "NAME": "ООО Ромашка", "RQ_INN": "7707083893",
		"RQ_KPP": "770701001",
	}
	id := r.add("crm.requisite.add", fields)
	bank := r.add("crm.requisite.bankdetail.add", obj{"ENTITY_ID": id, "NAME": "Сбер", "RQ_BIK": "044525225"})
	r.sent()
	found := r.call("crm.requisite.list", obj{
		"filter": obj{"RQ_INN": "7707083893"}, "select": []any{"ID", "ENTITY_ID"},
	}).([]any)
	same(t, "found by ИНН", words(found), fmt.Sprintf("[map[ENTITY_ID:%d ID:%d]]", company, id))
	r.call("crm.requisite.update", obj{"id": id, "fields": obj{"RQ_KPP": "1", "ENTITY_ID": 99}})
	got := r.call("crm.requisite.get", obj{"id": id}).(obj)
	same(t, "updated", words(got["RQ_KPP"], got["ENTITY_ID"], got["RQ_OGRN"]), fmt.Sprintf("1 %d <nil>", company))
	r.call("crm.requisite.bankdetail.update", obj{"id": bank, "fields": obj{"RQ_ACC_NUM": "40702"}})
	same(
		t, "bank",
		r.call("crm.requisite.bankdetail.list", obj{"filter": obj{"ENTITY_ID": id}}).([]any)[0].(obj)["RQ_ACC_NUM"],
		any("40702"),
	)
	sameList(t, "a requisite is no change of its company", r.sent())
	address := obj{"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": id, "CITY": "Пермь"}
	same(t, "address", r.call("crm.address.add", obj{"fields": address}), any(true))
	r.fails("crm.address.add", obj{"fields": address}, 400, "", "TypeAddress exists")
	r.call("crm.address.update", obj{"fields": obj{"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": id, "CITY": "Уфа"}})
	same(t, "city", r.call("crm.address.list", obj{"filter": obj{"ENTITY_ID": id}}).([]any)[0].(obj)["CITY"], any("Уфа"))
	r.call("crm.address.delete", obj{"fields": address})
	same(t, "addresses", len(r.call("crm.address.list", nil).([]any)), 0)
	for name, text := range map[string]string{
		"ENTITY_TYPE_ID": "ENTITY_TYPE_ID is not", "ENTITY_ID": "ENTITY_ID is not", "PRESET_ID": "PRESET_ID is not",
	} {
		bad := obj{}
		for k, v := range fields {
			bad[k] = v
		}
		delete(bad, name)
		r.fails("crm.requisite.add", obj{"fields": bad}, 400, "", text)
	}
	fields["ENTITY_ID"] = 99
	r.fails("crm.requisite.add", obj{"fields": fields}, 400, "", "Entity not found.")
	r.call("crm.requisite.delete", obj{"id": id})
	r.fails("crm.requisite.bankdetail.get", obj{"id": bank}, 400, "", "is not found")
	presets := r.call("crm.requisite.preset.list", obj{"filter": obj{"COUNTRY_ID": 1}, "select": []any{"XML_ID"}}).([]any)
	same(t, "preset", presets[1].(obj)["XML_ID"], any("#CRM_REQUISITE_PRESET_DEF_RU_INDIVIDUAL#"))
}
