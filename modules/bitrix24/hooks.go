package bitrix24

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/staff"
)

// pushOrder makes the order's deal or lead match the order.
type pushOrder struct{ ID int64 }

// Kind and Key name the job.
func (pushOrder) Kind() string  { return lane + ".push_order" }
func (a pushOrder) Key() string { return fmt.Sprintf("order/%d", a.ID) }

// pushClient makes the client's contact match the client; one that has none gets it only by choice ("send").
type pushClient struct{ ID int64 }

// Kind and Key name the job.
func (pushClient) Kind() string  { return lane + ".push_client" }
func (a pushClient) Key() string { return fmt.Sprintf("client/%d", a.ID) }

// pushOrganization makes the organization's company match the organization, with requisites and employees.
type pushOrganization struct{ ID int64 }

// Kind and Key name the job.
func (pushOrganization) Kind() string  { return lane + ".push_organization" }
func (a pushOrganization) Key() string { return fmt.Sprintf("organization/%d", a.ID) }

// orderSaved enqueues a linked order, and an unlinked one that the settings want sent, in the order's own transaction.
// While the exchange is off the jobs of linked records wait for it.
func (m *Module) orderSaved(ctx context.Context, tx *db.Tx, e orders.Saved) error {
	s, why, err := m.active(ctx)
	if err != nil || s.PortalID == 0 {
		return err
	}
	known, err := m.known(ctx, s.PortalID, anOrder, e.Order.ID)
	if err != nil {
		return err
	}
	if !known {
		if why != "" {
			return nil // counted as not sent; «Отправить неотправленные» is for when the exchange is back
		}
		chosen, err := m.choices(ctx, s.PortalID, anOrder, []int64{e.Order.ID})
		if err != nil || s.wants(e.Order, chosen[e.Order.ID]) != "" {
			return err
		}
	}
	return m.Jobs.Enqueue(tx, pushOrder{ID: e.Order.ID}, m.awaits(e.By, why)...)
}

// known reports whether a record of the panel has one on the portal, of whatever kind.
func (m *Module) known(ctx context.Context, portalID int64, kind local, id int64) (bool, error) {
	var n int64
	err := m.DB.From(ctx).Model(&Link{}).Where("portal_id = ? AND local = ? AND local_id = ? AND state <> ?", portalID, kind, id, deleted).
		Limit(1).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for a link of %s %d: %w", kind, id, err)
	}
	return n > 0, nil
}

// enqueueEmployees looks again at employees who are, or are to be, leads.
func (m *Module) enqueueEmployees(ctx context.Context, tx *db.Tx, s Settings, o *organizations.Organization) error {
	ids := lo.Map(o.Employees, func(e organizations.Employee, _ int) int64 { return e.ClientID })
	chosen, err := m.choices(ctx, s.PortalID, aClient, ids)
	if err != nil {
		return err
	}
	leads := lo.FilterMap(ids, func(id int64, _ int) (jobs.Args, bool) { return pushClient{ID: id}, chosen[id] == choiceLead })
	if len(leads) == 0 {
		return nil
	}
	return m.Jobs.EnqueueAll(tx, leads)
}

// clientSaved enqueues a client who has a contact or a lead, and a new one while new clients are passed on as leads.
func (m *Module) clientSaved(ctx context.Context, tx *db.Tx, e clients.Saved) error {
	s, why, err := m.active(ctx)
	if err != nil || s.PortalID == 0 {
		return err
	}
	if e.Before == nil {
		if !s.Leads || why != "" {
			return nil
		}
		if err := m.choose(tx, s.PortalID, aClient, e.Client.ID, choiceLead, e.By.Name); err != nil {
			return err
		}
		return m.Jobs.Enqueue(tx, pushClient{ID: e.Client.ID}, m.awaits(e.By, why)...)
	}
	known, err := m.known(ctx, s.PortalID, aClient, e.Client.ID)
	if err != nil || !known {
		return err
	}
	return m.Jobs.Enqueue(tx, pushClient{ID: e.Client.ID}, m.awaits(e.By, why)...)
}

// organizationSaved enqueues an organization that has a company or an open lead, and a new one while new clients are
// passed on as leads: its employees' leads carry its name.
func (m *Module) organizationSaved(ctx context.Context, tx *db.Tx, e organizations.Saved) error {
	s, why, err := m.active(ctx)
	if err != nil || s.PortalID == 0 {
		return err
	}
	if err := m.enqueueEmployees(ctx, tx, s, e.Organization); err != nil {
		return err
	}
	if e.Before == nil {
		if !s.Leads || why != "" {
			return nil
		}
		if err := m.choose(tx, s.PortalID, anOrganization, e.Organization.ID, choiceLead, e.By.Name); err != nil {
			return err
		}
		return m.Jobs.Enqueue(tx, pushOrganization{ID: e.Organization.ID}, m.awaits(e.By, why)...)
	}
	known, err := m.known(ctx, s.PortalID, anOrganization, e.Organization.ID)
	if err != nil || !known {
		return err
	}
	return m.Jobs.Enqueue(tx, pushOrganization{ID: e.Organization.ID}, m.awaits(e.By, why)...)
}

// tariffChanged lets the exchange try again at once.
func (m *Module) tariffChanged(_ context.Context, tx *db.Tx) error {
	tx.AfterCommit(func(ctx context.Context) {
		if err := m.Jobs.Resume(ctx, lane); err != nil {
			m.Log.WithError(err).Error("exchange not resumed")
		}
	})
	return nil
}

// awaits says how long whoever made the change waits for the outcome: an employee longer than a site's customer, a
// module or the timer not at all.
func (m *Module) awaits(by staff.Actor, why reason) []jobs.Option {
	limits := map[staff.ActorKind]time.Duration{staff.KindEmployee: m.opts.AwaitStaff, staff.KindSite: m.opts.AwaitSite}
	if limit := limits[by.Kind]; limit > 0 && why == "" {
		return []jobs.Option{jobs.Await(limit)}
	}
	return nil
}
