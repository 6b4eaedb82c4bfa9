package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/sirupsen/logrus"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// lane is one lane in this process.
type lane struct {
	q    *Queue
	name string
	log  *logrus.Entry

	limit      int
	bulkLimit  int // 0: as limit
	along      along
	retryFirst time.Duration
	pauseMax   time.Duration
	handle     func(ctx context.Context, group []Job) []error
	takenOver  func(ctx context.Context, tx *db.Tx) error
	probe      func(ctx context.Context) error

	wake chan struct{} // there may be work

	// turn is held by whoever works the lane in this process: Run, Drain or an awaited attempt. It guards what follows.
	turn   sync.Mutex
	lease  *lease // nil: another process may have the lane
	pruned time.Time

	inherited int64 // jobs up to this number were there when this process took the lane over
	left      int64 // the epoch in which it gave the lane back by itself; 0: it lost it, or never had it
}

// along is the kind of jobs that leave with others before their time, and how long before.
type along struct {
	kind   string
	within time.Duration
}

func (l *lane) wakeUp() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// laneRow is what all processes know of a lane. A lane is paused from a PauseLane until its other side has answered
// again; paused_until only says when to ask it.
type laneRow struct {
	Name        string `gorm:"primaryKey"`
	PausedSince *time.Time
	PausedUntil *time.Time
	Pauses      int // in a row
	Reason      string
	ProbedAt    *time.Time
}

func (laneRow) TableName() string { return "lanes" }

func (r laneRow) paused() bool { return r.PausedSince != nil }

// row reads the lane's row; a lane that nobody ever held has none.
func (l *lane) row(ctx context.Context) (laneRow, error) {
	row := laneRow{Name: l.name}
	err := l.q.db.From(ctx).Where("name = ?", l.name).Take(&row).Error
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return row, fmt.Errorf("read lane %s: %w", l.name, err)
	}
	return row, nil
}

// look is row for the holder, with the time when the lane's next job is due; nil when none waits. It is all that an idle
// lane asks.
func (l *lane) look(ctx context.Context) (row laneRow, next *time.Time, err error) {
	var found struct {
		Row   laneRow `gorm:"embedded"`
		RunAt *time.Time
	}
	err = l.q.db.From(ctx).Raw(`SELECT lanes.*, jobs.run_at FROM lanes LEFT JOIN jobs ON jobs.id = (
			SELECT id FROM jobs WHERE lane = lanes.name AND state = 'waiting' ORDER BY run_at LIMIT 1)
		WHERE lanes.name = ?`, l.name).Scan(&found).Error
	if err != nil {
		return row, nil, fmt.Errorf("look at lane %s: %w", l.name, err)
	}
	return found.Row, found.RunAt, nil
}

// hold makes this process the holder of the lane, or says when to try again because another one is.
func (l *lane) hold(ctx context.Context) (again time.Duration, err error) {
	if l.lease != nil && l.lease.lost() {
		l.letGo(ctx)
	}
	if l.lease == nil {
		l.lease, again, err = l.takeLease(ctx)
	}
	return again, err
}

// takeOver makes waiting again what the holder before was running when it lost the lane. Where an equal job waits
// already, that one does the same with fresher data.
func (l *lane) takeOver(tx *db.Tx) error {
	for _, statement := range []string{
		`DELETE FROM jobs WHERE lane = ? AND state = 'running' AND EXISTS (
			SELECT 1 FROM jobs w WHERE w.kind = jobs.kind AND w.key = jobs.key AND w.state = 'waiting')`,
		`UPDATE jobs SET state = 'waiting' WHERE lane = ? AND state = 'running'`,
		`INSERT INTO lanes (name) VALUES (?) ON CONFLICT (name) DO NOTHING`,
	} {
		if err := tx.Exec(statement, l.name).Error; err != nil {
			return err
		}
	}
	return nil
}

// inherit returns up to which number jobs were there when this process took the lane over, in the given epoch.
func (l *lane) inherit(ctx context.Context, tx *db.Tx, epoch int64) (newest int64, err error) {
	if l.left > 0 && epoch == l.left+1 {
		return l.inherited, nil // nobody has had it meanwhile
	}
	err = tx.Raw("SELECT coalesce(max(id), 0) FROM jobs WHERE lane = ?", l.name).Scan(&newest).Error
	if err != nil {
		return 0, fmt.Errorf("find the newest job: %w", err)
	}
	if l.takenOver != nil {
		err = l.takenOver(ctx, tx)
	}
	return newest, err
}

// letGo lets another process have the lane.
func (l *lane) letGo(ctx context.Context) {
	if l.lease == nil {
		return
	}
	given, err := l.lease.giveBack(ctx)
	if err != nil {
		l.log.WithError(err).Warn("left the lane without a word") // others take it when the lease has run out
	}
	if given {
		l.left = l.lease.epoch
	}
	l.lease = nil
}

// pause holds the lane, a little longer each time.
func (l *lane) pause(tx *db.Tx, err error) error {
	var row laneRow
	if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("name = ?", l.name).Take(&row).Error; err != nil {
		return fmt.Errorf("pause lane %s: %w", l.name, err)
	}
	now := l.q.now()
	row.Pauses++
	wait := pauseFor(row.Pauses, l.pauseMax)
	var asked *pauseLane
	if errors.As(err, &asked) {
		wait = max(wait, asked.wait.Truncate(time.Millisecond))
	}
	if row.PausedSince == nil {
		row.PausedSince = &now
		l.log.WithError(err).Warn("lane paused")
	}
	until := now.Add(wait)
	row.PausedUntil, row.Reason, row.ProbedAt = &until, err.Error(), &now
	if err := tx.Save(&row).Error; err != nil {
		return fmt.Errorf("pause lane %s: %w", l.name, err)
	}
	return nil
}

// unpause ends the pause: the other side has answered.
func (l *lane) unpause(tx *db.Tx) error {
	err := tx.Model(&laneRow{}).Where("name = ?", l.name).Updates(map[string]any{
		"paused_since": nil, "paused_until": nil, "pauses": 0, "reason": "", "probed_at": l.q.now(),
	}).Error
	if err != nil {
		return fmt.Errorf("end the pause of lane %s: %w", l.name, err)
	}
	l.log.Info("lane goes on")
	return nil
}

// askProbe asks the other side of a paused lane and says whether it answered.
func (l *lane) askProbe(ctx context.Context) (bool, error) {
	answer := l.call(handlerContext(ctx), l.probe)
	err := l.q.transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		if answer != nil {
			return l.pause(tx, answer)
		}
		return l.unpause(tx)
	})
	return answer == nil, err
}
