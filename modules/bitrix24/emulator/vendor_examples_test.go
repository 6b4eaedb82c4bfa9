package emulator

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
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
