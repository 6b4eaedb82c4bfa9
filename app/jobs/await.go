package jobs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pixlpark/panel/app/db"
)

// Awaiting begins after the outermost commit and after everything else that was to happen then: once for all jobs of
// the transaction, at most for the longest of their limits. It ends when each of them has had a run that began after
// the commit, whatever came of it, or when whoever waits goes away. The run itself is never cut short.
//
// Nobody waits
//   - inside a job's handler: a change that comes from the other side must not wait for the job it causes;
//   - while the lane is paused, and until its other side has answered a probe.
//
// The run is the holder's: Run's in this process, or another process's, which tells of it by notification. Where no
// Run goes on in this process and the lane is free, as in tests and one-off commands, the lane is worked in a
// goroutine of its own while somebody waits and until the awaited jobs have had their run, together with whatever the
// lane claims before or with them.

// wait is a transaction's.
type wait struct {
	limit time.Duration

	mu    sync.Mutex
	marks map[int64]mark // of the jobs that have not had their run
	over  chan struct{}  // closed when there is none left
	again chan struct{}  // another process had a run: look again
}

// awaitAfter registers jobs for the wait of their transaction. It happens in AfterCommit, so that what was enqueued in
// a nested transaction that was rolled back is not waited for; and what AfterCommit registers comes last.
func (q *Queue) awaitAfter(tx *db.Tx, limit time.Duration, marks []mark) {
	caller := tx.Statement.Context
	if caller.Value(inHandler{}) != nil {
		return
	}
	tx.AfterCommit(func(context.Context) {
		w, _ := tx.Kept(waitOf{q}).(*wait)
		if w == nil {
			w = &wait{marks: map[int64]mark{}, over: make(chan struct{}), again: make(chan struct{}, 1)}
			tx.Keep(waitOf{q}, w)
			tx.AfterCommit(func(ctx context.Context) { q.await(ctx, caller, w) })
		}
		w.limit = max(w.limit, limit)
		for _, m := range marks {
			if _, ok := w.marks[m.ID]; !ok {
				w.marks[m.ID] = m
			}
		}
	})
}

// waitOf is the key under which a transaction keeps its wait.
type waitOf struct{ q *Queue }

func (q *Queue) await(ctx, caller context.Context, w *wait) {
	q.mu.Lock()
	q.waits[w] = struct{}{}
	run := q.running
	q.mu.Unlock()
	defer func() {
		q.mu.Lock()
		delete(q.waits, w)
		q.mu.Unlock()
		w.finish(func(mark) bool { return true }) // nobody waits any more, so an attempt ends with its group
	}()

	q.check(ctx, w) // it may have been done already, or nobody may wait
	if !run {
		for _, name := range w.lanes() {
			q.attempts.Go(func() { q.handling(name).attempt(ctx, w) })
		}
	}
	limit := time.NewTimer(w.limit)
	defer limit.Stop()
	// Notifications tell of other processes' runs; this is for the one that is lost.
	poll := time.NewTicker(q.soon())
	defer poll.Stop()
	for {
		select {
		case <-w.over:
			return
		case <-limit.C:
			return
		case <-caller.Done():
			return
		case <-w.again:
			q.check(ctx, w)
		case <-poll.C:
			q.check(ctx, w)
		}
	}
}

// attempt works the lane until the awaited jobs had their run, nobody waits for them, Run has begun, or there is
// nothing left to do.
func (l *lane) attempt(ctx context.Context, w *wait) {
	l.turn.Lock()
	defer l.turn.Unlock()
	defer l.letGoUnlessRunning(ctx)
	for w.waitsFor(l.name) && !l.q.isRunning() {
		rest, err := l.take(ctx)
		if err != nil {
			l.log.WithError(err).Error("lane interrupted")
			return
		}
		if rest > 0 {
			return
		}
	}
}

func (l *lane) letGoUnlessRunning(ctx context.Context) {
	if !l.q.isRunning() {
		l.letGo(ctx)
	}
}

// Wait returns when no attempt that Await began without Run is under way any more. Before closing the database, that
// is.
func (q *Queue) Wait() { q.attempts.Wait() }

// finished tells those who wait in this process what just had its run.
func (q *Queue) finished(lane string, group []Job, paused bool) {
	for _, w := range q.waiting() {
		w.finish(func(m mark) bool {
			if paused && m.Lane == lane {
				return true
			}
			for _, job := range group {
				if job.ID == m.ID {
					return true
				}
			}
			return false
		})
	}
}

// look has everybody check who waits for a lane that another process has worked.
func (q *Queue) look(lane string) {
	for _, w := range q.waiting() {
		if !w.waitsFor(lane) {
			continue
		}
		select {
		case w.again <- struct{}{}:
		default:
		}
	}
}

func (q *Queue) waiting() []*wait {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]*wait, 0, len(q.waits))
	for w := range q.waits {
		all = append(all, w)
	}
	return all
}

// check reads from the database which of the awaited jobs had their run.
func (q *Queue) check(ctx context.Context, w *wait) {
	ids, lanes := w.ids(), w.lanes()
	if len(ids) == 0 {
		return
	}
	var rows []Status
	var paused []string
	err := q.db.From(ctx).Select("id, state, claim").Where("id IN ?", ids).Find(&rows).Error
	if err == nil {
		err = q.db.From(ctx).Model(&laneRow{}).Where("name IN ? AND paused_since IS NOT NULL", lanes).
			Pluck("name", &paused).Error
	}
	if err != nil {
		q.cfg.Log.WithError(fmt.Errorf("look at awaited jobs: %w", err)).Warn("waiting on")
		return
	}
	found := make(map[int64]Status, len(rows))
	for _, r := range rows {
		found[r.ID] = r
	}
	w.finish(func(m mark) bool {
		for _, name := range paused {
			if name == m.Lane {
				return true
			}
		}
		row, exists := found[m.ID]
		switch {
		case !exists || row.State == Done || row.State == Failed:
			return true
		case row.State == Running:
			return false // it began after the commit: until then the row was ours
		}
		return row.Claim != m.Claim // back from a run
	})
}

// finish strikes out the jobs of which had is true.
func (w *wait) finish(had func(m mark) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.marks) == 0 {
		return
	}
	for id, m := range w.marks {
		if had(m) {
			delete(w.marks, id)
		}
	}
	if len(w.marks) == 0 {
		close(w.over)
	}
}

func (w *wait) waitsFor(lane string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.marks {
		if m.Lane == lane {
			return true
		}
	}
	return false
}

func (w *wait) ids() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := make([]int64, 0, len(w.marks))
	for id := range w.marks {
		ids = append(ids, id)
	}
	return ids
}

func (w *wait) lanes() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lanes []string
	seen := map[string]bool{}
	for _, m := range w.marks {
		if !seen[m.Lane] {
			seen[m.Lane] = true
			lanes = append(lanes, m.Lane)
		}
	}
	return lanes
}
