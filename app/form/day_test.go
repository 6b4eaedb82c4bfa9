package form_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/refusal"
)

func TestDay(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 5*60*60)
	for typed, want := range map[string]time.Time{
		"": {}, "  ": {},
		"2026-11-23":   time.Date(2026, 11, 23, 0, 0, 0, 0, zone),
		" 23.11.2026 ": time.Date(2026, 11, 23, 0, 0, 0, 0, zone),
	} {
		if got, err := form.Day("from", typed, zone); err != nil || !got.Equal(want) {
			t.Errorf("Day(%q) = %v, %v; want %v", typed, got, err, want)
		}
	}
	for _, typed := range []string{
		"yesterday", "2026-02-30", "23/11/2026", "0001-01-01", "9999-12-31",
		strings.Repeat("я", 500),
	} {
		_, err := form.Day("from", typed, zone)
		refused, ok := refusal.From(err)
		if !ok || refused.Field != "from" {
			t.Errorf("Day(%q): %v, want a refusal of the field", typed, err)
		}
		if err != nil && len([]rune(err.Error())) > 120 {
			t.Errorf("Day(%q) quotes it at length", typed)
		}
	}
}
