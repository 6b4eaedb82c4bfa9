package mapping

import (
	"math/bits"
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Sizes of the portal's columns, in characters (REST.md, section 7). What is longer is cut here, since nobody knows
// whether the portal cuts or refuses.
const (
	titleLimit      = 255
	nameLimit       = 50
	multifieldLimit = 250
	discussionLimit = 20_000
)

// Cut shortens a text to at most limit characters and marks the cut. It is disarmed first, which makes it longer.
func Cut(s string, limit int) string {
	s = rest.Disarm(s)
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return string(runes[:limit-1]) + "…"
}

// cutFront keeps the end of a text: at most limit characters, from the beginning of a line where there is one.
func cutFront(s string, limit int) string {
	s = rest.Disarm(s)
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	s = string(runes[len(runes)-limit+2:])
	if _, after, ok := strings.Cut(s, "\n"); ok {
		s = after
	}
	return "…\n" + s
}

func mulDiv128(a, b, c uint64) uint64 {
	high, low := bits.Mul64(a, b)
	quotient, _ := bits.Div64(high, low, c)
	return quotient
}

// moment writes a time as people read it, in the account's zone.
func moment(t time.Time, zone *time.Location) string { return t.In(zone).Format("02.01.2006 15:04") }
