package emulator

import (
	"strings"
	"testing"
)

func TestParseStr(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ name, query, want string }{
		{"plain", "a=1&b=two", `{"a":"1","b":"two"}`},
		{"plus is a space, %2B is a plus", "a=x+y&b=%2B7", `{"a":"x y","b":"+7"}`},
		{"brackets nest", "fields[PHONE][0][VALUE]=1&fields[PHONE][0][VALUE_TYPE]=MOBILE", `{"fields":{"PHONE":[{"VALUE":"1","VALUE_TYPE":"MOBILE"}]}}`},
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
			same(t, "decoded", string(appendJSON(nil, parseStr(x.query, 1000))), x.want)
		})
	}
}

func TestParseStr_dropsWhatIsBeyondTheLimit(t *testing.T) {
	t.Parallel()
	same(t, "variables", parseStr("a=1&b=2&c=3", 2).Len(), 2)
	if deep := parseStr("a"+strings.Repeat("[b]", 100)+"=1", 10); deep.Len() != 0 {
		t.Errorf("nesting of 100 was taken: %s", appendJSON(nil, deep))
	}
}

// FuzzParseStr looks for input that breaks the decoder, and checks that whatever it made is encoded and decoded again.
func FuzzParseStr(f *testing.F) {
	for _, seed := range []string{"a[b][]=1", "a[=", "]=", "[a]=1", "a%5B%5D=%", "a[0][0][0]=1&a[0]=2&a[0][1]=3", "a[-1]=1&a[]=2", "a\x00b=1", "  a=1", "a[9223372036854775807]=1&a[]=2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		encoded := appendJSON(nil, parseStr(query, 100))
		again, err := decodeJSON(encoded)
		if err != nil {
			t.Fatalf("%q became %s: %v", query, encoded, err)
		}
		if strings.ContainsRune(string(encoded), '\uFFFD') {
			return // different broken bytes become one sign
		}
		if second := appendJSON(nil, again); string(second) != string(encoded) {
			t.Errorf("%q: %s, then %s", query, encoded, second)
		}
	})
}

func TestCasts(t *testing.T) {
	t.Parallel()
	full := listOf("x")
	for _, x := range []struct {
		v       any
		truth   bool
		integer int64
		number  float64
		text    string
	}{
		{nil, false, 0, 0, ""},
		{"", false, 0, 0, ""},
		{"0", false, 0, 0, "0"},
		{"N", true, 0, 0, "N"},
		{"false", true, 0, 0, "false"},
		{"0.0", true, 0, 0, "0.0"},
		{"12abc", true, 12, 12, "12abc"},
		{" 7", true, 7, 7, " 7"},
		{"1.5e3x", true, 1500, 1500, "1.5e3x"},
		{"$result[a]", true, 0, 0, "$result[a]"},
		{int64(5), true, 5, 5, "5"},
		{2.5, true, 2, 2.5, "2.5"},
		{true, true, 1, 1, "1"},
		{false, false, 0, 0, ""},
		{&Array{}, false, 0, 0, "Array"},
		{full, true, 1, 1, "Array"},
	} {
		same(t, "truth", truth(x.v), x.truth)
		same(t, "integer", integer(x.v), x.integer)
		same(t, "number", number(x.v), x.number)
		same(t, "text", text(x.v), x.text)
	}
}

func TestAppendJSON(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		v    any
		want string
	}{
		{&Array{}, "[]"},
		{emptyObject{}, "{}"},
		{listOf("a", int64(1)), `["a",1]`},
		{object("0", "a", "2", "b"), `{"0":"a","2":"b"}`},
		{object("1", "a", "0", "b"), `{"1":"a","0":"b"}`},
		{`a/b "c" <d> & 'e' Ё`, `"a\/b \u0022c\u0022 \u003Cd\u003E \u0026 \u0027e\u0027 Ё"`},
		{899.1, "899.1"},
		{1000.0, "1000"},
		{1e20, "1.0e+20"},
		{0.00001, "1.0e-5"},
		{0.30000000000000004, "0.30000000000000004"},
		{"\x00\n", `"\u0000\n"`},
	} {
		same(t, "encoded", string(appendJSON(nil, x.v)), x.want)
	}
}

func TestRound(t *testing.T) {
	t.Parallel()
	same(t, "1.005", round(1.005, 2), 1.01)
	same(t, "-1.005", round(-1.005, 2), -1.01)
	same(t, "18.5*3", round(18.5*3, 2), 55.5)
	same(t, "0.285*100", round(0.285, 2), 0.29)
}
