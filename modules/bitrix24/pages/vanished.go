package pages

import (
	"context"
	"fmt"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"
	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

const (
	vanishedURL  = "/admin/bitrix24/vanished"
	vanishedRows = 100 // that the page shows; the decision is about all of them
)

// vanishedView is templates/vanished.html.
type vanishedView struct {
	panel.Page
	Total int64
	Rows  []vanishedLine // the first of them
}

type vanishedLine struct {
	exchange.Vanished
	Name, URL         string // of the record here
	Remote, RemoteURL string
}

// VanishedBanner asks a person about records that vanished together.
func (x *Pages) VanishedBanner(ctx context.Context) ([]panel.Banner, error) {
	n, _, err := x.exchange.OpenVanished(ctx)
	if err != nil || n == 0 {
		return nil, err
	}
	text := fmt.Sprintf("Из Битрикс24 разом исчезли записи: %d. Связи с ними не тронуты, "+
		"пока вы не решите, удалены ли они на самом деле.", n)
	return []panel.Banner{{Tone: panel.Bad, Text: text, Action: "Решить", URL: vanishedURL}}, nil
}

// Vanished is the page that lists what vanished together, and asks whether it was deleted.
func (x *Pages) Vanished(c echo.Context) error {
	ctx := c.Request().Context()
	n, s, err := x.exchange.OpenVanished(ctx)
	if err != nil {
		return err
	}
	view := vanishedView{Page: panel.Page{Title: "Исчезли в Битрикс24"}, Total: n}
	var rows []exchange.Vanished
	err = x.DB.From(ctx).Where("portal_id = ? AND decision = ?", s.PortalID, plan.Undecided).
		Order("entity, remote_id").Limit(vanishedRows).Find(&rows).Error
	if err != nil {
		return fmt.Errorf("read what vanished: %w", err)
	}
	for e, some := range lo.GroupBy(rows, func(v exchange.Vanished) plan.Entity { return v.Entity }) {
		ids := lo.Map(some, func(v exchange.Vanished, _ int) int64 { return v.RemoteID })
		links, err := x.portals.Book(s.PortalID).LinksTo(ctx, e, ids)
		if err != nil {
			return err
		}
		of := lo.KeyBy(links, func(l *plan.Link) int64 { return l.RemoteID })
		for _, v := range some {
			line := vanishedLine{Vanished: v, RemoteURL: s.URL(e, v.RemoteID)}
			line.Remote = fmt.Sprintf("%s %d", e.Title(), v.RemoteID)
			if l := of[v.RemoteID]; l != nil {
				about := plan.Record{Kind: l.Local, ID: l.LocalID}
				line.Name, line.URL = about.Name(), about.URL()
			}
			view.Rows = append(view.Rows, line)
		}
	}
	return x.Panel.Render(c, "bitrix24/vanished", view)
}

// DecideVanished stores what a person said: POST /admin/bitrix24/vanished/:decision. Confirmed ones are looked at once
// more before their links are removed.
func (x *Pages) DecideVanished(c echo.Context) error {
	ctx := c.Request().Context()
	answer := plan.Decision(c.Param("decision"))
	if answer != plan.Confirmed && answer != plan.Declined {
		return refusal.Unknown("Такого действия нет.")
	}
	s, err := x.portals.Current(ctx)
	if err != nil {
		return err
	}
	who := staff.ActorFrom(ctx).Name
	err = x.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		undecided := func() *gorm.DB {
			return tx.Model(&exchange.Vanished{}).Where("portal_id = ? AND decision = ?", s.PortalID, plan.Undecided)
		}
		var rows []exchange.Vanished
		if err := undecided().Find(&rows).Error; err != nil {
			return fmt.Errorf("read what vanished: %w", err)
		}
		if err := undecided().Updates(map[string]any{"decision": answer, "actor": who}).Error; err != nil {
			return fmt.Errorf("store a decision: %w", err)
		}
		text := fmt.Sprintf("исчезли в Битрикс24 записи: %d, решение: %s", len(rows), answer)
		if err := records.Audit(tx, who, text); err != nil {
			return err
		}
		if answer == plan.Declined {
			return nil
		}
		return x.exchange.LookAgain(tx, lo.Map(rows, func(v exchange.Vanished, _ int) plan.Look {
			return plan.Look{Entity: v.Entity, ID: v.RemoteID}
		}))
	})
	if err != nil {
		return err
	}
	return x.answer(c, vanishedURL, map[plan.Decision]string{
		plan.Confirmed: "Связи с удалёнными записями снимаются",
		plan.Declined:  "Связи оставлены как есть",
	}[answer], nil)
}
