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
