package compare

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

const pagePath = "/admin/bitrix24/compare"

// Routes declares «Сверка».
func (x *Comparisons) Routes(h *app.Host) {
	administrators := panel.Require(staff.Administrator)
	h.Admin.GET("/bitrix24/compare", x.page, administrators)
	h.Admin.POST("/bitrix24/compare", x.startComparison, administrators)
	h.Admin.POST("/bitrix24/compare/:id/mend", x.mendRows, administrators)
	h.Panel.AddMenu(panel.MenuItem{Section: "Заказы", Label: "Сверка", URL: pagePath, Role: staff.Administrator})
}

// compareView is templates/compare.html.
type compareView struct {
	panel.Page
	Why      portal.Reason
	From, To string
	Error    string
	It       *Comparison
	Open     int64 // rows that nobody has mended
	Result   result
	Rows     []rowLine
	Older    string
}

type rowLine struct {
	Row
	RemoteURL string
}

// Remote is what the order is compared with, as people call it.
func (r Row) Remote() string {
	return map[records.Entity]string{records.Deal: "сделка", records.Lead: "лид"}[r.Entity]
}

// Rejected reports that nothing can be sent, since the order's lead was rejected.
func (r Row) Rejected() bool { return r.Result == resultRejected }

const comparedRows = 50

// page shows the last comparison.
func (x *Comparisons) page(c echo.Context) error {
	view, err := x.view(c)
	if err != nil {
		return err
	}
	return x.Panel.Render(c, "bitrix24/compare", view)
}

func (x *Comparisons) view(c echo.Context) (compareView, error) {
	ctx := c.Request().Context()
	view := compareView{Page: panel.Page{Title: "Сверка"}, Result: result(c.QueryParam("result"))}
	s, why, err := x.portals.Active(ctx)
	if err != nil {
		return view, err
	}
	view.Why = why
	now := db.Now().In(x.Location)
	view.From, view.To = now.AddDate(0, -1, 0).Format("2006-01-02"), now.Format("2006-01-02")
	if view.It, err = x.lastComparison(ctx, s.PortalID); err != nil || view.It == nil {
		return view, err
	}
	view.From, view.To = view.It.Since.In(x.Location).Format("2006-01-02"), view.It.Until.In(x.Location).AddDate(0, 0, -1).Format("2006-01-02")
	err = mendable(x.DB.From(ctx).Model(&Row{}), view.It.ID).Count(&view.Open).Error
	if err != nil {
		return view, fmt.Errorf("count what differs: %w", err)
	}
	q := x.DB.From(ctx).Where("comparison_id = ?", view.It.ID)
	switch view.Result {
	case "":
	case resultDifferent:
		q = q.Where("result IN ?", []result{resultDifferent, resultRejected})
	default:
		q = q.Where("result = ?", view.Result)
	}
	if before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64); before > 0 { // anything else: from the newest
		q = q.Where("order_id < ?", before)
	}
	var rows []Row
	if err := q.Order("order_id DESC").Limit(comparedRows).Find(&rows).Error; err != nil {
		return view, fmt.Errorf("read what differs: %w", err)
	}
	for _, row := range rows {
		view.Rows = append(view.Rows, rowLine{Row: row, RemoteURL: s.URL(row.Entity, row.RemoteID)})
	}
	if len(rows) == comparedRows {
		view.Older = fmt.Sprintf("%s?result=%s&before=%d", pagePath, view.Result, rows[len(rows)-1].OrderID)
	}
	return view, nil
}

func (x *Comparisons) lastComparison(ctx context.Context, portalID int64) (*Comparison, error) {
	var last []Comparison
	if err := x.DB.From(ctx).Where("portal_id = ?", portalID).Order("id DESC").Limit(1).Find(&last).Error; err != nil {
		return nil, fmt.Errorf("read the last comparison: %w", err)
	}
	if len(last) == 0 {
		return nil, nil
	}
	return &last[0], nil
}

// startComparison begins a comparison of a period.
func (x *Comparisons) startComparison(c echo.Context) error {
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
	view.From, view.To = values.Get("from"), values.Get("to")
	since, until, err := x.portals.Period(view.From, view.To)
	switch {
	case why != "":
		view.Error = "Сверять не с чем: " + string(why) + "."
	case err != nil:
		view.Error = err.Error()
	case since == nil || until == nil:
		view.Error = "Укажите начало и конец периода."
	case view.It != nil && !view.It.Over():
		view.Error = "Прошлая сверка ещё идёт: дождитесь её."
	default:
		it := &Comparison{PortalID: s.PortalID, Actor: staff.ActorFrom(ctx).Name, Since: *since, Until: *until}
		if err := x.beginComparison(ctx, it); err != nil {
			return err
		}
		x.Panel.Flash(c, panel.Good, "Сверка началась")
		return panel.SeeOther(c, pagePath)
	}
	view.Status = http.StatusUnprocessableEntity
	return x.Panel.Render(c, "bitrix24/compare", view)
}

// mendRows sends one order of a comparison, or, where none is named, all that are not the same.
func (x *Comparisons) mendRows(c echo.Context) error {
	ctx := c.Request().Context()
	id, _ := strconv.ParseInt(c.Param("id"), 10, 64) // 0 is no comparison either
	notice, err := x.mendChosen(ctx, id, c.FormValue("order"))
	if no, ok := refusal.From(err); ok && no.Kind == refusal.Invalid {
		x.Panel.Flash(c, panel.Bad, no.Message)
	} else if err != nil {
		return err
	} else {
		x.Panel.Flash(c, panel.Good, notice)
	}
	return panel.SeeOther(c, pagePath)
}

// mendChosen has sent what was chosen and says so.
func (x *Comparisons) mendChosen(ctx context.Context, id int64, order string) (notice string, err error) {
	s, why, err := x.portals.Active(ctx)
	if err != nil {
		return "", err
	}
	if why != "" {
		return "", refusal.Value("", "Сейчас это невозможно: %s.", why)
	}
	who := staff.ActorFrom(ctx).Name
	err = x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var known int64
		if err := tx.Model(&Comparison{}).Where("id = ? AND portal_id = ?", id, s.PortalID).Count(&known).Error; err != nil {
			return fmt.Errorf("find comparison %d: %w", id, err)
		}
		if known == 0 {
			return refusal.Unknown("Такой сверки нет.")
		}
		if order == "" {
			notice = "Отличия отправляются в Битрикс24"
			return x.mendAllOf(tx, MendOrders{ID: id, Actor: who})
		}
		number, _ := strconv.ParseInt(order, 10, 64) // 0 is no order either
		var rows []Row
		if err := tx.Where("comparison_id = ? AND order_id = ?", id, number).Find(&rows).Error; err != nil {
			return fmt.Errorf("read what differs: %w", err)
		}
		if len(rows) == 0 {
			return refusal.Unknown("Такого заказа в сверке нет.")
		}
		if rows[0].MendedAt != nil {
			return refusal.Value("", "Заказ № %d уже передан. Начните новую сверку, чтобы увидеть, совпадает ли он теперь.", number)
		}
		notice = fmt.Sprintf("Заказ № %d отправляется в Битрикс24", number)
		return x.mend(ctx, tx, rows[0], who, jobs.Await(x.portals.Options.AwaitStaff))
	})
	return notice, err
}

// mendAllOf enqueues everything that a comparison found and that can be sent.
func (x *Comparisons) mendAllOf(tx *db.Tx, a MendOrders) error {
	var open int64
	if err := mendable(tx.DB, a.ID).Model(&Row{}).Count(&open).Error; err != nil {
		return fmt.Errorf("count what differs: %w", err)
	}
	if open == 0 {
		return refusal.Value("", "Передавать нечего: в этой сверке не осталось заказов, которые можно передать.")
	}
	return x.Jobs.Enqueue(tx, a, jobs.Behind())
}
