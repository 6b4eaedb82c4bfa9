package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/sirupsen/logrus"
	"gorm.io/gorm"
)

// Config sets the queue's times. The zero value is the product's.
type Config struct {
	RetryFirst time.Duration // wait after the first failed attempt; a lane may have its own; default 1 minute
	Attempts   int           // after so many failed ones a job waits for a person; default 20
	PauseMax   time.Duration // the longest of a lane's growing pauses; a lane may have its own; default 5 minutes
	Retention  time.Duration // how long done jobs are kept; default 1 day
	Grace      time.Duration // what running handlers are given when Run's context ends; default 70 seconds
	Poll       time.Duration // how often a lane looks for work it was not told of; default 10 seconds

	// Lease is how long a lane stays with a process that no longer says it is there, which it does every quarter of
	// that; default 20 seconds.
	Lease time.Duration

	Now func() time.Time // default: the clock
	Log *logrus.Entry    // default: logrus' standard logger
}

// Queue is all lanes of this process. Declare handlers, probes and recurring work before Run.
type Queue struct {
	db     *db.DB
	cfg    Config
	holder string // this process, for people, and unlike any other

	mu        sync.Mutex
	lanes     map[string]*lane
	recurring map[kindKey]recurring
	running   bool // Run is going on
	waits     map[*wait]struct{}
	attempts  sync.WaitGroup // that Await began without Run
}

type kindKey struct{ kind, key string }

// channel carries "wake <lane>" when there may be work and "done <lane>" when an awaited job had its run, between
// processes.
const channel = "jobs"

// New makes the queue.
func New(d *db.DB, cfg Config) *Queue {
	cfg.RetryFirst = cmp.Or(cfg.RetryFirst, time.Minute)
	cfg.Attempts = cmp.Or(cfg.Attempts, 20)
	cfg.PauseMax = cmp.Or(cfg.PauseMax, 5*time.Minute)
	cfg.Retention = cmp.Or(cfg.Retention, 24*time.Hour)
	cfg.Grace = cmp.Or(cfg.Grace, 70*time.Second)
	cfg.Poll = cmp.Or(cfg.Poll, 10*time.Second)
	cfg.Lease = cmp.Or(cfg.Lease, 20*time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = logrus.NewEntry(logrus.StandardLogger())
	}
	host, _ := os.Hostname()
	q := &Queue{
		db: d, cfg: cfg, holder: fmt.Sprintf("%s, process %d, %s", host, os.Getpid(), d.Opening()),
		lanes: map[string]*lane{}, recurring: map[kindKey]recurring{}, waits: map[*wait]struct{}{},
	}
	d.Listen(channel, db.Listener{Notified: q.notified, Connected: q.connected})
	return q
}

// Handle serves a lane. fn is given every due job of the lane, at most limit of them, the most urgent first, and
// returns one outcome for each, in the same order. No transaction is open. The context outlives whoever enqueued the
// jobs and, for Config.Grace, the end of Run.
//
// No two calls of a lane overlap, in all processes, but for one that lost the lane and does not know yet (lease.go). Its
// context ends, and so does every transaction that it begins, with [ErrLost]: keep the context, write in a transaction,
// and have one right before you tell another system anything. Be able to repeat everything.
//
// A panic is the outcome of the job that causes it: a group that panics is given again one by one.
func Handle(
	q *Queue, lane string, limit int, fn func(ctx context.Context, group []Job) []error, options ...LaneOption,
) {
	q.mu.Lock() // a notification may come while lanes are declared
	defer q.mu.Unlock()
	l := q.lane(lane)
	l.limit, l.handle = limit, fn
	for _, option := range options {
		option(l)
	}
}

// LaneOption changes how a lane is worked.
type LaneOption func(l *lane)

// BulkLimit makes bulk groups smaller than the lane's limit, so that live work does not wait long behind one.
func BulkLimit(n int) LaneOption { return func(l *lane) { l.bulkLimit = n } }

// Along has jobs of one kind leave with the next group that leaves anyway, if they are due within the given time: what
// waits for company need not wait for its time. No group leaves because of them.
func Along(kind string, within time.Duration) LaneOption {
	return func(l *lane) { l.along = along{kind, within} }
}

// TakenOver has fn called within the transaction in which this process takes the lane over from another, from itself
// before a restart, or from nobody. Its error leaves the lane as it is. A process that gave the lane back and finds that
// nobody has had it since goes on where it was.
func TakenOver(fn func(ctx context.Context, tx *db.Tx) error) LaneOption {
	return func(l *lane) { l.takenOver = fn }
}

// RetryFirst is the lane's own wait after the first failed attempt of a job; the waits grow from it: 1, 4, 9 … times.
// Zero is the queue's Config.RetryFirst.
func RetryFirst(wait time.Duration) LaneOption {
	return func(l *lane) { l.retryFirst = cmp.Or(wait, l.q.cfg.RetryFirst) }
}

// PauseMax is the longest of the lane's own growing pauses. Zero is the queue's Config.PauseMax.
func PauseMax(most time.Duration) LaneOption {
	return func(l *lane) { l.pauseMax = cmp.Or(most, l.q.cfg.PauseMax) }
}

// Probe has fn asked whether the other side of a paused lane is back, before any job is: its success ends the pause,
// its error is the reason of the next. A lane without a probe tries its next group instead, while nobody waits for it.
func (q *Queue) Probe(lane string, fn func(ctx context.Context) error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lane(lane).probe = fn
}

// lane finds or makes a lane; q.mu is held.
func (q *Queue) lane(name string) *lane {
	l := q.lanes[name]
	if l == nil {
		l = &lane{
			q: q, name: name, wake: make(chan struct{}, 1), log: q.cfg.Log.WithField("lane", name),
			retryFirst: q.cfg.RetryFirst, pauseMax: q.cfg.PauseMax,
		}
		q.lanes[name] = l
	}
	return l
}

// handling is the lane of that name if it has a handler here, else nil.
func (q *Queue) handling(name string) *lane {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.lanes[name]; l != nil && l.handle != nil {
		return l
	}
	return nil
}

// handled are the lanes that have a handler here.
func (q *Queue) handled() []*lane {
	q.mu.Lock()
	defer q.mu.Unlock()
	var lanes []*lane
	for _, l := range q.lanes {
		if l.handle != nil {
			lanes = append(lanes, l)
		}
	}
	return lanes
}

func (q *Queue) now() time.Time { return q.cfg.Now().UTC().Truncate(time.Microsecond) }

// soon is how long a lane waits where notifications are not heard, and before it begins anew after an error.
func (q *Queue) soon() time.Duration { return min(q.cfg.Poll, time.Second) }

// poll is how long a lane waits that knows of nothing to do.
func (q *Queue) poll() time.Duration {
	if q.db.Hears() {
		return q.cfg.Poll
	}
	return q.soon()
}

func (q *Queue) isRunning() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running
}

func (q *Queue) setRunning(running bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running = running
}

// notified is told what another process said, or this one.
func (q *Queue) notified(payload string) {
	what, lane, _ := strings.Cut(payload, " ")
	switch what {
	case "wake":
		if l := q.handling(lane); l != nil {
			l.wakeUp()
		}
	case "done":
		q.look(lane)
	}
}

// connected is called when notifications may have been missed.
func (q *Queue) connected() {
	for _, l := range q.handled() {
		l.wakeUp()
		q.look(l.name)
	}
}

// transaction is for moving rows between states: one that comes back to waiting may collide with an equal one that is
// being committed. A second try sees that one.
func (q *Queue) transaction(ctx context.Context, fn func(ctx context.Context, tx *db.Tx) error) error {
	var err error
	for range 5 {
		if err = q.db.Transaction(ctx, fn); !errors.Is(err, gorm.ErrDuplicatedKey) {
			return err
		}
	}
	return err
}
