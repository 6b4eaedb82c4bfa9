package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Run works the lanes until ctx ends, waits for the handlers that are running and lets the lanes go. Handlers that
// take longer than Config.Grace have their context cancelled; one that ignores even that is an error, and what it was
// doing is done again by the next holder.
func (q *Queue) Run(ctx context.Context) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	if err := q.plant(work); err != nil {
		return fmt.Errorf("plant recurring jobs: %w", err)
	}
	q.setRunning(true)
	defer q.setRunning(false)

	var running sync.WaitGroup
	for _, l := range q.handled() {
		running.Go(func() { l.run(ctx, work) })
	}
	ended := make(chan struct{})
	go func() {
		running.Wait()
		q.attempts.Wait()
		close(ended)
	}()

	<-ctx.Done()
	select {
	case <-ended:
		return nil
	case <-time.After(q.cfg.Grace):
		cancel()
	}
	select {
	case <-ended:
		return nil
	case <-time.After(afterGrace):
		return errors.New("job handlers did not end in time")
	}
}

// afterGrace is what a handler is given to notice that its context ended.
const afterGrace = 2 * time.Second

// run works one lane until ctx ends. What it does meanwhile is done with the context work.
func (l *lane) run(ctx, work context.Context) {
	defer func() {
		l.turn.Lock()
		defer l.turn.Unlock()
		l.letGo(work)
	}()
	for ctx.Err() == nil {
		wait, err := l.step(work)
		switch {
		case errors.Is(err, ErrLost):
			l.log.WithError(err).Warn("turn cut short")
			wait = l.q.soon()
		case err != nil:
			l.log.WithError(err).Error("lane interrupted")
			wait = l.q.soon()
		}
		if wait > 0 {
			select {
			case <-ctx.Done():
			case <-l.wake:
			case <-time.After(wait):
			}
		}
	}
}

// step takes one turn of Run: 0 means that there may be more to do at once, else how long to wait.
func (l *lane) step(ctx context.Context) (time.Duration, error) {
	l.turn.Lock()
	defer l.turn.Unlock()
	return l.take(ctx)
}

// take takes one turn; the caller holds l.turn. It returns 0 when it did something. After an error the lane is let go,
// whatever it was: the next turn begins anew, with what is running made waiting again.
func (l *lane) take(ctx context.Context) (time.Duration, error) {
	free, err := l.hold(ctx)
	if err != nil || l.lease == nil {
		return free, err
	}
	turn, end := l.lease.bind(ctx)
	defer end()
	wait, err := l.workOrWait(turn)
	if err != nil {
		if l.lease.lost() { // whatever it looks like
			err = ErrLost
		}
		l.letGo(ctx)
	}
	return wait, err
}

// workOrWait is a turn of the holder.
func (l *lane) workOrWait(ctx context.Context) (time.Duration, error) {
	poll := l.q.poll()
	if err := l.prune(ctx); err != nil {
		return 0, err
	}
	row, next, err := l.look(ctx)
	if err != nil {
		return 0, err
	}
	trial := false
	if row.paused() {
		if wait := row.PausedUntil.Sub(l.q.now()); wait > 0 {
			return min(wait, poll), nil
		}
		if l.probe != nil {
			if _, err := l.askProbe(ctx); err != nil {
				return 0, err
			}
			return 0, nil
		}
		trial = true
	}
	switch {
	case next == nil:
		return poll, nil
	case next.After(l.q.now()):
		return min(poll, next.Sub(l.q.now())), nil
	}
	did, err := l.work(ctx, trial)
	if err != nil || did {
		return 0, err
	}
	return min(poll, locked), nil
}

// locked is the wait for a due job whose row somebody has locked, who is just enqueueing it again.
const locked = 20 * time.Millisecond

// work claims and handles one group: bulk work only when nothing else is due.
func (l *lane) work(ctx context.Context, trial bool) (bool, error) {
	for _, bulk := range []bool{false, true} {
		g, err := l.claimGroup(ctx, bulk)
		if err != nil {
			return false, err
		}
		if len(g.jobs) > 0 {
			return true, l.handleGroup(handlerContext(ctx), g, trial)
		}
	}
	return false, nil
}
