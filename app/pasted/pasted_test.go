package pasted_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/pixlpark/panel/app/pasted"
)

func cleans(t *testing.T, clean func(string) string, typed map[string]string) {
	t.Helper()
	for text, want := range typed {
		if got := clean(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	cleans(t, pasted.Line, map[string]string{
		"\u202aИван\u202c":                 "Иван",
		"\u200eAnna\u200f Смирнова\ufeff":  "Anna Смирнова",
		"Пе\u00adтр\u200b":                 "Петр",
		"Иван\u00a0Петров\u2009":           "Иван Петров",
		"Иван\r\nПетров":                   "Иван  Петров",
		"\u2067עמית\u2069":                 "עמית",
		"می\u200cخواهم":                    "می\u200cخواهم", // the joiner is spelling
		"Ив\u200cан\u200d":                 "Иван",
		"👨\u200d👩\u200d👧":                  "👨\u200d👩\u200d👧",
		"❤️\u200d🔥":                        "❤️\u200d🔥",
		"\u200b\u2060\ufeff":               "",
		"\u3164":                           "",
		"\u2800\u00a0":                     "",
		"\u0301":                           "", // an accent on nothing
		"Нұрсұлтан":                        "Нұрсұлтан",
		"李\u3000明":                         "李 明",
		"\xff":                             "\ufffd",
		"５ листов":                         "５ листов",
		"Дата: 1\u202f000\u00a0руб.\u2028": "Дата: 1 000 руб.",
	})
}

func TestText_keepsLines(t *testing.T) {
	t.Parallel()
	cleans(t, pasted.Text, map[string]string{"\ufeffраз\u200b\r\n\tдва\u00a0три\n": "раз\n\tдва три"})
}

func TestCode(t *testing.T) {
	t.Parallel()
	cleans(t, pasted.Code, map[string]string{
		" 66 71\u00a0123456 ":                     "6671123456",
		"６６７１１２３４５６":                              "6671123456",
		"٦٦٧١١٢٣٤٥٦":                              "6671123456",
		"६६७११२३४५६":                              "6671123456",
		"𝟞𝟞𝟟𝟙":                                    "6671",
		"\u202d6671\u202c\u200b123456":            "6671123456",
		"https://shop.bitrix24.ru/\r\n  rest/1/x": "https://shop.bitrix24.ru/rest/1/x",
		"ｈｔｔｐｓ：／／ａ．ｒｕ":                            "https://a.ru",
	})
}

// FuzzClean: whatever is cleaned is clean, and cleaning it again changes nothing.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "Иван\u200b", "می\u200cخواهم", "👨\u200d👩", "\xff\u3164", "٦\u200e６", "a\r\n\tb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, clean := range map[string]func(string) string{
			"Line": pasted.Line, "Text": pasted.Text, "Plain": pasted.Plain, "Code": pasted.Code,
		} {
			got := clean(s)
			if again := clean(got); again != got {
				t.Errorf("%s(%q) = %q, cleaned again %q", name, s, got, again)
			}
			if !utf8.ValidString(got) {
				t.Errorf("%s(%q) = %q, which is not UTF-8", name, s, got)
			}
			if strings.ContainsAny(got, "\u00a0\u200b\u200e\u200f\u202e\ufeff\u3164") {
				t.Errorf("%s(%q) = %q, with what nobody sees", name, s, got)
			}
			if got != "" && strings.IndexFunc(got, unicode.IsGraphic) < 0 && strings.IndexFunc(got, unicode.IsControl) < 0 &&
				strings.IndexFunc(got, visible) < 0 {
				t.Errorf("%s(%q) = %q, of nothing visible", name, s, got)
			}
		}
		if got := pasted.Code(s); strings.ContainsFunc(got, unicode.IsSpace) {
			t.Errorf("Code(%q) = %q, with a space", s, got)
		}
	})
}

func visible(r rune) bool { return !unicode.Is(unicode.M, r) }
