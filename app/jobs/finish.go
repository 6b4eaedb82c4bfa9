package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pixlpark/panel/app/db"
)

// finish writes down what became of a group, unless the lane was lost meanwhile: its transactions are fenced.
func (l *lane) finish(ctx context.Context, g group, outcomes []error, trial bool) error {
	type settled struct {
		job Job
		err error
	}
	all := make([]settled, len(g.jobs))
	for i, job := range g.jobs {
		all[i] = settled{job, outcomes[i]}
	}
	slices.SortFunc(all, func(a, b settled) int {
		return cmp.Or(cmp.Compare(a.job.Kind, b.job.Kind), cmp.Compare(a.job.Key, b.job.Key))
	})
	return l.q.transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		var done []int64
		var paused error
		awaited := false
		for _, s := range all {
			awaited = awaited || s.job.Awaited
			if Pauses(s.err) && paused == nil {
				paused = s.err
			}
			if s.err == nil {
				done = append(done, s.job.ID)
			} else if err := l.settle(tx, g.claim, s.job, s.err); err != nil {
				return err
			}
			if err := l.q.plantAgain(tx, s.job, s.err); err != nil {
				return err
			}
		}
		if err := l.close(tx, g.claim, done); err != nil {
			return err
		}
		if paused != nil {
			if err := l.pause(tx, paused); err != nil {
				return err
			}
		} else if trial {
			if err := l.unpause(tx); err != nil {
				return err
			}
		}
		tx.AfterCommit(func(context.Context) { l.q.finished(l.name, g.jobs, paused != nil) })
		if awaited || paused != nil {
			return tx.Notify(channel, "done "+l.name)
		}
		return nil
	})
}

// close ends jobs that succeeded, and with them older equal ones that waited for a person.
func (l *lane) close(tx *db.Tx, claim int64, done []int64) error {
	now := l.q.now()
	for ids := range slices.Chunk(done, 5000) {
		err := tx.Exec(`UPDATE jobs SET state = 'done', finished_at = ?, last_error = ''
			WHERE id IN ? AND claim = ? AND state = 'running'`, now, ids, claim).Error
		if err != nil {
			return fmt.Errorf("finish jobs of lane %s: %w", l.name, err)
		}
		err = tx.Exec(`UPDATE jobs SET state = 'done', finished_at = ? WHERE state = 'failed' AND lane = ? AND EXISTS (
			SELECT 1 FROM jobs s WHERE s.id IN ? AND s.kind = jobs.kind AND s.key = jobs.key AND s.state = 'done')`,
			now, l.name, ids).Error
		if err != nil {
			return fmt.Errorf("close failed jobs of lane %s: %w", l.name, err)
		}
	}
	return nil
}

// settle puts a job that did not succeed where its error says.
func (l *lane) settle(tx *db.Tx, claim int64, job Job, cause error) error {
	row := Status{Job: job, State: Waiting, LastError: cause.Error(), RunAt: l.q.now()}
	row.Priority = max(job.Priority, Live) // nobody waits for the next attempt
	var later *retryAfter
	switch {
	case Pauses(cause):
		row.LastError = "" // it is not about this job: keep what is there
	case errors.As(cause, &later):
		row.RunAt = row.RunAt.Add(later.wait.Truncate(time.Millisecond))
	default:
		row.Attempts++
		wait := backoff(l.retryFirst, row.Attempts)
		every, recurs := l.q.recurs(job)
		switch {
		case recurs && !IsPermanent(cause):
			wait = min(wait, every.interval)
		case IsPermanent(cause), row.Attempts >= l.q.cfg.Attempts:
			row.State = Failed
		}
		row.RunAt = row.RunAt.Add(wait.Truncate(time.Millisecond))
		log := l.log.WithError(cause).WithField("job", job.Kind).WithField("key", job.Key)
		if row.State == Failed {
			log.Error("job failed")
		} else {
			log.WithField("attempt", row.Attempts).Warn("job will be tried again")
		}
	}
	if err := l.put(tx, claim, row); err != nil {
		return fmt.Errorf("put back job %s %s: %w", job.Kind, job.Key, err)
	}
	return nil
}

// put gives a running job its next state. Coming back to waiting it may find an equal one there, which does the same
// with fresher data, and ends; failing, it takes the place of an equal one that failed before.
func (l *lane) put(tx *db.Tx, claim int64, row Status) error {
	const mine = "id = ? AND claim = ? AND state = 'running'"
	if row.State == Waiting {
		ended := tx.Exec("DELETE FROM jobs WHERE "+mine+` AND EXISTS (
			SELECT 1 FROM jobs w WHERE w.kind = jobs.kind AND w.key = jobs.key AND w.state = 'waiting')`, row.ID, claim)
		if ended.Error != nil || ended.RowsAffected > 0 {
			return ended.Error
		}
		return tx.Exec(`UPDATE jobs SET state = 'waiting', priority = ?, attempts = ?, run_at = ?,
			last_error = CASE WHEN ? = '' THEN last_error ELSE ? END WHERE `+mine,
			row.Priority, row.Attempts, row.RunAt, row.LastError, row.LastError, row.ID, claim).Error
	}
	err := tx.Exec("DELETE FROM jobs WHERE kind = ? AND key = ? AND state = 'failed'", row.Kind, row.Key).Error
	if err != nil {
		return err
	}
	return tx.Exec(`UPDATE jobs SET state = 'failed', priority = ?, attempts = ?, last_error = ?, finished_at = ? WHERE `+mine,
		row.Priority, row.Attempts, row.LastError, l.q.now(), row.ID, claim).Error
}

// prune removes what was done long ago, now and then.
func (l *lane) prune(ctx context.Context) error {
	now := l.q.now()
	if now.Sub(l.pruned) < time.Hour {
		return nil
	}
	l.pruned = now
	err := l.q.db.From(ctx).Exec("DELETE FROM jobs WHERE lane = ? AND state = 'done' AND finished_at < ?",
		l.name, now.Add(-l.q.cfg.Retention)).Error
	if err != nil {
		return fmt.Errorf("prune lane %s: %w", l.name, err)
	}
	return nil
}
