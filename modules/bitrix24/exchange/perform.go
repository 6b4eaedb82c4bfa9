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
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// world carries out the commands of a run on the portal, and stores what comes of them in the panel's database. It is
// the real plan.World.
type world struct {
	*run
	took time.Duration // of the last request
}

// perform carries out commands of the run.
func (r *run) perform(ctx context.Context, commands []*plan.Command) error {
	return plan.Perform(ctx, &world{run: r}, commands, r.class)
}

// An intent is stored before a command leaves, and cleared in the transaction that stores its outcome. One that is
// found later means that the answer was lost: nobody knows whether the portal has done what it was told.
//
// To create a record is not all that has an intent. Fields that both sides may change have one, too: what the portal
// says next may be what we sent. If that were taken for the portal's own change, it would undo what has changed in the
// panel since.

// StoreIntents stores what is about to leave: the intents of commands, and the product rows that they send. Nothing
// leaves after the first request of a run that nobody waits for, if meanwhile somebody waits for something else.
func (w *world) StoreIntents(ctx context.Context, commands []*plan.Command) error {
	if w.class != rest.People && w.took > 0 {
		waited, err := w.Jobs.IsAwaited(ctx, portal.Lane)
		if err != nil {
			return err
		}
		if waited {
			return errOvertakenByPeople
		}
	}
	var stored []plan.Intent
	err := w.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) (err error) {
		if err = w.noteWrites(tx, commands); err == nil {
			stored, err = w.storeIntents(tx, commands)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store intents: %w", err)
	}
	for _, i := range stored {
		w.open[plan.Open{Entity: i.Entity, Key: i.Key}] = i.SentAt
	}
	return nil
}

// errOvertakenByPeople ends a run for the sake of what somebody waits for.
var errOvertakenByPeople = jobs.RetryAfter(0, errNextGroup)

// storeIntents notes that the outcomes of commands are unknown as of now. Commands of the same key share an intent.
func (w *world) storeIntents(tx *db.Tx, commands []*plan.Command) ([]plan.Intent, error) {
	var intents []plan.Intent
	var rows []plan.SentRow
	now := db.Now()
	for _, c := range commands {
		if c.Intent == nil {
			continue
		}
		rows = append(rows, c.Intent.Rows...)
		i := slices.IndexFunc(intents, func(other plan.Intent) bool {
			return other.Entity == c.Intent.Entity && other.Key == c.Intent.Key
		})
		if i < 0 {
			i = len(intents)
			intents = append(intents, plan.Intent{
				PortalID: w.Portal.ID, Entity: c.Intent.Entity, Key: c.Intent.Key, SentAt: now, Agreed: mapping.Agreed{},
			})
		}
		maps.Copy(intents[i].Agreed, c.Intent.Agreed)
	}
	if err := records.StoreSentRows(tx, rows); err != nil || len(intents) == 0 {
		return nil, err
	}
	if err := w.ownIntents(tx, intents); err != nil {
		return nil, err
	}
	return intents, tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&intents).Error
}

// errForeignIntent ends a run when another has begun what this one was about to do.
var errForeignIntent = errors.New("то же самое уже отправляет другой процесс; сравниваем ещё раз")

// ownIntents checks that none of the intents would take the place of one that another run has stored since this one
// read: such a one has to be looked up first.
func (w *world) ownIntents(tx *db.Tx, intents []plan.Intent) error {
	keys := lo.Map(intents, func(i plan.Intent, _ int) string { return i.Key })
	var there []plan.Intent
	if err := tx.Where("portal_id = ? AND key IN ?", w.Portal.ID, keys).Find(&there).Error; err != nil {
		return fmt.Errorf("read intents: %w", err)
	}
	about := func(i plan.Intent) plan.Open { return plan.Open{Entity: i.Entity, Key: i.Key} }
	stored := lo.SliceToMap(there, func(i plan.Intent) (plan.Open, time.Time) { return about(i), i.SentAt })
	for _, i := range intents {
		if at, found := stored[about(i)]; found && !at.Equal(w.open[about(i)]) {
			return errForeignIntent
		}
	}
	return nil
}

// intents reads open intents, by key, and remembers that the run knows of them.
func (r *run) intents(ctx context.Context, e plan.Entity, keys []string) (map[string]*plan.Intent, error) {
	found, err := r.Book.Intents(ctx, e, keys)
	for key, i := range found {
		r.open[plan.Open{Entity: e, Key: key}] = i.SentAt
	}
	return found, err
}

// Send makes one request to the portal. What is to be looked at besides is read along.
func (w *world) Send(ctx context.Context, batch *rest.Batch) (plan.Answers, error) {
	aboard := w.along.board(batch)
	began := time.Now()
	result, err := w.Client.Do(ctx, batch)
	w.took = time.Since(began)
	if err == nil {
		err = w.along.take(result, aboard)
	}
	return result, err
}

// StoreOutcomes stores everything that came of a request in one transaction.
func (w *world) StoreOutcomes(ctx context.Context, sent plan.Sent) error {
	result, _ := sent.Answers.(*rest.Result)
	return w.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := records.ClearIntents(tx, w.Portal.ID, sent.Settled...); err != nil {
			return err
		}
		for _, open := range sent.Answered {
			// As if everything had come by now that may still come.
			since := db.Now().Add(-w.portals.Options.Settle)
			if err := records.DateIntent(tx, w.Portal.ID, open.Entity, open.Key, since); err != nil {
				return err
			}
		}
		for _, c := range sent.Commands {
			if !c.Outcome.Known {
				continue
			}
			if err := w.store(tx, c.Outcome.Changes, nil); err != nil {
				return fmt.Errorf("store the outcome of %s: %w", c.Name, err)
			}
			if err := w.journalCommand(tx, c, sent, w.took); err != nil {
				return err
			}
		}
		if sent.Unknown {
			_, err := w.storeIntents(tx, sent.Commands)
			return err
		}
		if result == nil {
			return nil
		}
		return w.noteClock(tx, result)
	})
}

// firstFailure keeps in failure why a work could not be done: its own reason, else that of the first command that
// failed.
func firstFailure(failure *error, commands []*plan.Command) error {
	for _, c := range commands {
		keepFirst(failure, c.Outcome.Err)
	}
	return *failure
}

// finished reports whether commands were found necessary and all of them have been answered. A work without commands
// is either done, or nothing has been decided about it yet.
func finished(commands []*plan.Command) bool {
	return len(commands) > 0 && lo.EveryBy(commands, func(c *plan.Command) bool { return c.Outcome.Known })
}
