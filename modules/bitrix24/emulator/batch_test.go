package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestBatch_isAlwaysOKAndSortsCommands(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	out := r.batch(0, obj{
		"deal": "crm.deal.add?fields[TITLE]=One", "bad": "crm.deal.get?id=999", "list": "crm.deal.list?select[]=ID",
	})
	result, errs := out["result"].(obj), out["result_error"].(obj)
	same(t, "deal", result["deal"], any(1.0))
	if _, both := result["bad"]; both {
		t.Error("a failed command is in result")
	}
	same(t, "error", errs["bad"].(obj)["error_description"], any("Not found"))
	times := out["result_time"].(obj)
	if times["bad"] != nil || times["deal"] == nil {
		t.Errorf("result_time = %v", times)
	}
	same(t, "total", out["result_total"].(obj)["list"], any(1.0))
	if next, ok := out["result_next"].([]any); !ok || len(next) != 0 {
		t.Errorf("an empty result_next is %v, want []", out["result_next"])
	}
}

func TestBatch_numericKeysMakeLists(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	dense := r.batch(0, list{"profile", "scope"})
	if _, ok := dense["result"].([]any); !ok {
		t.Errorf("dense keys: %T", dense["result"])
	}
	gap := r.batch(0, list{"profile", "crm.deal.get?id=9", "scope"})
	if m, ok := gap["result"].(obj); !ok || m["2"] == nil {
		t.Errorf("a gap: %v", gap["result"])
	}
	if m, ok := gap["result_error"].(obj); !ok || m["1"] == nil {
		t.Errorf("the error of the gap: %v", gap["result_error"])
	}
	one := r.batch(0, list{"crm.deal.get?id=9"})
	if _, ok := one["result_error"].([]any); !ok {
		t.Errorf("result_error of command 0 alone: %v", one["result_error"])
	}
	uuid := r.batch(0, obj{"7f1b2c3d-0000-4000-8000-000000000001": "profile"})
	if uuid["result"].(obj)["7f1b2c3d-0000-4000-8000-000000000001"] == nil {
		t.Errorf("a UUID key: %v", uuid["result"])
	}
}

func TestBatch_haltIsPHPTruth(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, x := range []struct {
		halt  string
		stops bool
	}{{"0", false}, {"", false}, {"1", true}, {"N", true}, {"false", true}} {
		form := url.Values{"halt": {x.halt}, "cmd[a]": {"crm.deal.get?id=9"}, "cmd[b]": {"profile"}}
		_, body := r.send(http.MethodPost, r.hook+"batch.json", "application/x-www-form-urlencoded", form.Encode())
		_, ran := body["result"].(obj)["result"].(obj)
		same(t, "halt="+x.halt+" stops", !ran, x.stops)
	}
	_, ran := r.batch(false, obj{"a": "crm.deal.get?id=9", "b": "profile"})["result"].(obj)
	same(t, "JSON false goes on", ran, true)
}

func TestBatch_references(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	contact := r.add("crm.contact.add", obj{"NAME": "Иван"})
	out := r.batch(1, obj{
		"c": fmt.Sprintf("crm.contact.get?id=%d", contact),
		"d": "crm.deal.add?fields[TITLE]=" + url.QueryEscape("для $RESULT[c][NAME]проглочено и $result[c][ID] конец") +
			"&fields[CONTACT_IDS][0]=$result[c][ID]",
		"i": "crm.item.add?entityTypeId=2&fields[title]=x&fields[contactIds][]=%24result%5Bc%5D%5BID%5D",
		"p": "crm.item.productrow.set?ownerType=D&ownerId=$result[i][item][id]" +
			"&productRows[0][productName]=a&productRows[0][price]=2.5&productRows[0][quantity]=2",
		"q": "crm.deal.list?filter[ID]=$result[d]&select[]=TITLE&select[]=CONTACT_ID",
		"t": "crm.deal.add?fields[TITLE]=" + url.QueryEscape("$total[q] строк"),
	})
	if errs, ok := out["result_error"].(obj); ok {
		t.Fatal(errs)
	}
	deal := int64(out["result"].(obj)["d"].(float64))
	got, _ := r.Deal(deal)
	same(t, "greedy substitution", got["TITLE"], "для Иван и "+id(contact)+" конец")
	same(t, "contact by reference", got["CONTACT_ID"], id(contact))
	rows := r.Rows(deal + 1)
	if len(rows) != 1 || rows[0]["PRODUCT_NAME"] != "a" {
		t.Errorf("rows of the referenced deal: %v", rows)
	}
	third, _ := r.Deal(deal + 2)
	same(t, "$total", third["TITLE"], "1 строк")
}

func TestBatch_wholeValueKeepsItsKind(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.add("crm.contact.add", obj{"NAME": "a"})
	second := r.add("crm.contact.add", obj{"NAME": "b"})
	r.add("crm.deal.add", obj{"TITLE": "x", "CONTACT_IDS": list{first, second}})
	out := r.batch(1, obj{
		"a": "crm.item.get?entityTypeId=2&id=1", "d": "crm.deal.add?fields[CONTACT_IDS]=$result[a][item][contactIds]",
	})
	links := r.call("crm.deal.contact.items.get", obj{"id": out["result"].(obj)["d"]}).([]any)
	same(t, "contacts handed over as an array", len(links), 2)
}

func TestBatch_injection(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	out := r.batch(0, obj{
		"a": "profile", "d": "crm.deal.add?fields[TITLE]=" + url.QueryEscape("клиент написал $result[a][NAME]"),
	})
	deal, _ := r.Deal(int64(out["result"].(obj)["d"].(float64)))
	same(t, "title", deal["TITLE"], "клиент написал Анна")
}

func TestBatch_referenceToAFailedCommand(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		mode      string
		victim    float64
		wantTitle string
	}{{"text", 7, "сумма $result[bad][id]"}, {"container", 1, "сумма Array"}} {
		t.Run(x.mode, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.SetBehaviour(func(b *Behaviour) { b.FailedReference = x.mode })
			for range 7 {
				r.add("crm.deal.add", obj{"TITLE": "x"})
			}
			out := r.batch(0, obj{
				"bad":  "crm.deal.get?id=999",
				"rows": "crm.item.productrow.set?ownerType=D&ownerId=$result[bad][item][id]&productRows[0][price]=5",
				"t":    "crm.deal.add?fields[TITLE]=" + url.QueryEscape("сумма $result[bad][id]"),
			})
			same(t, "deal 1 got foreign rows", len(r.Rows(1)) == 1, x.mode == "container")
			deal, _ := r.Deal(int64(out["result"].(obj)["t"].(float64)))
			same(t, "title", deal["TITLE"], x.wantTitle)
		})
	}
}

func TestBatch_limitsAndRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	cmd := obj{}
	for i := range 52 {
		cmd[fmt.Sprintf("c%02d", i)] = "profile"
	}
	out := r.batch(0, cmd)
	same(t, "run", len(out["result"].(obj)), 50)
	same(t, "too many", len(out["result_error"].(obj)), 2)
	for _, e := range out["result_error"].(obj) {
		same(t, "code", e.(obj)["error"], any("ERROR_BATCH_LENGTH_EXCEEDED"))
	}
	out = r.batch(0, obj{
		"nested": "batch?cmd[a]=profile", "none": "no.such.method", "scope": "user.current", "app": "event.bind?event=x",
		"odd": obj{"method": "profile"}, "n": 5,
	})
	errs := out["result_error"].(obj)
	for name, code := range map[string]string{
		"nested": "ERROR_BATCH_METHOD_NOT_ALLOWED", "none": "ERROR_METHOD_NOT_FOUND", "scope": "insufficient_scope",
		"app": "WRONG_AUTH_TYPE",
	} {
		e, _ := errs[name].(obj)
		same(t, name, e["error"], any(code))
	}
	same(t, "what is not text leaves no trace", len(errs), 4)
	same(t, "description of a scope error inside a batch", errs["scope"].(obj)["error_description"], any(""))
}

func TestBatch_encodings(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, body := r.send(http.MethodGet, r.hook+"batch?cmd[0]=crm.lead.add%3Ffields%5BTITLE%5D%3DJohn%2526Martin", "", "")
	if body["error"] != nil {
		t.Fatal(body)
	}
	lead, _ := r.Lead(1)
	same(t, "encoded twice in a query", lead["TITLE"], "John&Martin")
	r.batch(0, obj{
		"a": "crm.lead.add?fields%5BTITLE%5D=John%26Martin",
		"b": "/crm.lead.add.json?fields[TITLE]=a%2Bb#cut&fields[NAME]=x",
	})
	lead, _ = r.Lead(2)
	same(t, "encoded once in JSON", lead["TITLE"], "John&Martin")
	lead, _ = r.Lead(3)
	same(t, "method with slash and suffix", lead["TITLE"], "a+b")
	same(t, "what follows # is cut", lead["NAME"], "")
}

func TestBatch_keepsTheOrderOfNumericKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, body := r.send(
		http.MethodPost, r.hook+"batch", "application/json",
		`{"cmd":{"2":"crm.deal.add?fields[TITLE]=first","1":"crm.deal.add?fields[TITLE]=second"}}`,
	)
	raw, err := json.Marshal(body["result"])
	if err != nil || !strings.Contains(string(raw), `"2":1`) {
		t.Errorf("%s %v", raw, err)
	}
}
