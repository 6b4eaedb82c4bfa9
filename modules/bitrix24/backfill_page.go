package bitrix24

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

const backfillPath = "/admin/bitrix24/backfill"

// bulkPages declares the pages of bulk work.
func (m *Module) bulkPages(h *app.Host) {
	administrators := panel.Require(staff.Administrator)
	h.Admin.GET("/bitrix24/backfill", m.backfillPage, administrators)
	h.Admin.POST("/bitrix24/backfill", m.startBackfill, administrators)
	h.Admin.POST("/bitrix24/backfill/:id/:deed", m.changeBackfill, administrators)
	h.Admin.GET("/bitrix24/vanished", m.vanishedPage, administrators)
	h.Admin.POST("/bitrix24/vanished/:decision", m.decideVanished, administrators)
	m.comparePages(h)
	h.Panel.AddBanner(m.vanishedBanner)
	h.Jobs.Every(24*time.Hour, checkDeleted{}, jobs.WithPriority(jobs.Bulk))
	h.Panel.AddMenu(panel.MenuItem{Section: "Заказы", Label: "Выгрузка базы", URL: backfillPath, Role: staff.Administrator})
}

// bulkWork is the handler of the lane for long work. A job does a piece and enqueues itself for the rest.
func (m *Module) bulkWork(ctx context.Context, group []jobs.Job) []error {
	outcomes := make([]error, len(group))
	for i, j := range group {
		var args struct{ ID int64 }
		if outcomes[i] = decode(j, &args); outcomes[i] != nil {
			continue
		}
		switch j.Kind {
		case pruneJournal{}.Kind():
			outcomes[i] = m.pruneJournal(ctx)
		case gatherBackfill{}.Kind():
			outcomes[i] = m.gatherRecords(ctx, args.ID)
		case compareOrders{}.Kind():
			outcomes[i] = m.compare(ctx, args.ID)
		case mendOrders{}.Kind():
			var a mendOrders
			if outcomes[i] = decode(j, &a); outcomes[i] == nil {
				outcomes[i] = m.mendAll(ctx, a)
			}
		case checkDeleted{}.Kind():
			outcomes[i] = m.checkDeleted(ctx)
		default:
			outcomes[i] = jobs.Permanent(fmt.Errorf("no such job: %s", j.Kind))
		}
	}
	return outcomes
}

// backfillView is templates/backfill.html.
type backfillView struct {
	panel.Page
	Why      reason // why there is nothing to export to
	From, To string // as typed
	What     map[string]bool
	Error    string
	Plan     []planned
	Tried    bool
	Run      *backfillProgress
	Failed   []backfilledLine
	Older    string
}

type backfilledLine struct {
	backfilled
	Name, URL string
}

// backfillProgress is how far an export has come.
type backfillProgress struct {
	backfill
	Sent, Failed, LeftOut, Left int64
	Retried                     int64 // of Left: failed once, and tried again
	Total                       int64
	Rate                        float64       // records a minute
	TimeLeft                    time.Duration // 0: unknown
}

// Label says the state in words.
func (p backfillProgress) Label() string {
	return map[backfillState]string{
		gathering: "Отбираем записи", running: "Выгружается", paused: "На паузе", complete: "Завершена", stopped: "Остановлена",
	}[p.State]
}

// Tone colours the state.
func (p backfillProgress) Tone() string {
	return map[backfillState]string{gathering: "info", running: "info", paused: "warning", complete: "good", stopped: ""}[p.State]
}

// RateText is the rate in words.
func (p backfillProgress) RateText() string {
	if p.Rate == 0 {
		return "—"
	}
	return fmt.Sprintf("%.0f в минуту", p.Rate)
}

// LeftText is the time left in words.
func (p backfillProgress) LeftText() string {
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
func (m *Module) progress(ctx context.Context, b backfill) (*backfillProgress, error) {
	var rows []struct {
		State recordState
		Noted bool
		N     int64
	}
	err := m.DB.From(ctx).Model(&backfilled{}).Select("state, note <> '' AS noted, count(*) AS n").Where("backfill_id = ?", b.ID).Group("state, noted").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count the records of an export: %w", err)
	}
	p := &backfillProgress{backfill: b}
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
	err = m.DB.From(ctx).Model(&backfilled{}).Where("backfill_id = ? AND at >= ? AND state IN ?", b.ID, since, []recordState{recordSent, recordFailed}).Count(&lately).Error
	if err != nil {
		return nil, fmt.Errorf("measure an export: %w", err)
	}
	if passed := db.Now().Sub(since).Minutes(); passed > 0 && lately > 0 {
		p.Rate = float64(lately) / passed
		p.TimeLeft = time.Duration(float64(p.Left) / p.Rate * float64(time.Minute))
	}
	return p, nil
}

// backfillPage is «Выгрузка базы».
func (m *Module) backfillPage(c echo.Context) error {
	view, err := m.viewBackfill(c)
	if err != nil {
		return err
	}
	view.What = map[string]bool{string(anOrder): true, string(aClient): true, string(anOrganization): true}
	return m.Panel.Render(c, "bitrix24/backfill", view)
}

const failedRows = 50

func (m *Module) viewBackfill(c echo.Context) (backfillView, error) {
	ctx := c.Request().Context()
	view := backfillView{Page: panel.Page{Title: "Выгрузка базы"}}
	s, why, err := m.active(ctx)
	if err != nil {
		return view, err
	}
	view.Why = why
	var last []backfill
	if err := m.DB.From(ctx).Where("portal_id = ?", s.PortalID).Order("id DESC").Limit(1).Find(&last).Error; err != nil {
		return view, fmt.Errorf("read the last export: %w", err)
	}
	if len(last) == 0 {
		return view, nil
	}
	if view.Run, err = m.progress(ctx, last[0]); err != nil {
		return view, err
	}
	skip, _ := strconv.Atoi(c.QueryParam("skip")) // anything else: from the beginning
	skip = max(skip, 0)
	var rows []backfilled
	err = m.DB.From(ctx).Where("backfill_id = ? AND state = ?", last[0].ID, recordFailed).Order("rank, local_id").Offset(skip).Limit(failedRows).Find(&rows).Error
	if err != nil {
		return view, fmt.Errorf("read what an export failed to send: %w", err)
	}
	for _, r := range rows {
		about := record{r.Local, r.LocalID}
		view.Failed = append(view.Failed, backfilledLine{backfilled: r, Name: about.name(), URL: about.url()})
	}
	if len(rows) == failedRows {
		view.Older = fmt.Sprintf("%s?skip=%d", backfillPath, skip+failedRows)
	}
	return view, nil
}

// startBackfill tries an export out, or begins it.
func (m *Module) startBackfill(c echo.Context) error {
	ctx := c.Request().Context()
	values, err := panel.Values(c)
	if err != nil {
		return err
	}
	view, err := m.viewBackfill(c)
	if err != nil {
		return err
	}
	s, why, err := m.active(ctx)
	if err != nil {
		return err
	}
	view.From, view.To, view.What = values.Get("from"), values.Get("to"), map[string]bool{}
	b := &backfill{PortalID: s.PortalID, Actor: staff.ActorFrom(ctx).Name, What: strings.Join(values["what"], ",")}
	selected := b.selection().Kinds
	for _, kind := range selected {
		view.What[string(kind)] = true
	}
	b.Since, b.Until, err = m.period(view.From, view.To)
	switch {
	case why != "":
		view.Error = "Выгружать некуда: " + string(why) + "."
	case err != nil:
		view.Error = err.Error()
	case len(selected) == 0:
		view.Error = "Отметьте, что выгружать."
	case values.Get("deed") == "try":
		view.Plan, err = m.try(ctx, b.selection())
		view.Tried = err == nil
		if err != nil {
			view.Error = "Пробный запуск не удался. " + explain(err)
			m.Log.WithError(err).Warn("export not tried")
		}
	default:
		err := m.begin(ctx, b)
		if err == nil {
			m.Panel.Flash(c, panel.Good, "Выгрузка началась")
			return panel.SeeOther(c, backfillPath)
		}
		if !errors.Is(err, errOneAtATime) {
			return err
		}
		view.Error = "Прошлая выгрузка ещё не закончена: дождитесь её или остановите."
	}
	if view.Error != "" {
		view.Status = 422
	}
	return m.Panel.Render(c, "bitrix24/backfill", view)
}

// period reads the days of a form: from the beginning of the first to the end of the last, in the account's zone.
func (m *Module) period(from, to string) (since, until *time.Time, err error) {
	read := func(text string, days int) (*time.Time, error) {
		day, err := form.Day("", text, m.Location)
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

// changeBackfill does what a button of an export says.
func (m *Module) changeBackfill(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return noBackfill
	}
	notices := map[string]string{
		"pause": "Выгрузка на паузе", "resume": "Выгрузка продолжается", "stop": "Выгрузка остановлена", "retry": "Выгружаем ещё раз то, что не удалось",
	}
	switch deed := c.Param("deed"); deed {
	case "retry":
		err = m.retryBackfill(ctx, id)
	case "pause", "resume", "stop":
		err = m.pauseBackfill(ctx, id, map[string]backfillState{"pause": paused, "resume": running, "stop": stopped}[deed])
	default:
		return refusal.Unknown("Такого действия нет.")
	}
	if err != nil {
		return err
	}
	m.Panel.Flash(c, panel.Good, notices[c.Param("deed")])
	return panel.SeeOther(c, backfillPath)
}

// Shares is whether the form has a kind ticked.
func (v backfillView) Shares(kind string) bool { return v.What[kind] }

// Counted are the numbers of the plan by verb, for its heading.
func (v backfillView) Counted() string {
	var parts []string
	for _, verb := range []string{verbMake, verbChange, verbLink, verbNone, verbSkip, verbFail} {
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
func (p backfillProgress) Done() int64 { return p.Total - p.Left }

// Pausing reports whether a person has paused it.
func (p backfillProgress) Pausing() bool { return p.State == paused }
