package backfill

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// URL is the address of «Выгрузка базы».
const URL = "/admin/bitrix24/backfill"

// pageView is templates/backfill.html.
type pageView struct {
	panel.Page
	Why      portal.Reason   // why there is nothing to export to
	From, To string          // as typed
	What     map[string]bool // the kinds that are ticked
	Error    string
	Plan     []exchange.Planned
	Tried    bool
	Run      *progress
	Failed   []recordLine
	Older    string // address of the next page of what failed; empty on the last
}

// Shares reports whether the form has a kind ticked.
func (v pageView) Shares(kind string) bool { return v.What[kind] }

// Counted are the numbers of the plan by verb, for its heading.
func (v pageView) Counted() string {
	numbers := lo.CountValuesBy(v.Plan, func(p exchange.Planned) string { return p.Verb })
	var parts []string
	for _, verb := range []string{
		exchange.VerbCreate, exchange.VerbChange, exchange.VerbLink, exchange.VerbNone, exchange.VerbSkip, exchange.VerbFail,
	} {
		if n := numbers[verb]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", verb, n))
		}
	}
	return strings.Join(parts, ", ")
}

// recordLine is a record that failed, with its page in the panel.
type recordLine struct {
	record
	Name, URL string
}

const failedRows = 50 // on one page

// Page is «Выгрузка базы»: the last export and the form for a new one.
func (x *Exports) Page(c echo.Context) error {
	view, _, err := x.view(c)
	if err != nil {
		return err
	}
	view.What = map[string]bool{
		string(plan.Order): true, string(plan.Client): true, string(plan.Organization): true,
	}
	return x.Panel.Render(c, "bitrix24/backfill", view)
}

// view is the page with the last export and an empty form. It is returned with the settings it was made by.
func (x *Exports) view(c echo.Context) (pageView, portal.Settings, error) {
	ctx := c.Request().Context()
	view := pageView{Page: panel.Page{Title: "Выгрузка базы"}}
	s, why, err := x.portals.Active(ctx)
	if err != nil {
		return view, s, err
	}
	view.Why = why
	var last []export
	if err := x.DB.From(ctx).Where("portal_id = ?", s.PortalID).Order("id DESC").Limit(1).Find(&last).Error; err != nil {
		return view, s, fmt.Errorf("read the last export: %w", err)
	}
	if len(last) == 0 {
		return view, s, nil
	}
	if view.Run, err = x.progress(ctx, last[0]); err != nil {
		return view, s, err
	}
	skip, _ := strconv.Atoi(c.QueryParam("skip")) // anything else: from the first
	skip = max(skip, 0)
	var rows []record
	err = x.DB.From(ctx).Where("backfill_id = ? AND state = ?", last[0].ID, recordFailed).
		Order("rank, local_id").Offset(skip).Limit(failedRows).Find(&rows).Error
	if err != nil {
		return view, s, fmt.Errorf("read what an export failed to send: %w", err)
	}
	for _, r := range rows {
		about := plan.Record{Kind: r.Local, ID: r.LocalID}
		view.Failed = append(view.Failed, recordLine{record: r, Name: about.Name(), URL: about.URL()})
	}
	if len(rows) == failedRows {
		view.Older = fmt.Sprintf("%s?skip=%d", URL, skip+failedRows)
	}
	return view, s, nil
}

// Start is the form's two buttons: «Пробный запуск» shows what an export would do, «Начать выгрузку» starts it.
func (x *Exports) Start(c echo.Context) error {
	ctx := c.Request().Context()
	values, err := panel.Values(c)
	if err != nil {
		return err
	}
	view, s, err := x.view(c)
	if err != nil {
		return err
	}
	view.From, view.To = values.Get("from"), values.Get("to")
	e := &export{PortalID: s.PortalID, Actor: staff.ActorFrom(ctx).Name, What: strings.Join(values["what"], ",")}
	selected := e.selection().Kinds
	view.What = lo.SliceToMap(selected, func(kind plan.Local) (string, bool) { return string(kind), true })
	e.Since, e.Until, err = x.portals.Period(view.From, view.To)
	switch {
	case view.Why != "":
		view.Error = "Выгружать некуда: " + string(view.Why) + "."
	case err != nil:
		view.Error = err.Error()
	case len(selected) == 0:
		view.Error = "Отметьте, что выгружать."
	case values.Get("action") == "try":
		view.Plan, err = x.exchange.Trial(ctx, e.selection())
		view.Tried = err == nil
		if err != nil {
			view.Error = "Пробный запуск не удался. " + portal.Explain(err)
			x.Log.WithError(err).Warn("export not tried")
		}
	case values.Get("action") != "start": // a page of another version of the panel
		view.Error = "Такого действия нет. Откройте страницу заново и повторите."
	default:
		err := x.start(ctx, e)
		if err == nil {
			x.Panel.Flash(c, panel.Good, "Выгрузка началась")
			return panel.SeeOther(c, URL)
		}
		if !errors.Is(err, errOneAtATime) {
			return err
		}
		view.Error = "Прошлая выгрузка ещё не закончена: дождитесь её или остановите."
	}
	if view.Error != "" {
		view.Status = http.StatusUnprocessableEntity
	}
	return x.Panel.Render(c, "bitrix24/backfill", view)
}

// actions are the buttons of an export, each with what the page says afterwards.
var actions = map[string]struct {
	do   func(*Exports, *db.Tx, *export) error
	done string
}{
	"pause":  {(*Exports).pause, "Выгрузка на паузе"},
	"resume": {(*Exports).resume, "Выгрузка продолжается"},
	"stop":   {(*Exports).stop, "Выгрузка остановлена"},
	"retry":  {(*Exports).retry, "Выгружаем ещё раз то, что не удалось"},
}

// Change is a button of an export: POST /admin/bitrix24/backfill/:id/:action.
func (x *Exports) Change(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return errUnknown
	}
	action, ok := actions[c.Param("action")]
	if !ok {
		return refusal.Unknown("Такого действия нет.")
	}
	if err := x.change(c.Request().Context(), id, action.do); err != nil {
		return err
	}
	x.Panel.Flash(c, panel.Good, action.done)
	return panel.SeeOther(c, URL)
}
