package mapping_test

import (
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

func TestParseKey(t *testing.T) {
	for _, test := range []struct {
		text, what string
		id         int64
		token      string
		ok         bool
	}{
		{"order:42:1f9a03c7", "order", 42, "1f9a03c7", true},
		{"lead-client:7:1f9a03c7", "lead-client", 7, "1f9a03c7", true},
		{text: "order:42", what: "order", id: 42, ok: true}, // older than its token
		{text: "order:042"},
		{text: "order:42:"},
		{text: "order:-42"},
		{text: "order"},
		{text: ""},
	} {
		what, id, token, ok := mapping.ParseKey(test.text)
		if ok != test.ok || ok && (what != test.what || id != test.id || token != test.token) {
			t.Errorf("ParseKey(%q) = %q, %d, %q, %v", test.text, what, id, token, ok)
		}
	}
}
