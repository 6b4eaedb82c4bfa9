package bitrix24

import (
	"context"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// orderSaved enqueues a linked order, and an unlinked one that the settings want sent, in the order's own transaction.
// While the exchange is off the jobs of linked records wait for it.
func (m *Module) orderSaved(ctx context.Context, tx *db.Tx, e orders.Saved) error {
	s, why, err := m.portals.Active(ctx)
	if err != nil || s.PortalID == 0 {
		return err
	}
	book := m.portals.Book(s.PortalID)
	known, err := book.Known(ctx, plan.Order, e.Order.ID)
	if err != nil {
		return err
	}
	if !known {
		if why != "" && !why.Waits() {
			return nil // counted as not sent; «Отправить неотправленные» is for when the exchange is back
		}
		chosen, err := book.Choices(ctx, plan.Order, []int64{e.Order.ID})
		if err != nil || s.Wants(e.Order, chosen[e.Order.ID]) != "" {
			return err
		}
	}
	return m.Jobs.Enqueue(tx, exchange.PushOrder{ID: e.Order.ID}, m.awaits(e.By, why)...)
}

// clientSaved enqueues a client who has a contact or a lead, and a new one while new clients are passed on as leads.
func (m *Module) clientSaved(ctx context.Context, tx *db.Tx, e clients.Saved) error {
	s, why, err := m.portals.Active(ctx)
	if err != nil || s.PortalID == 0 {
		return err
	}
	about := plan.Record{Kind: plan.Client, ID: e.Client.ID}
	return m.pushSaved(ctx, tx, s, why, saved{about, e.Before == nil, e.By})
}

// organizationSaved enqueues an organization that has a company or an open lead, and a new one while new clients are
// passed on as leads.
func (m *Module) organizationSaved(ctx context.Context, tx *db.Tx, e organizations.Saved) error {
	s, why, err := m.portals.Active(ctx)
	if err != nil || s.PortalID == 0 {
		return err
	}
	if err := m.enqueueEmployees(ctx, tx, s, e.Organization); err != nil {
		return err
	}
	about := plan.Record{Kind: plan.Organization, ID: e.Organization.ID}
	return m.pushSaved(ctx, tx, s, why, saved{about, e.Before == nil, e.By})
}

// saved is a client or an organization that was saved.
type saved struct {
	plan.Record
	isNew bool
	by    staff.Actor
}

// pushSaved enqueues a record that the portal knows, and a new one while new clients are passed on as leads.
func (m *Module) pushSaved(ctx context.Context, tx *db.Tx, s portal.Settings, why portal.Reason, r saved) error {
	book := m.portals.Book(s.PortalID)
	if r.isNew {
		if !s.Leads || why != "" && !why.Waits() {
			return nil
		}
		if err := book.Choose(tx, r.Kind, r.ID, plan.ChoiceLead, r.by.Name); err != nil {
			return err
		}
	} else if known, err := book.Known(ctx, r.Kind, r.ID); err != nil || !known {
		return err
	}
	return m.Jobs.Enqueue(tx, exchange.PushOf(r.Kind, r.ID), m.awaits(r.by, why)...)
}

// enqueueEmployees enqueues the employees of an organization who are to be leads: a lead carries its company's name.
func (m *Module) enqueueEmployees(
	ctx context.Context, tx *db.Tx, s portal.Settings, o *organizations.Organization,
) error {
	ids := lo.Map(o.Employees, func(e organizations.Employee, _ int) int64 { return e.ClientID })
	chosen, err := m.portals.Book(s.PortalID).Choices(ctx, plan.Client, ids)
	if err != nil {
		return err
	}
	leads := lo.FilterMap(ids, func(id int64, _ int) (jobs.Args, bool) {
		return exchange.PushClient{ID: id}, chosen[id] == plan.ChoiceLead
	})
	if len(leads) == 0 {
		return nil
	}
	return m.Jobs.EnqueueAll(tx, leads)
}

// tariffChanged resumes the exchange, which pauses while the tariff does not include it.
func (m *Module) tariffChanged(_ context.Context, tx *db.Tx) error {
	tx.AfterCommit(func(ctx context.Context) {
		if err := m.Jobs.Resume(ctx, portal.Lane); err != nil {
			m.Log.WithError(err).Error("exchange not resumed")
		}
	})
	return nil
}

// awaits says how long whoever made the change waits for the outcome: an employee longer than a site's customer, a
// module or the timer not at all. Nobody waits for an exchange that is off.
func (m *Module) awaits(by staff.Actor, why portal.Reason) []jobs.Option {
	limits := map[staff.ActorKind]time.Duration{
		staff.KindEmployee: m.options.AwaitStaff, staff.KindSite: m.options.AwaitSite,
	}
	if limit := limits[by.Kind]; limit > 0 && why == "" {
		return []jobs.Option{jobs.Await(limit)}
	}
	return nil
}
