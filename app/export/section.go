package export

import (
	"context"
	"fmt"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/tariff"
)

// Group is a card of the page.
type Group string

// CRM is the card «ERP и CRM системы».
const CRM Group = "ERP и CRM системы"

// Section is the settings of one module on this page.
type Section struct {
	Name     string      // lower case and unique: the module's; prefixes the fields, "<name>.enabled"
	Title    string      // beside the toggle
	Help     string      // address of an explanation, optional
	Group    Group       // the card it stands in; default: CRM
	Requires tariff.Plan // below it the toggle is locked, with the reason; empty: open to all

	// Open returns a fresh form bound to freshly read settings. Its Switch is the toggle of the section; the form's
	// Section and, where it is empty, the toggle's label are set by the page. It is called when the page is shown and
	// before each save; see form.Form for what may be done in Check and what in Save. A section that cannot be opened
	// says so in its place; the others are fine.
	Open func(ctx context.Context) (*form.Form, error)

	// Actions are buttons below the form, each posted on its own.
	Actions []Action

	// Template, "<module>/<file>", is shown below the form with what Data returns, optional; nil leaves it out.
	Template string
	Data     func(ctx context.Context) (any, error)
}

// Action is a button of a section: «Обновить списки».
type Action struct {
	Name, Label string // Name is unique in the section
	Icon        string // name in static/icons.svg, optional
	// Visible says whether the action makes sense now; nil: whenever the section is switched on.
	Visible func(ctx context.Context) (bool, error)
	// Do performs it; notice is shown on the page that follows. A refusal.Error is shown there as well.
	Do func(ctx context.Context) (notice string, err error)
	// Then is the page that follows; empty: this one.
	Then string
}

// open opens the section's form under its name.
func (s Section) open(ctx context.Context) (*form.Form, error) {
	f, err := s.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the settings of %s: %w", s.Name, err)
	}
	f.Section = s.Name
	if f.Switch != nil && f.Switch.Label == "" {
		f.Switch.Label = s.Title
	}
	return f, nil
}
