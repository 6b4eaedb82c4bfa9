// Package exchange keeps the records of the panel and of one Bitrix24 portal in step.
//
// A job names a record, here or there, and never says what to do about it. The handler takes a group of jobs and goes
// through the same steps for every record of the group:
//
//  1. It reads what the panel knows: the record, its link, its intents (order.go, party.go).
//  2. It asks the portal for the rest, many questions to a request (read.go, search.go).
//  3. It hands what it has read to package plan, which decides: link what was found, create, compare field by field, or
//     note that a record is gone. What follows at once is stored (order_settle.go, party.go, store.go).
//  4. It has the commands that came of it performed, in as few requests as their order allows (perform.go).
//
// Looks at records of the portal that come with something that leaves are made after it, and what they have to read is
// read in its requests (along.go): what we write ourselves comes back as an event, too (echo.go).
//
// What the portal changed is taken over in step 3, in transactions of the panel. What the panel changed leaves in step
// 4. Nothing is created twice: an intent is stored before a command leaves, and when its answer is lost the next
// attempt looks for the record first (search.go). A job that was there when this process took the lane over may have been
// done in hours that a restored database lost, so its record is looked for as well; what this database does not know at all
// is found by stray.go.
//
// Nothing is decided in this package, with three exceptions. The panel's own rules may refuse what the portal says
// (takeOrder, takeParty), and only the host knows them. Which orders are sent by themselves is told once to Go and once
// to SQL, in package portal. What failed, and when it is tried again, goes by the job's attempts (outcome.go).
//
// Begin reading with Exchange.Handle in this file and run.sync below it, then order.go and order_settle.go.
package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

const (
	// GroupLimit is how many jobs of the lane one call of Handle takes. Events are cheap: their records are read fifty
	// to a command.
	GroupLimit = 1000
	// BulkLimit is the same for a group of an export, whose records are all written.
	BulkLimit = 50

	// writeLimit is how many records one run writes. Many new people are looked for in few commands. A run that
	// nobody waits for ends as soon as somebody waits for another; see world.StoreIntents.
	writeLimit = 250
	// besideAwaited is how many others leave with those that somebody waits for: they fit into one request.
	besideAwaited = 15
	// pullsWait is how long a look that needs a request gives way to orders that somebody waits for.
	pullsWait = 2 * time.Second
)

// Exchange handles the jobs of the module's lane. It is safe for use by several goroutines.
type Exchange struct {
	*app.Host
	portals  *portal.Portals
	exports  Exports
	suspects suspects
	lacks    sync.Map // of lack: what portals do not let the webhook use
	doubts   doubts
}

// New returns the exchange with the portals of a host.
func New(h *app.Host, portals *portal.Portals, exports Exports) *Exchange {
	return &Exchange{Host: h, portals: portals, exports: exports}
}

// Exports are the exports under way, «Выгрузка базы», as far as the exchange has to know them.
type Exports interface {
	// Held returns the numbers of the exports whose records must not leave now: they pause, or were stopped.
	Held(ctx context.Context) (map[int64]bool, error)
	// NoteSent stores what came of the records of exports in a group of jobs. It may make an outcome permanent, since
	// a record of an export is not tried as often as a live one.
	NoteSent(ctx context.Context, group []jobs.Job, outcomes []error) error
}

// run is the exchange of one group of jobs. It is used once.
type run struct {
	*Connection
	class         rest.Class
	orders        map[int64]*orderWork
	clients       map[int64]*clientWork
	organizations map[int64]*organizationWork
	leads         map[int64]*leadWork // by their number on the portal
	products      map[material]*productWork

	sought    sought          // what is looked for on the portal
	questions Questions       // what the portal is to be asked
	commands  []*plan.Command // what it is to be told
	caught    map[work]bool   // works that reconciliation asked for, and no event
	along     along           // what is read with what the run writes

	open     map[plan.Open]time.Time // intents that the run knows of: when they were sent
	relisted bool                    // the portal's lists were read anew in this run

	tried map[plan.Note][]string // of a trial: the lines that the journal would have; nil: it is no trial

	bulk   bool            // every job of the group belongs to an export, «Выгрузка базы»
	bulkBy map[string]bool // methods that it uses, of those that do the same
	held   map[int64]bool  // exports that pause
}

func newRun(c *Connection) *run {
	return &run{
		Connection: c,
		orders:     map[int64]*orderWork{}, clients: map[int64]*clientWork{},
		organizations: map[int64]*organizationWork{}, leads: map[int64]*leadWork{},
		caught: map[work]bool{}, open: map[plan.Open]time.Time{},
	}
}

// work is what has to be done for one record.
type work interface {
	// failure returns why it could not be done.
	failure() error
	// complete reports whether nothing is left to do, whatever becomes of the rest of the group.
	complete() bool
}

// sorted are the jobs of a group by what they ask for.
type sorted struct {
	outcomes []error                             // of each job
	works    [][]work                            // of each job; a look at a record of nobody has none
	leaving  []jobs.Job                          // jobs about records of the panel
	pulls    []pulled                            // looks at records of the portal
	relists  []int                               // jobs that read the portal's lists, before the records are done
	later    map[int]func(context.Context) error // what the other jobs do, once the records are done
}

// Handle is the handler of the module's lane. What is done for a record follows from what the record is now, on both
// sides, so a job may be repeated at any time. An outcome is nil when the job is done, and else says when it is tried
// again. An error that pauses the lane is the outcome of every job that was not done by then.
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
		return x.noteSent(ctx, group, same(outcomes, err))
	}
	share := x.suspects.share(group)
	s := r.sort(group, share)
	outcomes = s.outcomes
	for _, i := range s.relists {
		if outcomes[i] = r.refreshLists(ctx); jobs.Pauses(outcomes[i]) {
			return same(outcomes, outcomes[i])
		}
	}
	looks, err := r.splitLooks(ctx, group, s)
	if err != nil {
		return same(outcomes, x.Pauses(err))
	}
	if err := r.sync(ctx); err != nil {
		paused := x.Pauses(err)
		if rest.Unknown(err) {
			x.suspects.suspect(s.leaving)
			if share == 1 && len(s.leaving) == 1 {
				// The record left alone and the portal fell silent again: the trouble is the record's, not the
				// portal's.
				paused = errors.New(portal.Explain(err))
			}
		}
		s.pause(err, paused)
	} else if err := r.look(ctx, group, looks, s); err != nil {
		s.pause(err, x.Pauses(err))
	}
	for i := range outcomes {
		for _, w := range s.works[i] {
			if outcomes[i] == nil {
				outcomes[i] = outcome(w.failure(), group[i].Attempts)
			}
		}
		if outcomes[i] == nil {
			x.suspects.clear(group[i])
		}
	}
	if r.bulk {
		return x.noteSent(ctx, group, outcomes)
	}
	for i, do := range s.later {
		if err := do(ctx); err != nil {
			outcomes[i] = x.Pauses(err)
		}
	}
	return outcomes
}

// noteSent tells the exports what came of their records. It returns what becomes of the jobs.
func (x *Exchange) noteSent(ctx context.Context, group []jobs.Job, outcomes []error) []error {
	if err := x.exports.NoteSent(ctx, group, outcomes); err != nil {
		return same(outcomes, err)
	}
	return outcomes
}

// pause gives all jobs that have not come to an end of their own the outcome paused, since cause ended the group.
func (s sorted) pause(cause, paused error) {
	for i := range s.outcomes {
		if s.outcomes[i] == nil && !settled(s.works[i], cause) {
			s.outcomes[i] = paused
		}
	}
}

// sort notes what each job of a group asks for. share is how many records of the panel may leave together; the others
// are put off to the next group.
func (r *run) sort(group []jobs.Job, share int) sorted {
	s := sorted{
		outcomes: make([]error, len(group)),
		works:    make([][]work, len(group)), later: map[int]func(context.Context) error{},
	}
	beside := 0
	for i, j := range group {
		switch j.Kind {
		case Pull{}.Kind():
			p := pulled{job: i}
			s.outcomes[i] = Decode(j, &p.Pull)
			s.pulls = append(s.pulls, p)
		case Reconcile{}.Kind():
			s.later[i] = r.reconcile
		case RefreshLists{}.Kind():
			s.relists = append(s.relists, i)
		default:
			if r.class == rest.People && !j.Awaited {
				beside++
			}
			if len(s.leaving) == share || beside > besideAwaited {
				s.outcomes[i] = jobs.RetryAfter(0, errNextGroup)
				continue
			}
			s.leaving = append(s.leaving, j)
			s.works[i], s.outcomes[i] = r.worksOf(j)
		}
	}
	return s
}

// worksOf notes which record of the panel a job is about.
func (r *run) worksOf(j jobs.Job) ([]work, error) {
	var args struct{ ID int64 }
	if err := Decode(j, &args); err != nil {
		return nil, err
	}
	count := func(kind plan.Local) { r.attempts[plan.Record{Kind: kind, ID: args.ID}] = j.Attempts + 1 }
	switch j.Kind {
	case PushOrder{}.Kind():
		count(plan.Order)
		w := r.workOnOrder(args.ID)
		w.sought = w.sought || j.Inherited
		return []work{w}, nil
	case MendOrder{}.Kind():
		count(plan.Order)
		w := r.workOnOrder(args.ID)
		w.Afresh, w.sought = true, w.sought || j.Inherited
		return []work{w}, nil
	case PushClient{}.Kind():
		count(plan.Client)
		w := r.workOnClient(args.ID)
		w.Compare, w.sought = true, w.sought || j.Inherited
		return []work{w}, nil
	case PushOrganization{}.Kind():
		count(plan.Organization)
		w := r.workOnOrganization(args.ID)
		w.Compare, w.sought = true, w.sought || j.Inherited
		return []work{w}, nil
	case SendRecord{}.Kind():
		return r.worksOfExport(j)
	}
	return nil, jobs.Permanent(fmt.Errorf("no such job: %s", j.Kind))
}

// sync compares and writes everything that the run has gathered. The error concerns the group as a whole; what went
// wrong with one record is in its work.
func (r *run) sync(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		// What the panel knows, and what the portal is to be asked. An organization adds its employees to the clients,
		// so clients come last.
		r.loadLeads, r.loadOrders, r.loadOrganizations, r.loadClients, r.readForContacts, r.loadProducts,
		// What the portal says.
		r.ask, r.seekRestored, r.holdVanished, r.settleProducts,
		// What follows. A deal needs its contact and company, so orders come last.
		r.settleLeads, r.settleClients, r.settleOrganizations, r.settleOrders,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := r.perform(ctx, r.commands); err != nil {
		return err
	}
	if err := r.noteRefusedEmails(ctx); err != nil {
		return err
	}
	if err := r.noteSetupGone(ctx); err != nil {
		return err
	}
	return r.noteSeen(ctx)
}

// ask asks the portal everything that the works want to know.
func (r *run) ask(ctx context.Context) error {
	r.askSought()
	return r.Inquire(ctx, &r.questions, r.class)
}

// conclude stores what a comparison came to, and sets done once that is stored. A job whose transaction failed is
// tried again.
func (r *run) conclude(ctx context.Context, done *bool, store func(ctx context.Context, tx *db.Tx) error) error {
	err := r.DB.Transaction(ctx, store)
	*done = err == nil
	return err
}

// settled reports whether a job's works came to an end of their own before cause ended the group.
func settled(works []work, cause error) bool {
	return len(works) > 0 &&
		lo.EveryBy(works, func(w work) bool { return w.complete() && !errors.Is(cause, w.failure()) })
}

func same(outcomes []error, err error) []error {
	for i := range outcomes {
		outcomes[i] = err
	}
	return outcomes
}

// Probe asks whether a portal that failed is back. It reads the webhook's own profile (profile), which every webhook
// may. The error is in words for people.
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
