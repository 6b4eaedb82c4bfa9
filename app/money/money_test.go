package money_test

import (
	"math"
	"testing"

	"github.com/pixlpark/panel/app/money"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]int64{
		"900": 900_00, "900.5": 900_50, "1 700,5": 1700_50, "-12.00": -12_00, "1\u00a0234\u202f567,89": 1234567_89,
		" 007 ":           7_00,
		"100000000000.00": money.Max, "-0": 0,
	} {
		if got, ok := money.Parse(typed); got != want || !ok {
			t.Errorf("Parse(%q) = %d, %v; want %d", typed, got, ok, want)
		}
	}
	for _, typed := range []string{
		"", "-", ",", ".5", "5.", "1.005", "1.2.3", "--1", "+1", "1e3", "١٢", "1_0",
		"100000000000.01", "5-",
	} {
		if got, ok := money.Parse(typed); ok {
			t.Errorf("Parse(%q) = %d, want a refusal", typed, got)
		}
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for kopecks, want := range map[int64]string{
		0: "0,00", 5: "0,05", -5: "-0,05", 1700_00: "1\u00a0700,00", -1234567_89: "-1\u00a0234\u00a0567,89",
		math.MinInt64: "-92\u00a0233\u00a0720\u00a0368\u00a0547\u00a0758,08",
	} {
		if got := money.Format(kopecks); got != want {
			t.Errorf("Format(%d) = %q, want %q", kopecks, got, want)
		}
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1\u00a0000", 123456: "123\u00a0456", -1000: "-1\u00a0000", -999: "-999",
		math.MinInt64: "-9\u00a0223\u00a0372\u00a0036\u00a0854\u00a0775\u00a0808",
	} {
		if got := money.Group(n); got != want {
			t.Errorf("Group(%d) = %q, want %q", n, got, want)
		}
	}
}
