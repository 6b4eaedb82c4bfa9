package emulator

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

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
