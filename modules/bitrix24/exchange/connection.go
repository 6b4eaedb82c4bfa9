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
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Connection is one portal with everything that an exchange with it needs. It is made anew for each group of jobs, so
// that settings which were saved in between are in force.
type Connection struct {
	*app.Host
	exchange *Exchange
	portals  *portal.Portals

	Book    *records.Book // links, intents and choices of this portal
	saved   portal.Settings
	Current portal.Settings // the saved ones without what the portal no longer has
	Portal  portal.Portal
	Origin  mapping.Origin // who we are on every portal
	Client  *rest.Client
	Lists   portal.Lists

	attempts map[plan.Record]int // which attempt of its job a record is in, for the journal
}

// Connect returns a connection with the portal of the settings. While there is nobody to talk to, because the exchange
// is off, unpaid for, waits for a person's answer, or has a webhook code that cannot be read, the error is one that pauses the lane.
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
		if x.portals.CheckSecrets(s) != nil {
			err = portal.ErrSecrets
		}
		return nil, jobs.PauseLane(x.portals.Options.PauseMax, err)
	}
	c := &Connection{
		Host: x.Host, exchange: x, portals: x.portals, Book: x.portals.Book(s.PortalID),
		saved: s, Current: s, attempts: map[plan.Record]int{},
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

// clockOffset is how far the portal's clock is ahead of ours; negative when it is behind.
func (c *Connection) clockOffset() time.Duration {
	return time.Duration(c.Portal.ClockOffsetMS) * time.Millisecond
}

// noteClock keeps the offset of the portal's clock that an answer shows. Less than half a second is not worth a write.
func (c *Connection) noteClock(tx *db.Tx, r *rest.Result) error {
	offset, ok := r.ClockOffset()
	if !ok || (offset-c.clockOffset()).Abs() < 500*time.Millisecond {
		return nil
	}
	c.Portal.ClockOffsetMS = offset.Milliseconds()
	return tx.Model(&portal.Portal{}).Where("id = ?", c.Portal.ID).
		Update("clock_offset_ms", c.Portal.ClockOffsetMS).Error
}

// lack is a method that a portal does not let the webhook use.
type lack struct {
	portal int64
	method string
}

// has reports whether a method of exports may be used, as far as is known.
func (c *Connection) has(method string) bool {
	_, refused := c.exchange.lacks.Load(lack{c.Portal.ID, method})
	return !refused
}

// frame is what is the same for every record of the run, as of now.
func (r *run) frame() plan.Frame {
	return plan.Frame{
		PortalID: r.Portal.ID, Origin: r.Origin, Rules: r.Current.Rules, Stages: r.Lists, Presets: r.Lists.Presets,
		ListsAt: r.Lists.ReadAt, Relisted: r.relisted,
		Now: db.Now(), Settle: r.portals.Options.Settle, ClockOffset: r.clockOffset(),
		Leads:         r.leadsOn(),
		Persons:       r.Current.OrderTypes != portal.Organizations,
		Organizations: r.Current.OrderTypes != portal.Persons,
		Import:        r.bulk && r.has(plan.ImportMethod) && r.has(plan.ImportOneMethod),
		ImportSingly:  r.bulkBy[plan.ImportOneMethod],
		RowsByDeal:    r.bulkBy[plan.RowsByDealMethod] && r.has(plan.RowsByDealMethod),
	}
}
