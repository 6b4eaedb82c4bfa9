package form

import (
	"strings"
	"time"

	"github.com/pixlpark/panel/app/refusal"
)

// Day reads a date as a browser sends it (2026-11-23) or as a person types it (23.11.2026): the day's beginning in the
// zone. Nothing typed is the zero time. What is no date is a refusal of the named field.
func Day(field, typed string, zone *time.Location) (time.Time, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, "02.01.2006"} {
		if day, err := time.ParseInLocation(layout, typed, zone); err == nil && day.Year() > 1900 && day.Year() < 3000 {
			return day, nil
		}
	}
	if runes := []rune(typed); len(runes) > 60 {
		typed = string(runes[:60]) + "…"
	}
	return time.Time{}, refusal.Value(field, "Не похоже на дату: «%s». Пример: 23.11.2026.", typed)
}
