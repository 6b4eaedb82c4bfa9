package bitrix24

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// reconcile looks for what no event told: the portal never repeats an event, and says nothing of moves to another funnel.
type reconcile struct{}

// Kind and Key name the job.
func (reconcile) Kind() string { return lane + ".reconcile" }
func (reconcile) Key() string  { return "all" }

// reconciled are the entities read by modification time, with their entityTypeId.
var reconciled = []struct {
	entity entity
	typeID int
}{{aDeal, rest.TypeDeal}, {aContact, rest.TypeContact}, {aCompany, rest.TypeCompany}, {aLead, rest.TypeLead}}

// modified is a record of the portal that was changed lately.
type modified struct {
	ID          rest.ID   `json:"id"`
	UpdatedTime rest.Time `json:"updatedTime"`
	rest.Origin
}

// reconcile reads, for each entity, what was modified since the last look (by the portal's own clock, with an overlap),
// and enqueues a look at every record of ours whose modification is news. An entity that the portal refuses to list is
// left for the next time, and holds up no other.
func (r *run) reconcile(ctx context.Context) error {
	cursors := cursorsOf(r.portal.Cursors)
	for _, kind := range reconciled {
		err := r.reconcileEntity(ctx, kind.entity, kind.typeID, cursors)
		if refused, ok := asRefusal(err); ok && refused.Method != rest.BatchMethod {
			r.Log.WithError(err).WithField("entity", string(kind.entity)).Warn("not reconciled")
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reconcileEntity pages by number, so that no row is lost when others change meanwhile. The position moves on only when
// all pages were read and their looks are enqueued, and never beyond the moment when the reading began.
func (r *run) reconcileEntity(ctx context.Context, e entity, typeID int, cursors map[entity]time.Time) error {
	began := db.Now().Add(r.clockOffset())
	since, known := cursors[e]
	if !known {
		since = began
		if at := r.settings.ConnectedAt; !at.IsZero() {
			since = at.Add(r.clockOffset())
		}
	}
	newest := since
	for last := int64(0); ; {
		var items rest.Items[modified]
		batch := rest.Batch{}
		batch.Add("page", "crm.item.list", rest.Params{
			"entityTypeId": typeID, "select": []string{"id", "updatedTime", "originatorId", "originId"}, "order": rest.Params{"id": "ASC"}, "start": -1,
			"filter": rest.Params{">=updatedTime": since.Add(-r.opts.ReconcileOverlap), ">id": last},
		})
		result, err := r.client.Do(ctx, &batch)
		if err == nil {
			err = result.Decode("page", &items)
		}
		if err != nil {
			return err
		}
		before := last
		for _, item := range items.Items {
			last = max(last, item.ID.Int64())
			if item.UpdatedTime.After(newest) {
				newest = item.UpdatedTime.Time
			}
		}
		if err := r.enqueueCaught(ctx, e, items.Items); err != nil {
			return err
		}
		if e == aDeal {
			if err := r.adoptRestored(ctx, items.Items); err != nil {
				return err
			}
		}
		if len(items.Items) < 50 || last == before {
			break
		}
	}
	if newest.After(began) {
		newest = began
	}
	cursors[e] = newest.UTC()
	return r.saveCursors(ctx, cursors)
}

// enqueueCaught enqueues a look at those of the records that are ours and were modified since we last saw them, unless
// an event has told of them and the look is due anyway. Whether there was anything to catch, the look will show.
func (r *run) enqueueCaught(ctx context.Context, e entity, list []modified) error {
	at := lo.SliceToMap(list, func(m modified) (int64, time.Time) { return m.ID.Int64(), m.UpdatedTime.Time })
	links, err := r.linksTo(ctx, r.portal.ID, e, lo.Keys(at))
	if err != nil || len(links) == 0 {
		return err
	}
	var looks []jobs.Args
	for _, l := range links {
		// What we saw may have been read up to a request's time before we noted it.
		seen := l.UpdatedAt.Add(r.clockOffset() - r.opts.Timeout).Truncate(time.Second)
		if !at[l.RemoteID].Before(seen) {
			looks = append(looks, pull{Entity: e, ID: l.RemoteID, Caught: true})
		}
	}
	due, err := r.Jobs.FindMany(ctx, pull{}.Kind(), lo.Map(looks, func(a jobs.Args, _ int) string { return a.Key() }))
	if err != nil {
		return err
	}
	looks = lo.Reject(looks, func(a jobs.Args, _ int) bool {
		state := due[a.Key()].State
		return state == jobs.Waiting || state == jobs.Running
	})
	if len(looks) == 0 {
		return nil
	}
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.Jobs.EnqueueAll(tx, looks, jobs.WithPriority(jobs.Reconcile))
	})
}

// adoptRestored links deals again that carry an order's key while the order has none: they came out of the recycle bin.
func (r *run) adoptRestored(ctx context.Context, list []modified) error {
	deals := map[int64]int64{} // by order
	for _, m := range list {
		text, ours := strings.CutPrefix(string(m.OriginID), "order:")
		if order, err := strconv.ParseInt(text, 10, 64); ours && err == nil && string(m.OriginatorID) == string(r.origin) && deals[order] == 0 {
			deals[order] = m.ID.Int64()
		}
	}
	if len(deals) == 0 {
		return nil
	}
	ids := lo.Keys(deals)
	found, err := r.Orders.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	links, err := r.links(ctx, r.portal.ID, anOrder, aDeal, ids)
	if err != nil {
		return err
	}
	chosen, err := r.choices(ctx, r.portal.ID, anOrder, ids)
	if err != nil {
		return err
	}
	for order, deal := range deals {
		l := links[order]
		if found[order] == nil || chosen[order] == choiceIgnore || l != nil && l.State != deleted {
			continue
		}
		if l == nil {
			l = &Link{PortalID: r.portal.ID, Local: anOrder, LocalID: order, Entity: aDeal, Checked: true, Agreed: mapping.Agreed{originField: {Ours: "Y"}}}
		}
		if err := r.adoptAgain(ctx, l, deal); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) adoptAgain(ctx context.Context, l *Link, deal int64) error {
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		l.RemoteID, l.State = deal, linked
		if err := r.saveLink(tx, l); err != nil {
			return err
		}
		if err := r.clearIntent(tx, aDeal, mapping.OrderKey(l.LocalID)); err != nil {
			return err
		}
		// Its rows have other numbers now: the next job reads them first.
		rows := intent{PortalID: r.portal.ID, Entity: someRows, Key: mapping.OrderKey(l.LocalID), SentAt: db.Now().Add(-r.opts.Settle)}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
			return fmt.Errorf("note that rows are unknown: %w", err)
		}
		text := fmt.Sprintf("Сделка %d снова в Битрикс24: связана с заказом по внешнему ключу", deal)
		if err := r.journal(tx, note{anOrder, l.LocalID, aDeal, deal}, inward, text); err != nil {
			return err
		}
		if err := r.catch(tx, 1); err != nil {
			return err
		}
		return r.Jobs.Enqueue(tx, pull{Entity: aDeal, ID: deal}, jobs.WithPriority(jobs.Reconcile))
	})
}

// countCaught counts a change of the portal that the panel took over, if reconciliation found it.
func (r *run) countCaught(tx *db.Tx, w work) error {
	if !r.caught[w] {
		return nil
	}
	return r.catch(tx, 1)
}

// catch adds to «поймано сверкой».
func (c *connection) catch(tx *db.Tx, n int) error {
	if err := tx.Model(&portal{}).Where("id = ?", c.portal.ID).Update("caught", gorm.Expr("caught + ?", n)).Error; err != nil {
		return fmt.Errorf("count what was caught: %w", err)
	}
	return nil
}

func (r *run) saveCursors(ctx context.Context, cursors map[entity]time.Time) error {
	text, err := json.Marshal(cursors)
	if err != nil {
		return fmt.Errorf("write cursors: %w", err)
	}
	r.portal.Cursors = string(text)
	return r.DB.From(ctx).Model(&portal{}).Where("id = ?", r.portal.ID).Update("cursors", r.portal.Cursors).Error
}
