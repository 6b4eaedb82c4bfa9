package php_test

import (
	"strings"
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

func TestParseQuery(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ name, query, want string }{
		{"plain", "a=1&b=two", `{"a":"1","b":"two"}`},
		{"plus is a space, %2B is a plus", "a=x+y&b=%2B7", `{"a":"x y","b":"+7"}`},
		{
			"brackets nest", "fields[PHONE][0][VALUE]=1&fields[PHONE][0][VALUE_TYPE]=MOBILE",
			`{"fields":{"PHONE":[{"VALUE":"1","VALUE_TYPE":"MOBILE"}]}}`,
		},
		{"encoded brackets too", "fields%5BTITLE%5D=x", `{"fields":{"TITLE":"x"}}`},
		{"empty brackets append", "select[]=ID&select[]=TITLE", `{"select":["ID","TITLE"]}`},
		{"an index moves what is appended", "a[3]=x&a[]=y", `{"a":{"3":"x","4":"y"}}`},
		{"a gap makes an object", "a[0]=x&a[2]=y", `{"a":{"0":"x","2":"y"}}`},
		{"the first raw = ends the key", "filter[>=ID]=5", `{"filter_\u003E":"ID]=5"}`},
		{"an escaped = does not", "filter[%3E%3DID]=5", `{"filter":{"\u003E=ID":"5"}}`},
		{"dots and spaces outside brackets", "a.b=1&a%20c=2", `{"a_b":"1","a_c":"2"}`},
		{"dots inside brackets stay", "a[b.c]=1", `{"a":{"b.c":"1"}}`},
		{"the later value wins", "a=1&a=2", `{"a":"2"}`},
		{"text after a bracket is dropped", "a[b]c=1", `{"a":{"b":"1"}}`},
		{"an open bracket is an underscore", "a[b=1", `{"a_b":"1"}`},
		{"a broken escape stays", "a=100%&b=%zz", `{"a":"100%","b":"%zz"}`},
		{"no value", "a&b=", `{"a":"","b":""}`},
		{"leading zeros are text", "a[00]=x", `{"a":{"00":"x"}}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			if got := string(php.AppendJSON(nil, php.ParseQuery(x.query, 1000))); got != x.want {
				t.Errorf("decoded = %s, want %s", got, x.want)
			}
		})
	}
}

func TestParseQuery_dropsWhatIsBeyondTheLimit(t *testing.T) {
	t.Parallel()
	if got := php.ParseQuery("a=1&b=2&c=3", 2).Len(); got != 2 {
		t.Errorf("variables = %d, want 2", got)
	}
	if deep := php.ParseQuery("a"+strings.Repeat("[b]", 100)+"=1", 10); deep.Len() != 0 {
		t.Errorf("nesting of 100 was taken: %s", php.AppendJSON(nil, deep))
	}
}

// FuzzParseQuery looks for input that breaks the decoder, and checks that what it made can be encoded and decoded
// again.
func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{
		"a[b][]=1", "a[=", "]=", "[a]=1", "a%5B%5D=%", "a[0][0][0]=1&a[0]=2&a[0][1]=3", "a[-1]=1&a[]=2", "a\x00b=1", "  a=1",
		"a[9223372036854775807]=1&a[]=2",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		encoded := php.AppendJSON(nil, php.ParseQuery(query, 100))
		again, err := php.DecodeJSON(encoded)
		if err != nil {
			t.Fatalf("%q became %s: %v", query, encoded, err)
		}
		if strings.ContainsRune(string(encoded), '\uFFFD') {
			return // different broken bytes become one sign
		}
		if second := php.AppendJSON(nil, again); string(second) != string(encoded) {
			t.Errorf("%q: %s, then %s", query, encoded, second)
		}
	})
}
