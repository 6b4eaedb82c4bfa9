package pages

import (
	"context"
	"fmt"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// StatusURL is «Состояние обмена».
const StatusURL = "/admin/bitrix24/status"

// statusView is templates/status.html.
type statusView struct {
	panel.Page
	Off       portal.Reason // why the exchange does not work at all
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
	Portal    portal.Portal
	Used      int // of the request limit
	Burst     int
	Problems  []jobs.Status // the last that failed, each with its reason
	Changes   []records.AuditEntry
}

// statusReason is one reason for which orders are not sent.
type statusReason struct {
	Why   portal.Reason
	Count int64
}

// StatusPage is «Состояние обмена»: three numbers that add up, and what stands in the way.
func (x *Pages) StatusPage(c echo.Context) error {
	view, err := x.statusView(c.Request().Context())
	if err != nil {
		return err
	}
	return x.Panel.Render(c, "bitrix24/status", view)
}

func (x *Pages) statusView(ctx context.Context) (statusView, error) {
	view := statusView{Page: panel.Page{Title: "Состояние обмена"}, Burst: portal.Burst}
	s, off, err := x.portals.Active(ctx)
	if err != nil {
		return view, err
	}
	view.Off = off
	tally, err := x.tally(ctx, s)
	if err != nil {
		return view, err
	}
	view.count(tally.counts)
	view.CountedAt = tally.at
	if view.Lane, err = x.Jobs.Lane(ctx, portal.Lane); err != nil {
		return view, err
	}
	if view.Queue, err = x.backlog(ctx); err != nil {
		return view, err
	}
	if view.Problems, err = x.Jobs.List(ctx, jobs.Filter{Lane: portal.Lane, State: jobs.Failed}, 0, 10); err != nil {
		return view, err
	}
	if err := x.DB.From(ctx).Limit(1).Find(&view.Portal, s.PortalID).Error; err != nil {
		return view, fmt.Errorf("read portal %d: %w", s.PortalID, err)
	}
	view.Used = view.Portal.BucketUsed(db.Now())
	if err := x.DB.From(ctx).Order("id DESC").Limit(10).Find(&view.Changes).Error; err != nil {
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
func (v statusView) Record(s jobs.Status) panel.Link { return records.RecordOf(s.Key) }

// StatusAction does what a button of the page says.
func (x *Pages) StatusAction(c echo.Context) error {
	ctx := c.Request().Context()
	switch c.Param("action") {
	case "resume":
		if err := x.Jobs.Resume(ctx, portal.Lane); err != nil {
			return err
		}
		x.Panel.Flash(c, panel.Good, "Проверяем связь сейчас: обмен продолжится, как только портал ответит")
	case "retry":
		n, err := x.Jobs.RetryAll(ctx, portal.Lane)
		if err != nil {
			return err
		}
		x.Panel.Flash(c, panel.Good, fmt.Sprintf("Будут отправлены снова: %d", n))
	case "unsent":
		s, off, err := x.portals.Active(ctx)
		if err != nil {
			return err
		}
		if off != "" {
			x.Panel.Flash(c, panel.Bad, "Сейчас это невозможно: "+string(off))
			break
		}
		n, err := x.sendUnsent(ctx, s)
		if err != nil {
			return err
		}
		x.Panel.Flash(c, panel.Good, fmt.Sprintf("Отправляются: %d. Новые заказы идут впереди них.", n))
	default:
		return echo.ErrNotFound
	}
	x.Cache.Forget(tallyKey)
	return panel.SeeOther(c, StatusURL)
}
