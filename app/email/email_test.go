package email_test

import (
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/email"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"": "", "\u200b ": "",
		" Anna@Mail.RU ":           "anna@mail.ru",
		"a.b+c@sub.example.co.uk":  "a.b+c@sub.example.co.uk",
		"o'neil@x-y.ru":            "o'neil@x-y.ru",
		"info@r3---sn.example.ru":  "info@r3---sn.example.ru",
		"\u202aanna@mail.ru\u202c": "anna@mail.ru",
		"ａｎｎａ＠ｍａｉｌ．ｒｕ":             "anna@mail.ru",
		"anna@mail.ru\ufeff":       "anna@mail.ru",

		"info@почта.рф":                 "info@почта.рф",
		"INFO@ПОЧТА.РФ":                 "info@почта.рф",
		"info@xn--80a1acny.xn--p1ai":    "info@почта.рф",
		"Info@XN--80A1ACNY.XN--P1AI":    "info@почта.рф",
		"иван@почта.рф":                 "иван@почта.рф",
		"Иван.Петров@Почта.РФ":          "иван.петров@почта.рф",
		"дзяніс@пошта.бел":              "дзяніс@пошта.бел",
		"нұр@мысал.қаз":                 "нұр@мысал.қаз",
		"jürgen@münchen.de":             "jürgen@münchen.de",
		"ju\u0308rgen@mu\u0308nchen.de": "jürgen@münchen.de",
		"info@straße.de":                "info@straße.de",
		"用户@例子。广告":                      "用户@例子.广告",
		"δοκιμή@παράδειγμα.ελ":          "δοκιμή@παράδειγμα.ελ",
		"user@مثال.إختبار":              "user@مثال.إختبار",
		"անի@օրինակ.հայ":                "անի@օրինակ.հայ",
	} {
		if got, err := email.Parse(typed); got != want || err != nil {
			t.Errorf("Parse(%q) = %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, typed := range []string{
		"anna", "anna@", "@mail.ru", "a b@mail.ru", "a@b", "a@b..ru", "a@-b.ru", "a@b-.ru", "a@mail.ru\nb", "<a@mail.ru>",
		"a@mail.ru, b@mail.ru", "a@почта..рф", "a@xn--.рф", "a@xn--zzzzzzzzz999.ru", "a@@b.ru", "a@b.ru.", "\"a\"@b.ru",
		strings.Repeat("a", 250) + "@mail.ru", "a@" + strings.Repeat("щ", 60) + ".рф", "a@b_c.ru", "a@почта .рф",
	} {
		if got, err := email.Parse(typed); err == nil {
			t.Errorf("Parse(%q) = %q, want a refusal", typed, got)
		}
	}
}

func TestLocal_takesNamesOfTheNetwork(t *testing.T) {
	t.Parallel()
	if got, err := email.Local(" Admin@Demo "); got != "admin@demo" || err != nil {
		t.Errorf("Local = %q, %v", got, err)
	}
}

func TestFormsAndSame(t *testing.T) {
	t.Parallel()
	forms := email.Forms("info@почта.рф")
	if len(forms) != 2 || forms[1] != "info@xn--80a1acny.xn--p1ai" {
		t.Errorf("forms = %q", forms)
	}
	if forms := email.Forms("anna@mail.ru"); len(forms) != 1 {
		t.Errorf("forms of a Latin address = %q", forms)
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"info@почта.рф", "INFO@xn--80a1acny.xn--p1ai", true},
		{"info@münchen.de", "info@xn--mnchen-3ya.de", true},
		{"info@münchen.de", "info@munchen.de", false},
		{"нет", " НЕТ ", true},
		{"", "a@b.ru", false},
	} {
		if got := email.Same(c.a, c.b); got != c.want {
			t.Errorf("Same(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

// FuzzParse: an address that is taken is kept in one form, and each of its spellings leads back to it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "Anna@Mail.RU", "иван@почта.рф", "a@xn--80a1acny.xn--p1ai", "a@b。ru", "@", "a@-", "ß@straße.de", "İ@ΣΑΣ.gr",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		kept, err := email.Parse(typed)
		if err != nil || kept == "" {
			return
		}
		if name, domain, ok := strings.Cut(kept, "@"); !ok || name == "" || !strings.Contains(domain, ".") ||
			strings.ContainsAny(kept, " \n\u00a0<>\"") {
			t.Errorf("Parse(%q) = %q", typed, kept)
		}
		for _, spelling := range email.Forms(kept) {
			if again, err := email.Parse(spelling); again != kept || err != nil {
				t.Errorf("Parse(%q) = %q, but Parse(%q) = %q, %v", typed, kept, spelling, again, err)
			}
			if !email.Same(spelling, typed) {
				t.Errorf("%q and %q are not the same", spelling, typed)
			}
		}
	})
}
