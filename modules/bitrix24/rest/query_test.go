package rest

import (
	"math/rand"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/quick"
	"time"
)

// encode is the query of one command with these parameters.
func encode(params Params) (string, error) {
	var b Batch
	b.Add("c", "m", params)
	if b.Err() != nil {
		return "", b.Err()
	}
	return b.commands[0].Query, nil
}

func TestQuery(t *testing.T) {
	t.Parallel()
	none := (*int)(nil)
	seven := 7
	moscow := time.FixedZone("", 3*3600)
	tests := []struct {
		name   string
		params Params
		want   string
	}{
		{"no parameters", nil, ""},
		{"a string", Params{"fields": Params{"TITLE": "John&Martin"}}, "fields[TITLE]=John%26Martin"},
		{"a space is %20", Params{"a": "1 2"}, "a=1%202"},
		{"a plus survives", Params{"a": "+79990000000"}, "a=%2B79990000000"},
		{"Cyrillic", Params{"a": "№"}, "a=%E2%84%96"},
		{"newlines", Params{"a": "1\n2"}, "a=1%0A2"},
		{"keys in order", Params{"b": 1, "a": 2, "C": 3}, "C=3&a=2&b=1"},
		{
			"a key with signs",
			Params{"filter": Params{">=DATE_MODIFY": "x", "!%TITLE": "y"}},
			"filter[%21%25TITLE]=y&filter[%3E%3DDATE_MODIFY]=x",
		},
		{"lists have numbers", Params{"select": []string{"ID", "TITLE"}}, "select[0]=ID&select[1]=TITLE"},
		{
			"lists of maps",
			Params{"rows": []Params{{"PRICE": Money(12345)}, {"PRICE": Money(5)}}},
			"rows[0][PRICE]=123.45&rows[1][PRICE]=0.05",
		},
		{"mixed lists", Params{"a": []any{1, "x", []int{2}}}, "a[0]=1&a[1]=x&a[2][0]=2"},
		{"nil is left out", Params{"a": nil, "b": none, "c": []string(nil), "d": map[string]any(nil), "e": Params{}}, ""},
		{"pointers", Params{"a": &seven}, "a=7"},
		{"an empty string stays", Params{"a": ""}, "a="},
		{"integers", Params{"a": -1, "b": int64(1) << 62, "c": uint8(3), "d": ID(5)}, "a=-1&b=4611686018427387904&c=3&d=5"},
		{
			"floats have no exponent",
			Params{"a": 1e21, "b": 0.1, "c": float32(0.1), "d": Number(2)},
			"a=1000000000000000000000&b=0.1&c=0.1&d=2",
		},
		{"yes and no", Params{"a": Bool(true), "b": Bool(false)}, "a=Y&b=N"},
		{"amounts", Params{"a": Money(-5), "b": Money(100), "c": Money(0)}, "a=-0.05&b=1.00&c=0.00"},
		{
			"times",
			Params{"a": time.Date(2026, 11, 23, 17, 36, 7, 5, moscow), "b": Time{}},
			"a=2026-11-23T17%3A36%3A07%2B03%3A00&b=",
		},
		{"its own types", Params{"a": Text("x"), "b": Success}, "a=x&b=S"},
		{"an order keeps its order", Params{"order": Ordered{{"SORT", "ASC"}, {"ID", "DESC"}}}, "order[SORT]=ASC&order[ID]=DESC"},
		{"a customer's reference", Params{"a": "see $result[deal] "}, "a=see%20%24%E2%81%A0result%5Bdeal%5D%20"},
		{"a customer's reference as a key", Params{"$error": 1}, "%24%E2%81%A0error=1"},
		{"bytes that are no text", Params{"a": "x\xffy"}, "a=x%EF%BF%BDy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := encode(tt.params)
			if err != nil || got != tt.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestQuery_refuses(t *testing.T) {
	t.Parallel()
	for name, params := range map[string]Params{
		"an empty list":            {"rows": []Params{}},
		"an empty list within":     {"filter": Params{"@ID": []int{}}},
		"a plain bool":             {"a": true},
		"a struct":                 {"a": struct{ B int }{1}},
		"a channel":                {"a": make(chan int)},
		"a map with numbers":       {"a": map[int]string{1: "x"}},
		"a key with brackets":      {"a[b]": 1},
		"an empty key":             {"a": Params{"": 1}},
		"an order with a key once": {"order": Ordered{{"ID", "ASC"}, {"ID", "DESC"}}},
		"a reference to nothing":   {"a": Ref{}},
	} {
		if got, err := encode(params); err == nil {
			t.Errorf("%s: got %q, want an error", name, got)
		}
	}
}

// tree is random parameters together with what a reader of the query should find.
type tree struct {
	params Params
	read   map[string]any
}

// Generate makes trees of strings, numbers, lists and maps, three levels deep.
func (tree) Generate(r *rand.Rand, size int) reflect.Value {
	params, read := randomMap(r, size, 0)
	return reflect.ValueOf(tree{params, read})
}

func randomMap(r *rand.Rand, size, depth int) (Params, map[string]any) {
	params, read := Params{}, map[string]any{}
	for range 1 + r.Intn(4) {
		key := "K" + strconv.Itoa(r.Intn(1000))
		if depth > 0 {
			key = ">=" + randomText(r, size)
			key = strings.NewReplacer("[", "(", "]", ")", "\x00", "0").Replace(key)
		}
		params[key], read[Disarm(key)] = randomValue(r, size, depth)
	}
	return params, read
}

func randomValue(r *rand.Rand, size, depth int) (any, any) {
	kind := r.Intn(4)
	if depth >= 3 {
		kind = r.Intn(2)
	}
	switch kind {
	case 0:
		text := randomText(r, size)
		return text, Disarm(text)
	case 1:
		n := r.Int63()
		return n, strconv.FormatInt(n, 10)
	case 2:
		var list []any
		read := map[string]any{}
		for i := range 1 + r.Intn(3) {
			value, want := randomValue(r, size, depth+1)
			list, read[strconv.Itoa(i)] = append(list, value), want
		}
		return list, read
	}
	params, read := randomMap(r, size, depth+1)
	return params, read
}

// randomText mixes what queries, PHP and references make something of.
func randomText(r *rand.Rand, size int) string {
	pieces := []string{
		"&", "=", "+", "%", "%41", "#", "[", "]", " ", "\n", "\"", "\\", "'", "$", "$result[", "$RESULT[a][0]", "$Error",
		"$time", "$next", "$total", "result[x]", "re\u017fult", wordJoiner, "Заказ", "🖨", "<b>", "100 $", ";", "a", "0",
	}
	var text strings.Builder
	for range r.Intn(1 + size/4) {
		text.WriteString(pieces[r.Intn(len(pieces))])
	}
	return text.String()
}

func TestQuery_isReadBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	property := func(in tree) bool {
		query, err := encode(in.params)
		if err != nil {
			t.Log(err)
			return false
		}
		got, err := ParseForm([]byte(query))
		if err != nil || !reflect.DeepEqual(got, in.read) {
			t.Logf("query %s\ngot  %v, %v\nwant %v", query, got, err, in.read)
			return false
		}
		return true
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 500}); err != nil {
		t.Error(err)
	}
}

func TestDisarm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                   "",
		"100 $":              "100 $",
		"$100":               "$100",
		"$res":               "$res",
		"$result[deal][ID]":  "$\u2060result[deal][ID]",
		"a $RESULT[x] b":     "a $\u2060RESULT[x] b",
		"$Error[x]$total":    "$\u2060Error[x]$\u2060total",
		"$$next":             "$$\u2060next",
		"$time":              "$\u2060time",
		"$re\u017fult[x]":    "$\u2060re\u017fult[x]", // the long s folds to s
		"$\u2060result[x]":   "$\u2060result[x]",
		"$ result[x]":        "$ result[x]",
		"цена $result рубля": "цена $\u2060result рубля",
	} {
		if got := Disarm(text); got != want {
			t.Errorf("Disarm(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestDisarm_leavesNoReferenceInAnyText(t *testing.T) {
	t.Parallel()
	// What the portal looks for, as its kernel does it: the word after the dollar sign, in any case.
	words := []string{"result", "error", "total", "next", "time"}
	property := func(seed int64) bool {
		text := randomText(rand.New(rand.NewSource(seed)), 100)
		got := Disarm(text)
		for i := range len(got) {
			for _, word := range words {
				if got[i] == '$' && len(got) > i+len(word) && strings.EqualFold(got[i+1:i+1+len(word)], word) {
					return false
				}
			}
		}
		visible := strings.NewReplacer(wordJoiner, "")
		return Disarm(got) == got && visible.Replace(got) == visible.Replace(text)
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}
