package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/sirupsen/logrus"
)

// A lane is worked by the process that has its lease: a row of the database with a holder, an epoch and an end. The
// holder renews it well before the end and gives it back when it stops. Whoever finds that the end has passed takes the
// lane, and with that the epoch grows. Instants are the database's own, whatever a process's clock says, and nothing is
// held by a session: a connection that is cut, or lent to another, does no harm.
//
// A process may freeze, lose its turn and go on as if nothing had happened. So whatever it does in its turn is fenced
// (db.Fenced): each transaction first checks that the lease is the one this turn began with, and locks it until the
// commit, so that a take-over waits for the few milliseconds. Where a handler stores what it is about to tell another
// system, and in the same breath tells it, that transaction is also where a turn that is over ends.

// ErrLost says that the lane is no longer this process's: the lease ran out, or another process has taken the lane. What
// a handler returned then is nobody's outcome; the jobs are done again by whoever has the lane.
var ErrLost = errors.New("the lane is another process's by now")

// leaseRow is a lane's lease as every process sees it.
type leaseRow struct {
	Lane      string `gorm:"primaryKey"`
	Holder    string // for people; empty when it was given back
	Epoch     int64
	HeldSince *time.Time
	EndsAt    time.Time
}

func (leaseRow) TableName() string { return "leases" }

// lease is the turn of this process at a lane.
type lease struct {
	q     *Queue
	lane  string
	epoch int64
	log   *logrus.Entry

	over    context.Context // ends when the lease is lost
	lose    context.CancelFunc
	stop    context.CancelFunc // of the renewing
	stopped chan struct{}
}

// free is true of a lease that anybody may take. In a database that one process has for itself, another holder is dead.
const free = "(leases.ends_at <= ? OR ? AND leases.holder <> ?)"

func (q *Queue) freeArgs() []any { return []any{q.db.Clock(0), q.db.Exclusive(), q.holder} }

// takeLease takes the lane. When another holder has it, it returns nil and when to try again: as soon as that lease has
// run out, should it not be renewed.
func (l *lane) takeLease(ctx context.Context) (_ *lease, again time.Duration, err error) {
	q := l.q
	var held []float64 // most of the time it is: a read locks nothing
	err = q.db.From(ctx).Model(&leaseRow{}).Where("lane = ? AND NOT "+free, append([]any{l.name}, q.freeArgs()...)...).
		Pluck(q.db.Remaining("ends_at"), &held).Error
	if err != nil {
		return nil, 0, fmt.Errorf("look at the lease of lane %s: %w", l.name, err)
	}
	if len(held) > 0 {
		left := time.Duration(held[0] * float64(time.Second))
		return nil, max(min(q.poll(), left), 0) + time.Millisecond, nil
	}
	begun := time.Now()
	var epoch, inherited int64
	err = q.transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		epoch = 0
		args := append([]any{l.name, q.holder, q.db.Clock(0), q.db.Clock(q.cfg.Lease), q.db.Clock(q.cfg.Lease)}, q.freeArgs()...)
		err := tx.Raw(`INSERT INTO leases (lane, holder, epoch, held_since, ends_at) VALUES (?, ?, 1, ?, ?)
			ON CONFLICT (lane) DO UPDATE SET holder = excluded.holder, epoch = leases.epoch + 1,
				held_since = excluded.held_since, ends_at = ?
			WHERE `+free+" RETURNING epoch", args...).Scan(&epoch).Error
		if err != nil || epoch == 0 {
			return err
		}
		if err := l.takeOver(tx); err != nil {
			return err
		}
		inherited, err = l.inherit(ctx, tx, epoch)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("take over lane %s: %w", l.name, err)
	}
	if epoch == 0 { // another process was faster
		return nil, q.poll(), nil
	}
	l.inherited, l.left = inherited, 0
	s := &lease{q: q, lane: l.name, epoch: epoch, log: l.log.WithField("epoch", epoch), stopped: make(chan struct{})}
	over, lose := context.WithCancel(context.WithoutCancel(ctx))
	renewing, stop := context.WithCancel(over)
	s.over, s.lose, s.stop = over, lose, stop
	go s.keep(renewing, begun)
	return s, 0, nil
}

// keep renews the lease until ctx ends. begun is when it was taken. When it was renewed too long ago to be ours for
// certain, the turn is over: whatever hangs on a connection that says nothing more is cut short.
func (s *lease) keep(ctx context.Context, begun time.Time) {
	defer close(s.stopped)
	usual := s.q.cfg.Lease / 4
	end, wait := begun.Add(s.q.cfg.Lease), usual
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		begun := time.Now()
		err := s.renew(ctx, min(usual, time.Until(end)))
		switch {
		case err == nil:
			end, wait = begun.Add(s.q.cfg.Lease), usual
		case ctx.Err() != nil:
			return
		case errors.Is(err, ErrLost) || !time.Now().Before(end):
			s.log.WithError(err).Warn("lost the lane")
			s.lose()
			return
		default:
			s.log.WithError(err).Warn("lease not renewed yet")
			wait = min(usual/5, time.Until(end))
		}
	}
}

func (s *lease) renew(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	renewed := s.q.db.From(ctx).Exec("UPDATE leases SET ends_at = ? WHERE "+ours,
		append([]any{s.q.db.Clock(s.q.cfg.Lease)}, s.oursArgs()...)...)
	if renewed.Error != nil {
		return fmt.Errorf("renew the lease of lane %s: %w", s.lane, renewed.Error)
	}
	if renewed.RowsAffected == 0 {
		return ErrLost
	}
	return nil
}

// ours is true of the lease as long as it is this turn's. The epoch alone would do, but for a database that failed over
// to a copy without the last take-over, which gives the same epoch out again.
const ours = "lane = ? AND epoch = ? AND holder = ? AND ends_at > ?"

func (s *lease) oursArgs() []any { return []any{s.lane, s.epoch, s.q.holder, s.q.db.Clock(0)} }

// fence is the db.Fence of this turn. A renewal passes its lock, a take-over waits for it.
func (s *lease) fence(_ context.Context, tx *db.Tx) error {
	var epochs []int64
	err := tx.Model(&leaseRow{}).Clauses(clause.Locking{Strength: "KEY SHARE"}).Where(ours, s.oursArgs()...).
		Pluck("epoch", &epochs).Error
	if err != nil {
		return fmt.Errorf("check the lease of lane %s: %w", s.lane, err)
	}
	if len(epochs) == 0 {
		return ErrLost
	}
	return nil
}

// bind makes ctx one of this turn: fenced, and cancelled with ErrLost when the lease is lost.
func (s *lease) bind(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(s.q.db.Fenced(ctx, s.fence))
	unbind := context.AfterFunc(s.over, func() { cancel(ErrLost) })
	return ctx, func() {
		unbind()
		cancel(nil)
	}
}

// lost says whether the turn is known to be over.
func (s *lease) lost() bool { return s.over.Err() != nil }

// giveBackLimit bounds the last statement of a turn: without it the lease runs out by itself.
const giveBackLimit = 5 * time.Second

// giveBack ends the turn and lets another process have the lane at once. What is still running is made waiting again by
// whoever takes it. given is false if the lease was lost before.
func (s *lease) giveBack(ctx context.Context) (given bool, err error) {
	s.stop()
	<-s.stopped
	defer s.lose()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackLimit)
	defer cancel()
	err = s.q.db.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		now := s.q.db.Clock(0)
		gave := tx.Exec("UPDATE leases SET holder = '', held_since = NULL, ends_at = ? WHERE "+ours,
			append([]any{now}, s.oursArgs()...)...)
		given = gave.RowsAffected > 0
		if gave.Error != nil || !given {
			return gave.Error
		}
		return tx.Notify(channel, "wake "+s.lane)
	})
	if err != nil {
		return false, fmt.Errorf("give lane %s back: %w", s.lane, err)
	}
	return given, nil
}
