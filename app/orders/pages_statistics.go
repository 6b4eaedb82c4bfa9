package orders

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
)

// statisticsPage is orders and sums per day and status.
type statisticsPage struct {
	panel.Page
	From, To string
	Error    string
	Statuses []Status // that occur in the period, in the order of an order's life
	Days     []Day    // newest first, days without orders left out
	ByStatus map[Status]Tally
	Total    Tally
}

// Average is what an order of the period comes to, in whole kopecks.
func (p statisticsPage) Average() Money {
	if p.Total.Orders == 0 {
		return 0
	}
	return p.Total.Sum / Money(p.Total.Orders)
}

func (h *pages) statistics(c echo.Context) error {
	page := statisticsPage{Page: panel.Page{Title: "Статистика"}, From: c.QueryParam("from"), To: c.QueryParam("to")}
	err := h.fillStatistics(c, &page, time.Now().In(h.panel.Location))
	if no, ok := refusal.From(err); ok {
		page.Error, page.Status = no.Message, http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	return h.panel.Render(c, "orders/statistics", page)
}

// fillStatistics counts the period asked for: by default the last 30 days, today included.
func (h *pages) fillStatistics(c echo.Context, page *statisticsPage, now time.Time) error {
	if page.To == "" {
		page.To = now.Format(time.DateOnly)
	}
	last, err := form.Day("to", page.To, h.panel.Location)
	if err != nil {
		return err
	}
	if page.From == "" {
		page.From = last.AddDate(0, 0, -29).Format(time.DateOnly)
	}
	first, err := form.Day("from", page.From, h.panel.Location)
	if err != nil {
		return err
	}
	days, err := h.Statistics(c.Request().Context(), first, last)
	if err != nil {
		return err
	}
	page.ByStatus = map[Status]Tally{}
	for i := len(days) - 1; i >= 0; i-- {
		total := days[i].Total()
		if total.Orders == 0 {
			continue
		}
		page.Days = append(page.Days, days[i])
		page.Total = page.Total.plus(total)
		for status, tally := range days[i].ByStatus {
			page.ByStatus[status] = page.ByStatus[status].plus(tally)
		}
	}
	for _, status := range Statuses() {
		if page.ByStatus[status].Orders > 0 {
			page.Statuses = append(page.Statuses, status)
		}
	}
	return nil
}
