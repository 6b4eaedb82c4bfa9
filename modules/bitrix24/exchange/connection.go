package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Connection is a portal with everything an exchange needs, made anew for each group of jobs.
type Connection struct {
	*app.Host
	exchange *Exchange
	portals  *portal.Portals
	Book     *records.Book

	Current  portal.Settings
	Portal   portal.Portal
	Origin   mapping.Origin
	Client   *rest.Client
	Lists    portal.Lists
	attempts map[records.Record]int // of the records whose jobs are at work, for the journal
}

// Connect opens the exchange with the portal of the settings. The error is of the kind that pauses the lane.
func (x *Exchange) Connect(ctx context.Context) (*Connection, error) {
	s, why, err := x.portals.Active(ctx)
	if err != nil {
		return nil, err
	}
	if why != "" {
		return nil, jobs.PauseLane(x.portals.Options.PauseMax, errors.New(string(why)))
	}
	hook, err := x.portals.Webhook(s)
	if err != nil {
		return nil, jobs.PauseLane(x.portals.Options.PauseMax, fmt.Errorf("код вебхука не читается, сохраните настройки заново: %w", err))
	}
	c := &Connection{
		Host: x.Host, exchange: x, portals: x.portals, Book: x.portals.Book(s.PortalID),
		Current: s, attempts: map[records.Record]int{},
	}
	if err := x.DB.From(ctx).First(&c.Portal, s.PortalID).Error; err != nil {
		return nil, fmt.Errorf("read portal %d: %w", s.PortalID, err)
	}
	if c.Origin, err = records.Installation(ctx, x.DB); err != nil {
		return nil, err
	}
	if c.Lists, err = x.portals.Lists(ctx, s.PortalID); err != nil {
		return nil, err
	}
	c.Current = s.Against(c.Lists)
	c.Client = x.portals.Client(hook, s.PortalID)
	return c, nil
}

// clockOffset is how far the portal's clock is ahead of ours.
func (c *Connection) clockOffset() time.Duration {
	return time.Duration(c.Portal.ClockOffsetMS) * time.Millisecond
}

// noteClock keeps the measured offset when it has moved by more than half a second.
func (c *Connection) noteClock(tx *db.Tx, r *rest.Result) error {
	offset, ok := r.ClockOffset()
	if !ok || (offset-c.clockOffset()).Abs() < 500*time.Millisecond {
		return nil
	}
	c.Portal.ClockOffsetMS = offset.Milliseconds()
	return tx.Model(&portal.Portal{}).Where("id = ?", c.Portal.ID).Update("clock_offset_ms", c.Portal.ClockOffsetMS).Error
}
