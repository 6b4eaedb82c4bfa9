package emulator

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

func TestEvents_bodyIsThatOfTheDocuments(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newRig(t, func(o *Options) { o.Domain, o.Clock = "some-domain.bitrix24.com", c.now })
	r.subscribe("ONCRMDEALADD")
	r.deals.last = 7404
	r.add("crm.deal.add", obj{"TITLE": "x"})
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(examples(t), func(x example) bool { return x.Name == "event.outbound-webhook.ONCRMDEALADD" })
	want, got := php.ParseQuery(examples(t)[i].Form, 100), php.ParseQuery(r.events[0], 100)
	sameKeys(t, "event", got, want)
	same(t, "event", php.String(got.Get("event")), "ONCRMDEALADD")
	same(t, "data", string(php.AppendJSON(nil, got.Get("data"))), `{"FIELDS":{"ID":"7405"}}`)
	same(t, "ts", php.Int(got.Get("ts")), c.now().Unix())
	auth := php.ArrayOf(got.Get("auth"))
	same(t, "domain", php.String(auth.Get("domain")), "some-domain.bitrix24.com")
	same(t, "token", php.String(auth.Get("application_token")), "token")
	same(t, "member", len(php.String(auth.Get("member_id"))), 32)
	if !strings.Contains(r.events[0], "data%5BFIELDS%5D%5BID%5D=7405") {
		t.Errorf("names are not encoded: %s", r.events[0])
	}
}

// sameKeys compares the names of two decoded forms, also inside.
func sameKeys(t *testing.T, at string, got, want *php.Array) {
	t.Helper()
	for key, v := range want.All() {
		inner, isArray := v.(*php.Array)
		if _, ok := got.Lookup(key); !ok {
			t.Errorf("%s lacks %s", at, key)
		} else if isArray {
			sameKeys(t, at+"."+key, php.ArrayOf(got.Get(key)), inner)
		}
	}
	for key := range got.All() {
		if _, ok := want.Lookup(key); !ok {
			t.Errorf("%s has %s, which the documents lack", at, key)
		}
	}
}

// TestEvents_applicationSamplesDifferByTheirTokensOnly says why the other event samples are not replayed: they are
// what an application gets, and this portal has none. A webhook's form is the same without the OAuth part.
func TestEvents_applicationSamplesDifferByTheirTokensOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	body := php.ParseQuery(r.body(event{code: "X", id: 1}), 100)
	n := 0
	for _, x := range examples(t) {
		if !strings.HasPrefix(x.Name, "event.app.") {
			continue
		}
		n++
		v, err := php.DecodeJSON(x.Params)
		if err != nil {
			t.Fatal(err)
		}
		want := php.ArrayOf(v)
		auth := php.ArrayOf(want.Get("auth"))
		for _, name := range []string{"access_token", "expires_in", "scope", "status", "refresh_token"} {
			auth = auth.Without(name)
		}
		want.Set("auth", auth)
		fields := php.ArrayOf(php.ArrayOf(want.Get("data")).Get("FIELDS"))
		for _, name := range []string{"CATEGORY_ID", "STAGE_ID"} { // of a move to another funnel
			fields = fields.Without(name)
		}
		want.Set("data", php.Map("FIELDS", fields))
		sameKeys(t, x.Name, body, want)
	}
	same(t, "samples", n, 7)
}

func TestEvents_ariseFromEveryKindOfChange(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := []string{}
	for _, e := range eventKinds {
		all = append(all, e.Code)
	}
	r.subscribe(all...)
	expect := func(what string, want ...string) {
		t.Helper()
		sameList(t, what, r.sent(), want...)
	}
	for _, kind := range []string{"lead", "contact", "company"} {
		code := strings.ToUpper(kind)
		r.add("crm."+kind+".add", obj{"TITLE": "x", "NAME": "x"})
		r.call("crm."+kind+".update", obj{"id": 1, "fields": obj{"COMMENTS": "y"}})
		r.do("edit_"+kind, Args{"id": 1, "fields": obj{"COMMENTS": "z"}})
		r.do("edit_"+kind, Args{"id": 1, "fields": obj{"COMMENTS": "z"}}) // nothing to save
		r.do("delete_"+kind, Args{"id": 1})
		expect(kind, "ONCRM"+code+"ADD 1", "ONCRM"+code+"UPDATE 1", "ONCRM"+code+"UPDATE 1", "ONCRM"+code+"DELETE 1")
	}
	r.do("create_deal", Args{"fields": obj{"TITLE": "x"}})
	r.do("move_deal", Args{"id": 1, "stage": "PREPARATION"})
	r.do("move_deal", Args{"id": 1, "stage": "NEW", "category": 1})
	r.do("add_row", Args{"deal": 1, "row": obj{"PRODUCT_NAME": "a", "PRICE": 1}})
	expect("deal", "ONCRMDEALADD 1", "ONCRMDEALUPDATE 1", "ONCRMDEALUPDATE 1")

	comment := r.add("crm.timeline.comment.add", obj{"ENTITY_ID": 1, "ENTITY_TYPE": "deal", "COMMENT": "a"})
	r.call("crm.timeline.comment.update", obj{"id": comment, "fields": obj{"COMMENT": "b"}})
	r.call("crm.timeline.comment.delete", obj{"id": comment})
	expect("comment", "ONCRMTIMELINECOMMENTADD 1", "ONCRMTIMELINECOMMENTUPDATE 1", "ONCRMTIMELINECOMMENTDELETE 1")

	product := r.add("crm.product.add", obj{"NAME": "x"})
	r.call("crm.product.update", obj{"id": product, "fields": obj{"PRICE": 5}})
	r.do("delete_product", Args{"id": product})
	expect("product", "ONCRMPRODUCTADD 5", "ONCRMPRODUCTUPDATE 5", "ONCRMPRODUCTDELETE 5")

	r.add("crm.company.add", obj{"TITLE": "x"})
	requisite := r.add("crm.requisite.add", obj{"ENTITY_TYPE_ID": 4, "ENTITY_ID": 2, "PRESET_ID": 1, "NAME": "x"})
	r.add("crm.requisite.bankdetail.add", obj{"ENTITY_ID": requisite, "NAME": "x"})
	r.call("crm.address.add", obj{
		"fields": obj{"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": requisite, "CITY": "Пермь"},
	})
	r.do("delete_company", Args{"id": 2})
	expect(
		"requisite", "ONCRMCOMPANYADD 2", "ONCRMREQUISITEADD 1", "ONCRMBANKDETAILADD 1", "ONCRMADDRESSREGISTER 1",
		"ONCRMBANKDETAILDELETE 1", "ONCRMREQUISITEDELETE 1", "ONCRMCOMPANYDELETE 2",
	)
	state, err := php.DecodeJSON(r.State())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"requisites", "bankdetails", "addresses"} {
		same(t, name+" left", php.ArrayOf(php.ArrayOf(state).Get(name)).Len(), 0)
	}
}

func TestEvents_onlyTickedOnesAreSentAndEachOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.add", obj{"TITLE": "x"})
	sameList(t, "the manual's nine have no ADD", r.sent())
	r.answer = http.StatusInternalServerError
	r.call("crm.deal.update", obj{"id": 1, "fields": obj{"TITLE": "y"}})
	sameList(t, "sent once", r.sent(), "ONCRMDEALUPDATE 1")
	r.mu.Lock()
	r.answer = http.StatusOK
	r.mu.Unlock()
	r.call("crm.deal.update", obj{"id": 1, "fields": obj{"TITLE": "z"}})
	sameList(t, "not repeated", r.sent(), "ONCRMDEALUPDATE 1")
	stats := r.Stats()
	same(t, "events_sent", stats.EventsSent, 1)
	same(t, "events_failed", stats.EventsFailed, 1)
}

func TestEventFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	fault := func(f Fault) {
		t.Helper()
		if err := r.Fail(f); err != nil {
			t.Fatal(err)
		}
	}
	touch := func(n int) {
		for range n {
			r.call("crm.deal.update", obj{"id": 1, "fields": obj{"TITLE": "y"}})
		}
	}
	r.add("crm.deal.add", obj{"TITLE": "x"})
	fault(Fault{Fault: "drop_events", Count: 1})
	touch(2)
	sameList(t, "one dropped", r.sent(), "ONCRMDEALUPDATE 1")
	fault(Fault{Fault: "double_events", Count: 1})
	touch(1)
	sameList(t, "doubled", r.sent(), "ONCRMDEALUPDATE 1", "ONCRMDEALUPDATE 1")
	fault(Fault{Fault: "delay_events", DelayMS: 30, Count: 1})
	started := time.Now()
	touch(1)
	sameList(t, "delayed", r.sent(), "ONCRMDEALUPDATE 1")
	if took := time.Since(started); took < 30*time.Millisecond {
		t.Errorf("delivered after %s", took)
	}
	fault(Fault{Fault: "delay_events", DelayMS: 50})
	fault(Fault{Fault: "shuffle_events"})
	for range 20 {
		r.add("crm.deal.add", obj{"TITLE": "x"})
	}
	for i := range 20 {
		r.call("crm.deal.update", obj{"id": i + 1, "fields": obj{"TITLE": "y"}})
	}
	got := r.sent()
	same(t, "all arrive", len(got), 20)
	if slices.IsSorted(got) && slices.Compare(got[:2], []string{"ONCRMDEALUPDATE 1", "ONCRMDEALUPDATE 2"}) == 0 {
		t.Errorf("not shuffled: %v", got)
	}
}

func TestEvents_ofARenamedPortalKeepItsMember(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Domain = "old.bitrix24.ru" })
	auth := func() *php.Array {
		r.sent()
		r.do("create_deal", Args{"fields": obj{"TITLE": "x"}})
		r.do("delete_deal", Args{"id": r.IDs("deal")[0]})
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		return php.ArrayOf(php.ParseQuery(r.events[0], 100).Get("auth"))
	}
	before := auth()
	r.do("rename_portal", Args{"to": "new.bitrix24.ru"})
	after := auth()
	same(t, "domain", php.String(after.Get("domain")), "new.bitrix24.ru")
	same(t, "member_id", php.String(after.Get("member_id")), php.String(before.Get("member_id")))
}
