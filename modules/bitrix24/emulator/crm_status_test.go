package emulator

import (
	"strings"
	"testing"
)

func TestStages_areThoseOfARussianPortal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var names, semantics []string
	for _, v := range r.call("crm.status.list", obj{
		"filter": obj{"ENTITY_ID": "DEAL_STAGE"}, "order": obj{"SORT": "ASC"},
	}).([]any) {
		s := v.(obj)
		names = append(names, s["NAME"].(string))
		semantics = append(semantics, s["EXTRA"].(obj)["SEMANTICS"].(string))
		if s["EXTRA"].(obj)["SEMANTICS"] == "process" && s["SEMANTICS"] != nil {
			t.Errorf("SEMANTICS of %s = %v", s["NAME"], s["SEMANTICS"])
		}
	}
	same(
		t, "names", strings.Join(names, ", "),
		"Новая, Подготовка документов, Счёт на предоплату, В работе, Финальный счёт, Сделка успешна, Сделка провалена, "+
			"Анализ причины провала",
	)
	same(t, "semantics", strings.Join(semantics, " "), "process process process process process success failure apology")
	second := r.call("crm.status.list", obj{
		"filter": obj{"ENTITY_ID": "DEAL_STAGE_1", "STATUS_ID": "C1:NEW"},
	}).([]any)[0].(obj)
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
	id := r.add("crm.status.add", obj{
		"ENTITY_ID": "DEAL_STAGE_1", "STATUS_ID": "DECISION", "NAME": "Решение", "COLOR": "#FFA900",
	})
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
