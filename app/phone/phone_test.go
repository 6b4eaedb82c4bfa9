package phone_test

import (
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/phone"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"": "", "  ": "", "\u200b": "",
		"8 (912) 345-67-89":          "+79123456789",
		"9123456789":                 "+79123456789",
		"79123456789":                "+79123456789",
		"+375 29 123-45-67":          "+375291234567",
		"+1 650-253-0000":            "+16502530000",
		"8 3822 12-34-56":            "+73822123456",
		"тел. 8 912 345-67-89":       "+79123456789",
		"tel:+7-343-200-10-20":       "+73432001020",
		"\u202a+7 912 345-67-89":     "+79123456789",
		"+7\u00a0912\u2011345‑67‑89": "+79123456789",
		"＋７ ９１２ ３４５ ６７ ８９":           "+79123456789",
		"+٩٧١٥٠١٢٣٤٥٦٧":              "+971501234567",
		"+7 (727) 250-00-00":         "+77272500000",

		"+7 343 200-10-20 доб. 101":         "+73432001020#101",
		"8 (343) 200-10-20 (доб. 101)":      "+73432001020#101",
		"+7 343 200-10-20, доб.101":         "+73432001020#101",
		"+7 343 200-10-20 ДОБ 1 01":         "+73432001020#101",
		"+7 343 200-10-20 добавочный 101":   "+73432001020#101",
		"+7 343 200-10-20 вн. 12":           "+73432001020#12",
		"+7 343 200-10-20 внутр. №12":       "+73432001020#12",
		"+7 343 200-10-20*12":               "+73432001020#12",
		"+7 343 200-10-20 #4048":            "+73432001020#4048",
		"+7 343 200-10-20#4048#":            "+73432001020#4048",
		"tel:+7-343-200-10-20;ext=101":      "+73432001020#101",
		"+73432001020,101":                  "+73432001020#101",
		"+73432001020,,101#":                "+73432001020#101",
		"+73432001020;101":                  "+73432001020#101",
		"+7 343 200-10-20 доб. 007":         "+73432001020#007",
		"+7 343 200-10-20 ext. 5":           "+73432001020#5",
		"+7 343 200-10-20 x5":               "+73432001020#5",
		"+7 343 200-10-20 х5":               "+73432001020#5", // the Cyrillic letter
		"+7 343 200-10-20 доб.\u00a0１２":     "+73432001020#12",
		"+49 30 123456 Durchwahl 78":        "+4930123456#78",
		"+380 44 123-45-67 дод. 3":          "+380441234567#3",
		"+375 17 200-00-00 дад. 3":          "+375172000000#3",
		"+1 (650) 253-0000 ext 9":           "+16502530000#9",
		"+7 727 250-00-00 ішкі 12":          "+77272500000#12",
		"+7 343 200-10-20 (вн. 1234567890)": "+73432001020#1234567890",
	} {
		got, err := phone.Parse(typed)
		if got != want || err != nil {
			t.Errorf("Parse(%q) = %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, typed := range []string{
		"123", "телефон", "+7 000 000-00-00", "89123456", "8912345678901234", "'; DROP TABLE clients", "доб. 101", "#101",
		"8 912 345-67-89, 8 913 111-22-33", "8 912 345-67-89 Иван", "+7 343 200-10-20 доб. сто",
		"+7 343 200-10-20 доб. 1234567890123456", "+7 343 200-10-20 доб.",
	} {
		if got, err := phone.Parse(typed); err == nil {
			t.Errorf("Parse(%q) = %q, want a refusal", typed, got)
		}
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"+73432001020#101", "8 (343) 200-10-20 доб. 101", true},
		{"+73432001020#101", "+73432001020;ext=101", true},
		{"+73432001020#101", "+73432001020#102", false}, // two people of one office
		{"+73432001020#101", "+73432001020", false},
		{"+73432001020#7", "+73432001020#007", false},
		{"городской", " городской\u200b", true},
		{"городской", "", false},
	} {
		if got := phone.Same(c.a, c.b); got != c.want {
			t.Errorf("Same(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

func TestWordsAndDial(t *testing.T) {
	t.Parallel()
	for kept, want := range map[string][2]string{
		"":                 {"", ""},
		"+79123456789":     {"+79123456789", "+79123456789"},
		"+73432001020#101": {"+73432001020 доб.\u00a0101", "+73432001020;ext=101"},
	} {
		if got := [2]string{phone.Words(kept), phone.Dial(kept)}; got != want {
			t.Errorf("%q is shown and dialled as %q, want %q", kept, got, want)
		}
	}
}

// FuzzParse: a number that is taken is kept in one form, and every way to show it leads back to it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "8 912 345-67-89", "+7 343 200-10-20 доб. 101", "+375 17 200-00-00,,3#", "tel:+7-343-200-10-20;ext=1", "#", "*1",
		"\u202a+7\u00a0912", "x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		kept, err := phone.Parse(typed)
		if err != nil {
			if kept != "" {
				t.Errorf("Parse(%q) refuses and returns %q", typed, kept)
			}
			return
		}
		if strings.Trim(kept, "+#0123456789") != "" || strings.Count(kept, "#") > 1 || len(kept) > 32 {
			t.Errorf("Parse(%q) = %q", typed, kept)
		}
		for _, spelling := range []string{kept, phone.Words(kept), phone.Dial(kept), " " + kept + "\u200b"} {
			if again, err := phone.Parse(spelling); again != kept || err != nil {
				t.Errorf("Parse(%q) = %q, but Parse(%q) = %q, %v", typed, kept, spelling, again, err)
			}
		}
	})
}
