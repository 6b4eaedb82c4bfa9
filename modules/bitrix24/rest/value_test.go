package rest

import (
	"encoding/json"
	"reflect"
	"testing"
	"testing/quick"
	"time"
)

// nones are the forms in which a portal says that there is nothing.
var nones = []string{`null`, `""`, `false`, `[]`, `{}`, ` [ ] `}

func decodes[T any](t *testing.T, want map[string]T, refused ...string) {
	t.Helper()
	for data, value := range want {
		var got T
		if err := json.Unmarshal([]byte(data), &got); err != nil || !reflect.DeepEqual(got, value) {
			t.Errorf("%T of %s = %v, %v; want %v", got, data, got, err, value)
		}
	}
	for _, data := range refused {
		var got T
		if err := json.Unmarshal([]byte(data), &got); err == nil {
			t.Errorf("%T of %s = %v, want an error", got, data, got)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	decodes(t, map[string]ID{
		`410`: 410, `"410"`: 410, `0`: 0, `"0"`: 0, `12.0`: 12, `"-1"`: -1,
		`9223372036854775807`: 1<<63 - 1,
	},
		`"C9:NEW"`, `1.5`, `true`, `[1]`, `{"id":1}`, `1e300`, `"NaN"`)
	decodes(t, map[string]Text{`"a\/b \u0022"`: `a/b "`, `5`: "5", `1.50`: "1.50"}, `true`, `["x"]`, `{"a":1}`)
	decodes(t, map[string]Bool{
		`"Y"`: true, `"y"`: true, `true`: true, `1`: true, `"1"`: true, `"true"`: true,
		`"N"`: false, `0`: false, `"0"`: false,
	}, `"да"`, `2`, `[1]`)
	decodes(t, map[string]Number{`"1000000.00"`: 1000000, `999.9`: 999.9, `-1e3`: -1000}, `"x"`, `true`,
		`"NaN"`, `"1e999"`, `[1]`)
	decodes(t, map[string]Money{
		`"1000000.00"`: 100000000, `999.9`: 99990, `"0.1"`: 10, `199.98999999999998`: 19999, `-5`: -500,
		`"100|RUB"`: 10000, `"|RUB"`: 0, `"10000000000000"`: 1000000000000000, `1e3`: 100000,
	},
		`"x"`, `"NaN"`, `1e300`, `10000000000001`, `true`, `{"a":1}`)
	decodes(t, map[string]List[ID]{`[1,"2",null]`: {1, 2, 0}, `{"0":5,"2":7}`: {5, 7}}, `"x"`, `5`, `true`, `["x"]`)
	decodes(t, map[string]Map[Text]{`{"a":"x","b":1}`: {"a": "x", "b": "1"}, `["x","y"]`: {"0": "x", "1": "y"}},
		`"x"`, `5`, `{"a":[1]}`)
	decodes(t, map[string]Semantics{`"S"`: Success, `"F"`: Failure, `"P"`: InProgress}, `[1]`)
	for _, none := range nones {
		decodes(t, map[string]ID{none: 0})
		decodes(t, map[string]Text{none: ""})
		decodes(t, map[string]Bool{none: false})
		decodes(t, map[string]Number{none: 0})
		decodes(t, map[string]Money{none: 0})
		decodes(t, map[string]Time{none: {}})
		decodes(t, map[string]List[ID]{none: nil})
		decodes(t, map[string]Map[Text]{none: {}})
		decodes(t, map[string]Timing{none: {}})
		decodes(t, map[string]Semantics{none: InProgress})
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 11, 23, 14, 36, 7, 0, time.UTC)
	var got Time
	if err := json.Unmarshal([]byte(`"2026-11-23T17:36:07+03:00"`), &got); err != nil || !got.At.Equal(want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	// A date field reads as the portal's midnight; its date is the portal's, not that in UTC.
	if err := json.Unmarshal([]byte(`"2024-08-30T02:00:00+05:00"`), &got); err != nil ||
		got.At.Format(time.DateOnly) != "2024-08-30" {
		t.Errorf("date = %v, %v", got, err)
	}
	if err := json.Unmarshal([]byte(`"2001-11-11"`), &got); err != nil || got.String() != "2001-11-11T00:00:00Z" {
		t.Errorf("a date alone = %v, %v", got, err)
	}
	for _, data := range []string{`"24.08.2023 13:19:39"`, `"yesterday"`, `5`, `[1]`} {
		if err := json.Unmarshal([]byte(data), &got); err == nil {
			t.Errorf("%s = %v, want an error", data, got)
		}
	}
}

func TestMoney_roundTrip(t *testing.T) {
	t.Parallel()
	property := func(n int64) bool {
		m := Money(n % 1e15)
		data, err := json.Marshal(m)
		var got Money
		return err == nil && json.Unmarshal(data, &got) == nil && got == m &&
			json.Unmarshal([]byte(`"`+m.String()+`"`), &got) == nil && got == m
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
	if got := Money(-1 << 63).String(); got != "-92233720368547758.08" {
		t.Errorf("the smallest amount = %s", got)
	}
}

func TestTiming(t *testing.T) {
	t.Parallel()
	sent := time.Unix(1000, 0)
	received := sent.Add(2 * time.Second)
	for name, tt := range map[string]struct {
		data string
		want time.Duration
		ok   bool
	}{
		"both fractional":     {`{"start":1010.5,"finish":1011.5}`, 10 * time.Second, true},
		"a whole start":       {`{"start":1010,"finish":1012.5}`, 10500 * time.Millisecond, true},
		"no start":            {`{"finish":999.5}`, -2500 * time.Millisecond, true},
		"in strings":          {`{"start":"1010.5","finish":"1011.5"}`, 10 * time.Second, true},
		"nothing":             {`[]`, 0, false},
		"out of all measures": {`{"start":1e300,"finish":-5}`, 0, false},
	} {
		var timing Timing
		if err := json.Unmarshal([]byte(tt.data), &timing); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, ok := timing.offset(sent, received); got != tt.want || ok != tt.ok {
			t.Errorf("%s: offset = %v, %v; want %v, %v", name, got, ok, tt.want, tt.ok)
		}
	}
	var timing Timing
	err := json.Unmarshal([]byte(`{"duration":0.5,"operating":1e300,"operating_reset_at":1795435800}`), &timing)
	if err != nil || timing.Duration != time.Second/2 || timing.Operating != 0 || timing.ResetAt.Unix() != 1795435800 {
		t.Errorf("timing = %+v, %v", timing, err)
	}
}
