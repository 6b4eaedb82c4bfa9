package app_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
)

// stumbler is a module whose work fails in a lane of the host's times and in one of its own.
type stumbler struct{}

func (stumbler) Name() string { return "stumbler" }

func (stumbler) Register(h *app.Host) error {
	fail := func(_ context.Context, group []jobs.Job) []error {
		outcomes := make([]error, len(group))
		for i, job := range group {
			outcomes[i] = errors.New("odd answer")
			if strings.HasSuffix(job.Kind, ".pause") {
				outcomes[i] = jobs.PauseLane(0, errors.New("down"))
			}
		}
		return outcomes
	}
	jobs.Handle(h.Jobs, "stumbler", 1, fail)
	jobs.Handle(h.Jobs, "stumblerown", 1, fail, jobs.RetryFirst(time.Hour), jobs.PauseMax(70*time.Millisecond))
	return nil
}

// work is a job by its kind.
type work string

func (w work) Kind() string { return string(w) }
func (work) Key() string    { return "thing/1" }

func TestConfig_timesOfJobsReachTheQueueUnlessALaneHasItsOwn(t *testing.T) {
	t.Setenv("JOBS_RETRY_FIRST", "7m")
	t.Setenv("JOBS_PAUSE_MAX", "300ms")
	t.Setenv("JOBS_LEASE", "3h")
	t.Setenv("DATABASE_URL", "")
	t.Setenv("DATA_DIR", t.TempDir())
	t.Setenv("LOG_LEVEL", "panic")
	cfg, err := app.ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	log, err := cfg.Logger()
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, log, stumbler{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	queue := a.Host().Jobs
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- queue.Run(ctx) }()
	leased := func() (n int64) {
		d := a.Host().DB
		err := d.From(t.Context()).Raw("SELECT count(*) FROM leases WHERE ends_at > ?", d.Clock(2*time.Hour)).Scan(&n).Error
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for deadline := time.Now().Add(30 * time.Second); leased() < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no leases for as long as JOBS_LEASE says")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}

	try := func(kinds ...work) { // each of them once: whoever waits for a job has its lane worked
		t.Helper()
		err := a.Host().DB.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
			for _, kind := range kinds {
				if err := queue.Enqueue(tx, kind, jobs.Await(time.Minute)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		queue.Wait()
	}

	begin := time.Now()
	try("stumbler.fail", "stumblerown.fail")
	end := time.Now()
	for kind, want := range map[string]time.Duration{"stumbler.fail": 7 * time.Minute, "stumblerown.fail": time.Hour} {
		job, err := queue.Find(t.Context(), kind, "thing/1")
		if err != nil {
			t.Fatal(err)
		}
		give := want/10 + time.Millisecond // the wait is spread by a tenth
		if job.RunAt.Before(begin.Add(want-give)) || job.RunAt.After(end.Add(want+give)) {
			t.Errorf("%s is tried again after %v, want %v", kind, job.RunAt.Sub(begin), want)
		}
	}

	try("stumbler.pause", "stumblerown.pause")
	for lane, want := range map[string]time.Duration{
		"stumbler": 300 * time.Millisecond, "stumblerown": 70 * time.Millisecond,
	} {
		state, err := queue.Lane(t.Context(), lane)
		if err != nil {
			t.Fatal(err)
		}
		if got := state.PausedUntil.Sub(*state.ProbedAt); got != want {
			t.Errorf("%s pauses for %v, want %v", lane, got, want)
		}
	}
}

func TestReadConfig_namesTheVariableThatIsWrong(t *testing.T) {
	for _, value := range []string{"soon", "-1m"} {
		t.Setenv("JOBS_RETRY_FIRST", value)
		if _, err := app.ReadConfig(); err == nil || !strings.Contains(err.Error(), "JOBS_RETRY_FIRST=") {
			t.Errorf("JOBS_RETRY_FIRST=%s: %v, want an error that names it", value, err)
		}
	}
}
