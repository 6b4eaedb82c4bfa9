package orders

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// setStatus is a click on a next status, or «Сменить статус».
func (h *pages) setStatus(c echo.Context) error {
	id, err := number(c, "number")
	if err != nil {
		return err
	}
	chosen := Status(c.FormValue("status"))
	if chosen == Deleted {
		return refusal.Denied("Заказ удаляется отдельной кнопкой на его странице")
	}
	o, err := h.SetStatus(c.Request().Context(), id, actor(c), chosen)
	if err != nil {
		return h.refused(c, err, back(c, address(id)))
	}
	h.panel.Flash(c, panel.Good, fmt.Sprintf("Заказ %d: %s", o.ID, o.Status.Label()))
	return panel.SeeOther(c, back(c, address(id)))
}

// deleteOrder takes the order out of the lists; its page stays.
func (h *pages) deleteOrder(c echo.Context) error {
	id, err := number(c, "number")
	if err != nil {
		return err
	}
	if _, err := h.SetStatus(c.Request().Context(), id, actor(c), Deleted); err != nil {
		return h.refused(c, err, address(id))
	}
	h.panel.Flash(c, panel.Good, fmt.Sprintf("Заказ %d удалён", id))
	return panel.SeeOther(c, root)
}

// archive leads to the order's archive under its public address.
func (h *pages) archive(c echo.Context) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	return panel.SeeOther(c, ArchiveURL(h.panel.PublicURL.String(), o))
}

// revokeArchive gives the archive another public address; the old one stops opening.
func (h *pages) revokeArchive(c echo.Context) error {
	id, err := number(c, "number")
	if err != nil {
		return err
	}
	_, err = h.Change(c.Request().Context(), id, actor(c), func(o *Order) error {
		o.ArchiveKey = rand.Text()
		return nil
	})
	if err != nil {
		return h.refused(c, err, address(id))
	}
	h.panel.Flash(c, panel.Good, "Прежняя ссылка на архив больше не открывается")
	return panel.SeeOther(c, address(id))
}

// errStale says that the order was changed after the page with the form was opened.
var errStale = errors.New("the order has been changed meanwhile")

// edit changes an order on behalf of a form that shows it as of the posted revision. Over a newer change it refuses,
// and the form comes back with what was typed and the present revision: saving once more is then deliberate.
func (h *pages) edit(ctx context.Context, c echo.Context, id int64, change func(o *Order) error) error {
	seen, _ := strconv.ParseInt(c.FormValue("revision"), 10, 64) // nothing sensible: not what is stored
	_, err := h.Change(ctx, id, staff.ActorFrom(ctx), func(o *Order) error {
		if o.Revision != seen {
			return errStale
		}
		return change(o)
	})
	if !errors.Is(err, errStale) {
		return err
	}
	history, err := h.History(ctx, id)
	if err != nil {
		return err
	}
	last := history[len(history)-1]
	at := last.CreatedAt.In(h.panel.Location).Format("02.01.2006, 15:04")
	return refusal.Taken("", "Пока вы редактировали, заказ изменили: %s, %s — %s. Введённое вами сохранилось на этой "+
		"странице: сверьте его с заказом и сохраните ещё раз.", last.Actor, at, last.Text)
}
