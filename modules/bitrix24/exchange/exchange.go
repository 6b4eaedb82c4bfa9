package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pixlpark/panel/app"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

const (
	GroupLimit = 1000            // jobs given to one run; events and stage changes are read fifty records to a command
	pullsWait  = 2 * time.Second // how long a look at the portal gives way to orders that somebody waits for
	writeLimit = 50              // records one run writes; the rest leaves with the next, so that live orders wait only a moment
	BulkLimit  = 50
)

// Exchange keeps records of the panel and of the portal in step.
type Exchange struct {
	*app.Host
	portals  *portal.Portals
	exports  Exports
	suspects suspects
	noImport sync.Map // portals that do not let the webhook import, by their number
}

// New returns the exchange with the portals.
func New(h *app.Host, portals *portal.Portals, exports Exports) *Exchange {
	return &Exchange{Host: h, portals: portals, exports: exports}
}

// run is the exchange of one group of jobs: what they concern is read on both sides, compared, and written.
type run struct {
	*Connection
	class         rest.Class
	orders        map[int64]*orderWork
	clients       map[int64]*clientWork
	organizations map[int64]*organizationWork
	leads         map[int64]*leadWork // by their number on the portal
	caught        map[work]bool       // what reconciliation asked to look at
	questions     Questions
	tasks         []*task

	bulk bool           // «Выгрузка базы»: everything in the group is a record of an export
	held map[int64]bool // exports that pause

	products map[material]*productWork
}

func newRun(c *Connection) *run {
	return &run{
		Connection: c, orders: map[int64]*orderWork{}, clients: map[int64]*clientWork{}, organizations: map[int64]*organizationWork{},
		caught: map[work]bool{},
		leads:  map[int64]*leadWork{},
	}
}

// Handle is the lane's handler. A job names a record; whatever is to be done for it follows from what the record is
// now, here and there.
func (x *Exchange) Handle(ctx context.Context, group []jobs.Job) []error {
	outcomes := make([]error, len(group))
	c, err := x.Connect(ctx)
	if err != nil {
		return same(outcomes, err)
	}
	r := newRun(c)
	if slices.ContainsFunc(group, func(j jobs.Job) bool { return j.Awaited }) {
		r.class = rest.People
	}
	if err := r.prepareBulk(ctx, group); err != nil {
		return same(outcomes, err)
	}
	works := make([][]work, len(group))
	share := x.suspects.share(group)
	var leaving []jobs.Job
	var pulls []pulled
	later := map[int]func(context.Context) error{}
	for i, j := range group {
		switch j.Kind {
		case Pull{}.Kind():
			if r.class == rest.People && time.Since(j.EnqueuedAt) < pullsWait {
				outcomes[i] = jobs.RetryAfter(0, errNextGroup)
				continue
			}
			pulls = append(pulls, pulled{job: i})
			outcomes[i] = Decode(j, &pulls[len(pulls)-1].Pull)
		case Reconcile{}.Kind():
			later[i] = r.reconcile
		case RefreshLists{}.Kind():
			later[i] = r.refreshLists
		default:
			if len(leaving) == share {
				outcomes[i] = jobs.RetryAfter(0, errNextGroup)
				continue
			}
			leaving = append(leaving, j)
			works[i], outcomes[i] = r.gather(j)
		}
	}
	if err := r.resolve(ctx, pulls, works); err != nil {
		return same(outcomes, c.exchange.Pauses(err))
	}
	if err := r.sync(ctx); err != nil {
		paused := c.exchange.Pauses(err)
		if rest.Unknown(err) {
			x.suspects.suspect(leaving)
			if share == 1 && len(leaving) == 1 {
				paused = errors.New(portal.Explain(err)) // alone and still: its own trouble, not the portal's
			}
		}
		for i := range outcomes {
			if outcomes[i] == nil && !settled(works[i], err) {
				outcomes[i] = paused
			}
		}
	}
	for i := range outcomes {
		for _, w := range works[i] {
			if outcomes[i] == nil {
				outcomes[i] = c.exchange.outcome(w.failure())
			}
		}
		if outcomes[i] == nil {
			x.suspects.clear(group[i])
		}
	}
	if r.bulk {
		if err := x.exports.NoteSent(ctx, group, outcomes); err != nil {
			return same(outcomes, err)
		}
	}
	for i, do := range later {
		if err := do(ctx); err != nil {
			outcomes[i] = c.exchange.Pauses(err)
		}
	}
	return outcomes
}

// Exports are the exports under way, «Выгрузка базы», as far as the exchange has to know them.
type Exports interface {
	// Held returns the numbers of the exports whose records must not leave now: they pause, or were stopped.
	Held(ctx context.Context) (map[int64]bool, error)
	// NoteSent stores what came of the records of exports in a group of jobs. It may make an outcome permanent: a record
	// of an export is not tried as often as a live one.
	NoteSent(ctx context.Context, group []jobs.Job, outcomes []error) error
}

// Decode reads a job's arguments. What cannot be read now never will be.
func Decode(j jobs.Job, args any) error {
	if err := j.Decode(args); err != nil {
		return jobs.Permanent(err)
	}
	return nil
}

// work is what has to be done for one record of the panel.
type work interface {
	failure() error // why it could not be done
	complete() bool // nothing is left to do, whatever becomes of the rest of the group
}

// settled reports whether the works came to an end of their own, before cause ended the group.
func settled(works []work, cause error) bool {
	return len(works) > 0 && lo.EveryBy(works, func(w work) bool { return w.complete() && !errors.Is(cause, w.failure()) })
}

// conclude stores what a comparison came to. Only what is stored is done: a job whose transaction failed is tried again.
func (r *run) conclude(ctx context.Context, done *bool, store func(ctx context.Context, tx *db.Tx) error) error {
	err := r.DB.Transaction(ctx, store)
	*done = err == nil
	return err
}

func same(outcomes []error, err error) []error {
	for i := range outcomes {
		outcomes[i] = err
	}
	return outcomes
}

// sync compares and writes everything the run has gathered.
func (r *run) sync(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		r.loadLeads, r.loadOrders, r.loadOrganizations, r.loadClients, // what we know
		r.readForContacts, r.loadProducts,
		r.look, r.holdVanished, r.settleProducts, // what the portal says
		r.settleLeads, r.settleClients, r.settleOrganizations, r.settleOrders, // what follows
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := r.perform(ctx, r.tasks, r.class); err != nil {
		return err
	}
	return r.noteRefusedEmails(ctx)
}

// look asks the portal everything the works want to know.
func (r *run) look(ctx context.Context) error { return r.Inquire(ctx, &r.questions, r.class) }

// Pauses says what an error of the exchange as a whole means for the lane: everything the portal or the way to it is to
// blame for holds the lane and burns no attempt.
func (x *Exchange) Pauses(err error) error {
	var refused *rest.Error
	var request *rest.RequestError
	var moved *rest.MovedError
	switch {
	case jobs.Pauses(err):
		return err
	case errors.As(err, &refused) && refused.QueryLimit():
		return jobs.PauseLane(0, errors.New(portal.Explain(err)))
	case errors.As(err, &refused), errors.As(err, &moved), errors.As(err, &request):
		return jobs.PauseLane(0, errors.New(portal.Explain(err)))
	}
	return err // ours: the database, a bug; retried job by job
}

// outcome says what an error of one record means for its job.
func (x *Exchange) outcome(err error) error {
	var refused *rest.Error
	var wait *waitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wait):
		return jobs.RetryAfter(wait.wait, wait)
	case errors.As(err, &refused) && refused.OperatingLimit():
		return jobs.RetryAfter(max(refused.RetryAfter, time.Second), errors.New(portal.Explain(err)))
	case errors.As(err, &refused) && !refused.Temporary():
		return jobs.Permanent(errors.New(portal.Explain(err)))
	case errors.As(err, &refused), rest.Unknown(err):
		return errors.New(portal.Explain(err))
	}
	return err
}

// errNextGroup puts off what one run does not take.
var errNextGroup = errors.New("отправляется следующей группой")

// waitError puts off one record.
type waitError struct {
	wait time.Duration
	why  string
}

func (e *waitError) Error() string { return e.why }

// Probe asks whether a portal that failed is back: it reads the webhook's own profile, which every webhook may.
func (x *Exchange) Probe(ctx context.Context) error {
	c, err := x.Connect(ctx)
	if err != nil {
		return err
	}
	var batch rest.Batch
	batch.Add("profile", "profile", nil)
	result, err := c.Client.Do(ctx, &batch)
	if err == nil {
		err = result.Err()
	}
	if err != nil {
		return errors.New(portal.Explain(err))
	}
	return nil
}

// gather notes which record of the panel a job concerns.
func (r *run) gather(j jobs.Job) ([]work, error) {
	var args struct{ ID int64 }
	if err := Decode(j, &args); err != nil {
		return nil, err
	}
	switch j.Kind {
	case PushOrder{}.Kind():
		r.attempts[records.Record{Kind: records.Order, ID: args.ID}] = j.Attempts + 1
		return []work{r.workOnOrder(args.ID)}, nil
	case PushClient{}.Kind():
		r.attempts[records.Record{Kind: records.Client, ID: args.ID}] = j.Attempts + 1
		w := r.workOnClient(args.ID)
		w.compare = true
		return []work{w}, nil
	case PushOrganization{}.Kind():
		r.attempts[records.Record{Kind: records.Organization, ID: args.ID}] = j.Attempts + 1
		w := r.workOnOrganization(args.ID)
		w.compare = true
		return []work{w}, nil
	case SendRecord{}.Kind():
		return r.gatherRecord(j)
	}
	return nil, jobs.Permanent(fmt.Errorf("no such job: %s", j.Kind))
}
