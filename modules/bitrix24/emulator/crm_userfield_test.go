package emulator

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestUserfields(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.add("crm.deal.userfield.add", obj{
		"FIELD_NAME": "uf_pixl_order", "USER_TYPE_ID": "string", "LABEL": "Доставка",
	})
	list := r.call("crm.deal.userfield.list", obj{"filter": obj{"FIELD_NAME": "UF_CRM_PIXL_ORDER", "LANG": "ru"}}).([]any)
	same(t, "found", len(list), 1)
	same(t, "label", list[0].(obj)["EDIT_FORM_LABEL"], any("Доставка"))
	plain := r.call("crm.deal.userfield.list", nil).([]any)[0].(obj)
	if _, ok := plain["EDIT_FORM_LABEL"]; ok {
		t.Error("labels come only with filter.LANG")
	}
	f := r.call("crm.deal.fields", nil).(obj)["UF_CRM_PIXL_ORDER"].(obj)
	same(t, "field", words(f["isDynamic"], f["formLabel"]), "true Доставка")
	for _, x := range []struct {
		fields obj
		code   any
		text   string
	}{
		{obj{"FIELD_NAME": "PIXL_ORDER", "USER_TYPE_ID": "string"}, "ERROR_CORE", "already exists"},
		{obj{"FIELD_NAME": "A", "USER_TYPE_ID": "nothing"}, "ERROR_CORE", "Incorrect custom type specified."},
		{obj{"USER_TYPE_ID": "string"}, "", "The 'FIELD_NAME' field is not found."},
		{obj{"FIELD_NAME": strings.Repeat("A", 44), "USER_TYPE_ID": "string"}, "ERROR_CORE", "too long"},
		{obj{"FIELD_NAME": "А-Б", "USER_TYPE_ID": "string"}, "ERROR_CORE", "invalid characters"},
	} {
		r.fails("crm.deal.userfield.add", obj{"fields": x.fields}, 400, x.code, x.text)
	}
	r.call("crm.deal.userfield.update", obj{"id": id, "fields": obj{"EDIT_FORM_LABEL": obj{"ru": "Иначе"}}})
	f = r.call("crm.deal.fields", nil).(obj)["UF_CRM_PIXL_ORDER"].(obj)
	same(t, "renamed", f["formLabel"], any("Иначе"))

	r.add("crm.deal.userfield.add", obj{
		"FIELD_NAME": "KIND", "USER_TYPE_ID": "enumeration", "LIST": []any{obj{"VALUE": "a"}, obj{"VALUE": "b"}},
	})
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "FLAG", "USER_TYPE_ID": "boolean"})
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "MANY", "USER_TYPE_ID": "string", "MULTIPLE": "Y"})
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "FILE", "USER_TYPE_ID": "file"})
	deal := r.add("crm.deal.add", obj{
		"UF_CRM_KIND": 2, "UF_CRM_FLAG": 1, "UF_CRM_MANY": []any{"x", "y"},
		"UF_CRM_FILE": obj{"fileData": []any{"a.txt", base64.StdEncoding.EncodeToString([]byte("hi"))}},
	})
	got := r.call("crm.deal.get", obj{"id": deal}).(obj)
	same(
		t, "values", words(got["UF_CRM_KIND"], got["UF_CRM_FLAG"], got["UF_CRM_MANY"], got["UF_CRM_FILE"].(obj)["id"]),
		"2 1 [x y] 1",
	)
	empty := r.call("crm.deal.get", obj{"id": r.add("crm.deal.add", obj{"TITLE": "x"})}).(obj)
	same(t, "an empty multiple field", empty["UF_CRM_MANY"], any(false))
	item := r.call("crm.item.get", obj{"entityTypeId": 2, "id": deal + 1}).(obj)["item"].(obj)
	same(t, "in crm.item", words(item["ufCrmMany"]), "[]")
	same(
		t, "filter by flag",
		len(r.call("crm.item.list", obj{"entityTypeId": 2, "filter": obj{"=ufCrmFlag": "1"}}).(obj)["items"].([]any)), 1,
	)
	same(t, "filter by one of many", len(r.call("crm.deal.list", obj{"filter": obj{"UF_CRM_MANY": "y"}}).([]any)), 1)
	r.call("crm.deal.userfield.delete", obj{"id": id})
	if _, ok := r.call("crm.deal.get", obj{"id": deal}).(obj)["UF_CRM_PIXL_ORDER"]; ok {
		t.Error("a deleted field is shown")
	}
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "PIXL_ORDER", "USER_TYPE_ID": "string"})
}

func TestMandatoryCustomFields(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.userfield.add", obj{
		"FIELD_NAME": "MUST", "USER_TYPE_ID": "string", "MANDATORY": "Y", "LABEL": "Доставка",
	})
	r.add("crm.deal.add", obj{"TITLE": "x"})
	r.fails(
		"crm.item.add", obj{"entityTypeId": 2, "fields": obj{"title": "x"}}, 400, "CRM_FIELD_ERROR_REQUIRED", "Доставка",
	)
	r.call("crm.item.add", obj{"entityTypeId": 2, "fields": obj{"title": "x", "ufCrmMust": "y"}})
	r.call("crm.item.update", obj{"entityTypeId": 2, "id": 2, "fields": obj{"title": "z"}})
	r.fails(
		"crm.item.update", obj{"entityTypeId": 2, "id": 2, "fields": obj{"ufCrmMust": ""}}, 400, "CRM_FIELD_ERROR_REQUIRED",
		"Доставка",
	)
	r.SetBehaviour(func(b *Behaviour) { b.OldRequiresCustom = true })
	r.fails("crm.deal.add", obj{"fields": obj{"TITLE": "x"}}, 400, "", "Доставка")
}
