package exchange

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// refusal is why a task's command failed. A portal that does not let the webhook import is asked no more: the deals are
// made one by one then.
func (c *Connection) refusal(t *task, result *rest.Result) error {
	if t.place == nil {
		return result.Error(t.name)
	}
	_, err := t.place.made(result)
	if refused, ok := portal.AsRefusal(result.Error(t.place.command)); ok && (refused.AccessDenied() || refused.NoMethod()) {
		c.exchange.noImport.Store(c.Portal.ID, true)
		return &waitError{why: "портал не разрешает импорт: сделки создаются по одной"}
	}
	return err
}

// task is one command that makes or changes a record of the portal.
type task struct {
	name   string  // of the command, unique within the group: "deal42"
	after  []*task // whose outcomes it needs; one that failed fails it too
	method string
	params func() rest.Params // called when everything in after is done, or stands earlier in the same batch

	// entity and key say what it makes, for the intent that is stored before the command leaves. Empty: it only changes.
	entity records.Entity
	key    string
	agreed mapping.Agreed    // kept with the intent: what its link will say
	rows   []records.SentRow // product rows that it sends

	// done stores what came of it, in the transaction that clears the intent, and returns the record's number.
	done func(ctx context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error)

	// fields, if there are any, say that it may leave with others in one crm.item.batchImport; place is where it did.
	fields func() rest.Params
	place  *imported

	// missing, where there is one, stores what follows when the record that is to be changed is not there: the task has
	// failed, and is tried again.
	missing func(ctx context.Context, tx *db.Tx) error

	note records.Note // for the journal

	id       int64    // of the record, once it is done
	ref      rest.Ref // while it stands earlier in the same batch
	finished bool
	err      error
}

// made is the record's number, or the reference to it within the batch.
func (t *task) made(path ...string) any {
	if t.finished {
		return t.id
	}
	return t.ref.Field(path...)
}

// maxRequest bounds a request's body; what does not fit leaves with the next.
const maxRequest = 1 << 20

// perform runs the tasks in as few requests as their order allows.
//
// A chain has contact, deal and rows of an order in one batch by references, so that nobody finds a deal without its
// rows. It stops at the first failure, since a reference to a failed command may end as any number. What it left undone
// goes in waves without references, in which one failure concerns nobody else; what a wave made is stored before the
// next leaves.
//
// The error concerns the exchange as a whole; failures of single tasks are in them.
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
			if batch.Full() || batch.Size() > maxRequest || chain && len(taken) > 0 && len(taken)+1+followers(tasks, t) > rest.MaxCommands {
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

// followers counts the commands that need what t makes: they leave with it.
func followers(tasks []*task, t *task) int {
	return lo.CountBy(tasks, func(other *task) bool { return slices.Contains(other.after, t) })
}

// blocked fails a task whose predecessor failed.
func (t *task) blocked() bool {
	for _, before := range t.after {
		if before.err != nil {
			t.finished, t.err = true, before.err
			return true
		}
	}
	return false
}

// ready reports whether everything the task needs is known, or, in a chain, stands earlier in the batch.
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

// send makes one request: intents, commands, then everything that came of them in one transaction.
func (c *Connection) send(ctx context.Context, batch *rest.Batch, taken []*task) error {
	var unstored error
	batch.Leaving = func(ctx context.Context) error { // not before the wait for the limiter: settling counts from here
		unstored = c.intend(ctx, taken)
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
		return errors.Join(err, c.DB.Transaction(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error {
			for _, t := range taken {
				if err := c.journalTask(tx, t, batch, nil, duration); err != nil {
					return err
				}
			}
			if rest.Unknown(err) {
				return c.storeIntents(tx, taken) // the next attempt looks first; the portal may go on working from now
			}
			return c.settleIntents(tx, taken, taken)
		}))
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
		if err := c.settleIntents(tx, taken, certain); err != nil {
			return err
		}
		if err := noteMissing(ctx, tx, taken); err != nil {
			return err
		}
		return c.noteClock(tx, result)
	})
}

// errMissing is the failure of a task whose record was not there: another attempt finds out more.
var errMissing = errors.New("запись удалена в Битрикс24; проверяем, что с ней стало")

// noteMissing lets tasks say what follows from their record not being there.
func noteMissing(ctx context.Context, tx *db.Tx, taken []*task) error {
	for _, t := range taken {
		refused, ok := portal.AsRefusal(t.err)
		if !ok || !refused.NotFound() || t.missing == nil {
			continue
		}
		if err := t.missing(ctx, tx); err != nil {
			return err
		}
		t.err = errMissing
	}
	return nil
}

// lookFor has a record of the portal looked for: it may be gone.
func (c *Connection) lookFor(e records.Entity, id int64) func(ctx context.Context, tx *db.Tx) error {
	return func(_ context.Context, tx *db.Tx) error {
		return c.Jobs.Enqueue(tx, Pull{Entity: e, ID: id}, jobs.WithPriority(jobs.Pull))
	}
}

// lookForTarget has the order's deal or lead looked for. A deal that was read a moment ago is there: what refused its
// change would refuse it again after another look, and again.
func (r *Run) lookForTarget(w *OrderWork) func(ctx context.Context, tx *db.Tx) error {
	if w.deal != nil {
		return nil
	}
	return r.lookFor(w.Target, w.link.RemoteID)
}

// ReadNumbered decodes the record that a command answers with. One without a number is an answer of another shape, and
// nobody knows what became of the command.
func ReadNumbered(result *rest.Result, name string, answer any, id *rest.ID) error {
	if err := result.Decode(name, answer); err != nil {
		return err
	}
	if id.Int64() <= 0 {
		return &rest.RequestError{Method: name, Sent: true, Err: errors.New("a record without a number")}
	}
	return nil
}

// intend stores what is about to be made, before it is.
func (c *Connection) intend(ctx context.Context, tasks []*task) error {
	err := c.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := records.StoreSentRows(tx, lo.FlatMap(tasks, func(t *task, _ int) []records.SentRow { return t.rows })); err != nil {
			return err
		}
		return c.storeIntents(tx, tasks)
	})
	if err != nil {
		return fmt.Errorf("store intents: %w", err)
	}
	return nil
}

// storeIntents notes that the outcomes of tasks are unknown as of now.
func (c *Connection) storeIntents(tx *db.Tx, tasks []*task) error {
	var rows []records.Intent
	now := db.Now()
	for _, t := range tasks {
		if t.entity != "" {
			i := slices.IndexFunc(rows, func(row records.Intent) bool { return row.Entity == t.entity && row.Key == t.key })
			if i < 0 {
				i = len(rows)
				rows = append(rows, records.Intent{PortalID: c.Portal.ID, Entity: t.entity, Key: t.key, SentAt: now, Agreed: mapping.Agreed{}})
			}
			maps.Copy(rows[i].Agreed, t.agreed)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&rows).Error
}

// settleIntents clears the intents of tasks whose outcome is certain, unless another task of the same key has none.
func (c *Connection) settleIntents(tx *db.Tx, taken, certain []*task) error {
	byEntity := map[records.Entity][]string{}
	for _, t := range certain {
		open := slices.ContainsFunc(taken, func(o *task) bool {
			return o.entity == t.entity && o.key == t.key && !slices.Contains(certain, o)
		})
		if t.entity != "" && !open {
			byEntity[t.entity] = append(byEntity[t.entity], t.key)
		}
	}
	for e, keys := range byEntity {
		err := tx.Where("portal_id = ? AND entity = ? AND key IN ?", c.Portal.ID, e, keys).Delete(&records.Intent{}).Error
		if err != nil {
			return fmt.Errorf("clear intents: %w", err)
		}
	}
	return nil
}

// waitToSettle is how long a record of an open intent, looked for and not found, has to wait until it is made again: a
// portal may go on working after the connection closed.
func (c *Connection) waitToSettle(i records.Intent) time.Duration {
	return i.SentAt.Add(c.portals.Options.Settle).Sub(db.Now())
}

// question is one reading command; answer takes what came back.
type question struct {
	method string
	params rest.Params
	answer func(result *rest.Result, name string) error
}

// ask puts questions, fifty to a request. The error concerns the exchange as a whole.
func (c *Connection) ask(ctx context.Context, questions []question, class rest.Class) error {
	for len(questions) > 0 {
		batch := &rest.Batch{Class: class}
		n := 0
		for n < len(questions) && !batch.Full() && batch.Size() < maxRequest {
			batch.Add(fmt.Sprintf("q%d", n), questions[n].method, questions[n].params)
			n++
		}
		result, err := c.Client.Do(ctx, batch)
		if rest.Unknown(err) && !errors.Is(err, context.DeadlineExceeded) {
			result, err = c.Client.Do(ctx, batch) // a question changes nothing: one lost answer need not hold up everything
		}
		if err != nil {
			return err
		}
		for i, q := range questions[:n] {
			if err := q.answer(result, fmt.Sprintf("q%d", i)); err != nil {
				return err
			}
		}
		if err := c.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error { return c.noteClock(tx, result) }); err != nil {
			return err
		}
		questions = questions[n:]
	}
	return nil
}
