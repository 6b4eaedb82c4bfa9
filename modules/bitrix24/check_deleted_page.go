package bitrix24

import (
	"context"
	"fmt"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

const vanishedPath = "/admin/bitrix24/vanished"

// vanishedView is templates/vanished.html.
type vanishedView struct {
	panel.Page
	Total int64
	Rows  []vanishedLine // the first of them
}

type vanishedLine struct {
	vanished
	Name, URL         string // of the record here
	Remote, RemoteURL string
}

const vanishedRows = 100

// openVanished counts the records that wait for a person's decision.
func (m *Module) openVanished(ctx context.Context) (int64, Settings, error) {
	s, err := m.settings(ctx)
	if err != nil || !s.connected() {
		return 0, s, err
	}
	var n int64
	err = m.DB.From(ctx).Model(&vanished{}).Where("portal_id = ? AND decision = ?", s.PortalID, undecided).Count(&n).Error
	if err != nil {
		return 0, s, fmt.Errorf("count what vanished: %w", err)
	}
	return n, s, nil
}

// vanishedBanner asks a person about records that vanished together.
func (m *Module) vanishedBanner(ctx context.Context) ([]panel.Banner, error) {
	n, _, err := m.openVanished(ctx)
	if err != nil || n == 0 {
		return nil, err
	}
	return []panel.Banner{{
		Tone: panel.Bad, Text: fmt.Sprintf("Из Битрикс24 разом исчезли записи: %d. Связи с ними не тронуты, пока вы не решите, удалены ли они на самом деле.", n),
		Action: "Решить", URL: vanishedPath,
	}}, nil
}

// vanishedPage lists what vanished together, and asks.
func (m *Module) vanishedPage(c echo.Context) error {
	ctx := c.Request().Context()
	n, s, err := m.openVanished(ctx)
	if err != nil {
		return err
	}
	view := vanishedView{Page: panel.Page{Title: "Исчезли в Битрикс24"}, Total: n}
	var rows []vanished
	err = m.DB.From(ctx).Where("portal_id = ? AND decision = ?", s.PortalID, undecided).Order("entity, remote_id").Limit(vanishedRows).Find(&rows).Error
	if err != nil {
		return fmt.Errorf("read what vanished: %w", err)
	}
	for e, some := range lo.GroupBy(rows, func(v vanished) entity { return v.Entity }) {
		links, err := m.linksTo(ctx, s.PortalID, e, lo.Map(some, func(v vanished, _ int) int64 { return v.RemoteID }))
		if err != nil {
			return err
		}
		of := lo.KeyBy(links, func(l *Link) int64 { return l.RemoteID })
		for _, v := range some {
			line := vanishedLine{vanished: v, Remote: fmt.Sprintf("%s %d", e.title(), v.RemoteID), RemoteURL: s.url(e, v.RemoteID)}
			if l := of[v.RemoteID]; l != nil {
				about := record{l.Local, l.LocalID}
				line.Name, line.URL = about.name(), about.url()
			}
			view.Rows = append(view.Rows, line)
		}
	}
	return m.Panel.Render(c, "bitrix24/vanished", view)
}

// decideVanished stores what a person said, and has confirmed ones looked at once more before their links go.
func (m *Module) decideVanished(c echo.Context) error {
	ctx := c.Request().Context()
	answer := decision(c.Param("decision"))
	if answer != confirmed && answer != declined {
		return refusal.Unknown("Такого действия нет.")
	}
	s, err := m.settings(ctx)
	if err != nil {
		return err
	}
	err = m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var rows []vanished
		if err := tx.Where("portal_id = ? AND decision = ?", s.PortalID, undecided).Find(&rows).Error; err != nil {
			return fmt.Errorf("read what vanished: %w", err)
		}
		err := tx.Model(&vanished{}).Where("portal_id = ? AND decision = ?", s.PortalID, undecided).
			Updates(map[string]any{"decision": answer, "actor": staff.ActorFrom(ctx).Name}).Error
		if err != nil {
			return fmt.Errorf("store a decision: %w", err)
		}
		if err := m.audit(tx, staff.ActorFrom(ctx).Name, fmt.Sprintf("исчезли в Битрикс24 записи: %d, решение: %s", len(rows), answer)); err != nil {
			return err
		}
		if answer == declined {
			return nil
		}
		return m.lookAgain(tx, lo.Map(rows, func(v vanished, _ int) pull { return pull{Entity: v.Entity, ID: v.RemoteID} }))
	})
	if err != nil {
		return err
	}
	m.Panel.Flash(c, panel.Good, map[decision]string{
		confirmed: "Связи с удалёнными записями снимаются", declined: "Связи оставлены как есть",
	}[answer])
	return panel.SeeOther(c, vanishedPath)
}
