package emulator

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

func TestStages_areThoseOfARussianPortal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var names, semantics []string
	for _, v := range r.call("crm.status.list", obj{"filter": obj{"ENTITY_ID": "DEAL_STAGE"}, "order": obj{"SORT": "ASC"}}).([]any) {
		s := v.(obj)
		names = append(names, s["NAME"].(string))
		semantics = append(semantics, s["EXTRA"].(obj)["SEMANTICS"].(string))
		if s["EXTRA"].(obj)["SEMANTICS"] == "process" && s["SEMANTICS"] != nil {
			t.Errorf("SEMANTICS of %s = %v", s["NAME"], s["SEMANTICS"])
		}
	}
	same(t, "names", strings.Join(names, ", "), "Новая, Подготовка документов, Счёт на предоплату, В работе, Финальный счёт, Сделка успешна, Сделка провалена, Анализ причины провала")
	same(t, "semantics", strings.Join(semantics, " "), "process process process process process success failure apology")
	second := r.call("crm.status.list", obj{"filter": obj{"ENTITY_ID": "DEAL_STAGE_1", "STATUS_ID": "C1:NEW"}}).([]any)[0].(obj)
	same(t, "funnel", second["CATEGORY_ID"], any("1"))
	var types []string
	for _, v := range r.call("crm.status.entity.items", obj{"entityId": "COMPANY_TYPE"}).([]any) {
		types = append(types, v.(obj)["NAME"].(string))
	}
	same(t, "company types", strings.Join(types, ", "), "Клиент, Поставщик, Конкурент, Партнер, Другое")
	source := r.call("crm.status.list", obj{"filter": obj{"ENTITY_ID": "SOURCE", "STATUS_ID": "WEB"}}).([]any)[0].(obj)
	same(t, "source", source["NAME"], any("Веб-сайт"))
}

func TestStatus_addUpdateDelete(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.add("crm.status.add", obj{"ENTITY_ID": "DEAL_STAGE_1", "STATUS_ID": "DECISION", "NAME": "Решение", "COLOR": "#FFA900"})
	got := r.call("crm.status.get", obj{"id": id}).(obj)
	same(t, "prefix", got["STATUS_ID"], any("C1:DECISION"))
	r.call("crm.status.update", obj{"id": id, "fields": obj{"NAME": "Решили", "STATUS_ID": "X"}})
	got = r.call("crm.status.get", obj{"id": id}).(obj)
	same(t, "only the name changes", words(got["NAME"], got["STATUS_ID"]), "Решили C1:DECISION")
	for _, x := range []struct {
		fields obj
		code   any
		text   string
	}{
		{obj{"ENTITY_ID": "DEAL_STAGE_1", "STATUS_ID": "DECISION", "NAME": "x"}, "ERROR_CORE", "already exists"},
		{obj{"ENTITY_ID": "NOWHERE", "STATUS_ID": "A", "NAME": "x"}, "", "Specified entity type is not supported."},
		{obj{"ENTITY_ID": "DEAL_STAGE", "STATUS_ID": "LATE", "NAME": "x", "SORT": 500}, "ERROR_CORE", "final stage"},
		{obj{"ENTITY_ID": "STATUS", "STATUS_ID": strings.Repeat("A", 22), "NAME": "x"}, "ERROR_CORE", "too long"},
		{obj{"ENTITY_ID": "SOURCE", "STATUS_ID": "ПЕЧАТЬ", "NAME": "x"}, "ERROR_CORE", "invalid characters"},
	} {
		r.fails("crm.status.add", obj{"fields": x.fields}, 400, x.code, x.text)
	}
	same(t, "delete", r.call("crm.status.delete", obj{"id": id}), any(true))
	r.fails("crm.status.delete", obj{"id": 1}, 400, "ERROR_CORE", "system")
}

func TestCategories(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	list := r.call("crm.category.list", obj{"entityTypeId": 2}).(obj)["categories"].([]any)
	same(t, "funnels", len(list), 2)
	general := list[0].(obj)
	same(t, "the default one", words(general["id"], general["name"], general["isDefault"]), "0 Общая Y")
	made := r.call("crm.category.add", obj{"entityTypeId": 2, "fields": obj{"name": "Опт", "sort": 500, "originId": "x"}}).(obj)["category"].(obj)
	same(t, "added", words(made["id"], made["originId"]), "2 x")
	r.call("crm.category.update", obj{"entityTypeId": 2, "id": 2, "fields": obj{"name": "Опт 2"}})
	got := r.call("crm.category.get", obj{"entityTypeId": 2, "id": 2}).(obj)["category"].(obj)
	same(t, "renamed", got["name"], any("Опт 2"))
	if result := r.call("crm.category.delete", obj{"entityTypeId": 2, "id": 2}); result != nil {
		t.Errorf("delete answers %v", result)
	}
	r.fails("crm.category.get", obj{"entityTypeId": 2, "id": 2}, 400, "NOT_FOUND", "")
	r.fails("crm.category.list", obj{"entityTypeId": 3}, 400, "ENTITY_TYPE_NOT_SUPPORTED", "")
	r.fails("crm.category.delete", obj{"entityTypeId": 2, "id": 0}, 400, "ERROR_CORE", "default")

	old := r.call("crm.dealcategory.list", nil).([]any)
	same(t, "the old list leaves the default out", len(old), 1)
	same(t, "stages", r.call("crm.dealcategory.status", obj{"id": 1}), any("DEAL_STAGE_1"))
	same(t, "stage.list", len(r.call("crm.dealcategory.stage.list", obj{"id": 1}).([]any)), 8)
	same(t, "default", r.call("crm.dealcategory.default.get", nil).(obj)["NAME"], any("Общая"))
}

func TestUserfields(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "uf_pixl_order", "USER_TYPE_ID": "string", "LABEL": "Доставка"})
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

	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "KIND", "USER_TYPE_ID": "enumeration", "LIST": []any{obj{"VALUE": "a"}, obj{"VALUE": "b"}}})
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "FLAG", "USER_TYPE_ID": "boolean"})
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "MANY", "USER_TYPE_ID": "string", "MULTIPLE": "Y"})
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "FILE", "USER_TYPE_ID": "file"})
	deal := r.add("crm.deal.add", obj{"UF_CRM_KIND": 2, "UF_CRM_FLAG": 1, "UF_CRM_MANY": []any{"x", "y"}, "UF_CRM_FILE": obj{"fileData": []any{"a.txt", base64.StdEncoding.EncodeToString([]byte("hi"))}}})
	got := r.call("crm.deal.get", obj{"id": deal}).(obj)
	same(t, "values", words(got["UF_CRM_KIND"], got["UF_CRM_FLAG"], got["UF_CRM_MANY"], got["UF_CRM_FILE"].(obj)["id"]), "2 1 [x y] 1")
	empty := r.call("crm.deal.get", obj{"id": r.add("crm.deal.add", obj{"TITLE": "x"})}).(obj)
	same(t, "an empty multiple field", empty["UF_CRM_MANY"], any(false))
	item := r.call("crm.item.get", obj{"entityTypeId": 2, "id": deal + 1}).(obj)["item"].(obj)
	same(t, "in crm.item", words(item["ufCrmMany"]), "[]")
	same(t, "filter by flag", len(r.call("crm.item.list", obj{"entityTypeId": 2, "filter": obj{"=ufCrmFlag": "1"}}).(obj)["items"].([]any)), 1)
	same(t, "filter by one of many", len(r.call("crm.deal.list", obj{"filter": obj{"UF_CRM_MANY": "y"}}).([]any)), 1)
	r.call("crm.deal.userfield.delete", obj{"id": id})
	if _, ok := r.call("crm.deal.get", obj{"id": deal}).(obj)["UF_CRM_PIXL_ORDER"]; ok {
		t.Error("a deleted field is shown")
	}
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "PIXL_ORDER", "USER_TYPE_ID": "string"})
}

func TestRequisites(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	company := r.add("crm.company.add", obj{"TITLE": "ООО"})
	fields := obj{"ENTITY_TYPE_ID": 4, "ENTITY_ID": company, "PRESET_ID": 1, "NAME": "ООО Ромашка", "RQ_INN": "7707083893", "RQ_KPP": "770701001"}
	id := r.add("crm.requisite.add", fields)
	bank := r.add("crm.requisite.bankdetail.add", obj{"ENTITY_ID": id, "NAME": "Сбер", "RQ_BIK": "044525225"})
	r.sent()
	found := r.call("crm.requisite.list", obj{"filter": obj{"RQ_INN": "7707083893"}, "select": []any{"ID", "ENTITY_ID"}}).([]any)
	same(t, "found by ИНН", words(found), fmt.Sprintf("[map[ENTITY_ID:%d ID:%d]]", company, id))
	r.call("crm.requisite.update", obj{"id": id, "fields": obj{"RQ_KPP": "1", "ENTITY_ID": 99}})
	got := r.call("crm.requisite.get", obj{"id": id}).(obj)
	same(t, "updated", words(got["RQ_KPP"], got["ENTITY_ID"], got["RQ_OGRN"]), fmt.Sprintf("1 %d <nil>", company))
	r.call("crm.requisite.bankdetail.update", obj{"id": bank, "fields": obj{"RQ_ACC_NUM": "40702"}})
	same(t, "bank", r.call("crm.requisite.bankdetail.list", obj{"filter": obj{"ENTITY_ID": id}}).([]any)[0].(obj)["RQ_ACC_NUM"], any("40702"))
	sameList(t, "a requisite is no change of its company", r.sent())
	address := obj{"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": id, "CITY": "Пермь"}
	same(t, "address", r.call("crm.address.add", obj{"fields": address}), any(true))
	r.fails("crm.address.add", obj{"fields": address}, 400, "", "TypeAddress exists")
	r.call("crm.address.update", obj{"fields": obj{"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": id, "CITY": "Уфа"}})
	same(t, "city", r.call("crm.address.list", obj{"filter": obj{"ENTITY_ID": id}}).([]any)[0].(obj)["CITY"], any("Уфа"))
	r.call("crm.address.delete", obj{"fields": address})
	same(t, "addresses", len(r.call("crm.address.list", nil).([]any)), 0)
	for name, text := range map[string]string{"ENTITY_TYPE_ID": "ENTITY_TYPE_ID is not", "ENTITY_ID": "ENTITY_ID is not", "PRESET_ID": "PRESET_ID is not"} {
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

func TestComments(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	deal := r.add("crm.deal.add", obj{"TITLE": "x"})
	id := r.add("crm.timeline.comment.add", obj{"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": "привет"})
	same(t, "update answers the id", r.call("crm.timeline.comment.update", obj{"id": id, "fields": obj{"COMMENT": "пока"}}), any(float64(id)))
	list := r.call("crm.timeline.comment.list", obj{"filter": obj{"ENTITY_ID": deal, "ENTITY_TYPE": "deal"}}).([]any)
	same(t, "comment", words(list[0].(obj)["COMMENT"], list[0].(obj)["FILES"]), "пока map[]")
	r.fails("crm.timeline.comment.add", obj{"fields": obj{"ENTITY_ID": 99, "ENTITY_TYPE": "deal", "COMMENT": "x"}}, 400, "OWNER_NOT_FOUND", "")
	r.fails("crm.timeline.comment.add", obj{"fields": obj{"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": " "}}, 400, "INVALID_ARG_VALUE", "")
	r.fails("crm.timeline.comment.add", obj{"FIELDS": obj{"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": "x"}}, 400, "100", "fields")
	r.fails("crm.timeline.comment.add", obj{"fields": obj{"ENTITY_TYPE": "deal"}}, 400, "100", "ENTITY_ID")
	r.call("crm.timeline.comment.delete", obj{"id": id})
	r.fails("crm.timeline.comment.get", obj{"id": id}, 400, "NOT_FOUND", "")
}

func TestProductsAndCurrencies(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.add("crm.product.add", obj{"NAME": "Визитки", "PRICE": 890, "XML_ID": "site:5"})
	found := r.call("crm.product.list", obj{"filter": obj{"XML_ID": "site:5"}, "select": []any{"ID", "NAME", "PRICE"}}).([]any)
	same(t, "found by XML_ID", words(found), fmt.Sprintf("[map[ID:%d NAME:Визитки PRICE:890.00]]", id))
	same(t, "base", r.call("crm.currency.base.get", nil), any("RUB"))
	_, body := r.post("crm.currency.list", nil)
	same(t, "total of currencies", body["total"], any(0.0))
	r.fails("crm.deal.add", obj{"fields": obj{"CURRENCY_ID": "XXX"}}, 400, "", `Invalid value for the "Currency" field`)
	same(t, "delete", r.call("crm.product.delete", obj{"id": id}), any(true))
}

func TestTelephony(t *testing.T) {
	t.Parallel()
	call := obj{"FROM_LINE": "reg150907", "TO_NUMBER": "+79990000000", "TEXT_TO_PRONOUNCE": "Заказ 1"}
	r := newRig(t)
	r.fails("voximplant.callback.start", call, 403, "insufficient_scope", "")
	r = newRig(t, func(o *Options) { o.Scopes = []string{"crm", "telephony"} })
	r.subscribe("ONVOXIMPLANTCALLEND")
	got := r.call("voximplant.callback.start", call).(obj)
	if s, _ := got["CALL_ID"].(string); got["RESULT"] != true || !strings.HasPrefix(s, "callback.") {
		t.Errorf("answer = %v", got)
	}
	sameList(t, "event", r.sent(), "ONVOXIMPLANTCALLEND")
	r.fails("voximplant.callback.start", obj{"FROM_LINE": "reg150907", "TO_NUMBER": "12", "TEXT_TO_PRONOUNCE": "x"}, 400, "ERROR_CORE", "Phone number is not correct")
	r.fails("voximplant.infocall.startwithtext", call, 403, "insufficient_scope", "")
	same(t, "statistic", len(r.call("voximplant.statistic.get", nil).([]any)), 1)
	same(t, "set answers 1 for any line", r.call("voximplant.line.outgoing.set", obj{"LINE_ID": "x"}), any(1.0))
	same(t, "default line", r.call("voximplant.line.outgoing.get", nil), any("x"))
}

func TestUnknownValues(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	deal := r.add("crm.deal.add", obj{"SOURCE_ID": "NOWHERE", "ASSIGNED_BY_ID": 99, "COMPANY_ID": 77})
	got, _ := r.Deal(deal)
	same(t, "stored as sent", got["SOURCE_ID"]+got["ASSIGNED_BY_ID"]+got["COMPANY_ID"], "NOWHERE9977")
	r.SetBehaviour(func(b *Behaviour) { b.UnknownValues = "error" })
	r.fails("crm.deal.add", obj{"fields": obj{"SOURCE_ID": "NOWHERE"}}, 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "")
	r.fails("crm.deal.add", obj{"fields": obj{"ASSIGNED_BY_ID": 99}}, 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "")
}

func TestMandatoryCustomFields(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "MUST", "USER_TYPE_ID": "string", "MANDATORY": "Y", "LABEL": "Доставка"})
	r.add("crm.deal.add", obj{"TITLE": "x"})
	r.fails("crm.item.add", obj{"entityTypeId": 2, "fields": obj{"title": "x"}}, 400, "CRM_FIELD_ERROR_REQUIRED", "Доставка")
	r.call("crm.item.add", obj{"entityTypeId": 2, "fields": obj{"title": "x", "ufCrmMust": "y"}})
	r.call("crm.item.update", obj{"entityTypeId": 2, "id": 2, "fields": obj{"title": "z"}})
	r.fails("crm.item.update", obj{"entityTypeId": 2, "id": 2, "fields": obj{"ufCrmMust": ""}}, 400, "CRM_FIELD_ERROR_REQUIRED", "Доставка")
	r.SetBehaviour(func(b *Behaviour) { b.OldRequiresCustom = true })
	r.fails("crm.deal.add", obj{"fields": obj{"TITLE": "x"}}, 400, "", "Доставка")
}
