package bitrix24

import (
	"context"
	"fmt"
	"time"

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
func (m *Module) orderSaved(ctx context.Context, tx *db.Tx, e orders.Saved) error {
	s, why, err := m.active(ctx)
	if err != nil || why != "" && why != tariffLacking {
		return err
	}
	known, err := m.knownOrder(ctx, s.PortalID, e.Order.ID)
	if err != nil {
		return err
	}
	if !known {
		if why == tariffLacking {
			return nil // counted as not sent; «Отправить неотправленные» is for when the tariff is back
		}
		chosen, err := m.choices(ctx, s.PortalID, anOrder, []int64{e.Order.ID})
		if err != nil || s.wants(e.Order, chosen[e.Order.ID]) != "" {
			return err
		}
	}
	return m.Jobs.Enqueue(tx, pushOrder{ID: e.Order.ID}, m.awaits(e.By, why)...)
}

// knownOrder reports whether the order has a deal or a lead.
func (m *Module) knownOrder(ctx context.Context, portalID, id int64) (bool, error) {
	var n int64
	err := m.DB.From(ctx).Model(&Link{}).Where("portal_id = ? AND local = ? AND local_id = ? AND state <> ?", portalID, anOrder, id, deleted).
		Limit(1).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for the order's link: %w", err)
	}
	return n > 0, nil
}

// clientSaved enqueues a client who has a contact.
func (m *Module) clientSaved(ctx context.Context, tx *db.Tx, e clients.Saved) error {
	if e.Before == nil {
		return nil
	}
	s, why, err := m.active(ctx)
	if err != nil || why == moduleOff {
		return err
	}
	l, err := m.link(ctx, s.PortalID, aClient, aContact, e.Client.ID)
	if err != nil || l == nil {
		return err
	}
	return m.Jobs.Enqueue(tx, pushClient{ID: e.Client.ID}, m.awaits(e.By, why)...)
}

// organizationSaved enqueues an organization that has a company.
func (m *Module) organizationSaved(ctx context.Context, tx *db.Tx, e organizations.Saved) error {
	if e.Before == nil {
		return nil
	}
	s, why, err := m.active(ctx)
	if err != nil || why == moduleOff {
		return err
	}
	l, err := m.link(ctx, s.PortalID, anOrganization, aCompany, e.Organization.ID)
	if err != nil || l == nil {
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
