package orders

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/panel"
)

// setStatuses is the bulk change of the list: the ticked orders to one status.
func (h *pages) setStatuses(c echo.Context) error {
	values, err := panel.Values(c)
	if err != nil {
		return err
	}
	ids := lo.FilterMap(values["id"], func(typed string, _ int) (int64, bool) {
		id, err := strconv.ParseInt(typed, 10, 64)
		return id, err == nil
	})
	if len(ids) == 0 {
		h.panel.Flash(c, panel.Warning, "Отметьте заказы, у которых надо сменить статус")
		return panel.SeeOther(c, back(c, root))
	}
	changed, refused, err := h.SetStatuses(c.Request().Context(), lo.Uniq(ids), actor(c), Status(c.FormValue("status")))
	if err != nil {
		return h.refused(c, err, back(c, root))
	}
	h.report(c, changed, refused)
	return panel.SeeOther(c, back(c, root))
}

// report says what a bulk change did.
func (h *pages) report(c echo.Context, changed int, refused []Refused) {
	if changed > 0 || len(refused) == 0 {
		h.panel.Flash(c, panel.Good, fmt.Sprintf("Статус изменён, заказов: %d", changed))
	}
	if len(refused) == 0 {
		return
	}
	shown := lo.Map(lo.Slice(refused, 0, 10), func(r Refused, _ int) string {
		return fmt.Sprintf("%d — %s", r.ID, r.Message)
	})
	h.panel.Flash(c, panel.Bad, fmt.Sprintf("Не изменено, заказов: %d. %s", len(refused), strings.Join(shown, " ")))
}
