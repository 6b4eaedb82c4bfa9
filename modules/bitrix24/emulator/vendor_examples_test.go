package emulator

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// testdata/examples.json holds the documents' worked examples in our own shape: what is sent, and of the answer the
// kinds of its values.
//
//go:embed testdata/examples.json
var examplesJSON []byte

type example struct {
	Name, Method, Query, Form string
	Params                    json.RawMessage
	Status                    int
	Result                    any
	Total, Next               *int
	Fields                    map[string]string
	Error                     *exampleError
	Fails                     *exampleError
	Errors                    []exampleError
}

type exampleError struct {
	Status int
	Code   any
	Text   string
}

func examples(t *testing.T) []example {
	t.Helper()
	var out []example
	if err := json.Unmarshal(examplesJSON, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// notReplayed says of an example why its answer cannot come from this portal.
var notReplayed = map[string]string{
	"telephony.externalCall.register": "needs an application; a webhook gets its error sample",
	"telephony.externalCall.finish":   "needs an application; a webhook gets its error sample",
	"crm.item.delete":                 "deletes in smart process 1268; for deals see TestItem_deleteAnswersAnEmptyList",
}

func TestExamples_answersHaveTheDocumentedShape(t *testing.T) {
	t.Parallel()
	for _, x := range examples(t) {
		if strings.HasPrefix(x.Method, "event:") || x.Method == "*" || x.Name == "error.crm.deal.get.not-found" {
			continue // tested below
		}
		t.Run(x.Name, func(t *testing.T) {
			t.Parallel()
			if reason := notReplayed[x.Name]; reason != "" {
				if x.Fails == nil {
					t.Fatalf("not replayed (%s) and no error sample", reason)
				}
				return // its error sample is tested with the others
			}
			r := newQuietRig(t, func(o *Options) { o.Scopes = allScopes })
			if strings.HasPrefix(x.Name, "batch.errors") {
				r.inbound[0].Scopes = []string{"crm"}
			}
			plant(r)
			if x.Name == "crm.duplicate.findbycomm" {
				r.add("crm.contact.add", obj{"NAME": "John", "PHONE": list{obj{"VALUE": "8976543"}, obj{"VALUE": "11223355"}}})
			}
			var status int
			var body obj
			if x.Query != "" {
				status, body = r.send(http.MethodGet, r.hook+x.Method+"?"+x.Query, "", "")
			} else {
				status, body = r.send(http.MethodPost, r.hook+x.Method, "application/json", string(x.Params))
			}
			same(t, "status", status, http.StatusOK)
			if body["error"] != nil {
				t.Fatalf("refused: %v", body)
			}
			if _, ok := body["time"].(obj); !ok {
				t.Errorf("no time")
			}
			if x.Fields != nil {
				checkFields(t, body["result"].(obj), x)
				return
			}
			checkShape(t, "result", body["result"], x.Result)
			if _, ok := body["total"].(float64); ok != (x.Total != nil) && x.Result != nil &&
				!strings.HasSuffix(x.Name, "list") {
				t.Errorf("total = %v, documented %v", body["total"], x.Total)
			}
			if _, ok := body["next"].(float64); x.Next != nil && !ok {
				t.Errorf("next is missing")
			}
		})
	}
}

var datetimeText = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$`)

// dynamic are members whose inner names depend on the portal.
var dynamic = []string{"SETTINGS", "LIST", "FILES", "SEMANTIC_INFO", "EXTRA"}

// checkShape compares the kinds of values; null stands for any kind, and custom fields and smart processes of the
// documents' own portal are not expected here.
func checkShape(t *testing.T, at string, got, want any) {
	t.Helper()
	if got == nil || want == nil || want == "null" {
		return
	}
	ok := true
	switch want := want.(type) {
	case string:
		switch want {
		case "bool":
			_, ok = got.(bool)
		case "int", "number":
			_, ok = got.(float64)
		case "string":
			_, ok = got.(string)
		case "datetime":
			s, isText := got.(string)
			ok = isText && (s == "" || datetimeText.MatchString(s))
		}
	case []any:
		rows, isList := got.([]any)
		if ok = isList; ok && len(want) > 0 {
			if len(rows) == 0 {
				t.Errorf("%s is empty", at)
				return
			}
			for i, row := range rows {
				if i < 3 {
					checkShape(t, fmt.Sprintf("%s[%d]", at, i), row, want[0])
				}
			}
		}
	case map[string]any:
		members, isMap := got.(map[string]any)
		if ok = isMap; ok {
			for key, shape := range want {
				if _, here := members[key]; !here && !strings.HasPrefix(key, "PARENT_ID_") &&
					!strings.HasPrefix(key, "parentId") && !numericKey(key) && !optional[key] {
					t.Errorf("%s.%s is missing", at, key)
				}
				if !slices.Contains(dynamic, key) {
					checkShape(t, at+"."+key, members[key], shape)
				}
			}
		}
	}
	if !ok {
		t.Errorf("%s = %#v, documented as %v", at, got, want)
	}
}

// optional members depend on the record or on what the documents' portal had filled.
var optional = map[string]bool{
	"IM": true, "TIMESTAMP_X": true, "reg150907": true, "sip7": true, "reg151083": true, "sip11": true, "reg151085": true,
	"LIST":         true,
	"PERSONAL_WWW": true, "PERSONAL_MOBILE": true, "PERSONAL_CITY": true, "WORK_PHONE": true, "storeId": true,
	"UF_CRM_1687188367": true, "originId": true, "originatorId": true,
	"UF_CRM_1704817278": true, "UF_CRM_1706782596092": true, "UF_CRM_1708952993785": true, "SEMANTIC_INFO": true,
	"ENTITY_TYPE_ID": true,
}

func numericKey(s string) bool {
	_, ok := php.IntegerKey(s)
	return ok
}

// checkFields compares types and marks. LAST_ACTIVITY_* of a company are read-only by its index page and not by the
// sample.
func checkFields(t *testing.T, got obj, x example) {
	t.Helper()
	for name, want := range x.Fields {
		if strings.HasPrefix(name, "UF_") || strings.HasPrefix(name, "PARENT_ID_") ||
			strings.HasPrefix(name, "LAST_ACTIVITY") {
			continue
		}
		f, ok := got[name].(obj)
		if !ok {
			t.Errorf("%s: no field %s", x.Name, name)
			continue
		}
		marks := []string{f["type"].(string)}
		for _, m := range [][2]string{
			{"isRequired", "req"},
			{"isReadOnly", "ro"},
			{"isImmutable", "add"},
			{"isMultiple", "mul"},
			{"isDynamic", "uf"},
			{"isDeprecated", "dep"},
		} {
			if f[m[0]] == true {
				marks = append(marks, m[1])
			}
		}
		if s, ok := f["statusType"].(string); ok {
			marks = append(marks, s)
		}
		same(t, name, strings.Join(marks, " "), want)
	}
}

// plantAt makes a record under the number that an example names.
func plantAt(r *rig, kind string, id int64, method string, fields obj) {
	r.t.Helper()
	var table *table
	r.Portal.mu.Lock()
	switch kind {
	case "requisite":
		table = r.requisites
	case "bank":
		table = r.banks
	case "comment":
		table = r.comments
	case "product":
		table = r.products
	default:
		table = r.entityNamed(kind).table
	}
	table.last = id - 1
	r.Portal.mu.Unlock()
	same(r.t, method, r.add(method, fields), id)
}

// plant fills a portal with the records that the examples speak of.
func plant(r *rig) {
	for range 10 {
		r.do("add_category", Args{"name": "Ещё одна"})
	}
	r.Portal.mu.Lock()
	for _, s := range r.stages("DEAL_STAGE_1")[5:] { // the example puts its stage at 70
		r.statuses.put(s, "SORT", r.statuses.integer(s, "SORT")+100)
	}
	r.Portal.mu.Unlock()
	r.do("add_stage", Args{"category": 9, "id": "UC_NYL06U", "name": "Своя"})
	for _, x := range []struct {
		kind string
		name string
		uf   string
	}{
		{"deal", "1721244482250", "string"},
		{"deal", "1725365197310", "string"},
		{"deal", "1721244707107", "double"},
		{"contact", "1720697698689", "string"},
		{"lead", "1720019876534", "string"},
	} {
		r.add("crm."+x.kind+".userfield.add", obj{"FIELD_NAME": x.name, "USER_TYPE_ID": x.uf})
	}
	phone := list{obj{"VALUE": "+6111111111", "VALUE_TYPE": "WORK"}}
	for _, id := range []int64{1, 7, 8, 9, 10, 12, 13, 15, 32, 43} {
		plantAt(r, "company", id, "crm.company.add", obj{"TITLE": "GAZPROM", "COMPANY_TYPE": "CUSTOMER", "PHONE": phone})
	}
	for _, id := range []int64{8, 9, 10, 23, 43, 54, 55, 56, 82, 83, 84} {
		plantAt(r, "contact", id, "crm.contact.add", obj{
			"NAME": "John", "SOURCE_ID": "WEB", "PHONE": phone, "EMAIL": list{obj{"VALUE": "a@example.com"}},
			"BIRTHDATE": "11.11.2001", "COMPANY_IDS": list{7, 8, 9},
		})
	}
	r.add("crm.contact.add", obj{
		"NAME": "Inna", "LAST_NAME": "Ilyina", "SOURCE_ID": "CRM_FORM",
		"EMAIL": list{obj{"VALUE": "special-for@example.com"}},
	})
	for _, id := range []int64{1, 5, 10, 12, 123, 351, 410, 662, 1875, 13143} {
		fields := obj{
			"TITLE": "New Deal #1", "CONTACT_IDS": list{55, 54}, "COMPANY_ID": 9, "UF_CRM_1721244482250": "Hello world!",
		}
		if id == 351 {
			fields["CATEGORY_ID"] = 9
		}
		plantAt(r, "deal", id, "crm.deal.add", fields)
	}
	r.add("crm.deal.add", obj{
		"TITLE": "Сделка a", "CATEGORY_ID": 1, "TYPE_ID": "COMPLEX", "OPPORTUNITY": 15000, "IS_MANUAL_OPPORTUNITY": "Y",
	})
	for _, id := range []int64{5, 123, 250, 1608} {
		plantAt(r, "lead", id, "crm.lead.add", obj{
			"TITLE": "Lead", "NAME": "Admin", "PHONE": phone, "EMAIL": list{obj{"VALUE": "admin@example.com"}},
			"UF_CRM_1720019876534": "321",
		})
	}
	for range 103 {
		r.add("crm.lead.add", obj{
			"NAME": "Klaus", "LAST_NAME": "Weber", "SOURCE_ID": "WEB", "OPPORTUNITY": 15000, "IS_MANUAL_OPPORTUNITY": "Y",
		})
	}
	for _, id := range []int64{449, 450, 456, 9621, 9623} {
		plantAt(r, "product", id, "crm.product.add", obj{"NAME": "iphone 14", "PRICE": 100, "CATALOG_ID": "your_catalog_id"})
	}
	for _, id := range []int64{1, 27, 7335} {
		plantAt(r, "requisite", id, "crm.requisite.add", obj{
			"ENTITY_TYPE_ID": 4, "ENTITY_ID": 1, "PRESET_ID": 1, "NAME": "Organization",
		})
	}
	r.call("crm.address.add", obj{
		"fields": obj{
			"TYPE_ID": 1, "ENTITY_TYPE_ID": 8, "ENTITY_ID": 7335, "ADDRESS_1": "Address 1", "CITY": "Los Angeles",
			"LOC_ADDR_ID": 479,
		},
	})
	plantAt(r, "bank", 357, "crm.requisite.bankdetail.add", obj{"ENTITY_ID": 27, "NAME": "Superbank"})
	plantAt(r, "comment", 999, "crm.timeline.comment.add", obj{
		"ENTITY_ID": 10, "ENTITY_TYPE": "deal", "COMMENT": "New comment was added",
	})
	r.add("crm.deal.userfield.add", obj{
		"FIELD_NAME": "RADIO", "USER_TYPE_ID": "enumeration", "MULTIPLE": "Y", "MANDATORY": "Y", "LABEL": "Radio",
		"ERROR_MESSAGE": "x", "HELP_MESSAGE": "y", "LIST": list{obj{"VALUE": "Love Radio"}},
	})
	r.call("crm.deal.productrows.set", obj{
		"id": 5,
		"rows": list{
			obj{"PRODUCT_ID": 450, "PRICE": 899.1, "DISCOUNT_TYPE_ID": 2, "DISCOUNT_RATE": 10, "SORT": 10},
			obj{"PRODUCT_ID": 449, "PRICE": 100, "SORT": 20},
		},
	})
}

// provoke are the parameters that call forth the error sample of an example.
var provoke = map[string]obj{
	"crm.address.add":               {"fields": obj{"TYPE_ID": 1, "ENTITY_TYPE_ID": 8}},
	"crm.category.list":             {"entityTypeId": 1268},
	"crm.company.add":               {"fields": "x"},
	"crm.company.contact.items.set": {"id": 32},
	"crm.company.get":               {"id": 999999},
	"crm.company.update":            {"id": 999999, "fields": obj{}},
	"crm.contact.add":               {"fields": 1},
	"crm.contact.company.items.get": {},
	"crm.contact.company.items.set": {"id": 82},
	"crm.contact.get":               {"ID": 0},
	"crm.contact.update":            {"id": 999999, "fields": obj{"NAME": "x"}},
	"crm.deal.add":                  {},
	"crm.deal.contact.add":          {"id": 999999, "fields": obj{"CONTACT_ID": 55}},
	"crm.deal.contact.items.get":    {"id": 999999},
	"crm.deal.contact.items.set":    {"id": 999999, "items": list{}},
	"crm.deal.delete":               {"id": "x"},
	"crm.deal.list":                 {"filter": "x"},
	"crm.deal.productrows.get":      {},
	"crm.deal.productrows.set": {
		"id": 5, "rows": list{obj{"PRICE": 1, "DISCOUNT_TYPE_ID": 2, "DISCOUNT_RATE": 100}},
	},
	"crm.deal.update":          {"id": 123},
	"crm.deal.userfield.add":   {"fields": obj{"FIELD_NAME": "X"}},
	"crm.deal.userfield.list":  {"filter": "x"},
	"crm.duplicate.findbycomm": {"values": list{"1"}},
	"crm.item.delete":          {"entityTypeId": 2, "id": 999999},
	"crm.item.get":             {"entityTypeId": 1, "id": 999999},
	"crm.item.list":            {"entityTypeId": 1, "filter": obj{"FIELD": 1}},
	"crm.item.productrow.set":  {"ownerType": "D", "ownerId": 999999, "productRows": list{}},
	"crm.item.update":          {"entityTypeId": 1268, "id": 1, "fields": obj{}},
	"crm.lead.delete":          {},
	"crm.lead.get":             {"id": 999999},
	"crm.lead.productrows.set": {
		"id": 5, "rows": list{obj{"PRICE": 1, "DISCOUNT_TYPE_ID": 2, "DISCOUNT_RATE": 100}},
	},
	"crm.lead.update":                 {"fields": obj{}},
	"crm.requisite.add":               {"fields": obj{"ENTITY_ID": 1}},
	"crm.requisite.bankdetail.add":    {"fields": obj{"NAME": "x"}},
	"crm.requisite.bankdetail.get":    {"id": 3570},
	"crm.requisite.get":               {"id": 270},
	"crm.status.add":                  {"fields": obj{"ENTITY_ID": "SOURCE", "NAME": "x"}},
	"crm.status.list":                 {"filter": "x"},
	"crm.timeline.comment.add":        {"fields": obj{"ENTITY_ID": 10, "ENTITY_TYPE": "nothing", "COMMENT": "x"}},
	"crm.timeline.comment.list":       {"filter": obj{"ENTITY_ID": 999999, "ENTITY_TYPE": "deal"}},
	"crm.timeline.comment.update":     {"id": 12345, "fields": obj{"COMMENT": "x"}},
	"telephony.externalCall.finish":   {},
	"telephony.externalCall.register": {},
	"voximplant.callback.start":       {"FROM_LINE": "reg000000", "TO_NUMBER": "+79990000000", "TEXT_TO_PRONOUNCE": "x"},
}

// withoutRights are error samples that come from an employee without rights.
var withoutRights = []string{
	"crm.company.fields", "crm.company.list", "crm.contact.list", "crm.currency.list", "crm.lead.add", "crm.lead.list",
	"crm.requisite.preset.list",
	"voximplant.line.get", "voximplant.line.outgoing.get",
}

// unprovoked are error samples that this portal never answers.
var unprovoked = map[string]string{
	"crm.address.list":                  "code 0 with the text «error» names no cause",
	"crm.deal.get":                      "the page shows the error of another method (fields)",
	"voximplant.infocall.startwithtext": "there is no monthly limit on announcements here",
}

func TestExamples_errorSamplesAreAnswered(t *testing.T) {
	t.Parallel()
	r := newQuietRig(t, func(o *Options) { o.Scopes = allScopes })
	plant(r)
	for _, x := range examples(t) {
		if x.Fails == nil || unprovoked[x.Name] != "" {
			continue
		}
		status := x.Fails.Status
		if status == http.StatusOK {
			status = http.StatusBadRequest // the page's heading says 400, its sample shows 200
		}
		code := x.Fails.Code
		x.Fails.Text = strings.NewReplacer("'357'", "'3570'", "'27'", "'270'").Replace(x.Fails.Text)
		switch params, ok := provoke[x.Name]; {
		case ok:
			r.fails(x.Method, params, status, code, x.Fails.Text)
		case slices.Contains(withoutRights, x.Name):
			r.SetBehaviour(func(b *Behaviour) { b.CRMRights, b.TelephonyRights = false, false })
			r.fails(x.Method, obj{}, status, code, x.Fails.Text)
			r.SetBehaviour(func(b *Behaviour) { b.CRMRights, b.TelephonyRights = true, true })
		default:
			t.Errorf("%s: nobody provokes %v %q", x.Name, x.Fails.Code, x.Fails.Text)
		}
	}
}
