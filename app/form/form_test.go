package form

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
)

type color string

func TestBind_oneField(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		field     func(p *any) *Field // makes the field and points p at its variable
		submitted []string            // nil: not submitted at all
		want      any
		wantError string
	}{
		{"text is trimmed", text("old"), []string{"  new "}, "new", ""},
		{"text not submitted keeps its value", text("old"), nil, "old", ""},
		{"text emptied is empty", text("old"), []string{""}, "", ""},
		{"text too long is refused", text("old"), []string{strings.Repeat("я", 1001)}, "old", "Слишком длинное значение"},
		{"text of exactly the limit passes", text("old"), []string{strings.Repeat("я", 1000)}, strings.Repeat("я", 1000), ""},
		{"text with a zero byte is refused", text("old"), []string{"a\x00b"}, "old", "В тексте есть недопустимые знаки"},
		{"text that is not utf-8 is refused", text("old"), []string{"\xff\xfe"}, "old", "В тексте есть недопустимые знаки"},
		{"text of two lines becomes one", text("old"), []string{"a\r\nb"}, "a  b", ""},
		{"a control character is refused", text("old"), []string{"a\x01b"}, "old", "В тексте есть недопустимые знаки"},
		{"required text must not be blank", mandatory(text("old")), []string{"  "}, "old", "Заполните поле"},
		{"required text not submitted counts as it is stored", mandatory(text("")), nil, "", "Заполните поле"},
		{"lines keep their breaks", lines("old"), []string{"a\r\nb"}, "a\nb", ""},
		{"number", number(5), []string{" 42 "}, int64(42), ""},
		{"number emptied is zero", number(5), []string{""}, int64(0), ""},
		{"negative number is refused", number(5), []string{"-1"}, int64(5), "Введите целое число"},
		{"number with letters is refused", number(5), []string{"1a"}, int64(5), "Введите целое число"},
		{"number beyond 63 bits is refused", number(5), []string{"9223372036854775808"}, int64(5), "Введите целое число"},
		{"required number must not be empty", mandatory(number(0)), []string{""}, int64(0), "Заполните поле"},
		{"money with a comma and spaces", amount(1), []string{"1 700,5"}, int64(170050), ""},
		{"money of three decimals is refused", amount(1), []string{"1,005"}, int64(1), "Введите сумму, не больше двух знаков после запятой"},
		{"negative money is refused", amount(1), []string{"-1"}, int64(1), "Введите сумму, не больше двух знаков после запятой"},
		{"toggle on", toggle(false), []string{"on"}, true, ""},
		{"toggle 1 is on", toggle(false), []string{"1"}, true, ""},
		{"toggle not submitted is off", toggle(true), nil, false, ""},
		{"toggle false is off", toggle(true), []string{"false"}, false, ""},
		{"toggle with a hidden companion takes the last", toggle(false), []string{"", "on"}, true, ""},
		{"select", choice("red"), []string{"blue"}, "blue", ""},
		{"select outside the list is refused", choice("red"), []string{"green"}, "red", "Выберите значение из списка"},
		{"select keeps a stored value that the list lacks", choice("gone"), []string{"gone"}, "gone", ""},
		{"select not submitted keeps its value", choice("red"), nil, "red", ""},
		{"what nobody sees is cleaned", text(""), []string{"\u202aИван\u00a0Петров\ufeff"}, "Иван Петров", ""},
		{"a number in full-width digits", number(1), []string{"１２\u200b"}, int64(12), ""},
		{
			"a check is not asked about an empty value",
			checked(text("x"), func(string) error { return errors.New("нет") }),
			[]string{""},
			"", "",
		},
		{
			"a check's error becomes a sentence", checked(text("x"), func(string) error { return errors.New("так нельзя") }),
			[]string{"y"},
			"x", "Так нельзя",
		},
		{"locked keeps its value", locked(text("old")), []string{"new"}, "old", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var variable any
			field := tt.field(&variable)
			f := &Form{Section: "shop", Fields: []*Field{field}}
			values := url.Values{}
			if tt.submitted != nil {
				values["shop.x"] = tt.submitted
			}
			if got, want := f.Bind(values), tt.wantError == ""; got != want {
				t.Errorf("Bind() = %v, want %v (error %q)", got, want, field.Error)
			}
			if field.Error != tt.wantError {
				t.Errorf("error = %q, want %q", field.Error, tt.wantError)
			}
			if got := read(variable); got != tt.want {
				t.Errorf("variable = %v, want %v", got, tt.want)
			}
		})
	}
}

// read is the value behind the pointer that a field edits.
func read(p any) any {
	switch p := p.(type) {
	case *string:
		return *p
	case *int64:
		return *p
	case *bool:
		return *p
	case *color:
		return string(*p)
	}
	return nil
}

func text(v string) func(*any) *Field {
	return func(p *any) *Field { *p = &v; return Text("x", "X", &v) }
}

func lines(v string) func(*any) *Field {
	return func(p *any) *Field { *p = &v; return Textarea("x", "X", &v) }
}

func number(v int64) func(*any) *Field {
	return func(p *any) *Field { *p = &v; return Number("x", "X", &v) }
}

func amount(v int64) func(*any) *Field {
	return func(p *any) *Field { *p = &v; return Money("x", "X", &v) }
}

func toggle(v bool) func(*any) *Field {
	return func(p *any) *Field { *p = &v; return Toggle("x", "X", &v) }
}

func choice(v color) func(*any) *Field {
	return func(p *any) *Field {
		*p = &v
		return Select("x", "X", &v, []Option[color]{{"red", "Красный"}, {"blue", "Синий"}})
	}
}

func mandatory(make func(*any) *Field) func(*any) *Field {
	return func(p *any) *Field { return make(p).Required() }
}

func checked(make func(*any) *Field, check func(string) error) func(*any) *Field {
	return func(p *any) *Field { return make(p).Check(check) }
}

func locked(make func(*any) *Field) func(*any) *Field {
	return func(p *any) *Field { return make(p).Lock("нельзя") }
}

func TestBind_refusedFieldKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	n, s := int64(5), "old"
	f := &Form{Fields: []*Field{Number("n", "N", &n), Text("s", "S", &s)}}
	if f.Bind(url.Values{"n": {"пять"}, "s": {"new"}}) {
		t.Fatal("Bind() = true for a number in words")
	}
	if got := f.Field("n").Value(); got != "пять" {
		t.Errorf("shown = %q, want what was typed", got)
	}
	if got := f.Field("s").Value(); got != "new" || s != "new" {
		t.Errorf("the accepted neighbour shows %q and holds %q, want new", got, s)
	}
}

func TestBind_switchedOffDemandsNothing(t *testing.T) {
	t.Parallel()
	on, address := true, ""
	f := &Form{
		Section: "crm", Switch: Toggle("enabled", "CRM", &on),
		Fields: []*Field{Text("url", "URL", &address).Required()},
	}
	if !f.Bind(url.Values{"crm.url": {""}}) {
		t.Errorf("Bind() = false, want true: the switch is off; error %q", f.Field("url").Error)
	}
	if on || !f.Folded() {
		t.Errorf("on = %v, folded = %v, want off and folded", on, f.Folded())
	}
	if f.Bind(url.Values{"crm.enabled": {"on"}, "crm.url": {""}}) || f.Folded() {
		t.Error("switched on, the empty required field must be refused and the form be open")
	}
}

func TestBind_fieldsInsideTablesAndGroups(t *testing.T) {
	t.Parallel()
	var status color
	var paid bool
	line := ""
	group := Folded("Дополнительные настройки", Text("line", "Линия", &line).Max(3))
	f := &Form{Section: "crm", Fields: []*Field{
		Table([]string{"Стадия", "Статус", "Оплата"}, []Row{{Label: "Новая", Cells: []*Field{
			Select("stage.C1:NEW.status", "", &status, []Option[color]{{"", "Не задано"}, {"red", "Красный"}}),
			Toggle("stage.C1:NEW.paid", "Оплачен", &paid),
		}}}),
		group,
	}}
	ok := f.Bind(url.Values{"crm.stage.C1:NEW.status": {"red"}, "crm.stage.C1:NEW.paid": {"on"}, "crm.line": {"abcd"}})
	if ok || status != "red" || !paid {
		t.Errorf("Bind() = %v, status %q, paid %v; want a refused line and both cells bound", ok, status, paid)
	}
	if !group.Broken() || f.Fields[0].Broken() {
		t.Error("the group with the error must be shown open, the table is fine")
	}
	if got := f.Field("crm.stage.C1:NEW.status").Caption; got != "Новая: Статус" {
		t.Errorf("caption = %q, want the row and the column", got)
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	sealer, err := NewSealer([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	open := func(stored string, s *Sealer) (*Form, *string) {
		return &Form{Section: "crm", Sealer: s, Fields: []*Field{Secret("code", "Код", &stored).Required()}}, &stored
	}

	f, code := open("stored", sealer)
	if !f.Bind(url.Values{"crm.code": {""}}) || *code != "stored" {
		t.Errorf("an empty submission must keep the stored secret, got %q", *code)
	}
	if got := f.Field("code").Value(); got != "" {
		t.Errorf("shown = %q, want nothing", got)
	}

	f, code = open("stored", sealer)
	f.Bind(url.Values{"crm.code": {"typed"}})
	f.Fail("crm.code", "Портал отверг код")
	sealed := f.Field("code").Sealed()
	if *code != "typed" || sealed == "" || strings.Contains(sealed, "typed") || f.Field("code").Value() != "" {
		t.Errorf("code = %q, sealed = %q: want it taken and sealed, never shown", *code, sealed)
	}

	f, code = open("stored", sealer)
	if f.Bind(url.Values{"crm.code": {""}, "crm.code.sealed": {sealed}}); *code != "typed" {
		t.Errorf("submitted again: code = %q, want the sealed one", *code)
	}
	f, code = open("stored", sealer)
	if f.Bind(url.Values{"crm.code": {"newer"}, "crm.code.sealed": {sealed}}); *code != "newer" {
		t.Errorf("typed over: code = %q, want the newer one", *code)
	}
	f, code = open("", sealer)
	f.Section = "other"
	if f.Bind(url.Values{"other.code.sealed": {sealed}}) || *code != "" {
		t.Errorf("sealed for another field: code = %q, want it refused", *code)
	}
	late := *sealer
	late.now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	f, code = open("stored", &late)
	if f.Bind(url.Values{"crm.code.sealed": {sealed}}); *code != "stored" {
		t.Errorf("two hours later: code = %q, want the stored one", *code)
	}
	f, code = open("", nil)
	if f.Bind(url.Values{"crm.code.sealed": {sealed}}) || *code != "" {
		t.Errorf("without a sealer: code = %q, want the required field refused", *code)
	}
}

func TestReject(t *testing.T) {
	t.Parallel()
	accident := errors.New("connection lost")
	tests := []struct {
		name           string
		err            error
		want           bool
		field, message string
	}{
		{"a field error", FieldError{"url", "Портал ответил: неверный код"}, true, "url", "Портал ответил: неверный код"},
		{"a field error with the section", fmt.Errorf("save: %w", FieldError{"crm.url", "Нет"}), true, "url", "Нет"},
		{"a refused value", refusal.Value("url", "Нет"), true, "url", "Нет"},
		{"a taken value", refusal.Taken("url", "Занято"), true, "url", "Занято"},
		{"several", errors.Join(FieldError{"id", "Занято"}, FieldError{"url", "Нет"}), true, "url", "Нет"},
		{"a field the form lacks", FieldError{"nowhere", "Нет"}, true, "", "Нет"},
		{"an unknown record is no field's fault", refusal.Unknown("Нет"), false, "", ""},
		{"an accident", accident, false, "", ""},
		{"an accident among refusals", errors.Join(FieldError{"url", "Нет"}, accident), false, "url", ""},
		{"nothing", nil, false, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var address string
			var id int64
			f := &Form{Section: "crm", Fields: []*Field{Text("url", "URL", &address), Number("id", "ID", &id)}}
			if got := f.Reject(tt.err); got != tt.want {
				t.Errorf("Reject() = %v, want %v", got, tt.want)
			}
			got := f.Error
			if tt.field != "" {
				got = f.Field(tt.field).Error
			}
			if got != tt.message {
				t.Errorf("message = %q, want %q", got, tt.message)
			}
		})
	}
}

func TestForms_saveStopsAtTheFirstRefusal(t *testing.T) {
	t.Parallel()
	var saved []string
	save := func(name string, err error) *Form {
		return &Form{Save: func(context.Context, *db.Tx) error { saved = append(saved, name); return err }}
	}
	forms := Forms{save("client", nil), {}, save("crm", FieldError{"", "Контакт 777 уже привязан"}), save("never", nil)}
	if err := forms.Save(t.Context(), nil); err == nil || !forms.Failed() || forms[2].Error == "" {
		t.Errorf("Save() = %v, failed = %v, want the refusal marked on its own form", err, forms.Failed())
	}
	if got := strings.Join(saved, " "); got != "client crm" {
		t.Errorf("saved %q, want client crm", got)
	}
}

func TestForms_checkComesBeforeSaving(t *testing.T) {
	t.Parallel()
	address := ""
	f := &Form{
		Section: "crm", Fields: []*Field{Text("url", "URL", &address)},
		Rewrite: func(v url.Values) { v.Set("crm.url", strings.TrimSuffix(v.Get("crm.url"), "/rest/11/abc/")) },
		Check:   func(context.Context) error { return FieldError{"url", "Портал ответил: " + address} },
	}
	forms := Forms{{}, f}
	if !forms.Bind(url.Values{"crm.url": {"https://x.example/rest/11/abc/"}}) {
		t.Fatal("Bind() = false")
	}
	if err := forms.Check(t.Context()); err == nil || f.Field("url").Error != "Портал ответил: https://x.example" {
		t.Errorf("Check() = %v, error %q; want the refusal at its field", err, f.Field("url").Error)
	}
}

// FuzzBind posts anything at all: whatever happens, a refused field leaves its variable alone, an accepted one holds
// text that a database can store, and nothing of a secret is shown.
func FuzzBind(f *testing.F) {
	f.Add("name=a&n=1&on=on&secret=s&pick=red")
	f.Add("name=%00&n=-1&secret.sealed=AAAA&pick=x&money=1,5")
	f.Add("name=%ff&money=999999999999999999&n=99999999999999999999")
	f.Fuzz(func(t *testing.T, body string) {
		values, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		name, n, cents, on, secret, pick := "old", int64(5), int64(7), false, "hidden", color("red")
		sealer, err := NewSealer([]byte("key"))
		if err != nil {
			t.Fatal(err)
		}
		form := &Form{Sealer: sealer, Fields: []*Field{
			Text("name", "", &name).Required(), Number("n", "", &n), Money("money", "", &cents), Toggle("on", "", &on),
			Secret("secret", "", &secret), Select("pick", "", &pick, []Option[color]{{"red", ""}, {"blue", ""}}),
		}}
		ok := form.Bind(values)
		if ok != !form.Failed() {
			t.Errorf("Bind() = %v, Failed() = %v", ok, form.Failed())
		}
		if form.Field("name").Error != "" && name != "old" {
			t.Errorf("refused name was stored: %q", name)
		}
		if strings.ContainsAny(name, "\x00\n\r") || name != strings.ToValidUTF8(name, "") || name == "" {
			t.Errorf("stored name %q", name)
		}
		if n < 0 || cents < 0 || pick != "red" && pick != "blue" {
			t.Errorf("stored n %d, money %d, pick %q", n, cents, pick)
		}
		if form.Field("secret").Value() != "" {
			t.Error("a secret is shown")
		}
	})
}
