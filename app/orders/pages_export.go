package orders

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// maxBulk is how many orders one click may move: more would hold the browser, and the other side of a module, for
// long.
const maxBulk = 1000

// exportPage is «Экспорт»: a filter, the table of what fits it, and one status for all of it.
type exportPage struct {
	panel.Page
	filterFields
	Found   int64
	MaxBulk int64
	CSV     string // address of the table
	Error   string
	May     bool
}

func (h *pages) export(c echo.Context) error { return h.showExport(c, nil) }

// showExport counts what fits the filter; refused is what the bulk change said.
func (h *pages) showExport(c echo.Context, refused error) error {
	ctx := c.Request().Context()
	f := readFilter(c)
	f.Before = 0
	page := exportPage{
		Page: panel.Page{Title: "Экспорт", Menu: root + "/export"}, MaxBulk: maxBulk, May: mayAny(c, staff.Operator),
	}
	var err error
	if page.filterFields, err = h.filterFields(ctx, f); err != nil {
		return err
	}
	q, err := f.narrow(h.panel.Location)
	if err == nil {
		page.Found, err = h.Count(ctx, q)
		page.CSV = root + "/export/orders.csv" + f.query()
	}
	if err == nil {
		err = refused
	}
	if no, ok := refusal.From(err); ok && no.Kind == refusal.Invalid {
		page.Error, page.Status = no.Message, http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	return h.panel.Render(c, "orders/export", page)
}

// exportCSV streams the table. Once the first byte is out an error can only cut the connection, so that nobody takes
// half a table for the whole.
func (h *pages) exportCSV(c echo.Context) error {
	q, err := readFilter(c).narrow(h.panel.Location)
	if err != nil {
		return err
	}
	name := "orders-" + time.Now().In(h.panel.Location).Format(time.DateOnly) + ".csv"
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	header.Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	err = h.WriteCSV(c.Request().Context(), c.Response(), q, h.panel.Location)
	if err != nil && c.Response().Committed {
		h.panel.Log.WithError(err).Error("export cut short")
		panic(http.ErrAbortHandler)
	}
	return err
}

// exportStatus moves everything that fits the filter to one status. The number the person saw is posted along: if more
// orders fit by now, they are asked again.
func (h *pages) exportStatus(c echo.Context) error {
	ctx := c.Request().Context()
	f := readFilter(c)
	f.Before = 0
	q, err := f.narrow(h.panel.Location)
	if err != nil {
		return h.showExport(c, nil)
	}
	to := Status(c.FormValue("to_status"))
	found, err := h.Count(ctx, q)
	if err != nil {
		return err
	}
	switch seen := c.FormValue("found"); {
	case found > maxBulk:
		return h.showExport(c,
			refusal.Value("", "Подходит заказов: %d. За один раз можно изменить не больше %d: сузьте отбор.", found, maxBulk))
	case seen != fmt.Sprint(found):
		return h.showExport(c,
			refusal.Value("", "Пока страница была открыта, число подходящих заказов изменилось. Проверьте его и повторите."))
	}
	var ids []int64
	for q.Take = 100; ; {
		list, err := h.List(ctx, q)
		if err != nil {
			return err
		}
		ids = append(ids, lo.Map(list, func(o *Order, _ int) int64 { return o.ID })...)
		if len(list) < q.Take {
			break
		}
		q.Before = list[len(list)-1].ID
	}
	var changed int
	var refused []Refused
	for _, group := range lo.Chunk(ids, 100) {
		n, no, err := h.SetStatuses(ctx, group, actor(c), to)
		if err != nil {
			return h.showExport(c, err)
		}
		changed, refused = changed+n, append(refused, no...)
	}
	h.report(c, changed, refused)
	return panel.SeeOther(c, root+"/export"+f.query())
}
