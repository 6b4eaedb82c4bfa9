package rest

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestParseForm(t *testing.T) {
	t.Parallel()
	type m = map[string]any
	tests := []struct {
		name, body string
		want       m
	}{
		{"nothing", "", m{}},
		{"one value", "a=1", m{"a": "1"}},
		{"a value without =", "a&b=", m{"a": "", "b": ""}},
		{"pluses and escapes", "a=1+2%2B3%20%D0%B9", m{"a": "1 2+3 й"}},
		{"nested", "data[FIELDS][ID]=662", m{"data": m{"FIELDS": m{"ID": "662"}}}},
		{"escaped brackets", "data%5BFIELDS%5D%5BID%5D=662", m{"data": m{"FIELDS": m{"ID": "662"}}}},
		{"appended", "a[]=x&a[]=y&a[][b]=z", m{"a": m{"0": "x", "1": "y", "2": m{"b": "z"}}}},
		{"appended after a number", "a[5]=x&a[]=y&a[2]=z&a[]=w", m{"a": m{"5": "x", "6": "y", "2": "z", "7": "w"}}},
		{"a huge number", "a[999999999]=x", m{"a": m{"999999999": "x"}}},
		{"numbers that are names", "a[01]=x&a[-1]=z&a[]=y", m{"a": m{"01": "x", "-1": "z", "0": "y"}}},
		{"the last wins", "a=1&a=2", m{"a": "2"}},
		{"a map over a value", "a=1&a[b]=2", m{"a": m{"b": "2"}}},
		{"a value over a map", "a[b]=2&a=1", m{"a": "1"}},
		{"dots and spaces of the first name", "a.b c[d.e]=1", m{"a_b_c": m{"d.e": "1"}}},
		{"a bracket left open", "a[b=1", m{"a_b": "1"}},
		{"a second left open", "a[b][c=1", m{"a": m{"b": "1"}}},
		{"text after a bracket", "a[b]c=1", m{"a": m{"b": "1"}}},
		{"no name", "=1&[a]=2&&b=3", m{"b": "3"}},
		{"a sign of equality in a value", "a=b=c", m{"a": "b=c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseForm([]byte(tt.body))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestParseForm_refuses(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a bad escape in a name":  "%zz=1",
		"a bad escape in a value": "a=%4",
		"too many values":         strings.Repeat("a=1&", maxPairs+1),
		"too many levels":         "a" + strings.Repeat("[b]", maxDepth) + "=1",
	} {
		if got, err := ParseForm([]byte(body)); !errors.Is(err, ErrForm) {
			t.Errorf("%s: got %d values, %v; want ErrForm", name, len(got), err)
		}
	}
	if _, err := ParseForm([]byte(strings.Repeat("a=1&", maxPairs) + "&&&")); err != nil {
		t.Errorf("as many values as allowed: %v", err)
	}
}
