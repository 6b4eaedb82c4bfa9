package emulator

import (
	"fmt"
	"strings"
	"testing"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range 3 {
		r.add("crm.contact.add", obj{"NAME": "x"})
		r.add("crm.company.add", obj{"TITLE": "x"})
	}
	r.add("crm.deal.add", obj{"TITLE": "x", "CONTACT_IDS": list{2, 1}})
	r.sent()
	get := func(method string, id int) string {
		var out strings.Builder
		for _, v := range r.call(method, obj{"id": id}).([]any) {
			x := v.(obj)
			key := x["CONTACT_ID"]
			if key == nil {
				key = x["COMPANY_ID"]
			}
			fmt.Fprintf(&out, "%v%v ", key, x["IS_PRIMARY"])
		}
		return out.String()
	}
	same(t, "links of add", get("crm.deal.contact.items.get", 1), "2Y 1N ")
	same(t, "add again", r.call("crm.deal.contact.add", obj{"id": 1, "fields": obj{"CONTACT_ID": 1}}), any(false))
	sameList(t, "nothing happened", r.sent())
	same(
		t, "add", r.call("crm.deal.contact.add", obj{"id": 1, "fields": obj{"CONTACT_ID": 3, "IS_PRIMARY": "Y"}}), any(true),
	)
	sameList(t, "events", r.sent(), "ONCRMDEALUPDATE 1")
	deal, _ := r.Deal(1)
	same(t, "primary", deal["CONTACT_ID"], "3")
	r.call("crm.deal.contact.items.set", obj{
		"id": 1, "items": list{obj{"CONTACT_ID": 1}, obj{"CONTACT_ID": 2, "IS_PRIMARY": "Y"}},
	})
	same(t, "set", get("crm.deal.contact.items.get", 1), "1N 2Y ")
	r.call("crm.deal.update", obj{"id": 1, "fields": obj{"CONTACT_ID": 3}})
	same(t, "CONTACT_ID replaces the primary one", get("crm.deal.contact.items.get", 1), "3Y 1N ")
	r.call("crm.contact.delete", obj{"id": 3})
	same(t, "a deleted contact leaves", get("crm.deal.contact.items.get", 1), "1Y ")
	r.call("crm.deal.contact.items.delete", obj{"id": 1})
	same(t, "cleared", get("crm.deal.contact.items.get", 1), "")

	r.call("crm.company.contact.items.set", obj{"id": 2, "items": list{obj{"CONTACT_ID": 1}, obj{"CONTACT_ID": 2}}})
	same(t, "every row is primary from the company's side", get("crm.company.contact.items.get", 2), "1Y 2Y ")
	r.call("crm.contact.company.add", obj{"id": 1, "fields": obj{"COMPANY_ID": 1}})
	same(t, "companies", get("crm.contact.company.items.get", 1), "2Y 1N ")
	contact, _ := r.Contact(1)
	same(t, "COMPANY_ID", contact["COMPANY_ID"], "2")
	r.call("crm.company.delete", obj{"id": 2})
	same(t, "a deleted company leaves", get("crm.contact.company.items.get", 1), "1Y ")
}
