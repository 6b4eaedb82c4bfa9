package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// FindStrays looks, once after each take-over of the lane, for deals and leads of ours that this database does not know.
// If it was restored from a copy, they were created in the hours that it lost.
//
// Numbers of the portal only grow, so whatever was created after the copy was made has a higher number than all that the
// copy knows. After an ordinary restart there is nothing to read, and that costs one request.
type FindStrays struct {
	Deals, Leads int64 // only those with higher numbers are read; -1: none
}

// Kind names the kind of job in the queue.
func (FindStrays) Kind() string { return portal.BulkLane + ".find_strays" }

// Key says where the reading begins. A second take-over that knows no more joins the job of the first; one that knows
// more by then must not take its place.
func (a FindStrays) Key() string { return fmt.Sprintf("deals/%d leads/%d", a.Deals, a.Leads) }

// StrayRecord is a row of bitrix24_strays: a deal or lead of ours whose order or client this database does not have.
type StrayRecord struct {
	PortalID  int64       `gorm:"primaryKey"`
	Entity    plan.Entity `gorm:"primaryKey"`
	RemoteID  int64       `gorm:"primaryKey"`
	Key       string      // the external key it carries
	Title     string
	CreatedAt *time.Time // on the portal
	FoundAt   time.Time
	PutAwayBy string // who does not want to be told of it any more
}

// TableName is that of the module's table.
func (StrayRecord) TableName() string { return "bitrix24_strays" }

// carrier is a deal or lead with the external key it carries.
type carrier struct {
	keyed
	Title       rest.Text `json:"title"`
	CreatedTime rest.Time `json:"createdTime"`
}

// TakenOver enqueues, within a take-over of the lane, the look for what this database does not know.
func (x *Exchange) TakenOver(ctx context.Context, tx *db.Tx) error {
	s, err := x.portals.Current(ctx)
	if err != nil || s.PortalID == 0 {
		return err
	}
	var a FindStrays
	for e, after := range map[plan.Entity]*int64{plan.Deal: &a.Deals, plan.Lead: &a.Leads} {
		err := tx.Model(&plan.Link{}).Where("portal_id = ? AND entity = ?", s.PortalID, e).
			Select("coalesce(max(remote_id), 0)").Scan(after).Error
		if err != nil {
			return fmt.Errorf("find the newest %s: %w", e, err)
		}
	}
	return x.Jobs.Enqueue(tx, a, jobs.Behind())
}

// FindStrays handles the job of that name. It reads a page of each entity in one request (crm.item.list), and enqueues
// itself for the next pages. While the exchange is off the job waits.
func (x *Exchange) FindStrays(ctx context.Context, a FindStrays) error {
	_, why, err := x.portals.Active(ctx)
	if err != nil {
		return err
	}
	if why != "" {
		return jobs.RetryAfter(x.portals.Options.PauseMax, errors.New(string(why)))
	}
	c, err := x.Connect(ctx)
	if err != nil {
		return err
	}
	deals, leads := pageOfOurs{entity: plan.Deal, after: &a.Deals}, pageOfOurs{entity: plan.Lead, after: &a.Leads}
	var qs Questions
	deals.ask(&qs, c)
	leads.ask(&qs, c)
	if err := c.Inquire(ctx, &qs, rest.Background); err != nil {
		return x.Pauses(err)
	}
	r := newRun(c)
	for _, p := range []*pageOfOurs{&deals, &leads} {
		if rest.Temporary(p.refused) {
			return p.refused
		}
		if p.refused != nil { // as leads are where a portal has none
			x.Log.WithError(p.refused).WithField("entity", string(p.entity)).Warn("not looked for what is unknown here")
		}
		if err := r.sortCarriers(ctx, p.entity, p.items); err != nil {
			return err
		}
	}
	if a == (FindStrays{-1, -1}) {
		return nil
	}
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		return x.Jobs.Enqueue(tx, a, jobs.Behind())
	})
}

// pageOfOurs is a page of deals or leads that carry our name.
type pageOfOurs struct {
	entity  plan.Entity
	after   *int64 // where the page begins, and then where the next one does; -1: there is none
	items   []carrier
	refused error
}

// ask adds the question for the page, if there is one.
func (p *pageOfOurs) ask(qs *Questions, c *Connection) {
	if *p.after < 0 {
		return
	}
	params := rest.Params{
		"entityTypeId": p.entity.TypeID(), "select": []string{"id", "title", "createdTime", "originatorId", "originId"},
		"order": rest.Params{"id": "ASC"}, "start": -1,
		"filter": rest.Params{"=originatorId": string(c.Origin), ">id": *p.after},
	}
	last := *p.after
	*p.after = -1
	askFor(qs, "crm.item.list", params, &p.refused, func(page rest.Items[carrier]) {
		for _, item := range page.Items {
			last = max(last, item.ID.Int64())
			if string(item.OriginatorID) == string(c.Origin) {
				p.items = append(p.items, item)
			}
		}
		if len(page.Items) == pageSize {
			*p.after = last
		}
	})
}

// sortCarriers stores what is a stray among deals or leads that carry our name. For what a record of the panel has there
// without knowing, it stores an intent whose answer was lost: the record's next push looks for it by its key and links it.
func (r *run) sortCarriers(ctx context.Context, e plan.Entity, items []carrier) error {
	if len(items) == 0 {
		return nil
	}
	facts, err := r.carrierFacts(ctx, e, items)
	if err != nil {
		return err
	}
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		for i, f := range facts {
			var err error
			switch plan.ForCarrier(f) {
			case plan.Stray:
				err = r.storeStray(tx, e, items[i])
			case plan.Unclaimed:
				err = r.haveClaimed(ctx, tx, e, f.Key)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *run) storeStray(tx *db.Tx, e plan.Entity, item carrier) error {
	row := StrayRecord{
		PortalID: r.Portal.ID, Entity: e, RemoteID: item.ID.Int64(), Key: string(item.OriginID), Title: string(item.Title),
		FoundAt: db.Now(),
	}
	if at := item.CreatedTime.At; !at.IsZero() {
		row.CreatedAt = lo.ToPtr(at.UTC())
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("store a stray %s: %w", e, err)
	}
	return nil
}

// haveClaimed has a record of the panel look for its deal or lead by the key.
func (r *run) haveClaimed(ctx context.Context, tx *db.Tx, e plan.Entity, key string) error {
	record, _, _, _ := plan.KeyOf(key)
	if l, err := r.Book.Link(ctx, record.Kind, e, record.ID); err != nil || l != nil {
		return err // by now
	}
	intent := r.exchange.unawaited(r.Portal.ID, e, key)
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(intent).Error; err != nil {
		return fmt.Errorf("note that %s is there: %w", key, err)
	}
	return r.Jobs.Enqueue(tx, PushOf(record.Kind, record.ID), jobs.Behind())
}

// carrierFacts reads what the panel knows of records that carry our name, in the order of items.
func (r *run) carrierFacts(ctx context.Context, e plan.Entity, items []carrier) ([]plan.CarrierFacts, error) {
	ids := map[plan.Local][]int64{}
	for _, item := range items {
		if record, _, _, ok := plan.KeyOf(string(item.OriginID)); ok {
			ids[record.Kind] = append(ids[record.Kind], record.ID)
		}
	}
	tokens, err := r.exchange.Tokens(ctx, ids)
	if err != nil {
		return nil, err
	}
	taken, err := r.Book.LinksTo(ctx, e, lo.Map(items, func(item carrier, _ int) int64 { return item.ID.Int64() }))
	if err != nil {
		return nil, err
	}
	has, chosen := map[plan.Record]bool{}, map[plan.Record]plan.Choice{}
	for kind, some := range ids {
		links, err := r.Book.Links(ctx, kind, e, some)
		if err != nil {
			return nil, err
		}
		choices, err := r.Book.Choices(ctx, kind, some)
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			has[plan.Record{Kind: kind, ID: id}] = links[id] != nil
			chosen[plan.Record{Kind: kind, ID: id}] = choices[id]
		}
	}
	linked := lo.Map(taken, func(l *plan.Link, _ int) int64 { return l.RemoteID })
	return lo.Map(items, func(item carrier, _ int) plan.CarrierFacts {
		record, _, _, _ := plan.KeyOf(string(item.OriginID))
		token, exists := tokens[record]
		return plan.CarrierFacts{
			Entity: e, Key: string(item.OriginID), Linked: lo.Contains(linked, item.ID.Int64()),
			Exists: exists, Token: token, HasOne: has[record], Choice: chosen[record],
		}
	}), nil
}

// Strays are the strays of a portal that nobody has linked by hand since.
func (x *Exchange) Strays(ctx context.Context, portalID int64) *gorm.DB {
	return x.DB.From(ctx).Model(&StrayRecord{}).Where("portal_id = ?", portalID).
		Where(`NOT EXISTS (SELECT 1 FROM bitrix24_links l WHERE l.portal_id = bitrix24_strays.portal_id
			AND l.entity = bitrix24_strays.entity AND l.remote_id = bitrix24_strays.remote_id)`)
}
