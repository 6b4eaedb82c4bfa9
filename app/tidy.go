package app

import (
	"context"
	"errors"
	"time"

	"github.com/pixlpark/panel/app/api"
	"github.com/pixlpark/panel/app/jobs"
)

// tidy forgets once an hour what is kept no longer: ended sessions, answers of the public API.
type tidy struct{}

// Kind and Key name the job.
func (tidy) Kind() string { return "app.tidy" }
func (tidy) Key() string  { return "all" }

// tidyUp declares the host's own recurring work.
func (a *App) tidyUp() {
	h := &a.host
	jobs.Handle(h.Jobs, "app", 1, func(ctx context.Context, group []jobs.Job) []error {
		return []error{errors.Join(h.Panel.ForgetSessions(ctx), api.Forget(ctx, h.DB))}
	})
	h.Jobs.Every(time.Hour, tidy{}, jobs.Behind())
}
