package emulator

import (
	"slices"
	"testing"
)

func TestLead_stagesAndReturnCustomers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	lead := r.add("crm.lead.add", obj{"TITLE": "ООО Ромашка", "NAME": "Иван"})
	got := r.call("crm.lead.get", obj{"id": lead}).(obj)
	for name, want := range map[string]any{"STATUS_ID": "NEW", "STATUS_SEMANTIC_ID": "P", "DATE_CLOSED": "", "BIRTHDATE": "", "IS_RETURN_CUSTOMER": "N", "OPPORTUNITY": "0.00"} {
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
		"TITLE": "Заявка", "NAME": "Иван", "LAST_NAME": "Петров", "COMPANY_TITLE": "ООО Ромашка", "SOURCE_ID": "WEB", "COMMENTS": "текст", "UTM_SOURCE": "ya",
		"ASSIGNED_BY_ID": 3, "ORIGIN_ID": "lead-client:1", "PHONE": list{obj{"VALUE": "+79990000000", "VALUE_TYPE": "MOBILE"}},
	})
	r.call("crm.lead.productrows.set", obj{"id": lead, "rows": list{obj{"PRODUCT_NAME": "Визитки", "PRICE": 890, "QUANTITY": 2}}})
	return lead
}

func TestConversion_byAPerson(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.subscribe("ONCRMDEALADD", "ONCRMCONTACTADD", "ONCRMCOMPANYADD")
	lead := newLead(r)
	r.sent()
	made := r.do("convert_lead", Args{"id": lead, "deal": true, "contact": true, "company": true, "category": 1})
	deal, _ := r.Deal(made["deal"])
	contact, _ := r.Contact(made["contact"])
	company, _ := r.Company(made["company"])
	for _, x := range []struct{ what, got, want string }{
		{"deal's lead", deal["LEAD_ID"], id(lead)},
		{"funnel", deal["STAGE_ID"], "C1:NEW"},
		{"amount", deal["OPPORTUNITY"], "1780.00"},
		{"title", deal["TITLE"], "Заявка"},
		{"source", deal["SOURCE_ID"], "WEB"},
		{"responsible", deal["ASSIGNED_BY_ID"], "3"},
		{"comments", deal["COMMENTS"], "текст"},
		{"UTM", deal["UTM_SOURCE"], "ya"},
		{"the key is not copied", deal["ORIGIN_ID"], ""},
		{"deal's contact", deal["CONTACT_ID"], id(made["contact"])},
		{"deal's company", deal["COMPANY_ID"], id(made["company"])},
		{"contact's lead", contact["LEAD_ID"], id(lead)},
		{"contact's name", contact["NAME"] + contact["LAST_NAME"], "ИванПетров"},
		{"contact's phone", contact["PHONE.MOBILE"], "+79990000000"},
		{"contact's company", contact["COMPANY_ID"], id(made["company"])},
		{"company", company["TITLE"] + company["LEAD_ID"], "ООО Ромашка" + id(lead)},
	} {
		same(t, x.what, x.got, x.want)
	}
	same(t, "rows", len(r.Rows(made["deal"])), 1)
	now, _ := r.Lead(lead)
	same(t, "lead", now["STATUS_ID"]+now["STATUS_SEMANTIC_ID"]+now["CONTACT_ID"]+now["COMPANY_ID"], "CONVERTEDS"+id(made["contact"])+id(made["company"]))
	events := r.sent()
	for _, want := range []string{"ONCRMDEALADD 1", "ONCRMCONTACTADD 1", "ONCRMCOMPANYADD 1", "ONCRMLEADUPDATE 1"} {
		if !slices.Contains(events, want) {
			t.Errorf("events %v lack %s", events, want)
		}
	}
	found := r.call("crm.contact.list", obj{"filter": obj{"LEAD_ID": lead}, "select": list{"ID"}}).([]any)
	same(t, "found by LEAD_ID", len(found), 1)
	if _, err := r.Do("convert_lead", Args{"id": lead}); err == nil {
		t.Error("converted twice")
	}
}

func TestConversion_choices(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	contact, company := r.add("crm.contact.add", obj{"NAME": "Есть"}), r.add("crm.company.add", obj{"TITLE": "Есть"})
	made := r.do("convert_lead", Args{"id": newLead(r), "deal": true, "contact": contact, "company": company})
	deal, _ := r.Deal(made["deal"])
	same(t, "existing client", deal["CONTACT_ID"]+deal["COMPANY_ID"], id(contact)+id(company))
	made = r.do("convert_lead", Args{"id": newLead(r), "deal": false, "contact": true, "company": false})
	same(t, "only a contact", made["deal"], 0)
	same(t, "deals", len(r.IDs("deal")), 1)
	lead := newLead(r)
	r.do("reject_lead", Args{"id": lead})
	got, _ := r.Lead(lead)
	same(t, "rejected", got["STATUS_ID"]+got["STATUS_SEMANTIC_ID"], "JUNKF")
}

func TestConversion_theDealMayAppearLater(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.subscribe("ONCRMDEALADD")
	r.SetBehaviour(func(b *Behaviour) { b.ConversionDelayMS = 20 })
	lead := newLead(r)
	r.sent()
	<-r.arrived // the update that came with the rows
	made := r.do("convert_lead", Args{"id": lead, "contact": false})
	same(t, "deal", made["deal"], 0)
	<-r.arrived
	<-r.arrived
	sameList(t, "events", r.sent(), "ONCRMLEADUPDATE 1", "ONCRMDEALADD 1")
	deal, _ := r.Deal(1)
	same(t, "deal's lead", deal["LEAD_ID"], id(lead))
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

func TestMergeAndRestore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	keep := r.add("crm.contact.add", obj{"NAME": "Иван", "ORIGIN_ID": "client:1"})
	drop := r.add("crm.contact.add", obj{"NAME": "Иван", "LAST_NAME": "Петров", "ORIGIN_ID": "client:2", "PHONE": list{obj{"VALUE": "111"}}})
	deal := r.add("crm.deal.add", obj{"TITLE": "x", "CONTACT_ID": drop, "ORIGIN_ID": "order:1"})
	r.call("crm.deal.productrows.set", obj{"id": deal, "rows": list{obj{"PRODUCT_NAME": "a", "PRICE": 5}}})
	r.sent()
	r.do("merge_contacts", Args{"keep": keep, "drop": drop})
	got, _ := r.Contact(keep)
	same(t, "winner", got["LAST_NAME"]+got["PHONE.WORK"]+got["ORIGIN_ID"], "Петров111client:1")
	now, _ := r.Deal(deal)
	same(t, "its deal", now["CONTACT_ID"], id(keep))
	sameList(t, "events", r.sent(), "ONCRMCONTACTUPDATE 1", "ONCRMCONTACTDELETE 2")

	r.do("delete_deal", Args{"id": deal})
	sameList(t, "events", r.sent(), "ONCRMDEALDELETE 1")
	made := r.do("restore_deal", Args{"id": deal})
	back, ok := r.Deal(made["id"])
	same(t, "restored under a new number", made["id"] != deal && ok, true)
	same(t, "with its key and rows", back["ORIGIN_ID"]+r.Rows(made["id"])[0]["PRODUCT_NAME"]+back["CONTACT_ID"], "order:1a"+id(keep))
	if _, err := r.Do("restore_deal", Args{"id": deal}); err == nil {
		t.Error("restored twice")
	}
}
