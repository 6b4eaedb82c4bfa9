package bitrix24

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
)

const comparePath = "/admin/bitrix24/compare"

// comparePages declares «Сверка».
func (m *Module) comparePages(h *app.Host) {
	administrators := panel.Require(staff.Administrator)
	h.Admin.GET("/bitrix24/compare", m.comparePage, administrators)
	h.Admin.POST("/bitrix24/compare", m.startComparison, administrators)
	h.Admin.POST("/bitrix24/compare/:id/mend", m.mendRows, administrators)
	h.Panel.AddMenu(panel.MenuItem{Section: "Заказы", Label: "Сверка", URL: comparePath, Role: staff.Administrator})
}

// compareView is templates/compare.html.
type compareView struct {
	panel.Page
	Why      reason
	From, To string
	Error    string
	It       *comparison
	Open     int64 // rows that nobody has mended
	Result   comparedResult
	Rows     []comparedLine
	Older    string
}

type comparedLine struct {
	comparedRow
	RemoteURL string
}

// Remote is what the order is compared with, as people call it.
func (r comparedRow) Remote() string {
	return map[entity]string{aDeal: "сделка", aLead: "лид"}[r.Entity]
}

// Rejected reports that nothing can be sent, since the order's lead was rejected.
func (r comparedRow) Rejected() bool { return r.Result == resultRejected }

const comparedRows = 50

// comparePage shows the last comparison.
func (m *Module) comparePage(c echo.Context) error {
	view, err := m.viewComparison(c)
	if err != nil {
		return err
	}
	return m.Panel.Render(c, "bitrix24/compare", view)
}

func (m *Module) viewComparison(c echo.Context) (compareView, error) {
	ctx := c.Request().Context()
	view := compareView{Page: panel.Page{Title: "Сверка"}, Result: comparedResult(c.QueryParam("result"))}
	s, why, err := m.active(ctx)
	if err != nil {
		return view, err
	}
	view.Why = why
	now := db.Now().In(m.Location)
	view.From, view.To = now.AddDate(0, -1, 0).Format("2006-01-02"), now.Format("2006-01-02")
	if view.It, err = m.lastComparison(ctx, s.PortalID); err != nil || view.It == nil {
		return view, err
	}
	view.From, view.To = view.It.Since.In(m.Location).Format("2006-01-02"), view.It.Until.In(m.Location).AddDate(0, 0, -1).Format("2006-01-02")
	err = mendable(m.DB.From(ctx).Model(&comparedRow{}), view.It.ID).Count(&view.Open).Error
	if err != nil {
		return view, fmt.Errorf("count what differs: %w", err)
	}
	q := m.DB.From(ctx).Where("comparison_id = ?", view.It.ID)
	switch view.Result {
	case "":
	case resultDifferent:
		q = q.Where("result IN ?", []comparedResult{resultDifferent, resultRejected})
	default:
		q = q.Where("result = ?", view.Result)
	}
	if before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64); before > 0 { // anything else: from the newest
		q = q.Where("order_id < ?", before)
	}
	var rows []comparedRow
	if err := q.Order("order_id DESC").Limit(comparedRows).Find(&rows).Error; err != nil {
		return view, fmt.Errorf("read what differs: %w", err)
	}
	for _, row := range rows {
		view.Rows = append(view.Rows, comparedLine{comparedRow: row, RemoteURL: s.url(row.Entity, row.RemoteID)})
	}
	if len(rows) == comparedRows {
		view.Older = fmt.Sprintf("%s?result=%s&before=%d", comparePath, view.Result, rows[len(rows)-1].OrderID)
	}
	return view, nil
}

func (m *Module) lastComparison(ctx context.Context, portalID int64) (*comparison, error) {
	var last []comparison
	if err := m.DB.From(ctx).Where("portal_id = ?", portalID).Order("id DESC").Limit(1).Find(&last).Error; err != nil {
		return nil, fmt.Errorf("read the last comparison: %w", err)
	}
	if len(last) == 0 {
		return nil, nil
	}
	return &last[0], nil
}

// startComparison begins a comparison of a period.
func (m *Module) startComparison(c echo.Context) error {
	ctx := c.Request().Context()
	values, err := panel.Values(c)
	if err != nil {
		return err
	}
	view, err := m.viewComparison(c)
	if err != nil {
		return err
	}
	s, why, err := m.active(ctx)
	if err != nil {
		return err
	}
	view.From, view.To = values.Get("from"), values.Get("to")
	since, until, err := m.period(view.From, view.To)
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
		it := &comparison{PortalID: s.PortalID, Actor: staff.ActorFrom(ctx).Name, Since: *since, Until: *until}
		if err := m.beginComparison(ctx, it); err != nil {
			return err
		}
		m.Panel.Flash(c, panel.Good, "Сверка началась")
		return panel.SeeOther(c, comparePath)
	}
	view.Status = http.StatusUnprocessableEntity
	return m.Panel.Render(c, "bitrix24/compare", view)
}

// mendRows sends one order of a comparison, or, where none is named, all that are not the same.
func (m *Module) mendRows(c echo.Context) error {
	ctx := c.Request().Context()
	id, _ := strconv.ParseInt(c.Param("id"), 10, 64) // 0 is no comparison either
	notice, err := m.mendChosen(ctx, id, c.FormValue("order"))
	if no, ok := refusal.From(err); ok && no.Kind == refusal.Invalid {
		m.Panel.Flash(c, panel.Bad, no.Message)
	} else if err != nil {
		return err
	} else {
		m.Panel.Flash(c, panel.Good, notice)
	}
	return panel.SeeOther(c, comparePath)
}

// mendChosen has sent what was chosen and says so.
func (m *Module) mendChosen(ctx context.Context, id int64, order string) (notice string, err error) {
	s, why, err := m.active(ctx)
	if err != nil {
		return "", err
	}
	if why != "" {
		return "", refusal.Value("", "Сейчас это невозможно: %s.", why)
	}
	who := staff.ActorFrom(ctx).Name
	err = m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var known int64
		if err := tx.Model(&comparison{}).Where("id = ? AND portal_id = ?", id, s.PortalID).Count(&known).Error; err != nil {
			return fmt.Errorf("find comparison %d: %w", id, err)
		}
		if known == 0 {
			return refusal.Unknown("Такой сверки нет.")
		}
		if order == "" {
			notice = "Отличия отправляются в Битрикс24"
			return m.mendAllOf(tx, mendOrders{ID: id, Actor: who})
		}
		number, _ := strconv.ParseInt(order, 10, 64) // 0 is no order either
		var rows []comparedRow
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
		return m.mend(ctx, tx, rows[0], who, jobs.Await(m.opts.AwaitStaff))
	})
	return notice, err
}

// mendAllOf enqueues everything that a comparison found and that can be sent.
func (m *Module) mendAllOf(tx *db.Tx, a mendOrders) error {
	var open int64
	if err := mendable(tx.DB, a.ID).Model(&comparedRow{}).Count(&open).Error; err != nil {
		return fmt.Errorf("count what differs: %w", err)
	}
	if open == 0 {
		return refusal.Value("", "Передавать нечего: в этой сверке не осталось заказов, которые можно передать.")
	}
	return m.Jobs.Enqueue(tx, a, jobs.Behind())
}
