package bitrix24

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
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

// reconcile reads, for each entity, what was modified since the last look (by the portal's own clock, with an overlap),
// and enqueues a look at every record of ours whose modification is news.
func (r *run) reconcile(ctx context.Context) error {
	cursors := cursorsOf(r.portal.Cursors)
	for _, kind := range reconciled {
		if err := r.reconcileEntity(ctx, kind.entity, kind.typeID, cursors); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) reconcileEntity(ctx context.Context, e entity, typeID int, cursors map[entity]time.Time) error {
	since, known := cursors[e]
	if !known {
		since = db.Now().Add(r.clockOffset())
	}
	newest := since
	for last := int64(0); ; {
		var items rest.Items[struct {
			ID          rest.ID   `json:"id"`
			UpdatedTime rest.Time `json:"updatedTime"`
		}]
		batch := rest.Batch{}
		batch.Add("page", "crm.item.list", rest.Params{
			"entityTypeId": typeID, "select": []string{"id", "updatedTime"}, "order": rest.Params{"id": "ASC"}, "start": -1,
			"filter": rest.Params{">=updatedTime": since.Add(-r.opts.ReconcileOverlap), ">id": last},
		})
		result, err := r.client.Do(ctx, &batch)
		if err == nil {
			err = result.Decode("page", &items)
		}
		if err != nil {
			return err
		}
		modified := map[int64]time.Time{}
		for _, item := range items.Items {
			last = max(last, item.ID.Int64())
			modified[item.ID.Int64()] = item.UpdatedTime.Time
			if item.UpdatedTime.After(newest) {
				newest = item.UpdatedTime.Time
			}
		}
		if err := r.enqueueCaught(ctx, e, modified); err != nil {
			return err
		}
		if len(items.Items) < 50 {
			break
		}
	}
	cursors[e] = newest.UTC()
	return r.saveCursors(ctx, cursors)
}

// enqueueCaught enqueues a look at those of the records that are ours and were modified since we last saw them.
func (r *run) enqueueCaught(ctx context.Context, e entity, modified map[int64]time.Time) error {
	ids := make([]int64, 0, len(modified))
	for id := range modified {
		ids = append(ids, id)
	}
	links, err := r.linksTo(ctx, r.portal.ID, e, ids)
	if err != nil || len(links) == 0 {
		return err
	}
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, l := range links {
			seen := l.UpdatedAt.Add(r.clockOffset()).Truncate(time.Second)
			if modified[l.RemoteID].Before(seen) {
				continue
			}
			if err := r.Jobs.Enqueue(tx, pull{Entity: e, ID: l.RemoteID, Caught: true}, jobs.WithPriority(jobs.Reconcile)); err != nil {
				return err
			}
		}
		return nil
	})
}

// countCaught counts a change of the portal that the panel took over, if reconciliation found it.
func (r *run) countCaught(tx *db.Tx, w work) error {
	if !r.caught[w] {
		return nil
	}
	return tx.Model(&portal{}).Where("id = ?", r.portal.ID).Update("caught", gorm.Expr("caught + 1")).Error
}

func (r *run) saveCursors(ctx context.Context, cursors map[entity]time.Time) error {
	text, err := json.Marshal(cursors)
	if err != nil {
		return fmt.Errorf("write cursors: %w", err)
	}
	r.portal.Cursors = string(text)
	return r.DB.From(ctx).Model(&portal{}).Where("id = ?", r.portal.ID).Update("cursors", r.portal.Cursors).Error
}
