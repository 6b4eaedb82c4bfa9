package bitrix24

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// checkDeleted looks, once a day, whether all records we know of are still there: lists by time never show what was
// deleted, and an event about it may have been lost.
type checkDeleted struct{}

// Kind and Key name the job.
func (checkDeleted) Kind() string { return bulkLane + ".check_deleted" }
func (checkDeleted) Key() string  { return "all" }

// When more than so many records vanish at once, and more than this share of those we know, it is rather a right that
// was lost, or somebody's mistake, than everyday work: a person decides.
const (
	manyVanished  = 10
	vanishedShare = 50 // one in fifty: 2 %
)

func many(vanished, known int64) bool {
	return vanished > manyVanished && vanished*vanishedShare > known
}

// vanished is a row of bitrix24_vanished: a record that is gone together with many others.
type vanished struct {
	PortalID int64  `gorm:"primaryKey"`
	Entity   entity `gorm:"primaryKey"`
	RemoteID int64  `gorm:"primaryKey"`
	Decision decision
	Actor    string
	FoundAt  time.Time
}

func (vanished) TableName() string { return "bitrix24_vanished" }

// decision is what a person said about records that vanished together.
type decision string

const (
	undecided decision = ""
	confirmed decision = "confirmed" // they were deleted: drop the links
	declined  decision = "declined"  // they were not: keep the links
)

// checkPage is how many links are read at a time: fifty commands of fifty numbers are one request.
const checkPage = rest.MaxCommands * 50

// checkDeleted asks for every record we know of, fifty to a command. One that a list leaves out is looked at by itself
// before anything is dropped: lists leave out silently what the webhook's owner may not see.
func (m *Module) checkDeleted(ctx context.Context) error {
	if _, why, err := m.active(ctx); err != nil || why != "" {
		return err
	}
	c, err := m.connect(ctx)
	if err != nil {
		return err
	}
	decided, err := m.decisions(ctx, c.portal.ID)
	if err != nil {
		return err
	}
	var missing []pull
	var known int64
	for last := int64(0); ; {
		var links []*Link
		err := m.DB.From(ctx).Where("portal_id = ? AND state = ? AND entity IN ? AND id > ?", c.portal.ID, linked, []entity{aDeal, aLead, aContact, aCompany}, last).
			Order("id").Limit(checkPage).Find(&links).Error
		if err != nil {
			return fmt.Errorf("read links: %w", err)
		}
		found, err := c.missing(ctx, links)
		if err != nil {
			return c.pauses(err)
		}
		missing, known = append(missing, found...), known+int64(len(links))
		if len(links) < checkPage {
			break
		}
		last = links[len(links)-1].ID
	}
	missing = lo.Reject(missing, func(p pull, _ int) bool { return decided[p] == declined })
	if many(int64(len(missing)), known) {
		return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error { return m.holdBack(tx, c.portal.ID, missing) })
	}
	products, err := c.missingProducts(ctx)
	if err != nil {
		return c.pauses(err)
	}
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error { return m.lookAgain(tx, append(missing, products...)) })
}

// missing are those of the linked records that the portal's lists do not show.
func (c *connection) missing(ctx context.Context, links []*Link) ([]pull, error) {
	types := map[entity]int{}
	for _, kind := range reconciled {
		types[kind.entity] = kind.typeID
	}
	type numberOnly struct {
		ID rest.ID `json:"id"`
	}
	var missing []pull
	var qs questions
	var refused error
	for e, some := range lo.GroupBy(links, func(l *Link) entity { return l.Entity }) {
		for _, ids := range lo.Chunk(lo.Uniq(lo.Map(some, func(l *Link, _ int) int64 { return l.RemoteID })), pageSize) {
			askFor(&qs, "crm.item.list", listByID(types[e], []string{"id"}, ids), &refused, func(items rest.Items[numberOnly]) {
				there := lo.Map(items.Items, func(i numberOnly, _ int) int64 { return i.ID.Int64() })
				for _, id := range lo.Without(ids, there...) {
					missing = append(missing, pull{Entity: e, ID: id})
				}
			})
		}
	}
	if err := c.inquire(ctx, &qs, rest.Background); err != nil {
		return nil, err
	}
	return missing, refused
}

// lookAgain has each record looked at by itself.
func (m *Module) lookAgain(tx *db.Tx, records []pull) error {
	if len(records) == 0 {
		return nil
	}
	work := lo.Map(records, func(p pull, _ int) jobs.Args { return pull{Entity: p.Entity, ID: p.ID, Caught: true} })
	return m.Jobs.EnqueueAll(tx, work, jobs.WithPriority(jobs.Reconcile))
}

// decisions are what people said about records that vanished together; what nobody has decided is undecided.
func (m *Module) decisions(ctx context.Context, portalID int64) (map[pull]decision, error) {
	var rows []vanished
	if err := m.DB.From(ctx).Where("portal_id = ?", portalID).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read what vanished: %w", err)
	}
	return lo.SliceToMap(rows, func(v vanished) (pull, decision) { return pull{Entity: v.Entity, ID: v.RemoteID}, v.Decision }), nil
}

// holdBack notes records that vanished together, for a person to decide.
func (m *Module) holdBack(tx *db.Tx, portalID int64, records []pull) error {
	rows := lo.Map(records, func(p pull, _ int) vanished {
		return vanished{PortalID: portalID, Entity: p.Entity, RemoteID: p.ID, FoundAt: db.Now()}
	})
	for _, some := range lo.Chunk(rows, 500) {
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&some).Error; err != nil {
			return fmt.Errorf("note what vanished: %w", err)
		}
	}
	return nil
}

// holdVanished stops the run from dropping links when many records are gone at once, or a person has said that they
// are not.
func (r *run) holdVanished(ctx context.Context) error {
	gone := map[pull]func(){}
	for _, w := range r.orders {
		if w.gone && w.link != nil {
			gone[pull{Entity: w.link.Entity, ID: w.link.RemoteID}] = func() { w.done = true }
		}
	}
	for _, w := range r.clients {
		if w.gone && w.link != nil {
			gone[pull{Entity: aContact, ID: w.link.RemoteID}] = func() { w.done = true }
		}
	}
	for _, w := range r.organizations {
		if w.gone && w.link != nil {
			gone[pull{Entity: aCompany, ID: w.link.RemoteID}] = func() { w.done = true }
		}
	}
	for _, w := range r.leads {
		if w.gone {
			gone[pull{Entity: aLead, ID: w.id}] = func() { w.done = true }
		}
	}
	if len(gone) == 0 {
		return nil
	}
	decided, err := r.decisions(ctx, r.portal.ID)
	if err != nil {
		return err
	}
	var open []pull
	for record, hold := range gone {
		switch decided[record] {
		case declined:
			hold()
		case undecided:
			open = append(open, record)
		}
	}
	var known int64
	err = r.DB.From(ctx).Model(&Link{}).Where("portal_id = ? AND state = ?", r.portal.ID, linked).Count(&known).Error
	if err != nil {
		return fmt.Errorf("count links: %w", err)
	}
	if !many(int64(len(open)), known) {
		return nil
	}
	for _, record := range open {
		gone[record]()
	}
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error { return r.holdBack(tx, r.portal.ID, open) })
}
