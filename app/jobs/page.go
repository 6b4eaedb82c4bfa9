package jobs

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// URL is «Настройка / Фоновые задачи»; with ?lane= it shows one lane.
const URL = "/admin/settings/jobs"

// Thing says what the first part of a key stands for: "order/42" is «Заказ 42» at /admin/orders/42.
type Thing struct{ Label, URL string }

// pages are «Настройка / Фоновые задачи».
type pages struct {
	*Queue
	panel  *panel.Panel
	things map[string]Thing
}

// Pages puts «Фоновые задачи» into the panel, for administrators: what waits, what failed and why, and what a person
// can do about it. things name what keys are about, by their first part.
func (q *Queue) Pages(p *panel.Panel, admin *echo.Group, things map[string]Thing) {
	h := &pages{Queue: q, panel: p, things: things}
	p.AddMenu(panel.MenuItem{Section: "Настройка", Label: "Фоновые задачи", URL: URL, Role: staff.Administrator})
	administrators := panel.Require(staff.Administrator)
	p.AddBanner(h.neglected)
	admin.GET("/settings/jobs", h.show, administrators)
	admin.POST("/settings/jobs/retry", h.retry, administrators)
	admin.POST("/settings/jobs/retry-all", h.retryAll, administrators)
	admin.POST("/settings/jobs/resume", h.resume, administrators)
}

// onPage is how many jobs the page shows at once.
const onPage = 50

// jobsPage is templates/jobs/page.html.
type jobsPage struct {
	panel.Page
	Lanes  []LaneState
	Filter filter
	Jobs   []row
	Next   string // address of what follows; empty at the end
}

// row is a job as the page shows it.
type row struct {
	Status
	Thing Thing // its URL is empty when nobody knows what the key is about
}

// Mendable reports whether «Повторить» makes sense.
func (r row) Mendable() bool { return r.State == Failed || r.State == Waiting && r.LastError != "" }

// filter is what narrows the page, as it stands in the address.
type filter struct {
	State  State
	Lane   string
	Before int64
}

func readFilter(c echo.Context) filter {
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64) // not a number: from the beginning
	f := filter{State: State(c.QueryParam("state")), Lane: c.QueryParam("lane"), Before: max(before, 0)}
	if !lo.ContainsBy(tabs, func(t stateTab) bool { return t.state == f.State }) {
		f.State = Failed
	}
	return f
}

// Address is the page with this filter.
func (f filter) Address() string {
	values := url.Values{"state": {string(f.State)}}
	if f.Lane != "" {
		values.Set("lane", f.Lane)
	}
	if f.Before > 0 {
		values.Set("before", strconv.FormatInt(f.Before, 10))
	}
	return URL + "?" + values.Encode()
}

type stateTab struct {
	state State
	label string
	count func(l LaneState) int64 // nil: not counted
}

var tabs = []stateTab{
	{Failed, "С ошибкой", func(l LaneState) int64 { return l.Failed }},
	{Waiting, "Ждут", func(l LaneState) int64 { return l.Waiting }},
	{Running, "Выполняются", func(l LaneState) int64 { return l.Running }},
	{Done, "Готовы", nil},
}

// neglected is the banner for when no process works a lane.
func (h *pages) neglected(ctx context.Context) ([]panel.Banner, error) {
	lanes, err := h.Neglected(ctx)
	if err != nil || len(lanes) == 0 {
		return nil, err
	}
	return []panel.Banner{{
		Tone: panel.Bad, Action: "Фоновые задачи", URL: URL,
		Text: "Фоновые задачи никто не выполняет: они ждут и не теряются. Проверьте, работают ли процессы панели и " +
			"отвечает ли база данных.",
	}}, nil
}

func (h *pages) show(c echo.Context) error {
	ctx := c.Request().Context()
	f := readFilter(c)
	lanes, err := h.Lanes(ctx)
	if err != nil {
		return err
	}
	list, err := h.List(ctx, Filter{Lane: f.Lane, State: f.State}, f.Before, onPage+1)
	if err != nil {
		return err
	}
	page := jobsPage{Page: panel.Page{Title: "Фоновые задачи", Menu: URL, Refresh: 10}, Lanes: lanes, Filter: f}
	for _, t := range tabs {
		tab := panel.Tab{Label: t.label, URL: filter{State: t.state, Lane: f.Lane}.Address(), Active: t.state == f.State}
		if t.count != nil {
			counted := lo.Filter(lanes, func(l LaneState, _ int) bool { return f.Lane == "" || l.Name == f.Lane })
			tab.Count = lo.ToPtr(lo.SumBy(counted, t.count))
		}
		page.Tabs = append(page.Tabs, tab)
	}
	if len(list) > onPage {
		list = list[:onPage]
		next := f
		next.Before = list[onPage-1].ID
		page.Next = next.Address()
	}
	page.Jobs = lo.Map(list, func(s Status, _ int) row { return row{s, h.thing(s.Key)} })
	return h.panel.Render(c, "jobs/page", page)
}

// thing is what a key is about.
func (h *pages) thing(key string) Thing {
	kind, id, ok := strings.Cut(key, "/")
	known, found := h.things[kind]
	if !ok || !found {
		return Thing{Label: key}
	}
	return Thing{Label: known.Label + "\u00a0" + id, URL: known.URL + "/" + url.PathEscape(id)}
}

// retry has one job run now.
func (h *pages) retry(c echo.Context) error {
	kind := c.FormValue("kind")
	if _, err := laneOf(kind); err != nil {
		return refusal.Unknown("Такой задачи нет")
	}
	err := h.Retry(c.Request().Context(), kind, c.FormValue("key"))
	if errors.Is(err, ErrNoJob) {
		h.panel.Flash(c, panel.Info, "Эта задача уже выполнена")
		return back(c)
	}
	if err != nil {
		return err
	}
	h.panel.Flash(c, panel.Good, "Задача будет выполнена сейчас")
	return back(c)
}

// retryAll has every job of a lane that failed run now.
func (h *pages) retryAll(c echo.Context) error {
	lane, err := h.lane(c)
	if err != nil {
		return err
	}
	n, err := h.RetryAll(c.Request().Context(), lane)
	if err != nil {
		return err
	}
	h.panel.Flash(c, panel.Good, fmt.Sprintf("Будут выполнены снова: %d", n))
	return back(c)
}

// resume asks the other side of a paused lane now.
func (h *pages) resume(c echo.Context) error {
	lane, err := h.lane(c)
	if err != nil {
		return err
	}
	if err := h.Resume(c.Request().Context(), lane); err != nil {
		return err
	}
	h.panel.Flash(c, panel.Good, "Проверяем связь сейчас: обмен продолжится, как только другая сторона ответит")
	return back(c)
}

// lane is the posted name of a lane that has a handler here.
func (h *pages) lane(c echo.Context) (string, error) {
	name := c.FormValue("lane")
	if h.handling(name) == nil {
		return "", refusal.Unknown("Такой очереди нет")
	}
	return name, nil
}

// back goes to the part of the page on which the button stood.
func back(c echo.Context) error {
	return panel.SeeOther(c, filter{State: State(c.FormValue("state")), Lane: c.FormValue("shown")}.Address())
}
