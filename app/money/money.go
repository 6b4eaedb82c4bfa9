// Package money reads and writes amounts as people do. An amount is a whole number of kopecks, or hundredths of
// whatever the currency is; currencies and types of amounts are their owners' matter.
package money

import (
	"fmt"
	"strconv"
	"strings"
)

// noBreak is a space at which a line is not broken.
const noBreak = "\u00a0"

// Max is the largest amount that is read: a hundred billion roubles, which keeps sums of any order far from overflow.
const Max = 100_000_000_000_00

// Parse reads "900", "900.5", "900,50" or "-12.00": at most two decimals, spaces between thousands allowed. It reports
// false for everything else, for nothing at all and for what is beyond Max; what to say then is the caller's.
func Parse(typed string) (kopecks int64, ok bool) {
	typed = strings.NewReplacer(" ", "", noBreak, "", "\u202f", "").Replace(strings.TrimSpace(typed))
	typed = strings.Replace(typed, ",", ".", 1)
	typed, negative := strings.CutPrefix(typed, "-")
	whole, fraction, pointed := strings.Cut(typed, ".")
	if whole == "" || len(whole) > 12 || pointed && (fraction == "" || len(fraction) > 2) {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+(fraction + "00")[:2], 10, 63)
	if err != nil || n > Max {
		return 0, false
	}
	if negative {
		return -int64(n), true
	}
	return int64(n), true
}

// Format writes an amount without a currency: "1 234,50" with no-break spaces, which Parse reads back.
func Format(kopecks int64) string {
	sign, n := "", uint64(kopecks)
	if kopecks < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%s,%02d", sign, Group(int64(n/100)), n%100)
}

// Group writes a whole number with a no-break space before every three digits: "1 234".
func Group(n int64) string {
	digits, negative := strings.CutPrefix(strconv.FormatInt(n, 10), "-")
	var text strings.Builder
	if negative {
		text.WriteByte('-')
	}
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			text.WriteString(noBreak)
		}
		text.WriteByte(digits[i])
	}
	return text.String()
}
