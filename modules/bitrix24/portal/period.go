package portal

import (
	"time"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/refusal"
)

// Period reads the days of a form: from the beginning of the first to the end of the last, in the account's zone.
func (p *Portals) Period(from, to string) (since, until *time.Time, err error) {
	read := func(text string, days int) (*time.Time, error) {
		day, err := form.Day("", text, p.Location)
		if err != nil || day.IsZero() {
			return nil, err
		}
		day = day.AddDate(0, 0, days).UTC()
		return &day, nil
	}
	if since, err = read(from, 0); err != nil {
		return nil, nil, err
	}
	if until, err = read(to, 1); err != nil {
		return nil, nil, err
	}
	if since != nil && until != nil && !since.Before(*until) {
		return nil, nil, refusal.Value("", "Конец периода раньше его начала.")
	}
	return since, until, nil
}
