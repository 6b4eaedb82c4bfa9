package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

const Path = "/admin/bitrix24/backfill"

// pageView is templates/backfill.html.
type pageView struct {
	panel.Page
	Why      portal.Reason // why there is nothing to export to
	From, To string        // as typed
	What     map[string]bool
	Error    string
	Plan     []exchange.Planned
	Tried    bool
	Run      *progress
	Failed   []recordLine
	Older    string
}

type recordLine struct {
	Record
	Name, URL string
}

// progress is how far an export has come.
type progress struct {
	Export
	Sent, Failed, LeftOut, Left int64
	Retried                     int64 // of Left: failed once, and tried again
	Total                       int64
	Rate                        float64       // records a minute
	TimeLeft                    time.Duration // 0: unknown
}

// Label says the state in words.
func (p progress) Label() string {
	return map[exportState]string{
		gathering: "Отбираем записи", running: "Выгружается", paused: "На паузе", complete: "Завершена", stopped: "Остановлена",
	}[p.State]
}

// Tone colours the state.
func (p progress) Tone() string {
	return map[exportState]string{gathering: "info", running: "info", paused: "warning", complete: "good", stopped: ""}[p.State]
}

// RateText is the rate in words.
func (p progress) RateText() string {
	if p.Rate == 0 {
		return "—"
	}
	return fmt.Sprintf("%.0f в минуту", p.Rate)
}

// LeftText is the time left in words.
func (p progress) LeftText() string {
	switch left := p.TimeLeft; {
	case left == 0:
		return "—"
	case left < time.Minute:
		return "меньше минуты"
	case left < time.Hour:
		return fmt.Sprintf("%d мин", int(left.Minutes()+0.5))
	default:
		return fmt.Sprintf("%d ч %d мин", int(left.Hours()), int(left.Minutes())%60)
	}
}

// rateWindow is how far back the rate looks.
const rateWindow = 5 * time.Minute

// progress counts the records of an export.
func (x *Exports) progress(ctx context.Context, b Export) (*progress, error) {
	var rows []struct {
		State recordState
		Noted bool
		N     int64
	}
	err := x.DB.From(ctx).Model(&Record{}).Select("state, note <> '' AS noted, count(*) AS n").Where("backfill_id = ?", b.ID).Group("state, noted").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count the records of an export: %w", err)
	}
	p := &progress{Export: b}
	for _, r := range rows {
		p.Total += r.N
		switch r.State {
		case recordSent:
			p.Sent += r.N
		case recordFailed:
			p.Failed += r.N
		case recordLeftOut:
			p.LeftOut += r.N
		default:
			p.Left += r.N
			if r.Noted {
				p.Retried += r.N
			}
		}
	}
	if b.State != running || p.Left == 0 {
		return p, nil
	}
	since := db.Now().Add(-rateWindow)
	if b.ResumedAt.After(since) {
		since = b.ResumedAt
	}
	var lately int64
	err = x.DB.From(ctx).Model(&Record{}).Where("backfill_id = ? AND at >= ? AND state IN ?", b.ID, since, []recordState{recordSent, recordFailed}).Count(&lately).Error
	if err != nil {
		return nil, fmt.Errorf("measure an export: %w", err)
	}
	if passed := db.Now().Sub(since).Minutes(); passed > 0 && lately > 0 {
		p.Rate = float64(lately) / passed
		p.TimeLeft = time.Duration(float64(p.Left) / p.Rate * float64(time.Minute))
	}
	return p, nil
}

// Page is «Выгрузка базы».
func (x *Exports) Page(c echo.Context) error {
	view, err := x.view(c)
	if err != nil {
		return err
	}
	view.What = map[string]bool{string(records.Order): true, string(records.Client): true, string(records.Organization): true}
	return x.Panel.Render(c, "bitrix24/backfill", view)
}

const failedRows = 50

func (x *Exports) view(c echo.Context) (pageView, error) {
	ctx := c.Request().Context()
	view := pageView{Page: panel.Page{Title: "Выгрузка базы"}}
	s, why, err := x.portals.Active(ctx)
	if err != nil {
		return view, err
	}
	view.Why = why
	var last []Export
	if err := x.DB.From(ctx).Where("portal_id = ?", s.PortalID).Order("id DESC").Limit(1).Find(&last).Error; err != nil {
		return view, fmt.Errorf("read the last export: %w", err)
	}
	if len(last) == 0 {
		return view, nil
	}
	if view.Run, err = x.progress(ctx, last[0]); err != nil {
		return view, err
	}
	skip, _ := strconv.Atoi(c.QueryParam("skip")) // anything else: from the beginning
	skip = max(skip, 0)
	var rows []Record
	err = x.DB.From(ctx).Where("backfill_id = ? AND state = ?", last[0].ID, recordFailed).Order("rank, local_id").Offset(skip).Limit(failedRows).Find(&rows).Error
	if err != nil {
		return view, fmt.Errorf("read what an export failed to send: %w", err)
	}
	for _, r := range rows {
		about := records.Record{Kind: r.Local, ID: r.LocalID}
		view.Failed = append(view.Failed, recordLine{Record: r, Name: about.Name(), URL: about.URL()})
	}
	if len(rows) == failedRows {
		view.Older = fmt.Sprintf("%s?skip=%d", Path, skip+failedRows)
	}
	return view, nil
}

// Start tries an export out, or begins it.
func (x *Exports) Start(c echo.Context) error {
	ctx := c.Request().Context()
	values, err := panel.Values(c)
	if err != nil {
		return err
	}
	view, err := x.view(c)
	if err != nil {
		return err
	}
	s, why, err := x.portals.Active(ctx)
	if err != nil {
		return err
	}
	view.From, view.To, view.What = values.Get("from"), values.Get("to"), map[string]bool{}
	b := &Export{PortalID: s.PortalID, Actor: staff.ActorFrom(ctx).Name, What: strings.Join(values["what"], ",")}
	selected := b.selection().Kinds
	for _, kind := range selected {
		view.What[string(kind)] = true
	}
	b.Since, b.Until, err = x.portals.Period(view.From, view.To)
	switch {
	case why != "":
		view.Error = "Выгружать некуда: " + string(why) + "."
	case err != nil:
		view.Error = err.Error()
	case len(selected) == 0:
		view.Error = "Отметьте, что выгружать."
	case values.Get("action") == "try":
		view.Plan, err = x.exchange.Trial(ctx, b.selection())
		view.Tried = err == nil
		if err != nil {
			view.Error = "Пробный запуск не удался. " + portal.Explain(err)
			x.Log.WithError(err).Warn("export not tried")
		}
	default:
		err := x.start(ctx, b)
		if err == nil {
			x.Panel.Flash(c, panel.Good, "Выгрузка началась")
			return panel.SeeOther(c, Path)
		}
		if !errors.Is(err, errOneAtATime) {
			return err
		}
		view.Error = "Прошлая выгрузка ещё не закончена: дождитесь её или остановите."
	}
	if view.Error != "" {
		view.Status = 422
	}
	return x.Panel.Render(c, "bitrix24/backfill", view)
}

// Change does what a button of an export says.
func (x *Exports) Change(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return errUnknownExport
	}
	notices := map[string]string{
		"pause": "Выгрузка на паузе", "resume": "Выгрузка продолжается", "stop": "Выгрузка остановлена", "retry": "Выгружаем ещё раз то, что не удалось",
	}
	switch action := c.Param("action"); action {
	case "retry":
		err = x.retry(ctx, id)
	case "pause", "resume", "stop":
		err = x.pause(ctx, id, map[string]exportState{"pause": paused, "resume": running, "stop": stopped}[action])
	default:
		return refusal.Unknown("Такого действия нет.")
	}
	if err != nil {
		return err
	}
	x.Panel.Flash(c, panel.Good, notices[c.Param("action")])
	return panel.SeeOther(c, Path)
}

// Shares is whether the form has a kind ticked.
func (v pageView) Shares(kind string) bool { return v.What[kind] }

// Counted are the numbers of the plan by verb, for its heading.
func (v pageView) Counted() string {
	var parts []string
	for _, verb := range []string{exchange.VerbCreate, exchange.VerbChange, exchange.VerbLink, exchange.VerbNone, exchange.VerbSkip, exchange.VerbFail} {
		n := 0
		for _, p := range v.Plan {
			if p.Verb == verb {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", verb, n))
		}
	}
	return strings.Join(slices.Clip(parts), ", ")
}

// Done is how many records are behind us, whatever became of them.
func (p progress) Done() int64 { return p.Total - p.Left }

// Pausing reports whether a person has paused it.
func (p progress) Pausing() bool { return p.State == paused }
