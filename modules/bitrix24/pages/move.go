package pages

import (
	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// MoveURL is the page that asks whether the panel has moved or this is a copy of its database.
const MoveURL = "/admin/bitrix24/move"

// moveView is templates/move.html.
type moveView struct {
	panel.Page
	Move    *portal.Move // nil: there is nothing to answer
	Portal  string
	Handler string // the address of events, as it is now
}

// Move is the page with the question and its two answers.
func (x *Pages) Move(c echo.Context) error {
	ctx := c.Request().Context()
	s, err := x.portals.Current(ctx)
	if err != nil {
		return err
	}
	view := moveView{Page: panel.Page{Title: "Панель переехала или это копия?"}, Portal: s.PortalURL}
	view.Handler = x.PublicURL.JoinPath("api", "bitrix", "events").String()
	if view.Move, err = x.portals.Move(ctx, s); err != nil {
		return err
	}
	return x.Panel.Render(c, "bitrix24/move", view)
}

// AnswerMove takes the answer: POST /admin/bitrix24/move/:answer.
func (x *Pages) AnswerMove(c echo.Context) error {
	ctx := c.Request().Context()
	switch c.Param("answer") {
	case "moved":
		return x.answer(c, MoveURL, "Новый адрес запомнен, обмен продолжается", x.portals.PanelHasMoved(ctx))
	case "copy":
		return x.answer(c, MoveURL, "Портал здесь забыт, обмен выключен", x.portals.PanelIsCopy(ctx))
	}
	return refusal.Unknown("Такого ответа нет.")
}
