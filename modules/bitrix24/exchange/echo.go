package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Each write of ours comes back as an event, its echo. Nothing in the event tells an echo from a change by a person: it
// names the record and a second, and both may have written in that second. So every record that an event names is read,
// and the reading is compared with what is agreed on. What can be saved is the request: a record that we have just
// written to is read along with the next thing that leaves (along.go), or with others of its kind after a few seconds.
//
// That an event may be an echo is known by the link: sent_at is set before a write leaves, in the transaction that
// stores its intent, so no event can come before. Of a record that was just created there is no link yet.

// echoesFor is how long after a write of ours an event about the record is taken for its echo at first.
const echoesFor = 10 * time.Second

// Hear enqueues a look at a record that an event names, at once or, if that may be an echo, with what leaves next.
func (x *Exchange) Hear(tx *db.Tx, portalID int64, e plan.Entity, id int64) error {
	look, wait := Pull{Entity: e, ID: id}, time.Duration(0)
	if e != plan.Product && x.portals.Options.EchoWait > 0 {
		var known struct{ Links, Written int64 }
		since := db.Now().Add(-echoesFor)
		err := tx.Model(&plan.Link{}).
			Select("count(*) AS links, count(CASE WHEN sent_at > ? OR created_at > ? THEN 1 END) AS written", since, since).
			Where("portal_id = ? AND entity = ? AND remote_id = ?", portalID, e, id).
			Scan(&known).Error
		if err != nil {
			return fmt.Errorf("look for an echo: %w", err)
		}
		look.Echo = known.Links == 0 || known.Written > 0
	}
	if look.Echo {
		wait = x.portals.Options.EchoWait
	}
	return x.Jobs.Enqueue(tx, look, jobs.WithPriority(jobs.Pull), jobs.After(wait))
}

// noteWrites notes on the links that commands about their records are about to leave.
func (w *world) noteWrites(tx *db.Tx, commands []*plan.Command) error {
	ids := map[plan.Entity][]int64{}
	for _, c := range commands {
		if c.About.RemoteID != 0 {
			ids[c.About.Entity] = append(ids[c.About.Entity], c.About.RemoteID)
		}
	}
	for e, some := range ids {
		err := tx.Exec("UPDATE bitrix24_links SET sent_at = ? WHERE portal_id = ? AND entity = ? AND remote_id IN ?",
			db.Now(), w.Portal.ID, e, lo.Uniq(some)).Error
		if err != nil {
			return fmt.Errorf("note what is written: %w", err)
		}
	}
	return nil
}

// dueLooks returns the looks that are made now, and puts the others off. What was read along needs no request, and a
// record of nobody neither. One request serves all others, so once one of them can't wait any longer none does. Until
// then an echo waits for company, and whatever needs a request gives way to orders that somebody waits for.
func (r *run) dueLooks(group []jobs.Job, looks []pulled, s sorted) []pulled {
	age := func(p pulled) time.Duration { return db.Now().Sub(group[p.job].EnqueuedAt) }
	echoWait := func(p pulled) time.Duration {
		if !p.Echo {
			return 0
		}
		return max(0, r.portals.Options.EchoWait-age(p))
	}
	ready, unread := lo.FilterReject(looks, func(p pulled, _ int) bool {
		return !p.linked || r.along.has(p.Entity, p.ID)
	})
	if lo.ContainsBy(unread, func(p pulled) bool {
		return echoWait(p) == 0 && (r.class != rest.People || age(p) >= pullsWait)
	}) {
		return looks
	}
	for _, p := range unread {
		s.outcomes[p.job] = jobs.RetryAfter(echoWait(p), errNextGroup)
	}
	return ready
}

// sighting is a modification of a record that was read, and the second had passed that it was made in.
type sighting struct {
	entity plan.Entity
	at     time.Time // by the portal's clock
}

// noteSeen keeps on the links which modification of their records was read, so that reconciliation need not read them
// again. Records whose looks failed are read again.
func (r *run) noteSeen(ctx context.Context) error {
	seen := map[sighting][]int64{}
	note := func(e plan.Entity, l *plan.Link, at time.Time, w work) {
		if l != nil && !at.IsZero() && w.failure() == nil {
			s := sighting{e, at}
			seen[s] = append(seen[s], l.RemoteID)
		}
	}
	for _, w := range r.orders {
		note(plan.Deal, w.Link, w.seen, w)
	}
	for _, w := range r.leads {
		note(plan.Lead, w.Links[0], w.seen, w)
	}
	for _, w := range r.clients {
		note(plan.Contact, w.Link, w.seen, w)
	}
	for _, w := range r.organizations {
		note(plan.Company, w.Link, w.seen, w)
	}
	if len(seen) == 0 || r.tried != nil {
		return nil
	}
	return r.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		for s, ids := range seen {
			err := tx.Exec("UPDATE bitrix24_links SET seen_at = ? WHERE portal_id = ? AND entity = ? AND remote_id IN ?",
				s.at, r.Portal.ID, s.entity, ids).Error
			if err != nil {
				return fmt.Errorf("note what was seen: %w", err)
			}
		}
		return nil
	})
}
