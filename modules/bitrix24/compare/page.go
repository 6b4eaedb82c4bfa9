package compare

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// URL is the address of «Сверка».
const URL = "/admin/bitrix24/compare"

// pageView is templates/compare.html.
type pageView struct {
	panel.Page
	Why      portal.Reason // why there is nothing to compare with
	From, To string        // as typed, or of the last comparison
	Error    string
	It       *comparison // the last one
	Open     int64       // rows that nobody has mended
	Result   result      // the rows asked for; empty: all
	Rows     []rowLine
	Older    string // address of the next page of rows; empty on the last
	Strays   straysView
}

// rowLine is an order that differs, with its record's page on the portal.
type rowLine struct {
	row
	RemoteURL string
}

const comparedRows = 50 // on one page

// Page is «Сверка»: the last comparison and the form for a new one.
func (x *Comparisons) Page(c echo.Context) error {
	view, _, err := x.view(c)
	if err != nil {
		return err
	}
	return x.Panel.Render(c, "bitrix24/compare", view)
}

// view is the page with the last comparison. It is returned with the settings it was made by.
func (x *Comparisons) view(c echo.Context) (pageView, portal.Settings, error) {
	ctx := c.Request().Context()
	view := pageView{Page: panel.Page{Title: "Сверка"}, Result: result(c.QueryParam("result"))}
	s, why, err := x.portals.Active(ctx)
	if err != nil {
		return view, s, err
	}
	view.Why = why
	now := db.Now().In(x.Location)
	view.From, view.To = now.AddDate(0, -1, 0).Format(time.DateOnly), now.Format(time.DateOnly)
	if view.Strays, err = x.strays(ctx, s); err != nil {
		return view, s, err
	}
	if view.It, err = x.last(ctx, s.PortalID); err != nil || view.It == nil {
		return view, s, err
	}
	since, until := view.It.Since.In(x.Location), view.It.Until.In(x.Location)
	view.From, view.To = since.Format(time.DateOnly), until.AddDate(0, 0, -1).Format(time.DateOnly)
	err = mendable(x.DB.From(ctx).Model(&row{}), view.It.ID).Count(&view.Open).Error
	if err != nil {
		return view, s, fmt.Errorf("count what differs: %w", err)
	}
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64) // anything else: from the newest
	rows, err := x.rows(ctx, view.It.ID, view.Result, before)
	if err != nil {
		return view, s, err
	}
	for _, r := range rows {
		view.Rows = append(view.Rows, rowLine{row: r, RemoteURL: s.URL(r.Entity, r.RemoteID)})
	}
	if len(rows) == comparedRows {
		view.Older = fmt.Sprintf("%s?result=%s&before=%d", URL, view.Result, rows[len(rows)-1].OrderID)
	}
	return view, s, nil
}

// rows are one page of what differs, newest orders first. Before 0 they begin with the newest.
func (x *Comparisons) rows(ctx context.Context, comparisonID int64, asked result, before int64) ([]row, error) {
	q := x.DB.From(ctx).Where("comparison_id = ?", comparisonID)
	switch asked {
	case "":
	case resultDifferent:
		q = q.Where("result IN ?", []result{resultDifferent, resultRejected})
	default:
		q = q.Where("result = ?", asked)
	}
	if before > 0 {
		q = q.Where("order_id < ?", before)
	}
	var rows []row
	if err := q.Order("order_id DESC").Limit(comparedRows).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read what differs: %w", err)
	}
	return rows, nil
}

// last reads the last comparison with a portal; nil: there is none yet.
func (x *Comparisons) last(ctx context.Context, portalID int64) (*comparison, error) {
	var last []comparison
	if err := x.DB.From(ctx).Where("portal_id = ?", portalID).Order("id DESC").Limit(1).Find(&last).Error; err != nil {
		return nil, fmt.Errorf("read the last comparison: %w", err)
	}
	if len(last) == 0 {
		return nil, nil
	}
	return &last[0], nil
}

// Start is the button «Сверить»: it starts a comparison of a period.
func (x *Comparisons) Start(c echo.Context) error {
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
	since, until, err := x.portals.Period(view.From, view.To)
	switch {
	case view.Why != "":
		view.Error = "Сверять не с чем: " + string(view.Why) + "."
	case err != nil:
		view.Error = err.Error()
	case since == nil || until == nil:
		view.Error = "Укажите начало и конец периода."
	case view.It != nil && !view.It.Over():
		view.Error = "Прошлая сверка ещё идёт: дождитесь её."
	default:
		next := &comparison{PortalID: s.PortalID, Actor: staff.ActorFrom(ctx).Name, Since: *since, Until: *until}
		if err := x.start(ctx, next); err != nil {
			return err
		}
		x.Panel.Flash(c, panel.Good, "Сверка началась")
		return panel.SeeOther(c, URL)
	}
	view.Status = http.StatusUnprocessableEntity
	return x.Panel.Render(c, "bitrix24/compare", view)
}

// Mend has one order of a comparison sent, or, where none is named, all that are not the same:
// POST /admin/bitrix24/compare/:id/mend.
func (x *Comparisons) Mend(c echo.Context) error {
	id, _ := strconv.ParseInt(c.Param("id"), 10, 64) // 0 is no comparison either
	notice, err := x.mendChosen(c.Request().Context(), id, c.FormValue("order"))
	if no, ok := refusal.From(err); ok && no.Kind == refusal.Invalid {
		x.Panel.Flash(c, panel.Bad, no.Message)
		return panel.SeeOther(c, URL)
	}
	if err != nil {
		return err
	}
	x.Panel.Flash(c, panel.Good, notice)
	return panel.SeeOther(c, URL)
}

// mendChosen has sent what was chosen and says so. An empty order stands for all of the comparison.
func (x *Comparisons) mendChosen(ctx context.Context, id int64, order string) (notice string, err error) {
	s, err := x.portals.RequireActive(ctx)
	if err != nil {
		return "", err
	}
	who := staff.ActorFrom(ctx).Name
	err = x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var known int64
		err := tx.Model(&comparison{}).Where("id = ? AND portal_id = ?", id, s.PortalID).Count(&known).Error
		if err != nil {
			return fmt.Errorf("find comparison %d: %w", id, err)
		}
		if known == 0 {
			return refusal.Unknown("Такой сверки нет.")
		}
		if order == "" {
			notice = "Отличия отправляются в Битрикс24"
			return x.enqueueMendAll(tx, MendAll{ID: id, Actor: who})
		}
		number, _ := strconv.ParseInt(order, 10, 64) // 0 is no order either
		var rows []row
		if err := tx.Where("comparison_id = ? AND order_id = ?", id, number).Find(&rows).Error; err != nil {
			return fmt.Errorf("read what differs: %w", err)
		}
		if len(rows) == 0 {
			return refusal.Unknown("Такого заказа в сверке нет.")
		}
		if rows[0].MendedAt != nil {
			return refusal.Value("",
				"Заказ № %d уже передан. Начните новую сверку, чтобы увидеть, совпадает ли он теперь.", number)
		}
		notice = fmt.Sprintf("Заказ № %d отправляется в Битрикс24", number)
		return x.mend(ctx, tx, rows[0], who, jobs.Await(x.portals.Options.AwaitStaff))
	})
	return notice, err
}

// enqueueMendAll enqueues everything that a comparison found, unless there is nothing that could be sent.
func (x *Comparisons) enqueueMendAll(tx *db.Tx, a MendAll) error {
	var open int64
	if err := mendable(tx.DB, a.ID).Model(&row{}).Count(&open).Error; err != nil {
		return fmt.Errorf("count what differs: %w", err)
	}
	if open == 0 {
		return refusal.Value("",
			"Передавать нечего: в этой сверке не осталось заказов, которые можно передать.")
	}
	return x.Jobs.Enqueue(tx, a, jobs.Behind())
}
