package bitrix24test

import (
	"strings"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// Settle lets both sides come to rest: events are delivered, and jobs done, until neither brings anything new.
func (x *Pair) Settle() {
	x.T.Helper()
	delivered := -1
	for range 3 {
		x.Must(x.Portal.Flush(x.T.Context()))
		events := x.Portal.Stats().EventsSent
		if events == delivered {
			return // the jobs of the last round brought none
		}
		delivered = events
		x.Drain()
	}
}

// Recover lets time pass until everything is delivered that was put off: what waits for another attempt is due at once.
// The test fails if that takes half a minute.
func (x *Pair) Recover() {
	x.T.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		x.Hurry()
		x.Settle()
		state, err := x.Host().Jobs.Lane(x.T.Context(), "bitrix24")
		x.Must(err)
		if !state.Paused && x.Unsent() == 0 {
			return
		}
		if time.Now().After(deadline) {
			x.T.Fatalf(
				"the exchange does not recover: paused %v (%s), %d waiting, %d failed", state.Paused, state.Reason,
				state.Waiting, state.Failed,
			)
		}
		time.Sleep(20 * time.Millisecond) // the settling time passes by the clock
	}
}

// Reconcile has the recurring look at what no event told happen now.
func (x *Pair) Reconcile() {
	x.T.Helper()
	x.Must(x.Host().DB.From(x.T.Context()).Exec(
		"UPDATE jobs SET run_at = ? WHERE state = 'waiting' AND kind = 'bitrix24.reconcile'", Now(),
	).Error)
	x.Drain()
}

// PassEchoWait lets the time pass that looks at records which we have just written to wait for company.
func (x *Pair) PassEchoWait() {
	x.T.Helper()
	x.Must(x.Host().DB.From(x.T.Context()).Exec(
		"UPDATE jobs SET run_at = ?, enqueued_at = ? WHERE state = 'waiting' AND kind = 'bitrix24.pull'",
		Now(), Now().Add(-x.options.EchoWait),
	).Error)
}

// Unsent counts the jobs that are due, run, or wait for another attempt; recurring ones that wait for their hour are none.
func (x *Pair) Unsent() int64 {
	x.T.Helper()
	var n int64
	err := x.Host().DB.From(x.T.Context()).Table("jobs").
		Where("state = 'running' OR state = 'waiting' AND (last_error <> '' OR run_at <= ?)", db.Now()).Count(&n).Error
	x.Must(err)
	return n
}

// FailedJobs are the errors of the jobs that wait for a person.
func (x *Pair) FailedJobs() []string {
	x.T.Helper()
	var failed []string
	err := x.Host().DB.From(x.T.Context()).Table("jobs").Where("state = 'failed'").Pluck("last_error", &failed).Error
	x.Must(err)
	return failed
}

// AtRest checks that nothing waits and nothing was given up.
func (x *Pair) AtRest() {
	x.T.Helper()
	var failed []string
	x.Must(x.Host().DB.From(x.T.Context()).Table("jobs").Where("state = 'failed' OR last_error <> '' AND state = 'waiting'").
		Select("kind || ' ' || key || ': ' || last_error").Scan(&failed).Error)
	if len(failed) > 0 {
		x.T.Errorf("jobs that failed: %s", strings.Join(failed, "; "))
	}
}

// Requests counts the portal's requests that fn causes.
func (x *Pair) Requests(fn func()) int {
	x.T.Helper()
	before := x.Portal.Stats().Requests
	fn()
	return x.Portal.Stats().Requests - before
}

// Fail puts a fault on the portal.
func (x *Pair) Fail(f emulator.Fault) {
	x.T.Helper()
	x.Must(x.Portal.Fail(f))
}

// WithoutEvents does what people would do in the portal, and no event tells of it.
func (x *Pair) WithoutEvents(do func()) {
	x.T.Helper()
	x.Fail(emulator.Fault{Fault: "drop_events"})
	do()
	x.Settle()
	x.Fail(emulator.Fault{Fault: "none"})
}
