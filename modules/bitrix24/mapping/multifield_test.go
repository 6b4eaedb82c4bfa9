package mapping

import (
	"reflect"
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

func TestFindPhone(t *testing.T) {
	const ours, agreed = "+79123456701", "+79123456702"
	office := phoneOf(1, "WORK", "+73432001020")
	for _, c := range []struct {
		name              string
		all               rest.Multifields
		id                int64
		exact, changeable bool
	}{
		{"none", nil, 0, false, false},
		{
			"the mobile one, whatever stands before it",
			rest.Multifields{phoneOf(1, "WORK", ours), phoneOf(2, rest.Mobile, "+79120000000")},
			2, true, true,
		},
		{"the panel's own, of another type", rest.Multifields{office, phoneOf(2, "HOME", "8 912 345-67-01")}, 2, false, false},
		{"the one last agreed on, of another type", rest.Multifields{office, phoneOf(2, "HOME", agreed)}, 2, false, true},
		{"else the first", rest.Multifields{office, phoneOf(2, "HOME", "+73432001021")}, 1, false, false},
	} {
		got := findPhone(c.all, ours, Pair{Ours: agreed, Theirs: agreed})
		if got.ID.Int64() != c.id || got.exact != c.exact || got.ours != c.changeable {
			t.Errorf("%s: id %d, exact %v, ours %v", c.name, got.ID, got.exact, got.ours)
		}
	}
}

func TestFoundValue_push(t *testing.T) {
	const phone = "+79123456701"
	mobile := rest.Multifields{phoneOf(5, rest.Mobile, "+79120000000")}
	work := rest.Multifields{phoneOf(5, "WORK", "+73432001020")}
	sends := func(key, value string) map[string]any {
		return map[string]any{key: multifield(rest.Phone, rest.Mobile, value)}
	}
	for _, c := range []struct {
		name  string
		all   rest.Multifields
		value string
		want  map[string]any
	}{
		{"a new value is added", nil, phone, sends("n0", phone)},
		{"a value of ours is changed by its id", mobile, phone, sends("5", phone)},
		{"an empty one deletes it", mobile, "", sends("5", "")},
		{"beside one of another type it is added", work, phone, sends("n0", phone)},
		{"what people put under another type is not deleted", work, "", map[string]any{}},
	} {
		fm := map[string]any{}
		sent := findPhone(c.all, "", Pair{}).push(fm, c.value)
		if !reflect.DeepEqual(fm, c.want) || sent != (len(c.want) > 0) {
			t.Errorf("%s: %v %v, want %v", c.name, fm, sent, c.want)
		}
	}
}
