package emulator

import (
	"slices"
	"testing"
)

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
	same(
		t, "lead", now["STATUS_ID"]+now["STATUS_SEMANTIC_ID"]+now["CONTACT_ID"]+now["COMPANY_ID"],
		"CONVERTEDS"+id(made["contact"])+id(made["company"]),
	)
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
