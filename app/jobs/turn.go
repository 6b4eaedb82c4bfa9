package jobs

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Turn says who has a lane, by the database's clock.
type Turn struct {
	Holder    string // the process that works it, "" when none does
	HeldSince *time.Time
	FreeSince *time.Time // when it was given back or the lease ran out; nil while it is held
	Epoch     int64      // how often the lane was taken over; 0 when it never was
	Neglected bool       // free for so long that whoever should have taken it does not
}

// neglect is how long a lane may be free: the next holder looks for it at least every ten seconds.
const neglect = time.Minute

// Turns tells who has the lanes that have a handler here.
func (q *Queue) Turns(ctx context.Context) (map[string]Turn, error) {
	return q.turns(ctx, q.handledNames()...)
}

// Neglected names the lanes with a handler here that nobody works: what waits in them waits for ever.
func (q *Queue) Neglected(ctx context.Context) ([]string, error) {
	turns, err := q.Turns(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for name, t := range turns {
		if t.Neglected {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (q *Queue) turns(ctx context.Context, lanes ...string) (map[string]Turn, error) {
	var rows []struct {
		Lease     leaseRow `gorm:"embedded"`
		Held      bool
		Neglected bool
	}
	err := q.db.From(ctx).Raw("SELECT *, ends_at > ? AS held, ends_at <= ? AS neglected FROM leases WHERE lane IN ?",
		q.db.Clock(0), q.db.Clock(-neglect), lanes).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read who has the lanes: %w", err)
	}
	turns := make(map[string]Turn, len(lanes))
	for _, name := range lanes {
		turns[name] = Turn{}
	}
	for _, r := range rows {
		t := Turn{Epoch: r.Lease.Epoch, Neglected: r.Neglected, FreeSince: &r.Lease.EndsAt}
		if r.Held {
			t.Holder, t.HeldSince, t.FreeSince = r.Lease.Holder, r.Lease.HeldSince, nil
		}
		turns[r.Lease.Lane] = t
	}
	return turns, nil
}

func (q *Queue) handledNames() []string {
	var names []string
	for _, l := range q.handled() {
		names = append(names, l.name)
	}
	slices.Sort(names)
	return names
}
