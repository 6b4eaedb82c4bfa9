package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// CheckDeleted looks, once a day, whether all records that we know of are still there. Lists by modification time
// never show what was deleted, and the event about it may have been lost.
type CheckDeleted struct{}

// Kind names the kind of job in the queue.
func (CheckDeleted) Kind() string { return portal.BulkLane + ".check_deleted" }

// Key is the same for all: there is only one such job.
func (CheckDeleted) Key() string { return "all" }

// Vanished is a row of bitrix24_vanished: a record of the portal that is gone together with many others.
type Vanished struct {
	PortalID int64       `gorm:"primaryKey"`
	Entity   plan.Entity `gorm:"primaryKey"`
	RemoteID int64       `gorm:"primaryKey"`
	Decision plan.Decision
	Actor    string
	FoundAt  time.Time
}

// TableName is that of the module's table.
func (Vanished) TableName() string { return "bitrix24_vanished" }

// checkPage is how many links are read at a time: fifty commands of fifty numbers are one request.
const checkPage = rest.MaxCommands * 50

// CheckDeleted handles the job of that name. It asks for every record that we know of, fifty to a command
// (crm.item.list, crm.product.list). A list leaves out silently what the webhook's owner may not see, so a record that
// is not listed gets a job that looks at it alone before anything is dropped.
func (x *Exchange) CheckDeleted(ctx context.Context) error {
	if _, why, err := x.portals.Active(ctx); err != nil || why != "" {
		return err
	}
	c, err := x.Connect(ctx)
	if err != nil {
		return err
	}
	decided, err := x.decisions(ctx, c.Portal.ID)
	if err != nil {
		return err
	}
	var missing []plan.Look
	known := 0
	for last := int64(0); ; {
		var links []*plan.Link
		err := x.DB.From(ctx).
			Where("portal_id = ? AND state = ?", c.Portal.ID, plan.Linked).
			Where("entity IN ? AND id > ?", reconciled, last).
			Order("id").
			Limit(checkPage).
			Find(&links).Error
		if err != nil {
			return fmt.Errorf("read links: %w", err)
		}
		found, err := c.missing(ctx, links)
		if err != nil {
			return c.exchange.Pauses(err)
		}
		missing, known = append(missing, found...), known+len(links)
		if len(links) < checkPage {
			break
		}
		last = links[len(links)-1].ID
	}
	missing = lo.Reject(missing, func(l plan.Look, _ int) bool { return decided[l] == plan.Declined })
	if plan.AreMany(len(missing), known) {
		return x.DB.Transaction(
			ctx, func(ctx context.Context, tx *db.Tx) error { return x.holdBack(tx, c.Portal.ID, missing) },
		)
	}
	products, err := c.missingProducts(ctx)
	if err != nil {
		return c.exchange.Pauses(err)
	}
	return x.DB.Transaction(
		ctx, func(ctx context.Context, tx *db.Tx) error { return x.LookAgain(tx, append(missing, products...)) },
	)
}

// missing returns those of the linked records that the portal does not list (crm.item.list).
func (c *Connection) missing(ctx context.Context, links []*plan.Link) ([]plan.Look, error) {
	type numberOnly struct {
		ID rest.ID `json:"id"`
	}
	var missing []plan.Look
	var qs Questions
	var refused error
	for e, some := range lo.GroupBy(links, func(l *plan.Link) plan.Entity { return l.Entity }) {
		numbers := lo.Map(some, func(l *plan.Link, _ int) int64 { return l.RemoteID })
		for _, ids := range lo.Chunk(lo.Uniq(numbers), pageSize) {
			params := listByID(e.TypeID(), []string{"id"}, ids)
			askFor(&qs, "crm.item.list", params, &refused, func(items rest.Items[numberOnly]) {
				there := lo.Map(items.Items, func(i numberOnly, _ int) int64 { return i.ID.Int64() })
				for _, id := range lo.Without(ids, there...) {
					missing = append(missing, plan.Look{Entity: e, ID: id})
				}
			})
		}
	}
	if err := c.Inquire(ctx, &qs, rest.Background); err != nil {
		return nil, err
	}
	return missing, refused
}

// LookAgain enqueues a look at each of the records, in the given transaction. It is called for records that were
// missed, and again when a person has decided about them.
func (x *Exchange) LookAgain(tx *db.Tx, records []plan.Look) error {
	if len(records) == 0 {
		return nil
	}
	work := lo.Map(records, func(l plan.Look, _ int) jobs.Args {
		return Pull{Entity: l.Entity, ID: l.ID, Caught: true}
	})
	return x.Jobs.EnqueueAll(tx, work, jobs.WithPriority(jobs.Reconcile))
}

// decisions returns what people said about records that vanished together. A record that nobody has decided about is
// plan.Undecided.
func (x *Exchange) decisions(ctx context.Context, portalID int64) (map[plan.Look]plan.Decision, error) {
	var rows []Vanished
	if err := x.DB.From(ctx).Where("portal_id = ?", portalID).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read what vanished: %w", err)
	}
	return lo.SliceToMap(rows, func(v Vanished) (plan.Look, plan.Decision) {
		return plan.Look{Entity: v.Entity, ID: v.RemoteID}, v.Decision
	}), nil
}

// holdBack notes records that vanished together, for a person to decide.
func (x *Exchange) holdBack(tx *db.Tx, portalID int64, records []plan.Look) error {
	rows := lo.Map(records, func(l plan.Look, _ int) Vanished {
		return Vanished{PortalID: portalID, Entity: l.Entity, RemoteID: l.ID, FoundAt: db.Now()}
	})
	for _, some := range lo.Chunk(rows, 500) {
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&some).Error; err != nil {
			return fmt.Errorf("note what vanished: %w", err)
		}
	}
	return nil
}

// holdVanished stops the run from dropping links when many of its records are gone at once, or when a person has said
// that they are not gone.
func (r *run) holdVanished(ctx context.Context) error {
	gone := map[plan.Look]*bool{} // whether nothing is left to do about it
	for _, w := range r.orders {
		if w.Gone && w.Link != nil && w.Link.State != plan.Deleted && !r.isRestored(w) {
			gone[plan.Look{Entity: w.Link.Entity, ID: w.Link.RemoteID}] = &w.done
		}
	}
	for _, w := range r.clients {
		if w.Gone && w.Link != nil {
			gone[plan.Look{Entity: plan.Contact, ID: w.Link.RemoteID}] = &w.done
		}
	}
	for _, w := range r.organizations {
		if w.Gone && w.Link != nil {
			gone[plan.Look{Entity: plan.Company, ID: w.Link.RemoteID}] = &w.done
		}
	}
	for _, w := range r.leads {
		if w.Vanished() {
			gone[plan.Look{Entity: plan.Lead, ID: w.ID}] = &w.done
		}
	}
	if len(gone) == 0 {
		return nil
	}
	decided, err := r.exchange.decisions(ctx, r.Portal.ID)
	if err != nil {
		return err
	}
	var known int64
	err = r.DB.From(ctx).
		Model(&plan.Link{}).
		Where("portal_id = ? AND state = ?", r.Portal.ID, plan.Linked).
		Count(&known).Error
	if err != nil {
		return fmt.Errorf("count links: %w", err)
	}
	held, asked := plan.Hold(lo.Keys(gone), decided, int(known))
	for _, record := range held {
		*gone[record] = true
	}
	if len(asked) == 0 {
		return nil
	}
	return r.DB.Transaction(
		ctx, func(ctx context.Context, tx *db.Tx) error { return r.exchange.holdBack(tx, r.Portal.ID, asked) },
	)
}

// isRestored reports whether an order's deal is there again under another number.
func (r *run) isRestored(w *orderWork) bool {
	_, restored := w.Link.Restored(w.Twins, w.Rows, r.clockOffset())
	return restored
}

// OpenVanished counts the records that wait for a person's decision, and returns the settings it used. Without a
// portal there are none.
func (x *Exchange) OpenVanished(ctx context.Context) (int64, portal.Settings, error) {
	s, err := x.portals.Current(ctx)
	if err != nil || !s.Connected() {
		return 0, s, err
	}
	var n int64
	err = x.DB.From(ctx).
		Model(&Vanished{}).
		Where("portal_id = ? AND decision = ?", s.PortalID, plan.Undecided).
		Count(&n).Error
	if err != nil {
		return 0, s, fmt.Errorf("count what vanished: %w", err)
	}
	return n, s, nil
}
