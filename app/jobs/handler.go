package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// inHandler is the key of what handlerContext marks.
type inHandler struct{}

// handlerContext marks ctx as a handler's: nobody waits for what is enqueued with it.
func handlerContext(ctx context.Context) context.Context {
	return context.WithValue(ctx, inHandler{}, true)
}

// handleGroup has the handler work a group and writes down what became of it, also when ctx has ended meanwhile: a
// handler that was cut short has not failed, and neither have its jobs.
func (l *lane) handleGroup(ctx context.Context, g group, trial bool) error {
	outcomes := l.outcomes(ctx, g.jobs)
	for i, err := range outcomes {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			outcomes[i] = RetryAfter(0, err)
		}
	}
	turn, end := l.lease.bind(context.WithoutCancel(ctx))
	defer end()
	return l.finish(turn, g, outcomes, trial)
}

// outcomes has the handler work a group and makes sure of one outcome for each job.
func (l *lane) outcomes(ctx context.Context, group []Job) []error {
	var outcomes []error
	panicked := l.call(ctx, func(ctx context.Context) error {
		outcomes = l.handle(ctx, group)
		return nil
	})
	switch {
	case panicked == nil && len(outcomes) == len(group):
		return outcomes
	case panicked == nil:
		panicked = fmt.Errorf("lane %s: %d outcomes for %d jobs", l.name, len(outcomes), len(group))
		fallthrough
	case len(group) == 1:
		outcomes = make([]error, len(group))
		for i := range outcomes {
			outcomes[i] = panicked
		}
		return outcomes
	}
	// Alone, each gets what it deserves.
	outcomes = nil
	for i := range group {
		outcomes = append(outcomes, l.outcomes(ctx, group[i:i+1])...)
	}
	return outcomes
}

// call turns a panic of fn into an error.
func (l *lane) call(ctx context.Context, fn func(ctx context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			l.log.WithField("panic", r).WithField("stack", string(debug.Stack())).Error("job handler panicked")
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return fn(ctx)
}
