package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
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

func TestConfig_trustedProxies(t *testing.T) {
	for _, tt := range []struct {
		name, trusted, forwarded string
		locked                   bool // the sixth wrong password is one too many: all came from one address
	}{
		{"this machine is believed", "", "203.0.113.%d", false},
		{"not what it passes on from a stranger", "", "198.51.100.%d, 203.0.113.7", true},
		{"of a private network nothing is believed", "", "198.51.100.%d, 10.0.0.5", true},
		{"unless it is named", "127.0.0.1, 10.0.0.0/8", "198.51.100.%d, 10.0.0.5", false},
		{"a named one in place of this machine", "192.0.2.1", "203.0.113.%d", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := apptest.OpenWith(t, dbtest.Fresh(t, db.SQLite), func(cfg *app.Config) { cfg.TrustedProxies = tt.trusted })
			var status int
			for i := range 6 {
				status = signInFrom(t, p, fmt.Sprintf(tt.forwarded, i+1))
			}
			if locked := status == http.StatusTooManyRequests; locked != tt.locked {
				t.Errorf("the sixth wrong password is answered %d, want locked: %v", status, tt.locked)
			}
		})
	}
	for _, bad := range []string{"10.0.0.0/33", "proxy", "127.0.0.1,,"} {
		cfg := app.Config{Addr: "127.0.0.1:0", DataDir: t.TempDir(), TimeZone: "UTC", TrustedProxies: bad}
		if _, err := app.New(t.Context(), cfg, logrus.New()); err == nil || !strings.Contains(err.Error(), "TRUSTED_PROXIES") {
			t.Errorf("TRUSTED_PROXIES=%q: %v, want it named", bad, err)
		}
	}
}

// signInFrom tries a wrong password, as a proxy passes it on, and returns the status.
func signInFrom(t *testing.T, p *apptest.Panel, forwarded string) int {
	t.Helper()
	form := url.Values{"email": {"anna@demo"}, "password": {"wrong"}}.Encode()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/login", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", forwarded)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
