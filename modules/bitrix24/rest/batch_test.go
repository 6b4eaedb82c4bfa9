package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/quick"
)

// orderBatch is a new order of an unknown client, as one request makes it.
func orderBatch() *Batch {
	b := &Batch{Halt: true}
	contact := b.Add("contact", "crm.contact.add", Params{"fields": Params{
		"NAME": "Анна", "LAST_NAME": "Ёлкина", "ORIGINATOR_ID": "pixlpark:1", "ORIGIN_ID": "client:7",
		"PHONE": []Params{{"VALUE": "+79990000000", "VALUE_TYPE": Mobile}},
		"EMAIL": []Params{{"VALUE": "anna@example.com", "VALUE_TYPE": Home}},
	}})
	deal := b.Add("deal", "crm.item.add", Params{
		"entityTypeId": TypeDeal, "useOriginalUfNames": Bool(true),
		"fields": Params{
			"title": "Заказ № 42", "categoryId": 0, "opportunity": Money(123450), "isManualOpportunity": Bool(true),
			"contactIds": []any{contact}, "UF_CRM_PIXLPARK_DISCUSSION": "Позвоните $result[contact] завтра & всё",
		},
	})
	b.Add("rows", "crm.item.productrow.set", Params{
		"ownerType": "D", "ownerId": deal.Field("item", "id"),
		"productRows": []Params{{"productName": "Фото 10×15", "price": Money(1250), "quantity": 100, "sort": 10}},
	})
	return b
}

func TestBatch_goldenRequest(t *testing.T) {
	t.Parallel()
	b := orderBatch()
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, command := range b.Commands() {
		fmt.Fprintf(&text, "%s: %s\n", command.Name, command)
	}
	fmt.Fprintf(&text, "\n%s\n", b.body())
	checkGolden(t, "batch.golden", text.String())
}

func TestBatch_bodyKeepsTheOrder(t *testing.T) {
	t.Parallel()
	b := &Batch{}
	for i := range MaxCommands {
		b.Add(fmt.Sprintf("z%d", MaxCommands-i), "crm.item.get", Params{"id": i})
	}
	d := json.NewDecoder(bytes.NewReader(b.body()))
	var order []string
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		if name, ok := token.(string); ok && strings.HasPrefix(name, "z") {
			order = append(order, name)
		}
	}
	for i, command := range b.Commands() {
		if i >= len(order) || order[i] != command.Name {
			t.Fatalf("order of the body = %v, want that of adding", order)
		}
	}
}

func TestBatch_bodyIsJSONWhateverIsSaid(t *testing.T) {
	t.Parallel()
	property := func(key, text string, halt bool) bool {
		b := &Batch{Halt: halt}
		b.Add("a", "crm.item.add", Params{"fields": Params{"title": text}})
		b.Add("b", "profile", nil)
		var got sent
		if err := json.Unmarshal(b.body(), &got); err != nil {
			t.Log(err)
			return false
		}
		return got.Cmd["a"] == b.commands[0].String() && got.Cmd["b"] == "profile" && (got.Halt == 1) == halt &&
			len(b.body()) <= b.Size() && b.Size() <= len(b.body())+4
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestBatch_isFullAtFifty(t *testing.T) {
	t.Parallel()
	b := &Batch{}
	for i := range MaxCommands {
		if b.Full() {
			t.Fatalf("full at %d", i)
		}
		b.Add(fmt.Sprintf("c%d", i), "profile", nil)
	}
	if !b.Full() || b.Len() != MaxCommands || b.Err() != nil {
		t.Fatalf("Full, Len, Err = %v, %d, %v; want true, 50, nil", b.Full(), b.Len(), b.Err())
	}
	if b.Add("more", "profile", nil); b.Err() == nil || b.Len() != MaxCommands {
		t.Errorf("Err, Len = %v, %d; want an error and 50", b.Err(), b.Len())
	}
}

func TestBatch_keepsItsFirstMistake(t *testing.T) {
	t.Parallel()
	for name, add := range map[string]func(b *Batch){
		"a number as a name":    func(b *Batch) { b.Add("0", "profile", nil) },
		"a name with a bracket": func(b *Batch) { b.Add("a]", "profile", nil) },
		"a name with a quote":   func(b *Batch) { b.Add(`a"`, "profile", nil) },
		"no method":             func(b *Batch) { b.Add("a", "", nil) },
		"a method with a query": func(b *Batch) { b.Add("a", "crm.deal.get?id=1", nil) },
		"a batch within":        func(b *Batch) { b.Add("a", "Batch", nil) },
		"a name twice":          func(b *Batch) { b.Add("a", "profile", nil); b.Add("a", "scope", nil) },
		"a reference to itself": func(b *Batch) { b.Halt = true; b.Add("a", "profile", Params{"id": Ref{name: "a"}}) },
		"a reference with a space": func(b *Batch) {
			b.Halt = true
			r := b.Add("a", "scope", nil)
			b.Add("b", "scope", Params{"i": r.Field("x y")})
		},
		"a reference without halt": func(b *Batch) { r := b.Add("a", "scope", nil); b.Add("b", "scope", Params{"id": r}) },
		"a reference to elsewhere": func(b *Batch) {
			b.Halt = true
			r := (&Batch{}).Add("x", "scope", nil)
			b.Add("b", "scope", Params{"id": r})
		},
		"a value that can't be one": func(b *Batch) { b.Add("a", "profile", Params{"a": func() {}}) },
	} {
		b := &Batch{}
		add(b)
		first := b.Err()
		if first == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		b.Add("fine", "profile", nil)
		if b.Err().Error() != first.Error() {
			t.Errorf("%s: error became %v, want the first: %v", name, b.Err(), first)
		}
	}
}

func TestRef(t *testing.T) {
	t.Parallel()
	b := &Batch{Halt: true}
	q := b.Add("q", "crm.deal.list", nil)
	b.Add("d", "crm.deal.get", Params{"id": q.Field("0", "ID"), "text": "see " + q.String()})
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	// The reference stays one; the same in a text is text.
	want := "crm.deal.get?id=%24result%5Bq%5D%5B0%5D%5BID%5D&text=see%20%24%E2%81%A0result%5Bq%5D"
	if got := b.Commands()[1].String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := q.String(); got != "$result[q]" {
		t.Errorf("Ref = %s, want $result[q]", got)
	}
}

func BenchmarkBatch_fiftyCommands(b *testing.B) {
	for b.Loop() {
		batch := &Batch{}
		for i := range MaxCommands {
			batch.Add(fmt.Sprintf("c%d", i), "crm.item.add", Params{"entityTypeId": TypeDeal, "fields": Params{
				"title": "Заказ № 42", "categoryId": 0, "stageId": "C9:NEW", "opportunity": Money(123450), "currencyId": "RUB",
				"isManualOpportunity": Bool(true), "contactIds": []ID{7, 8}, "sourceDescription": "Сайт https://shop.example/",
				"originatorId": "pixlpark:1", "originId": "order:42", "comments": strings.Repeat("Комментарий к заказу. ", 20),
			}})
		}
		if batch.Err() != nil || len(batch.body()) == 0 {
			b.Fatal(batch.Err())
		}
	}
}
