package php_test

import (
	"strings"
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

func TestAppendJSON(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		v    any
		want string
	}{
		{&php.Array{}, "[]"},
		{php.EmptyObject{}, "{}"},
		{php.List("a", int64(1)), `["a",1]`},
		{php.Map("0", "a", "2", "b"), `{"0":"a","2":"b"}`},
		{php.Map("1", "a", "0", "b"), `{"1":"a","0":"b"}`},
		{`a/b "c" <d> & 'e' Ё`, `"a\/b \u0022c\u0022 \u003Cd\u003E \u0026 \u0027e\u0027 Ё"`},
		{899.1, "899.1"},
		{1000.0, "1000"},
		{1e20, "1.0e+20"},
		{0.00001, "1.0e-5"},
		{0.30000000000000004, "0.30000000000000004"},
		{"\x00\n", `"\u0000\n"`},
	} {
		if got := string(php.AppendJSON(nil, x.v)); got != x.want {
			t.Errorf("%#v is encoded as %s, want %s", x.v, got, x.want)
		}
	}
}

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ text, want string }{
		{`{"b":1,"a":[true,null,2.5]}`, `{"b":1,"a":[true,null,2.5]}`},
		{`{"0":"a","1":"b"}`, `["a","b"]`},
		{`{}`, `[]`},
		{`9223372036854775808`, `9.223372036854776e+18`},
	} {
		v, err := php.DecodeJSON([]byte(x.text))
		if err != nil {
			t.Errorf("%s: %v", x.text, err)
		}
		if got := string(php.AppendJSON(nil, v)); got != x.want {
			t.Errorf("%s was read as %s, want %s", x.text, got, x.want)
		}
	}
	for _, text := range []string{"", "{", `{"a":1} 2`, "1e999", strings.Repeat("[", 600) + strings.Repeat("]", 600)} {
		if v, err := php.DecodeJSON([]byte(text)); err == nil {
			t.Errorf("%.20s was read as %#v", text, v)
		}
	}
}
