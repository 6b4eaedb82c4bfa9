package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// refusal is why a task's command failed. A portal that does not let the webhook import deals is not asked to again:
// they are created one by one then.
func (c *Connection) refusal(t *task, result *rest.Result) error {
	if t.place == nil {
		return result.Error(t.name)
	}
	_, err := t.place.recordID(result)
	refused, ok := rest.AsRefusal(result.Error(t.place.command))
	if mayNotImport := ok && (refused.AccessDenied() || refused.NoMethod()); mayNotImport {
		c.exchange.noImport.Store(c.Portal.ID, true)
		return &plan.Wait{Why: "портал не разрешает импорт: сделки создаются по одной"}
	}
	return err
}

// task is one command that creates or changes a record of the portal.
type task struct {
	name   string  // of the command, unique within the group: "deal42"
	after  []*task // whose outcomes it needs; one that failed fails it too
	method string
	params func() rest.Params // called when everything in after is done, or stands earlier in the same batch

	// entity and key are those of the intent that is stored before the command leaves. Without an entity there is no
	// intent: the command may be repeated without harm.
	entity plan.Entity
	key    string
	agreed mapping.Agreed // kept with the intent: what its link will say
	rows   []plan.SentRow // product rows that it sends

	// done stores the outcome, in the transaction that clears the intent, and returns the record's number. An error
	// that is rest.Unknown means an answer of another shape, which leaves the intent open.
	done func(ctx context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error)

	// fields, if not nil, are the deal's fields for crm.item.batchImport, in which many tasks leave as one command.
	// place is where in the batch this one did.
	fields func() rest.Params
	place  *imported

	// onMissing, if not nil, stores what follows when the record that is to be changed is not there. The task has
	// failed then, and its work is tried again.
	onMissing func(ctx context.Context, tx *db.Tx) error

	note plan.Note // for the journal

	command *plan.Command // that a plan has asked for; nil: the task was made otherwise

	id       int64    // of the record, once it is done
	ref      rest.Ref // while it stands earlier in the same batch
	finished bool
	err      error
}

// recordID is the number of the record that the task created, or a reference to it within the batch. path is where the
// command's answer has the number.
func (t *task) recordID(path ...string) any {
	if t.finished {
		return t.id
	}
	return t.ref.Field(path...)
}

// maxRequest bounds a request's body, in bytes. What does not fit leaves with the next request.
const maxRequest = 1 << 20

// perform runs the tasks in as few requests as their order allows.
//
// The first requests are chains. A chain holds contact, deal and rows of an order in one batch, tied by references, so
// that nobody finds a deal without its rows. It stops at the first failure, since a reference to a failed command may
// stand for any number.
//
// What a chain left undone leaves in waves. A wave has no references, so that a failure concerns nobody else; what it
// created is stored before the next wave leaves.
//
// The error concerns the exchange as a whole. Failures of single tasks are kept in the tasks.
func (c *Connection) perform(ctx context.Context, tasks []*task, class rest.Class) error {
	for chain := true; ; {
		batch := &rest.Batch{Halt: chain, Class: class}
		var taken, imports []*task
		for _, t := range tasks {
			if t.finished || t.blocked() {
				continue
			}
			if t.fields != nil {
				if t.ready(chain, taken) {
					imports = append(imports, t)
				}
				continue
			}
			// A deal must not leave without its rows, so a chain ends before a task whose followers would not fit.
			tooLong := chain && len(taken) > 0 && len(taken)+1+followers(tasks, t) > rest.MaxCommands
			if tooLong || batch.Full() || batch.Size() > maxRequest {
				break
			}
			if t.ready(chain, taken) {
				t.ref = batch.Add(t.name, t.method, t.params())
				taken = append(taken, t)
			}
		}
		taken = append(taken, addImports(batch, imports)...)
		if len(taken) == 0 {
			return nil
		}
		if err := c.send(ctx, batch, taken); err != nil {
			return err
		}
		chain = chain && lo.EveryBy(taken, func(t *task) bool { return t.finished && t.err == nil })
	}
}

// followers counts the tasks that need what t creates. They leave with it.
func followers(tasks []*task, t *task) int {
	return lo.CountBy(tasks, func(other *task) bool { return slices.Contains(other.after, t) })
}

// blocked reports whether a task it needs has failed. Then it has failed, too.
func (t *task) blocked() bool {
	for _, before := range t.after {
		if before.err != nil {
			t.finished, t.err = true, before.err
			return true
		}
	}
	return false
}

// ready reports whether everything that the task needs is done or, in a chain, stands earlier in the batch.
func (t *task) ready(chain bool, taken []*task) bool {
	for _, before := range t.after {
		known := before.finished
		for _, other := range taken {
			known = known || chain && other == before
		}
		if !known {
			return false
		}
	}
	return true
}

// send makes one request. It stores the intents, sends the commands, and stores everything that came of them in one
// transaction. That is done even if ctx is cancelled meanwhile, since the portal has done its part.
func (c *Connection) send(ctx context.Context, batch *rest.Batch, taken []*task) error {
	var unstored error
	// Intents are stored after the wait for the limiter: their age counts from when the commands really left.
	batch.Leaving = func(ctx context.Context) error {
		unstored = c.storeIntentsOf(ctx, taken)
		return unstored
	}
	began := time.Now()
	result, err := c.Client.Do(ctx, batch)
	duration := time.Since(began)
	if unstored != nil {
		return unstored
	}
	if err != nil {
		for _, t := range taken {
			t.finished, t.err = true, err
		}
		return errors.Join(err, c.storeFailure(context.WithoutCancel(ctx), batch, taken, err, duration))
	}
	return c.DB.Transaction(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error {
		var certain []*task
		for _, t := range taken {
			t.finished, t.err = true, nil
			err := c.refusal(t, result)
			if errors.Is(err, rest.ErrHalted) {
				t.finished = false // it was not run, and leaves again
				certain = append(certain, t)
				continue
			}
			if err != nil {
				t.err = err
			} else if t.id, err = t.done(ctx, tx, result, t.name); err != nil {
				if !rest.Unknown(err) {
					return fmt.Errorf("store the outcome of %s: %w", t.name, err)
				}
				t.err = err // an answer of another shape
			}
			if t.err == nil || !rest.Unknown(t.err) {
				certain = append(certain, t)
			}
			if err := c.journalTask(tx, t, batch, result, duration); err != nil {
				return err
			}
		}
		if err := c.clearIntents(tx, taken, certain); err != nil {
			return err
		}
		if err := noteMissing(ctx, tx, taken); err != nil {
			return err
		}
		return c.noteClock(tx, result)
	})
}

// storeFailure stores that a request failed as a whole. If it is unknown whether the portal has received it, the intents
// stay, with the time of the failure: the portal may go on working from then on, and the next attempt looks first.
func (c *Connection) storeFailure(
	ctx context.Context, batch *rest.Batch, taken []*task, cause error, duration time.Duration,
) error {
	return c.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		for _, t := range taken {
			if err := c.journalTask(tx, t, batch, nil, duration); err != nil {
				return err
			}
		}
		if rest.Unknown(cause) {
			return c.storeIntents(tx, taken)
		}
		return c.clearIntents(tx, taken, taken)
	})
}

// noteMissing stores what follows from records that were not there.
func noteMissing(ctx context.Context, tx *db.Tx, taken []*task) error {
	for _, t := range taken {
		refused, ok := rest.AsRefusal(t.err)
		if !ok || !refused.NotFound() || t.onMissing == nil {
			continue
		}
		if err := t.onMissing(ctx, tx); err != nil {
			return err
		}
		t.err = plan.ErrMissing
	}
	return nil
}

// ReadNumbered decodes the record that a command answers with. id is where answer keeps its number. A record without a
// number is an answer of another shape: the error is rest.Unknown, since nobody knows what became of the command.
func ReadNumbered(result *rest.Result, name string, answer any, id *rest.ID) error {
	if err := result.Decode(name, answer); err != nil {
		return err
	}
	if id.Int64() <= 0 {
		return &rest.RequestError{Method: name, Sent: true, Err: errors.New("a record without a number")}
	}
	return nil
}

// firstFailure keeps in failure why a work could not be done: its own reason, else that of the first task that failed.
func firstFailure(failure *error, tasks []*task) error {
	for _, t := range tasks {
		keepFirst(failure, t.err)
	}
	return *failure
}

// finished reports whether commands were found necessary and all of them have been answered. A work without commands
// is either done, or nothing has been decided about it yet.
func finished(tasks []*task) bool {
	return len(tasks) > 0 && lo.EveryBy(tasks, func(t *task) bool { return t.finished })
}
