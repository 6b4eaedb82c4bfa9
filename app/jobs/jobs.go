// Package jobs is durable work: what has to be done outside a transaction, and be done even if the process dies.
//
// A job is enqueued in the transaction that makes it necessary, names a thing rather than an event ("order/42"), and
// is run later, maybe more than once: a handler reads the thing's present state and makes the other side match. Equal
// jobs, of one kind and key, wait as one.
//
// Jobs of one lane leave together: its handler is given everything that is due, in order of priority, and one process
// at a time works the lane (lease.go). While the handler is busy new jobs gather for its next turn. What a handler
// returns decides how each job goes on: nil, [Permanent], [RetryAfter], [PauseLane] or any other error, which is
// retried with growing waits (outcome.go).
//
// The way of a job: enqueue.go, claim.go, worker.go, finish.go. Whoever enqueued it may wait for the first outcome
// (await.go). Recurring work is in every.go, what pages show and do in inspect.go and control.go.
package jobs

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Args say what is to be done. They are stored as JSON.
type Args interface {
	// Kind is "<lane>.<name>", such as "shop.push_order". The lane is the part before the first dot; its handler is
	// given the job.
	Kind() string
	// Key names the thing, such as "order/42". A second job of the same kind and key joins the one that waits.
	Key() string
}

// Priority orders the claims of a lane: the smaller goes first.
type Priority int

// The priorities. Bulk work never shares a group with the others.
const (
	Awaited   Priority = iota // somebody waits for the outcome
	Live                      // the default: something has just changed here
	Pull                      // something has changed on the other side
	Reconcile                 // something may have been missed
	Bulk                      // everything else has time before it
)

// State is where a job is on its way.
type State string

// The states. Of one kind and key at most one job is in each of the first three.
const (
	Waiting State = "waiting"
	Running State = "running"
	Failed  State = "failed" // waits for a person
	Done    State = "done"   // kept for a day
)

// Job is what a handler is given.
type Job struct {
	ID         int64
	Kind       string
	Key        string
	Args       Raw
	Attempts   int // that failed so far
	Priority   Priority
	Awaited    bool  `gorm:"-"` // somebody waits for the outcome
	Version    int64 // grows with each job that joined this one
	EnqueuedAt time.Time

	// Inherited says that it was there already when this process took the lane over. The database may have been restored
	// from a copy before that, so the job may have been done once without anybody here knowing.
	Inherited bool `gorm:"-"`
}

// Raw is Args as they are stored.
type Raw json.RawMessage

// Scan reads the column.
func (r *Raw) Scan(value any) error {
	switch v := value.(type) {
	case string:
		*r = Raw(v)
	case []byte:
		*r = append(Raw(nil), v...)
	default:
		return fmt.Errorf("args are %T, not a text", value)
	}
	return nil
}

// GormDataType tells GORM that the column is a text.
func (Raw) GormDataType() string { return "string" }

// Decode reads the job's Args into v.
func (j Job) Decode(v any) error {
	if err := json.Unmarshal(j.Args, v); err != nil {
		return fmt.Errorf("read job %s %s: %w", j.Kind, j.Key, err)
	}
	return nil
}

// Status is a job as pages show it.
type Status struct {
	Job        `gorm:"embedded"`
	Lane       string
	State      State
	LastError  string
	RunAt      time.Time // not before this; in the future while it waits for another attempt
	StartedAt  *time.Time
	FinishedAt *time.Time
	Claim      int64 // a number of the run it is in, or was in last
}

// TableName is GORM's.
func (Status) TableName() string { return "jobs" }

// Models are the package's GORM models, for the check at start.
func Models() []any { return []any{&Status{}, &laneRow{}, &leaseRow{}} }

func laneOf(kind string) (string, error) {
	lane, name, ok := strings.Cut(kind, ".")
	if !ok || lane == "" || name == "" {
		return "", fmt.Errorf("job kind %q is not <lane>.<name>", kind)
	}
	return lane, nil
}
