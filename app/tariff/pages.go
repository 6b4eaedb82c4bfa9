package tariff

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// URL is «Настройка / Тариф»; POST URL/trial begins the trial.
const URL = "/admin/settings/tariff"

// How long before its end and after it the trial is spoken of on every page.
const (
	warnDays     = 3
	rememberDays = 30
)

// pages are «Настройка / Тариф».
type pages struct {
	*Service
	panel *panel.Panel
}

// Pages puts «Настройка / Тариф» into the panel, for administrators, and the banner about a trial that ends.
func (s *Service) Pages(p *panel.Panel, admin *echo.Group) {
	h := &pages{Service: s, panel: p}
	p.AddMenu(panel.MenuItem{Section: "Настройка", Label: "Тариф", URL: URL, Role: staff.Administrator})
	p.AddBanner(h.banner)
	administrators := panel.Require(staff.Administrator)
	admin.GET("/settings/tariff", h.show, administrators)
	admin.POST("/settings/tariff", h.choose, administrators)
	admin.POST("/settings/tariff/trial", h.startTrial, administrators)
}

// tariffPage is templates/tariff/page.html.
type tariffPage struct {
	panel.Page
	State     State
	Effective Plan // what works at the moment
	DaysLeft  int  // of the running trial
	TrialDays int
	TrialOver bool
	Plans     []planCard
}

type planCard struct {
	Plan    Plan
	Label   string
	Present bool
}

func (h *pages) show(c echo.Context) error {
	state, err := h.State(c.Request().Context())
	if err != nil {
		return err
	}
	now := db.Now()
	page := tariffPage{
		Page: panel.Page{Title: "Тариф"}, State: state, Effective: state.Effective(now),
		DaysLeft: state.TrialDaysLeft(now), TrialDays: TrialDays,
		TrialOver: state.TrialEnds != nil && !state.Trial(now),
	}
	for _, p := range Plans {
		page.Plans = append(page.Plans, planCard{Plan: p.Plan, Label: p.Label, Present: p.Plan == state.Plan})
	}
	return h.panel.Render(c, "tariff/page", page)
}

// choose puts the account on the plan of the pressed button.
func (h *pages) choose(c echo.Context) error {
	plan := Plan(c.FormValue("plan"))
	err := h.Switch(c.Request().Context(), plan)
	return h.answer(c, err, fmt.Sprintf("Тариф «%s» включён", plan.Label()))
}

// startTrial begins the account's one trial.
func (h *pages) startTrial(c echo.Context) error {
	err := h.StartTrial(c.Request().Context())
	return h.answer(c, err, "Пробный период начался")
}

// answer goes back to where the button stands, with what became of it.
func (h *pages) answer(c echo.Context, err error, done string) error {
	if no, ok := refusal.From(err); ok {
		h.panel.Flash(c, panel.Bad, no.Message)
		return panel.SeeOther(c, back(c))
	}
	if err != nil {
		return err
	}
	h.panel.Flash(c, panel.Good, done)
	return panel.SeeOther(c, back(c))
}

// back is the page of the panel that the form names, else the tariff's own.
func back(c echo.Context) string {
	u, err := url.Parse(c.FormValue("back"))
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/admin/") {
		return URL
	}
	return u.Path
}

// banner speaks of a trial that is about to end, or ended lately without a paid plan.
func (h *pages) banner(ctx context.Context) ([]panel.Banner, error) {
	state, err := h.State(ctx)
	if err != nil || state.TrialEnds == nil || state.Plan != Basic {
		return nil, err
	}
	now := db.Now()
	b := panel.Banner{Tone: panel.Warning, Action: "Выбрать тариф", URL: URL}
	switch left := state.TrialDaysLeft(now); {
	case left > warnDays, now.Sub(*state.TrialEnds) > rememberDays*24*time.Hour:
		return nil, nil
	case left > 0:
		b.Text = "Пробный период тарифа «Профессиональный» скоро закончится. После этого интеграции остановятся."
	default:
		b.Text = "Пробный период тарифа «Профессиональный» закончился: интеграции остановлены, настройки и связи сохранены."
	}
	return []panel.Banner{b}, nil
}
