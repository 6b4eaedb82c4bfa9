package php_test

import (
	"strconv"
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// TestArray_findsKeysHoweverManyThereAre crosses the length at which an array begins to keep a map of its keys.
func TestArray_findsKeysHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	a := &php.Array{}
	for i := range 40 {
		a.Set("k"+strconv.Itoa(i), i)
		for j := range 40 {
			v, ok := a.Lookup("k" + strconv.Itoa(j))
			if want := j <= i; ok != want || ok && v != j {
				t.Fatalf("with %d keys, k%d = %v, %v", i+1, j, v, ok)
			}
		}
	}
	a.Set("k3", "new")
	if a.Len() != 40 || a.Values()[3] != "new" {
		t.Errorf("replacing moved an element: %v", a.Values())
	}
}

func TestArray_keys(t *testing.T) {
	t.Parallel()
	a := php.List("x", "y")
	a.Set("7", "z")
	a.Append("last")
	a.Set("name", "n")
	for _, x := range []struct {
		what string
		got  *php.Array
		want string
	}{
		{"appending follows the largest integer", a, `{"0":"x","1":"y","7":"z","8":"last","name":"n"}`},
		{"without a key", a.Without("7"), `{"0":"x","1":"y","8":"last","name":"n"}`},
		{"a list without its end", php.List("x", "y").Without("1"), `["x"]`},
		{"no array at all", php.ArrayOf("text"), `[]`},
	} {
		if got := string(php.AppendJSON(nil, x.got)); got != x.want {
			t.Errorf("%s: %s, want %s", x.what, got, x.want)
		}
	}
	b := php.Map("a", "old", "b", "kept")
	b.Replace(php.Map("a", "new", "c", "added"))
	if got, want := string(php.AppendJSON(nil, b)), `{"a":"new","b":"kept","c":"added"}`; got != want {
		t.Errorf("replaced = %s, want %s", got, want)
	}
	if v, ok := b.Either("A", "a"); v != "new" || !ok {
		t.Errorf("Either = %v, %v", v, ok)
	}
	var none *php.Array
	if none.Len() != 0 || none.Get("a") != nil || none.Values() != nil || !none.IsList() {
		t.Error("a nil array is not empty")
	}
	for key, want := range map[string]bool{
		"0": true, "-3": true, "012": false, "+1": false, "1.0": false, "": false, "-0": false,
	} {
		if _, got := php.IntegerKey(key); got != want {
			t.Errorf("IntegerKey(%q) = %v", key, got)
		}
	}
}
