package php_test

import (
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

func TestCasts(t *testing.T) {
	t.Parallel()
	full := php.List("x")
	for _, x := range []struct {
		v       any
		truth   bool
		integer int64
		number  float64
		text    string
	}{
		{nil, false, 0, 0, ""},
		{"", false, 0, 0, ""},
		{"0", false, 0, 0, "0"},
		{"N", true, 0, 0, "N"},
		{"false", true, 0, 0, "false"},
		{"0.0", true, 0, 0, "0.0"},
		{"12abc", true, 12, 12, "12abc"},
		{" 7", true, 7, 7, " 7"},
		{"1.5e3x", true, 1500, 1500, "1.5e3x"},
		{"$result[a]", true, 0, 0, "$result[a]"},
		{int64(5), true, 5, 5, "5"},
		{2.5, true, 2, 2.5, "2.5"},
		{true, true, 1, 1, "1"},
		{false, false, 0, 0, ""},
		{&php.Array{}, false, 0, 0, "Array"},
		{full, true, 1, 1, "Array"},
	} {
		if got := php.Bool(x.v); got != x.truth {
			t.Errorf("Bool(%#v) = %v, want %v", x.v, got, x.truth)
		}
		if got := php.Int(x.v); got != x.integer {
			t.Errorf("Int(%#v) = %d, want %d", x.v, got, x.integer)
		}
		if got := php.Float(x.v); got != x.number {
			t.Errorf("Float(%#v) = %v, want %v", x.v, got, x.number)
		}
		if got := php.String(x.v); got != x.text {
			t.Errorf("String(%#v) = %q, want %q", x.v, got, x.text)
		}
	}
}

func TestRound(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ f, want float64 }{{1.005, 1.01}, {-1.005, -1.01}, {18.5 * 3, 55.5}, {0.285, 0.29}} {
		if got := php.Round(x.f, 2); got != x.want {
			t.Errorf("Round(%v, 2) = %v, want %v", x.f, got, x.want)
		}
	}
}
