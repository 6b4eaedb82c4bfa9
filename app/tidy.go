package app

import (
	"context"
	"errors"
	"time"

	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/once"
)

// tidy forgets once an hour what is kept no longer: ended sessions, answers to repeated requests.
type tidy struct{}

// Kind and Key name the job.
func (tidy) Kind() string { return "app.tidy" }
func (tidy) Key() string  { return "all" }

// tidyUp declares the host's own recurring work.
func (a *App) tidyUp() {
	h := &a.host
	jobs.Handle(h.Jobs, "app", 1, func(ctx context.Context, group []jobs.Job) []error {
		return []error{errors.Join(h.Panel.ForgetSessions(ctx), once.Forget(ctx, h.DB))}
	})
	h.Jobs.Every(time.Hour, tidy{}, jobs.Behind())
}
