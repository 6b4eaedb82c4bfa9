package emulator

import "testing"

func TestMergeAndRestore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	keep := r.add("crm.contact.add", obj{"NAME": "Иван", "ORIGIN_ID": "client:1"})
	drop := r.add("crm.contact.add", obj{
		"NAME": "Иван", "LAST_NAME": "Петров", "ORIGIN_ID": "client:2", "PHONE": list{obj{"VALUE": "111"}},
	})
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
	same(
		t, "with its key and rows", back["ORIGIN_ID"]+r.Rows(made["id"])[0]["PRODUCT_NAME"]+back["CONTACT_ID"],
		"order:1a"+id(keep),
	)
	if _, err := r.Do("restore_deal", Args{"id": deal}); err == nil {
		t.Error("restored twice")
	}
}
