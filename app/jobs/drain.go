package jobs

import (
	"context"
	"fmt"
	"time"
)

// Drain does everything that is due now, in all lanes, in the calling goroutine, and what becomes due by it: for tests
// and one-off commands. The jobs of a lane that is paused, and those put off, are not due. What another process or Run
// is doing is waited for.
func (q *Queue) Drain(ctx context.Context) error {
	if err := q.plant(ctx); err != nil {
		return fmt.Errorf("plant recurring jobs: %w", err)
	}
	for {
		did := false
		for _, l := range q.handled() {
			worked, err := l.drain(ctx)
			if err != nil {
				return fmt.Errorf("drain lane %s: %w", l.name, err)
			}
			did = did || worked
		}
		if did {
			continue
		}
		busy, err := q.busy(ctx)
		if err != nil || !busy {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// drain works a lane until nothing is due.
func (l *lane) drain(ctx context.Context) (did bool, err error) {
	l.turn.Lock()
	defer l.turn.Unlock()
	defer l.letGoUnlessRunning(ctx)
	for ctx.Err() == nil {
		rest, err := l.take(ctx)
		if err != nil || rest > 0 {
			return did, err
		}
		did = true
	}
	return did, ctx.Err()
}

// busy says whether something runs or is due in our lanes.
func (q *Queue) busy(ctx context.Context) (bool, error) {
	var count int64
	err := q.db.From(ctx).Model(&Status{}).Where("lane IN ?", q.handledNames()).
		Where("state = 'running' OR state = 'waiting' AND run_at <= ?", q.now()).
		Where("NOT EXISTS (SELECT 1 FROM lanes p WHERE p.name = jobs.lane AND p.paused_until > ?)", q.now()).
		Count(&count).Error
	if err != nil {
		return false, fmt.Errorf("look for due jobs: %w", err)
	}
	return count > 0, nil
}
