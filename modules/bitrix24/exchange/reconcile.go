package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// reconciled are the entities that are read by modification time, and whose links are checked once a day.
var reconciled = []plan.Entity{plan.Deal, plan.Contact, plan.Company, plan.Lead}

// modified is a record of the portal that was changed lately, with the external key it carries.
type modified struct {
	ID          rest.ID   `json:"id"`
	CreatedTime rest.Time `json:"createdTime"`
	UpdatedTime rest.Time `json:"updatedTime"`
	rest.Origin
}

// position is how far an entity was read by modification time. All its times are of the portal's clock.
type position struct {
	Since time.Time `json:"since"` // whatever was modified before is known

	// Of a reading under way: the highest number read, when the reading began, and the latest modification seen.
	Last   int64     `json:"last,omitempty"`
	Began  time.Time `json:"began,omitzero"`
	Newest time.Time `json:"newest,omitzero"`
}

// pageSize is how many records the portal lists at once.
const pageSize = 50

// reconcile reads what was modified since the last look, with an overlap, and enqueues a look at every record of ours
// whose modification is news (crm.item.list). It makes one request. While there is more to read the job is put off to
// the next group, behind the orders that wait; a reading that fails goes on where it was.
func (r *run) reconcile(ctx context.Context) error {
	positions := positionsOf(r.Portal.Cursors)
	for _, e := range reconciled {
		p := positions[e]
		if p.Since.IsZero() { // the first look
			p.Since = r.Current.ConnectedAt
			if p.Since.IsZero() {
				p.Since = db.Now()
			}
			p.Since = p.Since.Add(r.clockOffset())
		}
		if p.Last == 0 {
			p.Began, p.Newest = db.Now().Add(r.clockOffset()), p.Since
		}
		positions[e] = p
	}
	// Usually a page of each entity is all. When a reading goes on, the whole request is for the entities that do.
	open, pages := reconciled, 1
	if long := lo.Filter(reconciled, func(e plan.Entity, _ int) bool { return positions[e].Last > 0 }); len(long) > 0 {
		open, pages = long, rest.MaxCommands/len(long)
	}
	result, err := r.readPages(ctx, open, positions, pages)
	if err != nil {
		return err
	}
	more := false
	for _, e := range open {
		p, err := r.takePages(ctx, e, positions[e], result, pages)
		if refused, ok := rest.AsRefusal(err); ok {
			r.Log.WithError(refused).WithField("entity", string(e)).Warn("not reconciled")
			p.Last = 0 // the portal refuses this entity: it is tried next time, and holds up no other
		} else if err != nil && !errors.Is(err, rest.ErrHalted) {
			return err
		}
		positions[e] = p
		more = more || p.Last > 0
	}
	if err := r.savePositions(ctx, positions); err != nil {
		return err
	}
	if more {
		return jobs.RetryAfter(0, errNextGroup)
	}
	return nil
}

// readPages asks for some pages of each entity in one request. Pages go by the records' numbers, so that no record is
// lost when others change meanwhile. Each page begins behind the last record of the page before, by a reference within
// the batch. Behind a page that is not full the reference means nothing, and the page is not looked at.
func (r *run) readPages(
	ctx context.Context,
	open []plan.Entity,
	positions map[plan.Entity]position,
	pages int,
) (*rest.Result, error) {
	batch := &rest.Batch{Halt: pages > 1}
	for _, e := range open {
		p := positions[e]
		var last any = p.Last
		for i := range pages {
			page := batch.Add(pageName(e, i), "crm.item.list", rest.Params{
				"entityTypeId": e.TypeID(), "select": []string{"id", "createdTime", "updatedTime", "originatorId", "originId"},
				"order": rest.Params{"id": "ASC"}, "start": -1,
				"filter": rest.Params{">=updatedTime": p.Since.Add(-r.portals.Options.ReconcileOverlap), ">id": last},
			})
			last = page.Field("items", strconv.Itoa(pageSize-1), "id")
		}
	}
	return r.Client.Do(ctx, batch)
}

func pageName(e plan.Entity, i int) string { return fmt.Sprintf("%s%d", e, i) }

// takePages takes one entity's pages out of an answer. It returns how far the reading is then. At its end Since moves
// on, but never beyond the moment when the reading began: what changed since then may have been read before it
// changed.
func (r *run) takePages(
	ctx context.Context,
	e plan.Entity,
	p position,
	result *rest.Result,
	pages int,
) (position, error) {
	for i := range pages {
		var items rest.Items[modified]
		if err := result.Decode(pageName(e, i), &items); err != nil {
			return p, err
		}
		before := p.Last
		for _, item := range items.Items {
			p.Last = max(p.Last, item.ID.Int64())
			if item.UpdatedTime.At.After(p.Newest) {
				p.Newest = item.UpdatedTime.At.UTC()
			}
		}
		if err := r.enqueueCaught(ctx, e, items.Items); err != nil {
			return p, err
		}
		if e == plan.Deal || e == plan.Lead {
			if err := r.takeTwins(ctx, e, items.Items); err != nil {
				return p, err
			}
		}
		if len(items.Items) < pageSize || p.Last == before {
			if p.Newest.After(p.Began) {
				p.Newest = p.Began
			}
			return position{Since: p.Newest.UTC()}, nil
		}
	}
	return p, nil
}

// positionsOf reads the JSON of a portal's reading positions.
func positionsOf(text string) map[plan.Entity]position {
	positions := map[plan.Entity]position{}
	_ = json.Unmarshal([]byte(text), &positions) // the column is checked to be JSON; an unknown shape begins anew
	return positions
}

func (r *run) savePositions(ctx context.Context, positions map[plan.Entity]position) error {
	text, err := json.Marshal(positions)
	if err != nil {
		return fmt.Errorf("write positions: %w", err)
	}
	r.Portal.Cursors = string(text)
	return r.DB.From(ctx).
		Model(&portal.Portal{}).
		Where("id = ?", r.Portal.ID).
		Update("cursors", r.Portal.Cursors).Error
}

// enqueueCaught enqueues a look at those of the records that are ours and were modified since we last saw them. If an
// event has told of one, its look waits already. Whether there was anything to catch the look will show.
func (r *run) enqueueCaught(ctx context.Context, e plan.Entity, list []modified) error {
	at := lo.SliceToMap(list, func(m modified) (int64, time.Time) { return m.ID.Int64(), m.UpdatedTime.At })
	links, err := r.Book.LinksTo(ctx, e, lo.Keys(at))
	if err != nil || len(links) == 0 {
		return err
	}
	var looks []jobs.Args
	for _, l := range links {
		if l.IsNews(at[l.RemoteID], r.clockOffset(), r.portals.Options.Timeout) {
			looks = append(looks, Pull{Entity: e, ID: l.RemoteID, Caught: true})
		}
	}
	due, err := r.Jobs.FindMany(ctx, Pull{}.Kind(), lo.Map(looks, func(a jobs.Args, _ int) string { return a.Key() }))
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

// countCaught counts a change of the portal that the panel took over, if reconciliation found it («поймано сверкой»).
func (r *run) countCaught(tx *db.Tx, w work) error {
	if !r.caught[w] {
		return nil
	}
	return r.catch(tx, 1)
}

// catch adds n to the number of changes that reconciliation found and no event had told.
func (c *Connection) catch(tx *db.Tx, n int) error {
	err := tx.Model(&portal.Portal{}).Where("id = ?", c.Portal.ID).Update("caught", gorm.Expr("caught + ?", n)).Error
	if err != nil {
		return fmt.Errorf("count what was caught: %w", err)
	}
	return nil
}
