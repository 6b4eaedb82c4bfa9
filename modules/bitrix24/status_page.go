package bitrix24

import (
	"context"
	"fmt"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel"
)

// statusURL is «Состояние обмена».
const statusURL = "/admin/bitrix24/status"

// statusView is templates/status.html.
type statusView struct {
	panel.Page
	Off       reason // why the exchange does not work at all
	All       int64
	Sent      int64
	Excluded  int64
	Stuck     int64 // failed or waiting
	Failed    int64 // of these
	Unsent    int64
	CountedAt *time.Time // nil: just now
	Reasons   []statusReason
	Lane      jobs.LaneState
	Queue     jobs.Backlog
	Portal    portal
	Used      int // of the request limit
	Burst     int
	Problems  []jobs.Status // the last that failed, each with its reason
	Changes   []auditEntry
}

// statusReason is one reason for which orders are not sent.
type statusReason struct {
	Why   reason
	Count int64
}

// statusPage is «Состояние обмена»: three numbers that add up, and what stands in the way.
func (m *Module) statusPage(c echo.Context) error {
	view, err := m.statusView(c.Request().Context())
	if err != nil {
		return err
	}
	return m.Panel.Render(c, "bitrix24/status", view)
}

func (m *Module) statusView(ctx context.Context) (statusView, error) {
	view := statusView{Page: panel.Page{Title: "Состояние обмена"}, Burst: burst}
	s, off, err := m.active(ctx)
	if err != nil {
		return view, err
	}
	view.Off = off
	tally, err := m.tally(ctx, s)
	if err != nil {
		return view, err
	}
	view.count(tally.counts)
	view.CountedAt = tally.at
	if view.Lane, err = m.Jobs.Lane(ctx, lane); err != nil {
		return view, err
	}
	if view.Queue, err = m.backlog(ctx); err != nil {
		return view, err
	}
	if view.Problems, err = m.Jobs.List(ctx, jobs.Filter{Lane: lane, State: jobs.Failed}, 0, 10); err != nil {
		return view, err
	}
	if err := m.DB.From(ctx).Limit(1).Find(&view.Portal, s.PortalID).Error; err != nil {
		return view, fmt.Errorf("read portal %d: %w", s.PortalID, err)
	}
	view.Used = view.Portal.used(db.Now())
	if err := m.DB.From(ctx).Order("id DESC").Limit(10).Find(&view.Changes).Error; err != nil {
		return view, fmt.Errorf("read the audit: %w", err)
	}
	return view, nil
}

// count sorts the places into the three numbers.
func (v *statusView) count(counts map[place]int64) {
	for _, n := range counts {
		v.All += n
	}
	v.Sent, v.Failed, v.Unsent = counts[placeSent], counts[placeFailed], counts[placeUnsent]
	v.Stuck = counts[placeFailed] + counts[placeWaiting]
	for _, e := range excluded {
		if n := counts[e.place]; n > 0 {
			v.Reasons = append(v.Reasons, statusReason{e.why, n})
			v.Excluded += n
		}
	}
}

// Record is what a job is about, in words.
func (v statusView) Record(s jobs.Status) panel.Link { return recordOf(s.Key) }

// statusDeed does what a button of the page says.
func (m *Module) statusDeed(c echo.Context) error {
	ctx := c.Request().Context()
	switch c.Param("deed") {
	case "resume":
		if err := m.Jobs.Resume(ctx, lane); err != nil {
			return err
		}
		m.Panel.Flash(c, panel.Good, "Проверяем связь сейчас: обмен продолжится, как только портал ответит")
	case "retry":
		n, err := m.Jobs.RetryAll(ctx, lane)
		if err != nil {
			return err
		}
		m.Panel.Flash(c, panel.Good, fmt.Sprintf("Будут отправлены снова: %d", n))
	case "unsent":
		s, off, err := m.active(ctx)
		if err != nil {
			return err
		}
		if off != "" {
			m.Panel.Flash(c, panel.Bad, "Сейчас это невозможно: "+string(off))
			break
		}
		n, err := m.sendUnsent(ctx, s)
		if err != nil {
			return err
		}
		m.Panel.Flash(c, panel.Good, fmt.Sprintf("Отправляются: %d. Новые заказы идут впереди них.", n))
	default:
		return echo.ErrNotFound
	}
	m.Cache.Forget(tallyKey)
	return panel.SeeOther(c, statusURL)
}
