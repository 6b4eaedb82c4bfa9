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

// StatusURL is the address of «Состояние обмена».
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

// Status is «Состояние обмена»: how many orders are sent, are not to be sent and are stuck, which adds up to all
// orders, and why those that are stuck are.
func (x *Pages) Status(c echo.Context) error {
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

// StatusAction is a button of the page: POST /admin/bitrix24/status/:action.
func (x *Pages) StatusAction(c echo.Context) error {
	notice, err := x.doWithExchange(c.Request().Context(), c.Param("action"))
	x.Cache.Forget(tallyKey)
	return x.answer(c, StatusURL, notice, err)
}

func (x *Pages) doWithExchange(ctx context.Context, action string) (notice string, err error) {
	switch action {
	case "resume":
		return "Проверяем связь сейчас: обмен продолжится, как только портал ответит", x.Jobs.Resume(ctx, portal.Lane)
	case "retry":
		n, err := x.Jobs.RetryAll(ctx, portal.Lane)
		return fmt.Sprintf("Будут отправлены снова: %d", n), err
	case "unsent":
		s, err := x.portals.RequireActive(ctx)
		if err != nil {
			return "", err
		}
		n, err := x.sendUnsent(ctx, s)
		return fmt.Sprintf("Отправляются: %d. Новые заказы идут впереди них.", n), err
	}
	return "", echo.ErrNotFound
}
