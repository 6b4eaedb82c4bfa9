package bitrix24test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/orders"
)

// Equal compares a field of the portal with what it should be.
func Equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s = %q, want %q", what, fmt.Sprint(got), fmt.Sprint(want))
	}
}

// Contains looks for words in a text.
func Contains(t testing.TB, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s lacks %q: %.2000s", what, w, text)
		}
	}
}

// LacksSecrets looks for the portal's secrets in a text.
func LacksSecrets(t testing.TB, where, text string) {
	t.Helper()
	for _, secret := range []string{WebhookCode, PortalToken} {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s holds a secret: …%s", where, text[max(0, i-120):min(len(text), i+40)])
		}
	}
}

// Number reads a number of the portal.
func Number(t testing.TB, text string) int64 {
	t.Helper()
	var n int64
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatalf("%q is no number", text)
	}
	return n
}

// Kopecks reads an amount of the portal: "1149.75", or "1149.750000".
func Kopecks(t testing.TB, text string) orders.Money {
	t.Helper()
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > 2 {
		t.Fatalf("amount %q has more than two decimals", text)
	}
	var rubles, cents int64
	if _, err := fmt.Sscan(whole, &rubles); err != nil {
		t.Fatalf("amount %q: %v", text, err)
	}
	if fraction != "" {
		if _, err := fmt.Sscan(strings.TrimLeft(fraction+strings.Repeat("0", 2-len(fraction)), "0")+"", &cents); err != nil {
			cents = 0
		}
	}
	return orders.Money(rubles*100 + cents)
}
