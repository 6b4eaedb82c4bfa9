package emulator

import "testing"

func TestRestoredLead_comesBackUnderANewNumberWithAllThatItHad(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	lead := r.add("crm.lead.add", obj{
		"TITLE": "x", "ORIGIN_ID": "lead-client:1", "PHONE": list{obj{"VALUE": "+79990000001"}},
	})
	r.call("crm.lead.productrows.set", obj{"id": lead, "rows": list{obj{"PRODUCT_NAME": "a", "PRICE": 5}}})
	r.do("add_comment", Args{"lead": lead, "text": "привет"})
	created, _ := r.Lead(lead)
	r.do("delete_lead", Args{"id": lead})
	made := r.do("restore_lead", Args{"id": lead})
	back, ok := r.Lead(made["id"])
	same(t, "restored under a new number", made["id"] != lead && ok, true)
	same(t, "key", back["ORIGIN_ID"], "lead-client:1")
	same(t, "phone", back["PHONE.WORK"], "+79990000001")
	same(t, "time of creation", back["DATE_CREATE"], created["DATE_CREATE"])
	if _, err := r.Do("restore_lead", Args{"id": lead}); err == nil {
		t.Error("restored twice")
	}
	if _, err := r.Do("restore_contact", Args{"id": lead}); err == nil {
		t.Error("a contact came out of a recycle bin that contacts do not have")
	}
}

func TestRestoredDeal_itsRowsKeepTheirNumbersUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	deal := r.add("crm.deal.add", obj{"TITLE": "x"})
	r.call("crm.deal.productrows.set", obj{"id": deal, "rows": list{obj{"PRODUCT_NAME": "a", "PRICE": 5}}})
	former := r.Rows(deal)[0]["ID"]
	for _, isNew := range []bool{false, true} {
		r.SetBehaviour(func(b *Behaviour) { b.RestoreNewRows = isNew })
		r.do("delete_deal", Args{"id": deal})
		deal = r.do("restore_deal", Args{"id": deal})["id"]
		same(t, "another number", r.Rows(deal)[0]["ID"] != former, isNew)
	}
}

func TestCopiedDeal_hasWhatTheDealHasAndItsKeyOnOlderPortals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	contact := r.add("crm.contact.add", obj{"NAME": "Иван"})
	deal := r.add("crm.deal.add", obj{
		"TITLE": "x", "CONTACT_ID": contact, "ORIGINATOR_ID": "panel", "ORIGIN_ID": "order:1", "COMMENTS": "срочно",
	})
	r.call("crm.deal.productrows.set", obj{"id": deal, "rows": list{obj{"PRODUCT_NAME": "a", "PRICE": 5}}})
	for _, keeps := range []bool{true, false} {
		r.SetBehaviour(func(b *Behaviour) { b.CopyKeepsOrigin = keeps })
		copied := r.do("copy_deal", Args{"id": deal, "stage": "EXECUTING", "title": "Копия"})["id"]
		got, _ := r.Deal(copied)
		same(t, "text", got["TITLE"]+got["COMMENTS"]+got["STAGE_ID"], "КопиясрочноEXECUTING")
		same(t, "contact", got["CONTACT_ID"], id(contact))
		same(t, "key", got["ORIGINATOR_ID"]+got["ORIGIN_ID"] == "panelorder:1", keeps)
		same(t, "a row of its own", r.Rows(copied)[0]["ID"] != r.Rows(deal)[0]["ID"], true)
	}
}

func TestMerge_fillsTheKeyOfAWinnerThatHasNone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	keep := r.add("crm.deal.add", obj{"TITLE": "Сайт"})
	drop := r.add("crm.deal.add", obj{"TITLE": "x", "ORIGINATOR_ID": "panel", "ORIGIN_ID": "order:1"})
	r.do("merge_deals", Args{"keep": keep, "drop": drop})
	deal, _ := r.Deal(keep)
	same(t, "winner", deal["TITLE"]+deal["ORIGINATOR_ID"]+deal["ORIGIN_ID"], "Сайтpanelorder:1")
	_, there := r.Deal(drop)
	same(t, "the loser is there", there, false)

	known := r.add("crm.contact.add", obj{"NAME": "Иван"})
	loser := r.add("crm.contact.add", obj{"NAME": "Иван", "ORIGINATOR_ID": "panel", "ORIGIN_ID": "client:1"})
	r.do("merge_contacts", Args{"keep": known, "drop": loser})
	contact, _ := r.Contact(known)
	same(t, "winner", contact["ORIGINATOR_ID"]+contact["ORIGIN_ID"], "panelclient:1")
}

func TestConversion_copiesTheKeyToAllThatIsMade(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.SetBehaviour(func(b *Behaviour) { b.ConversionCopiesOrigin = true })
	pair := obj{"TITLE": "x", "NAME": "Иван", "ORIGINATOR_ID": "panel", "ORIGIN_ID": "lead-client:1"}
	made := r.do("convert_lead", Args{"id": r.add("crm.lead.add", pair), "contact": true, "company": true})
	deal, _ := r.Deal(made["deal"])
	contact, _ := r.Contact(made["contact"])
	company, _ := r.Company(made["company"])
	same(t, "keys", deal["ORIGIN_ID"]+contact["ORIGIN_ID"]+company["ORIGIN_ID"], "lead-client:1lead-client:1lead-client:1")
	chosen := r.add("crm.contact.add", obj{"NAME": "Иван"})
	r.do("convert_lead", Args{"id": r.add("crm.lead.add", pair), "contact": chosen})
	filled, _ := r.Contact(chosen)
	same(t, "key of a contact that was chosen", filled["ORIGIN_ID"], "lead-client:1")
}
