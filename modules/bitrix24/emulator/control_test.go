package emulator

import (
	"net/http"
	"testing"
)

// control posts to /control and decodes the answer.
func (r *rig) control(path, body string) (int, obj) {
	r.t.Helper()
	verb := http.MethodPost
	if body == "" {
		verb = http.MethodGet
	}
	return r.send(verb, r.server.URL+"/control/"+path, "application/json", body)
}

func TestControl_state(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, state := r.control("state", "")
	for _, name := range []string{
		"deals", "leads", "contacts", "companies", "requisites", "bankdetails", "addresses", "products", "comments",
		"categories", "stages", "userfields", "users",
	} {
		if _, ok := state[name].([]any); !ok {
			t.Errorf("%s is %T", name, state[name])
		}
	}
	if _, ok := state["rows"].(obj); !ok {
		t.Errorf("no rows are %v, want {}", state["rows"])
	}
	company := r.add("crm.company.add", obj{"TITLE": "c"})
	contact := r.add("crm.contact.add", obj{"NAME": "n", "COMPANY_ID": company, "PHONE": list{obj{"VALUE": "1"}}})
	r.add("crm.deal.add", obj{"TITLE": "x", "CONTACT_ID": contact, "ORIGIN_ID": "order:1"})
	r.call("crm.deal.productrows.set", obj{"id": 1, "rows": list{obj{"PRODUCT_NAME": "a", "PRICE": 1.5}}})
	_, state = r.control("state", "")
	deal := state["deals"].([]any)[0].(obj)
	same(t, "ID", deal["ID"], any("1"))
	same(t, "ORIGIN_ID", deal["ORIGIN_ID"], any("order:1"))
	same(t, "OPPORTUNITY", deal["OPPORTUNITY"], any("1.50"))
	same(t, "rows", state["rows"].(obj)["D1"].([]any)[0].(obj)["PRODUCT_NAME"], any("a"))
	same(t, "deal_contacts", state["links"].(obj)["deal_contacts"].(obj)["1"].([]any)[0], any("1"))
	same(t, "company_contacts", state["links"].(obj)["company_contacts"].(obj)["1"].([]any)[0], any("1"))
	same(t, "phones", len(state["contacts"].([]any)[0].(obj)["PHONE"].([]any)), 1)
	same(t, "funnels", len(state["categories"].([]any)), 2)
	same(t, "REST requests only are counted", r.Stats().Requests, 4)
}

func TestControl_deeds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	do := func(body string) obj {
		t.Helper()
		status, out := r.control("do", body)
		if status != http.StatusOK {
			t.Fatalf("%s: %v", body, out)
		}
		return out
	}
	same(t, "create_deal", do(`{"do":"create_deal","fields":{"TITLE":"x"}}`)["id"], any(1.0))
	do(`{"do":"move_deal","id":1,"stage":"PREPARATION","category":0}`)
	deal, _ := r.Deal(1)
	same(t, "stage", deal["STAGE_ID"], "PREPARATION")
	do(`{"do":"move_deal","id":1,"category":1}`)
	deal, _ = r.Deal(1)
	same(t, "funnel", deal["CATEGORY_ID"]+deal["STAGE_ID"], "1C1:NEW")
	do(`{"do":"edit_deal","id":1,"fields":{"TITLE":"y","OPPORTUNITY":"12.5"}}`)
	deal, _ = r.Deal(1)
	same(t, "edited", deal["TITLE"]+deal["OPPORTUNITY"], "y12.50")

	category := do(`{"do":"add_category","name":"Третья"}`)["id"]
	same(t, "add_category", category, any(2.0))
	same(t, "add_stage", do(`{"do":"add_stage","category":2,"id":"OWN","name":"Своя"}`)["stage"], any("C2:OWN"))
	do(`{"do":"rename_stage","id":"C2:OWN","name":"Иная"}`)
	stages := r.call("crm.status.list", obj{
		"filter": obj{"ENTITY_ID": "DEAL_STAGE_2"}, "order": obj{"SORT": "ASC"},
	}).([]any)
	same(t, "stages", len(stages), 9)
	same(t, "name and place", stages[5].(obj)["NAME"], any("Иная"))
	do(`{"do":"move_deal","id":1,"category":2,"stage":"OWN"}`)
	do(`{"do":"delete_stage","id":"C2:OWN"}`)
	deal, _ = r.Deal(1)
	same(t, "its deals go to the first stage", deal["STAGE_ID"], "C2:NEW")
	do(`{"do":"add_stage","category":0,"id":"LOST2","name":"Ещё провал","semantics":"F"}`)

	do(`{"do":"create_contact","fields":{"NAME":"n","PHONE":[{"VALUE":"1","VALUE_TYPE":"MOBILE"}]}}`)
	do(`{"do":"edit_contact","id":1,"fields":{"PHONE":[{"ID":1,"VALUE":"2","VALUE_TYPE":"MOBILE"}]}}`)
	contact, _ := r.Contact(1)
	same(t, "phone", contact["PHONE.MOBILE"], "2")
	do(`{"do":"add_row","deal":1,"row":{"PRODUCT_NAME":"a","PRICE":3,"QUANTITY":2}}`)
	deal, _ = r.Deal(1)
	same(t, "amount of the rows", deal["OPPORTUNITY"], "6.00")

	for _, body := range []string{
		`{"do":"fly"}`, `[]`, `{`, `{"do":"edit_deal","id":99,"fields":{}}`, `{"do":"move_deal","id":1,"stage":"NOWHERE"}`,
		`{"do":"set_mode","mode":3}`, `{"do":"delete_stage","id":"WON"}`, `{"do":"create_contact","fields":{}}`,
	} {
		if status, out := r.control("do", body); status != http.StatusBadRequest || out["error"] == nil {
			t.Errorf("%s: %d %v", body, status, out)
		}
	}
}

func TestControl_statsBehaviourFaultsReset(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.add", obj{"TITLE": "x"})
	if status, out := r.control("faults", `{"fault":"limit","count":1}`); status != http.StatusOK {
		t.Fatal(out)
	}
	for _, body := range []string{
		` `, `{`, `[]`, `"limit"`, `{}`, `{"fault":"limit"} {`, `{"fault":"limit","count":"1"}`,
		`{"fault":"fly"}`, `{"fault":"limit","count":-1}`, `{"fault":"limit","probability":5}`,
		`{"fault":"limit","probability":-0.1}`,
		`{"fault":"slow","delay_ms":-1}`, `{"fault":"slow","delay_ms":9007199254740993}`, `{"fault":"scope"}`,
		`{"fault":"scope","scopes":null}`,
		`{"fault":"moved"}`, `{"fault":"moved","to":"elsewhere"}`, `{"fault":"moved","to":"ftp://x.ru"}`,
		`{"fault":"clock","offset_s":1e300}`,
	} {
		status, out := r.control("faults", body)
		if message, _ := out["error"].(string); status != http.StatusBadRequest || len(message) < 10 {
			t.Errorf("%s: %d %v, want 400 and a sentence", body, status, out)
		}
	}
	same(t, "faults taken", len(r.Faults()), 1)
	r.fails("profile", nil, 503, "QUERY_LIMIT_EXCEEDED", "")
	_, stats := r.control("stats", "")
	same(t, "requests", stats["requests"], any(2.0))
	same(t, "refused", stats["refused"].(obj)["QUERY_LIMIT_EXCEEDED"], any(1.0))
	same(t, "commands", stats["commands"].(obj)["crm.deal.add"], any(1.0))
	same(t, "changes", stats["changes"], any(1.0))
	same(t, "events_sent", stats["events_sent"], any(0.0))
	if status, out := r.control("behaviour", `{"failed_reference":"container"}`); status != http.StatusOK ||
		out["failed_reference"] != "container" {
		t.Errorf("behaviour: %v", out)
	}
	for _, bad := range []string{`{"no_such":1}`, `{"failed_reference":"x"}`} {
		if status, _ := r.control("behaviour", bad); status != http.StatusBadRequest {
			t.Errorf("%s was taken", bad)
		}
	}
	same(t, "nothing of it stayed", r.Behaviour().FailedReference, "container")
	r.fault(Fault{Fault: "down"})
	if status, _ := r.control("reset", "{}"); status != http.StatusOK {
		t.Errorf("reset: %d", status)
	}
	same(t, "deals", len(r.IDs("deal")), 0)
	same(t, "counters", r.Stats().Requests, 0)
	same(t, "numbering begins anew", r.add("crm.deal.add", obj{"TITLE": "x"}), int64(1))
}

func TestControl_isOffUnlessAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Control = false })
	resp, err := r.server.Client().Get(r.server.URL + "/control/state")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	same(t, "status", resp.StatusCode, http.StatusNotFound)
}
