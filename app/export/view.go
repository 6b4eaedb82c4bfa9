package export

import (
	"context"
	"html/template"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/tariff"
)

// exportPage is templates/export/page.html.
type exportPage struct {
	panel.Page
	Groups []group
}

type group struct {
	Title    Group
	Sections []*sectionView
}

// sectionView is a section as the page draws it.
type sectionView struct {
	Section
	Form   *form.Form // nil when it could not be opened
	Shown  []Action
	Below  template.HTML // what Template drew
	Failed bool          // something of the section could not be shown
	Lock   *lock
}

// URL is what the section's form is posted to.
func (v *sectionView) URL() string { return URL + "/" + v.Name }

// lock says why a section cannot be changed and what would open it.
type lock struct {
	Plan      string
	MayTry    bool
	TrialDays int
	TrialOver *time.Time // when the account's trial ended
}

// show draws the page; submitted is the refused form of the section of that name, which makes it a 422.
func (p *Page) show(c echo.Context, name string, submitted *form.Form) error {
	ctx := c.Request().Context()
	state, err := p.tariff.State(ctx)
	if err != nil {
		return err
	}
	page := exportPage{Page: panel.Page{Title: "Настройка", Tabs: p.tabs(URL)}}
	if name != "" {
		page.Status = http.StatusUnprocessableEntity
	}
	for _, s := range p.sections {
		v := &sectionView{Section: s, Lock: lockOf(s, state)}
		if s.Name == name {
			v.Form = submitted
		}
		p.fill(ctx, v)
		page.place(v)
	}
	return p.panel.Render(c, "export/page", page)
}

// place puts a section into the card of its group, which stands where its first section does.
func (page *exportPage) place(v *sectionView) {
	for i := range page.Groups {
		if page.Groups[i].Title == v.Group {
			page.Groups[i].Sections = append(page.Groups[i].Sections, v)
			return
		}
	}
	page.Groups = append(page.Groups, group{Title: v.Group, Sections: []*sectionView{v}})
}

// fill opens what the section shows. What cannot be opened is logged and leaves a note: the other sections are fine.
func (p *Page) fill(ctx context.Context, v *sectionView) {
	failed := func(err error) {
		p.panel.Log.WithError(err).WithField("section", v.Name).Error("part of the export page left out")
		v.Failed = true
	}
	if v.Form == nil {
		f, err := v.open(ctx)
		if err != nil {
			failed(err)
			return
		}
		v.Form = f
	}
	if v.Lock != nil {
		return
	}
	for _, a := range v.Actions {
		visible := true
		if a.Visible != nil {
			var err error
			if visible, err = a.Visible(ctx); err != nil {
				failed(err)
			}
		}
		if visible {
			v.Shown = append(v.Shown, a)
		}
	}
	if v.Template == "" {
		return
	}
	data, err := v.Data(ctx)
	if err == nil && data != nil {
		v.Below, err = p.panel.Fragment(ctx, v.Template, data)
	}
	if err != nil {
		failed(err)
	}
}

// lockOf is the tariff's lock on a section, or nil.
func lockOf(s Section, state tariff.State) *lock {
	if state.Allows(s.Requires, db.Now()) {
		return nil
	}
	return &lock{
		Plan: s.Requires.Label(), MayTry: state.MayTry(),
		TrialDays: tariff.TrialDays, TrialOver: state.TrialEnds,
	}
}
