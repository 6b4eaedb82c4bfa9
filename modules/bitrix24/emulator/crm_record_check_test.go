package emulator

import "testing"

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

func TestUnknownValues_aDismissedEmployeeIsOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.Do("dismiss_user", Args{"id": 2}); err != nil {
		t.Fatal(err)
	}
	r.SetBehaviour(func(b *Behaviour) { b.UnknownValues = "error" })
	r.fails("crm.deal.add", obj{"fields": obj{"ASSIGNED_BY_ID": 2}}, 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "")
}

func TestUnknownStage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	deal := r.add("crm.deal.add", obj{"STAGE_ID": "EXECUTING"})
	to := func(stage string) obj { return obj{"entityTypeId": 2, "id": deal, "fields": obj{"stageId": stage}} }
	r.fails("crm.item.update", to("UC_GONE"), 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "")
	r.SetBehaviour(func(b *Behaviour) { b.UnknownStage = "keep" })
	r.call("crm.item.update", to("UC_GONE"))
	got, _ := r.Deal(deal)
	same(t, "it stays", got["STAGE_ID"], "EXECUTING")
	r.call("crm.item.add", obj{"entityTypeId": 2, "fields": obj{"title": "new", "stageId": "UC_GONE"}})
	got, _ = r.Deal(deal + 1)
	same(t, "a new one begins at the first", got["STAGE_ID"], "NEW")
}
