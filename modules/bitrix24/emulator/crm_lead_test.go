package emulator

import "testing"

func TestLead_stagesAndReturnCustomers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	lead := r.add("crm.lead.add", obj{"TITLE": "ООО Ромашка", "NAME": "Иван"})
	got := r.call("crm.lead.get", obj{"id": lead}).(obj)
	for name, want := range map[string]any{
		"STATUS_ID": "NEW", "STATUS_SEMANTIC_ID": "P", "DATE_CLOSED": "", "BIRTHDATE": "", "IS_RETURN_CUSTOMER": "N",
		"OPPORTUNITY": "0.00",
	} {
		same(t, name, got[name], want)
	}
	r.call("crm.lead.update", obj{"id": lead, "fields": obj{"STATUS_ID": "CONVERTED", "CONTACT_ID": 5}})
	now, _ := r.Lead(lead)
	same(t, "semantics", now["STATUS_SEMANTIC_ID"], "S")
	same(t, "REST converts nothing", len(r.IDs("deal"))+len(r.IDs("contact")), 0)
	same(t, "a client makes it a returning lead", now["IS_RETURN_CUSTOMER"], "Y")
	if now["DATE_CLOSED"] == "" {
		t.Error("DATE_CLOSED is empty")
	}
	r.call("crm.lead.update", obj{"id": lead, "fields": obj{"STATUS_ID": "NO_SUCH"}})
	now, _ = r.Lead(lead)
	same(t, "an unknown stage is ignored", now["STATUS_ID"], "CONVERTED")
}

// newLead makes a lead with everything that a conversion carries over.
func newLead(r *rig) int64 {
	lead := r.add("crm.lead.add", obj{
		"TITLE": "Заявка", "NAME": "Иван", "LAST_NAME": "Петров", "COMPANY_TITLE": "ООО Ромашка", "SOURCE_ID": "WEB",
		"COMMENTS": "текст", "UTM_SOURCE": "ya",
		"ASSIGNED_BY_ID": 3, "ORIGIN_ID": "lead-client:1",
		"PHONE": list{obj{"VALUE": "+79990000000", "VALUE_TYPE": "MOBILE"}},
	})
	r.call("crm.lead.productrows.set", obj{
		"id": lead, "rows": list{obj{"PRODUCT_NAME": "Визитки", "PRICE": 890, "QUANTITY": 2}},
	})
	return lead
}

func TestSimpleMode_convertsANewLeadAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do("set_mode", Args{"mode": 2})
	same(t, "mode", r.call("crm.settings.mode.get", nil), any(2.0))
	lead := r.add("crm.lead.add", obj{"TITLE": "x", "NAME": "Иван"})
	found := r.call("crm.deal.list", obj{"filter": obj{"LEAD_ID": lead}, "select": list{"ID", "CONTACT_ID"}}).([]any)
	same(t, "deals", len(found), 1)
	got, _ := r.Lead(lead)
	same(t, "lead", got["STATUS_ID"], "CONVERTED")
	r.SetBehaviour(func(b *Behaviour) { b.SimpleLeadReadable = false })
	r.fails("crm.lead.get", obj{"id": lead}, 400, "", "Not found")
	r.add("crm.lead.add", obj{"TITLE": "без имени"})
	same(t, "a lead without a name stays", len(r.IDs("deal")), 1)
}
