package portal

import (
	"time"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/refusal"
)

// Period reads the two days of a form, in the account's time zone: since is the beginning of the first, until the end
// of the last, both in UTC. A day that is left out gives nil. The error is a refusal for the form.
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
