package emulator

import (
	"fmt"
	"testing"
)

func TestDuplicates(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	phone := func(s string) list { return list{obj{"VALUE": s, "VALUE_TYPE": "MOBILE"}} }
	r.add("crm.contact.add", obj{
		"NAME": "a", "PHONE": phone("+7 (999) 123-45-67"), "EMAIL": list{obj{"VALUE": "Ivan@Example.ru"}},
	})
	r.add("crm.lead.add", obj{"TITLE": "l", "PHONE": phone("79991234567 доб. 12")})
	find := func(params obj) any { return r.call("crm.duplicate.findbycomm", params) }
	got := find(obj{"type": "PHONE", "values": list{"+79991234567"}}).(obj)
	same(t, "contact", got["CONTACT"].([]any)[0], any(1.0))
	same(t, "lead, extension ignored", got["LEAD"].([]any)[0], any(1.0))
	got = find(obj{"type": "EMAIL", "values": list{"ivan@example.ru"}, "entity_type": "CONTACT"}).(obj)
	same(t, "letter case of an address", len(got), 1)
	if none, ok := find(obj{"type": "PHONE", "values": list{"89991234567"}}).([]any); !ok || len(none) != 0 {
		t.Errorf("8 and +7 differ: %v", none)
	}
	r.SetBehaviour(func(b *Behaviour) { b.EightIsSeven = true })
	if _, ok := find(obj{"type": "PHONE", "values": list{"89991234567"}}).(obj); !ok {
		t.Error("8 and +7 are switched to be the same")
	}
	r.fails("crm.duplicate.findbycomm", obj{"type": "PHONE"}, 400, "Communication values is not defined", "")
	r.fails(
		"crm.duplicate.findbycomm", obj{"type": "WEB", "values": list{"x"}}, 400,
		"Communication type 'WEB' is not supported in current context", "",
	)
	for range 19 {
		r.add("crm.contact.add", obj{"NAME": "a", "PHONE": phone("+79991234567")})
	}
	got = find(obj{"type": "PHONE", "values": list{"+79991234567"}}).(obj)
	same(t, "kinds before the full one", len(got), 2)
	r.call("crm.contact.delete", obj{"id": 1})
	r.call("crm.lead.update", obj{"id": 1, "fields": obj{"PHONE": list{obj{"ID": 3, "VALUE": "5"}}}})
	got = find(obj{"type": "PHONE", "values": list{"+79991234567"}}).(obj)
	same(t, "changes reach the index", fmt.Sprint(len(got), len(got["CONTACT"].([]any))), "1 19")
}
