package emulator

import (
	"testing"
	"time"
)

func TestItem_movesBetweenFunnelsWithoutAnUpdateEvent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	deal := r.add("crm.deal.add", obj{"STAGE_ID": "EXECUTING"})
	r.sent()
	item := r.call("crm.item.update", obj{
		"entityTypeId": 2, "id": deal, "fields": obj{"categoryId": 1},
	}).(obj)["item"].(obj)
	same(t, "stage", item["stageId"], any("C1:NEW"))
	same(t, "funnel", item["categoryId"], any(1.0))
	sameList(t, "events", r.sent())
	r.call("crm.item.update", obj{"entityTypeId": 2, "id": deal, "fields": obj{"stageId": "C1:WON"}})
	sameList(t, "events of an ordinary move", r.sent(), "ONCRMDEALUPDATE 1")
}

func TestItem_updateWithoutAChangeIsSilent(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newRig(t, func(o *Options) { o.Clock = c.now })
	item := r.call("crm.item.add", obj{
		"entityTypeId": 2, "fields": obj{"title": "x", "opportunity": 10, "begindate": "2026-11-01"},
	}).(obj)["item"].(obj)
	before, changes := item["updatedTime"], r.Stats().Changes
	c.step(time.Minute)
	same2 := r.call("crm.item.update", obj{
		"entityTypeId": 2, "id": 1,
		"fields": obj{"title": "x", "opportunity": 10.0, "stageId": "NEW", "begindate": "2026-11-01", "comments": ""},
	}).(obj)["item"].(obj)
	same(t, "updatedTime", same2["updatedTime"], before)
	sameList(t, "events", r.sent())
	r.call("crm.deal.update", obj{"id": 1, "fields": obj{"TITLE": "x"}})
	sameList(t, "the old method saves all the same", r.sent(), "ONCRMDEALUPDATE 1")
	same(t, "nothing became different", r.Stats().Changes, changes)
	r.SetBehaviour(func(b *Behaviour) { b.OldUpdateAlwaysSaves = false })
	r.call("crm.deal.update", obj{"id": 1, "fields": obj{"TITLE": "x"}})
	sameList(t, "unless switched off", r.sent())
}

func TestItem_namesAndKinds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "PIXLPARK_DELIVERY", "USER_TYPE_ID": "string"})
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "1721", "USER_TYPE_ID": "double"})
	item := r.call("crm.item.add", obj{"entityTypeId": 2, "fields": obj{
		"title": "x", "opportunity": "10.50", "isManualOpportunity": "Y", "originatorId": "pixlpark:1",
		"originId": "order:1", "leadId": 5,
		"ufCrmPixlparkDelivery": "Офис", "ufCrm_1721": "2.5", "observers": list{1, 2},
	}}).(obj)["item"].(obj)
	for name, want := range map[string]any{
		"id": 1.0, "opportunity": 10.5, "originId": "order:1", "leadId": 5.0, "companyId": 0.0, "assignedById": 1.0,
		"ufCrmPixlparkDelivery": "Офис",
		"ufCrm_1721":            2.5, "createdBy": 1.0, "stageSemanticId": "P", "entityTypeId": 2.0,
	} {
		same(t, name, item[name], want)
	}
	original := r.call("crm.item.get", obj{"entityTypeId": 2, "id": 1, "useOriginalUfNames": "Y"}).(obj)["item"].(obj)
	same(t, "original name", original["UF_CRM_PIXLPARK_DELIVERY"], any("Офис"))
	old := r.call("crm.deal.get", obj{"id": 1}).(obj)
	same(t, "old family", old["UF_CRM_1721"], any("2.5"))
	r.fails(
		"crm.item.add", obj{"entityTypeId": 2, "fields": obj{"contactIds": 5}}, 400, "100",
		"Expected iterable value for multiple field, but got integer instead",
	)
	r.fails("crm.item.get", obj{"id": 1}, 400, "100", "entityTypeId")
	r.fails("crm.item.get", obj{"entityTypeId": 140, "id": 1}, 400, "NOT_FOUND", "Smart process not found")
}

func TestItem_deleteAnswersAnEmptyList(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.add", obj{"TITLE": "x"})
	if list, ok := r.call("crm.item.delete", obj{"entityTypeId": 2, "id": 1}).([]any); !ok || len(list) != 0 {
		t.Errorf("result = %v", list)
	}
	r.fails("crm.deal.get", obj{"id": 1}, 400, "", "Not found")
}

func TestItem_batchImport(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	items := r.call("crm.item.batchImport", obj{"entityTypeId": 3, "data": list{
		obj{
			"name": "Иван", "createdTime": "2020-05-06T10:00:00+03:00",
			"PHONE": list{obj{"VALUE": "+79990000000", "VALUE_TYPE": "MOBILE"}},
		},
		obj{"post": "без имени"},
	}}).(obj)["items"].([]any)
	same(t, "made", items[0].(obj)["item"].(obj)["id"], any(1.0))
	same(t, "refused", items[1].(obj)["error"], any("CRM_FIELD_ERROR_REQUIRED"))
	contact, _ := r.Contact(1)
	same(t, "createdTime", contact["DATE_CREATE"], "2020-05-06T10:00:00+03:00")
	same(t, "phone", contact["PHONE.MOBILE"], "+79990000000")
	data := list{}
	for range 21 {
		data = append(data, obj{"name": "x"})
	}
	r.fails("crm.item.batchImport", obj{"entityTypeId": 3, "data": data}, 400, "MAX_IMPORT_BATCH_SIZE_EXCEEDED", "20")
	same(
		t, "import",
		r.call("crm.item.import", obj{"entityTypeId": 2, "fields": obj{"title": "x"}}).(obj)["item"].(obj)["id"], any(1.0),
	)
}
