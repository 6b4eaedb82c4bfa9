package mapping

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestCut_keepsWithinTheLimitAndBreaksNoCharacter(t *testing.T) {
	check(t, 5000, cutsWithinTheLimit)
}

func FuzzCut(f *testing.F) { fuzz(f, cutsWithinTheLimit) }

func cutsWithinTheLimit(t *testing.T, r *rand.Rand) {
	t.Helper()
	var text []rune
	for range r.IntN(60) {
		text = append(text, pick(r, 'a', 'я', '😀', '$', '\n', '"'))
	}
	limit := 2 + r.IntN(40)
	for name, cut := range map[string]string{
		"Cut":      Cut(string(text), limit),
		"cutFront": cutFront(string(text), limit+2),
	} {
		if n := utf8.RuneCountInString(cut); n > limit+2 || name == "Cut" && n > limit || !utf8.ValidString(cut) {
			t.Fatalf("%s of %q to %d: %q", name, string(text), limit, cut)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		name, text string
		limit      int
		want       string
	}{
		{"what fits stays", "Заказ", 5, "Заказ"},
		{"the cut is marked, within the limit", "Заказы", 5, "Зака…"},
		{"a reference is disarmed before it is measured", "$result", 7, "$\u2060resu…"},
		{"nothing stays nothing", "", 5, ""},
	} {
		if got := Cut(c.text, c.limit); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// The newest part is worth more than the oldest, so a discussion is cut at its front.
func TestCutFront(t *testing.T) {
	for _, c := range []struct {
		name, text string
		limit      int
		want       string
	}{
		{"what fits stays", "раз\nдва", 7, "раз\nдва"},
		{"it begins with a whole line", "первая\nвторая\nтретья", 12, "…\nтретья"},
		{"a single long line loses its beginning", strings.Repeat("я", 8) + "конец", 7, "…\nконец"},
	} {
		if got := cutFront(c.text, c.limit); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestMoment_isInTheAccountsZone(t *testing.T) {
	at := time.Date(2026, 11, 23, 22, 5, 0, 0, time.UTC)
	if got, want := moment(at, time.FixedZone("", 3*3600)), "24.11.2026 01:05"; got != want {
		t.Errorf("moment = %q, want %q", got, want)
	}
}
