package jobs

import (
	"context"
	"fmt"

	"github.com/pixlpark/panel/app/db"
)

// Resume asks the other side of a paused lane now rather than later. The pause ends when it answers, not before. With
// a transaction in ctx it asks after the commit.
func (q *Queue) Resume(ctx context.Context, lane string) error {
	return q.change(ctx, lane, func(tx *db.Tx) error {
		err := tx.Exec("UPDATE lanes SET paused_until = ? WHERE name = ? AND paused_since IS NOT NULL", q.now(), lane).Error
		if err != nil {
			return fmt.Errorf("resume lane %s: %w", lane, err)
		}
		return nil
	})
}

// Retry has a job that failed, or waits for another attempt, run now, with its attempts counted anew. One that runs is
// left alone. ErrNoJob says that there is none.
func (q *Queue) Retry(ctx context.Context, kind, key string) error {
	lane, err := laneOf(kind)
	if err != nil {
		return err
	}
	return q.change(ctx, lane, func(tx *db.Tx) error {
		changed, err := q.again(tx, "kind = ? AND key = ?", kind, key)
		if err != nil {
			return fmt.Errorf("retry job %s %s: %w", kind, key, err)
		}
		if changed > 0 {
			return nil
		}
		status, err := q.Find(tx.Statement.Context, kind, key)
		if err == nil && status.State == Done {
			err = fmt.Errorf("retry job %s %s: %w", kind, key, ErrNoJob)
		}
		return err
	})
}

// RetryAll is Retry for every job of a lane that failed or waits for another attempt. It says how many those are.
func (q *Queue) RetryAll(ctx context.Context, lane string) (int64, error) {
	var changed int64
	err := q.change(ctx, lane, func(tx *db.Tx) error {
		var err error
		if changed, err = q.again(tx, "lane = ?", lane); err != nil {
			return fmt.Errorf("retry the jobs of lane %s: %w", lane, err)
		}
		return nil
	})
	return changed, err
}

// again makes the chosen jobs due. A failed job with an equal one that waits is ended by it.
func (q *Queue) again(tx *db.Tx, which string, args ...any) (int64, error) {
	now := q.now()
	waiting := tx.Exec(`UPDATE jobs SET run_at = ?, attempts = 0 WHERE state = 'waiting' AND last_error <> '' AND `+which,
		append([]any{now}, args...)...)
	if waiting.Error != nil {
		return 0, waiting.Error
	}
	err := tx.Exec(`DELETE FROM jobs WHERE state = 'failed' AND EXISTS (
		SELECT 1 FROM jobs w WHERE w.kind = jobs.kind AND w.key = jobs.key AND w.state = 'waiting') AND `+which, args...).Error
	if err != nil {
		return 0, err
	}
	failed := tx.Exec(`UPDATE jobs SET state = 'waiting', run_at = ?, attempts = 0, finished_at = NULL
		WHERE state = 'failed' AND `+which, append([]any{now}, args...)...)
	return waiting.RowsAffected + failed.RowsAffected, failed.Error
}

// Cancel removes the jobs of a kind and key that wait or failed; one that runs goes on.
func (q *Queue) Cancel(tx *db.Tx, kind, key string) error {
	err := tx.Exec("DELETE FROM jobs WHERE kind = ? AND key = ? AND state IN ('waiting', 'failed')", kind, key).Error
	if err != nil {
		return fmt.Errorf("cancel job %s %s: %w", kind, key, err)
	}
	return nil
}

// change alters a lane's rows and wakes it.
func (q *Queue) change(ctx context.Context, lane string, fn func(tx *db.Tx) error) error {
	return q.transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		tx.AfterCommit(func(context.Context) {
			if l := q.handling(lane); l != nil {
				l.wakeUp()
			}
		})
		return tx.Notify(channel, "wake "+lane)
	})
}
