package emulator

import "testing"

func TestCategories(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	list := r.call("crm.category.list", obj{"entityTypeId": 2}).(obj)["categories"].([]any)
	same(t, "funnels", len(list), 2)
	general := list[0].(obj)
	same(t, "the default one", words(general["id"], general["name"], general["isDefault"]), "0 Общая Y")
	made := r.call("crm.category.add", obj{
		"entityTypeId": 2, "fields": obj{"name": "Опт", "sort": 500, "originId": "x"},
	}).(obj)["category"].(obj)
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
