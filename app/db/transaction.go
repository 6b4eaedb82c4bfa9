package db

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// Tx is a running transaction. It is for one goroutine, and only until the function it was given to returns.
type Tx struct {
	*gorm.DB
	db    *DB
	after []func(ctx context.Context)
	kept  map[any]any
	depth int
}

type txKey struct{ db *DB }

// Tx is the transaction that ctx carries, or nil.
func (d *DB) Tx(ctx context.Context) *Tx {
	tx, _ := ctx.Value(txKey{d}).(*Tx)
	return tx
}

// Transaction runs fn in a transaction and commits when fn returns nil. The context given to fn carries the
// transaction: pass it on.
//
// A call with a context that already carries one joins it, as a savepoint: an error takes back what this fn did and
// what it registered with AfterCommit, and the caller may go on with its own work.
//
// Where ctx is fenced (see Fenced) the fence comes first, and its error is returned.
//
// On Postgres fn is run again when the database broke a deadlock with it or could not serialize it, so fn must not
// do anything but work on tx and assign its results.
func (d *DB) Transaction(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if tx := d.Tx(ctx); tx != nil {
		return tx.nested(ctx, fn)
	}
	for attempt := 1; ; attempt++ {
		tx, err := d.attempt(ctx, fn)
		if err == nil {
			tx.committed(context.WithoutCancel(ctx))
			return nil
		}
		if attempt == maxAttempts || !Conflict(err) || !pause(ctx, attempt) {
			return err
		}
	}
}

const maxAttempts = 6

func (d *DB) attempt(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) (*Tx, error) {
	tx := &Tx{db: d, kept: map[any]any{}}
	err := d.gorm.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		inside := context.WithValue(ctx, txKey{d}, tx)
		tx.DB = g.WithContext(inside)
		if err := tx.limitIdling(); err != nil {
			return err
		}
		if err := tx.fence(inside); err != nil {
			return err
		}
		return fn(inside, tx)
	})
	return tx, err
}

// limitIdling has Postgres end the transaction should this process freeze in the middle of it. It is said anew in each
// transaction because behind a pooler nothing else is ours.
func (tx *Tx) limitIdling() error {
	if tx.db.dialect == SQLite {
		return nil
	}
	err := tx.Exec(fmt.Sprintf("SET LOCAL idle_in_transaction_session_timeout = %d", tx.db.idle.Milliseconds())).Error
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	return nil
}

// Conflict says that the database gave the transaction up in favour of another: a deadlock or a serialization
// failure. The same work may succeed when it is done again.
func Conflict(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// pause waits a little longer after each attempt, never the same for two rivals.
func pause(ctx context.Context, attempt int) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Duration(rand.Int64N(int64(attempt * int(10*time.Millisecond))))):
		return true
	}
}

func (tx *Tx) nested(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) (err error) {
	after := len(tx.after)
	tx.depth++
	defer func() { tx.depth-- }()
	savepoint := fmt.Sprintf("nested_%d", tx.depth)
	if err := tx.Exec("SAVEPOINT " + savepoint).Error; err != nil {
		return fmt.Errorf("begin a nested transaction: %w", err)
	}
	if err := fn(ctx, tx); err != nil {
		tx.after = tx.after[:after]
		// Should this fail as well, the connection is gone and the outermost commit fails.
		_ = tx.Exec("ROLLBACK TO SAVEPOINT " + savepoint).Error
		return err
	}
	if err := tx.Exec("RELEASE SAVEPOINT " + savepoint).Error; err != nil {
		return fmt.Errorf("end a nested transaction: %w", err)
	}
	return nil
}

// AfterCommit has fn called once the outermost transaction is committed, in the goroutine that committed it and in the
// order of registration; never after a rollback. The transaction is over by then: fn's context carries none, keeps
// the caller's values and outlives its cancellation. A panic in fn is logged and stops nothing, for the commit cannot
// be taken back any more.
//
// What fn itself registers comes after everything that was registered before the commit: the place for what waits,
// when no cache is stale any more.
func (tx *Tx) AfterCommit(fn func(ctx context.Context)) { tx.after = append(tx.after, fn) }

// Keep remembers a value for the length of this transaction, under a key of the caller's own type. What a nested
// transaction kept stays when that is rolled back: keep only what does no harm then.
func (tx *Tx) Keep(key, value any) { tx.kept[key] = value }

// Kept is what Keep remembered under key, or nil.
func (tx *Tx) Kept(key any) any { return tx.kept[key] }

// Dialect says which of the two databases the transaction runs on.
func (tx *Tx) Dialect() Dialect { return tx.db.dialect }

// committed calls the callbacks, with those that they register.
func (tx *Tx) committed(ctx context.Context) {
	for i := 0; i < len(tx.after); i++ {
		tx.call(ctx, tx.after[i])
	}
}

func (tx *Tx) call(ctx context.Context, fn func(ctx context.Context)) {
	defer func() {
		if r := recover(); r != nil {
			tx.db.log.WithField("panic", r).WithField("stack", string(debug.Stack())).Error("panic after commit")
		}
	}()
	fn(ctx)
}
