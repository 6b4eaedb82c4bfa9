package emulator

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// titles runs a list of deals and joins the titles.
func (r *rig) titles(params obj) string {
	r.t.Helper()
	params["select"] = list{"TITLE"}
	var out []string
	for _, v := range r.call("crm.deal.list", params).([]any) {
		out = append(out, v.(obj)["TITLE"].(string))
	}
	return strings.Join(out, " ")
}

func (r *rig) itemTitles(filter obj) string {
	r.t.Helper()
	var out []string
	for _, v := range r.call("crm.item.list", obj{
		"entityTypeId": 2, "filter": filter, "select": list{"title"},
	}).(obj)["items"].([]any) {
		out = append(out, v.(obj)["title"].(string))
	}
	return strings.Join(out, " ")
}

func TestFilters(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newRig(t, func(o *Options) { o.Clock = c.now })
	for i, x := range []obj{
		{
			"TITLE": "Альфа", "OPPORTUNITY": 10, "ORIGIN_ID": "order:1", "COMPANY_ID": 1, "BEGINDATE": "2026-01-01",
			"OPENED": "N",
		},
		{"TITLE": "бета", "OPPORTUNITY": 20, "ORIGIN_ID": "order:2", "ADDITIONAL_INFO": "x", "BEGINDATE": "2026-02-01"},
		{"TITLE": "Гамма_1", "OPPORTUNITY": 30, "COMPANY_ID": 2, "STAGE_ID": "WON", "BEGINDATE": "2026-03-01"},
	} {
		same(t, "id", r.add("crm.deal.add", x), int64(i+1))
		c.step(time.Hour)
	}
	for _, x := range []struct {
		old, item obj
		want      string
	}{
		{obj{"TITLE": "альфа"}, obj{"title": "альфа"}, "Альфа"},
		{obj{"=TITLE": "БЕТА"}, obj{"=title": "БЕТА"}, "бета"},
		{obj{"!TITLE": "бета"}, obj{"!=title": "бета"}, "Альфа Гамма_1"},
		{obj{">OPPORTUNITY": 10}, obj{">opportunity": 10}, "бета Гамма_1"},
		{obj{">=OPPORTUNITY": "10", "<OPPORTUNITY": 30}, obj{">=opportunity": "10", "<opportunity": 30}, "Альфа бета"},
		{obj{"<=ID": 2}, obj{"<=id": 2}, "Альфа бета"},
		{obj{">ID": 1, "<ID": 3}, obj{">id": 1, "<id": 3}, "бета"},
		{obj{"@ID": list{1, "3"}}, obj{"@id": list{1, "3"}}, "Альфа Гамма_1"},
		{obj{"!@ID": list{1, 3}}, obj{"!@id": list{1, 3}}, "бета"},
		{obj{"ID": list{3, 2}}, obj{"id": list{3, 2}}, "бета Гамма_1"},
		{obj{"%TITLE": "МА"}, obj{"%title": "МА"}, "Гамма_1"},
		{obj{"=%TITLE": "%а"}, obj{"=%title": "%а"}, "Альфа бета"},
		{obj{"%=TITLE": "_ета"}, obj{"%=title": "_ета"}, "бета"},
		{obj{"!%TITLE": "а_"}, obj{"!%title": "м"}, "Альфа бета"},
		{obj{"!=%TITLE": "%а"}, obj{"!%=title": "%а"}, "Гамма_1"},
		{obj{"=ORIGIN_ID": "order:2"}, obj{"=originId": "order:2"}, "бета"},
		{obj{"ORIGIN_ID": ""}, obj{"originId": ""}, "Гамма_1"},
		{obj{"!ORIGIN_ID": ""}, obj{"!originId": ""}, "Альфа бета"},
		{obj{"!ADDITIONAL_INFO": "x"}, obj{"!additionalInfo": "x"}, "Альфа Гамма_1"},
		{obj{"COMPANY_ID": 0}, obj{"companyId": 0}, "бета"},
		{obj{"@STAGE_ID": list{"WON", "LOSE"}}, obj{"@stageId": list{"WON", "LOSE"}}, "Гамма_1"},
		{obj{"STAGE_SEMANTIC_ID": "P", "OPENED": "Y"}, obj{"stageSemanticId": "P", "opened": "Y"}, "бета"},
		{
			obj{">=DATE_MODIFY": "2026-11-23T16:00:00+03:00"},
			obj{">=updatedTime": "2026-11-23T16:00:00+03:00"},
			"бета Гамма_1",
		},
		{obj{">DATE_CREATE": "2026-11-23"}, obj{">createdTime": "2026-11-23"}, "Альфа бета Гамма_1"},
		{
			obj{">=BEGINDATE": "01.02.2026", "<BEGINDATE": "2026-03-01"},
			obj{">=begindate": "01.02.2026", "<begindate": "2026-03-01"},
			"бета",
		},
	} {
		same(t, fmt.Sprintf("%v", x.old), r.titles(obj{"filter": x.old}), x.want)
		same(t, fmt.Sprintf("%v", x.item), r.itemTitles(x.item), x.want)
	}
	same(
		t, "an unknown field of the old family is dropped", r.titles(obj{"filter": obj{"ORIGINID": "order:1"}}),
		"Альфа бета Гамма_1",
	)
	same(t, "LIKE on a stage is dropped", r.titles(obj{"filter": obj{"%STAGE_ID": "WON"}}), "Альфа бета Гамма_1")
	r.fails(
		"crm.item.list", obj{"entityTypeId": 2, "filter": obj{"=ORIGINID": 1}}, 400, "INVALID_ARG_VALUE",
		"Invalid filter: field 'ORIGINID' is not allowed in filter",
	)
	same(
		t, "logic OR",
		r.itemTitles(obj{"0": obj{"logic": "OR", "0": obj{"title": "Альфа"}, "1": obj{"opportunity": 30}}, "opened": "Y"}),
		"Гамма_1",
	)
	same(
		t, "nested",
		r.itemTitles(obj{"logic": "OR", "title": "бета", "0": obj{"0": obj{"logic": "OR", "id": 1, "opportunity": 99}}}),
		"Альфа бета",
	)
	same(t, "order", r.titles(obj{"order": obj{"OPPORTUNITY": "DESC"}}), "Гамма_1 бета Альфа")
	same(t, "order by two", r.titles(obj{"order": obj{"CATEGORY_ID": "ASC", "ID": "desc"}}), "Гамма_1 бета Альфа")
}

func TestFilter_multifields(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.contact.add", obj{
		"NAME": "a", "PHONE": list{obj{"VALUE": "+7 999"}}, "EMAIL": list{obj{"VALUE": "a@b.ru"}},
	})
	r.add("crm.contact.add", obj{"NAME": "b", "PHONE": list{obj{"VALUE": "+7999"}}, "WEB": list{obj{"VALUE": "b.ru"}}})
	for _, x := range []struct {
		filter obj
		want   int
	}{
		{obj{"PHONE": "+7 999"}, 1},
		{obj{"PHONE": "7999"}, 0},
		{obj{"EMAIL": "A@b.ru"}, 1},
		{obj{"WEB": "b.ru"}, 1},
		{obj{"!PHONE": "+7999"}, 1},
		{obj{"PHONE": list{"+7999", "+7 999"}}, 2},
	} {
		got := r.call("crm.contact.list", obj{"filter": x.filter, "select": list{"NAME", "PHONE"}}).([]any)
		same(t, fmt.Sprint(x.filter), len(got), x.want)
		for _, v := range got {
			if v.(obj)["ID"] == nil || v.(obj)["PHONE"] == nil || v.(obj)["EMAIL"] != nil {
				t.Errorf("a named multifield brings ID and itself only: %v", v)
			}
		}
	}
	all := r.call("crm.contact.list", obj{}).([]any)[0].(obj)
	if _, ok := all["PHONE"]; ok {
		t.Error("multifields have to be named")
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range 120 {
		r.add("crm.deal.add", obj{"TITLE": "x"})
	}
	page := func(params obj) (n int, first string, total, next any) {
		params["select"] = list{"ID"}
		_, body := r.post("crm.deal.list", params)
		rows := body["result"].([]any)
		if len(rows) > 0 {
			first = rows[0].(obj)["ID"].(string)
		}
		return len(rows), first, body["total"], body["next"]
	}
	for _, x := range []struct {
		params      obj
		n           int
		first       string
		total, next any
	}{
		{obj{}, 50, "1", 120.0, 50.0},
		{obj{"start": 50}, 50, "51", 120.0, 100.0},
		{obj{"start": 60}, 50, "51", 120.0, 100.0},
		{obj{"start": "100"}, 20, "101", 120.0, nil},
		{obj{"start": 500}, 0, "", 120.0, nil},
		{obj{"start": -1}, 50, "1", 0.0, nil},
		{obj{"start": -1, "order": obj{"ID": "ASC"}, "filter": obj{">ID": 100}}, 20, "101", 0.0, nil},
		{obj{"order": obj{"ID": "DESC"}}, 50, "120", 120.0, 50.0},
		{obj{"start": -1, "order": obj{"ID": "DESC"}, "filter": obj{"<ID": 11}}, 10, "10", 0.0, nil},
	} {
		n, first, total, next := page(x.params)
		same(t, fmt.Sprintf("%v", x.params), fmt.Sprint(n, first, total, next), fmt.Sprint(x.n, x.first, x.total, x.next))
	}
	_, body := r.post("crm.item.list", obj{"entityTypeId": 2, "start": 50, "select": list{"id"}})
	same(t, "items", len(body["result"].(obj)["items"].([]any)), 50)
	same(t, "total beside result", body["total"], any(120.0))
	out := r.batch(0, obj{"q": "crm.deal.list?start=50"})
	same(t, "result_next", out["result_next"].(obj)["q"], any(100.0))
}

func TestSelect(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "A", "USER_TYPE_ID": "string"})
	r.add("crm.deal.add", obj{"TITLE": "x", "UF_CRM_A": "u"})
	row := func(columns ...any) obj {
		return r.call("crm.deal.list", obj{"select": columns}).([]any)[0].(obj)
	}
	same(t, "named", fmt.Sprint(row("TITLE", "UF_CRM_A", "NOPE")), "map[TITLE:x UF_CRM_A:u]")
	if all := row("*"); all["STAGE_ID"] == nil || all["UF_CRM_A"] != nil {
		t.Errorf("* = %v", all)
	}
	if custom := row("UF_*"); custom["STAGE_ID"] != nil || custom["UF_CRM_A"] == nil {
		t.Errorf("UF_* = %v", custom)
	}
	item := r.call("crm.item.list", obj{"entityTypeId": 2, "select": list{"title"}}).(obj)["items"].([]any)[0].(obj)
	same(t, "item", fmt.Sprint(item), "map[id:1 title:x]")
}

// TestFind_agreesWithAPlainScan compares the indexed search with the filter applied to every record.
func TestFind_agreesWithAPlainScan(t *testing.T) {
	t.Parallel()
	p := New(Options{})
	t.Cleanup(func() { _ = p.Close() })
	p.mu.Lock()
	defer p.mu.Unlock()
	random := rand.New(rand.NewPCG(3, 4))
	c := &call{Portal: p, params: &php.Array{}, hook: &Inbound{UserID: 1}}
	var ids []int64
	for i := range 400 {
		fields := php.Map(
			"TITLE", "x", "ORIGIN_ID", fmt.Sprint("order:", random.IntN(30)), "COMPANY_ID", int64(random.IntN(4)),
		)
		ch, err := c.oldChange(p.deals, nil, fields, false)
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.actor().create(p.deals, ch)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.id)
		if i%5 == 0 {
			victim := p.deals.rows[ids[random.IntN(len(ids))]]
			if victim != nil {
				c.actor().delete(p.deals, victim)
			}
		}
	}
	for range 300 {
		spec := &php.Array{}
		for range 1 + random.IntN(3) {
			switch random.IntN(5) {
			case 0:
				spec.Set("ORIGIN_ID", fmt.Sprint("order:", random.IntN(30)))
			case 1:
				spec.Set("@COMPANY_ID", php.List(int64(random.IntN(4)), int64(random.IntN(4))))
			case 2:
				spec.Set(">ID", int64(random.IntN(400)))
			case 3:
				spec.Set("<=ID", int64(random.IntN(400)))
			case 4:
				spec.Set("@ID", php.List(int64(random.IntN(400)), int64(random.IntN(400))))
			}
		}
		f := p.oldFilter(p.deals.table, spec)
		plain := 0
		for _, r := range p.deals.all() {
			if f.match(r) {
				plain++
			}
		}
		if got := p.deals.find(query{filter: f}, nil); got.total != plain {
			t.Fatalf("%s: found %d, a scan finds %d", php.AppendJSON(nil, spec), got.total, plain)
		}
	}
}
