package emulator

import "testing"

func TestComments(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	deal := r.add("crm.deal.add", obj{"TITLE": "x"})
	id := r.add("crm.timeline.comment.add", obj{"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": "привет"})
	same(
		t, "update answers the id", r.call("crm.timeline.comment.update", obj{"id": id, "fields": obj{"COMMENT": "пока"}}),
		any(float64(id)),
	)
	list := r.call("crm.timeline.comment.list", obj{"filter": obj{"ENTITY_ID": deal, "ENTITY_TYPE": "deal"}}).([]any)
	same(t, "comment", words(list[0].(obj)["COMMENT"], list[0].(obj)["FILES"]), "пока map[]")
	r.fails(
		"crm.timeline.comment.add", obj{"fields": obj{"ENTITY_ID": 99, "ENTITY_TYPE": "deal", "COMMENT": "x"}}, 400,
		"OWNER_NOT_FOUND", "",
	)
	r.fails(
		"crm.timeline.comment.add", obj{"fields": obj{"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": " "}}, 400,
		"INVALID_ARG_VALUE", "",
	)
	r.fails(
		"crm.timeline.comment.add", obj{"FIELDS": obj{"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": "x"}}, 400, "100",
		"fields",
	)
	r.fails("crm.timeline.comment.add", obj{"fields": obj{"ENTITY_TYPE": "deal"}}, 400, "100", "ENTITY_ID")
	r.call("crm.timeline.comment.delete", obj{"id": id})
	r.fails("crm.timeline.comment.get", obj{"id": id}, 400, "NOT_FOUND", "")
}
