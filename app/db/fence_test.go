package db_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
)

func TestFenced_nothingIsWrittenBehindTheFence(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		over := errors.New("your turn is over")
		var checked int
		var verdict error
		ctx := d.Fenced(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if checked++; d.Tx(ctx) != tx {
				t.Error("checked beside the transaction")
			}
			return verdict
		})
		store := func(ctx context.Context, name string) error {
			return d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error { return add(tx, name) })
		}

		err := d.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
			tx.AfterCommit(func(ctx context.Context) {
				if err := store(ctx, "after the commit"); err != nil {
					t.Error(err)
				}
			})
			return store(ctx, "nested")
		})
		if err != nil || checked != 2 {
			t.Errorf("err = %v, checked %d times; want once for each transaction", err, checked)
		}

		verdict = over
		called := false
		err = d.Transaction(ctx, func(context.Context, *db.Tx) error {
			called = true
			return nil
		})
		if !errors.Is(err, over) || called {
			t.Errorf("err = %v, called = %v; want the fence's error alone", err, called)
		}
		if err := store(context.WithoutCancel(ctx), "detached"); !errors.Is(err, over) {
			t.Errorf("err = %v, want a context made from it fenced as well", err)
		}
		if err := store(t.Context(), "unfenced"); err != nil {
			t.Error(err)
		}
		if got, want := names(t, d), []string{"after the commit", "nested", "unfenced"}; !slices.Equal(got, want) {
			t.Errorf("saved %q, want %q", got, want)
		}
	})
}

func TestClock_goesOnInATransactionAndCompares(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
			var began, now time.Time
			insert := tx.Exec("INSERT INTO settings (name, document, updated_at) VALUES ('now', '', ?), ('later', '', ?)",
				d.Clock(0), d.Clock(1500*time.Millisecond))
			if insert.Error != nil {
				return insert.Error
			}
			if err := tx.Raw("SELECT updated_at FROM settings WHERE name = 'now'").Scan(&began).Error; err != nil {
				return err
			}
			for time.Since(began) < 5*time.Millisecond {
				continue
			}
			if err := tx.Exec("UPDATE settings SET updated_at = ? WHERE name = 'now'", d.Clock(0)).Error; err != nil {
				return err
			}
			if err := tx.Raw("SELECT updated_at FROM settings WHERE name = 'now'").Scan(&now).Error; err != nil {
				return err
			}
			if !now.After(began) || time.Since(now).Abs() > time.Minute {
				t.Errorf("now = %v, want it after %v and true", now, began)
			}
			var passed []string
			err := tx.Raw("SELECT name FROM settings WHERE updated_at <= ?", d.Clock(0)).Scan(&passed).Error
			if !slices.Equal(passed, []string{"now"}) {
				t.Errorf("passed = %q, want now alone", passed)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A process that freezes in a transaction must not keep its rows locked.
func TestTransaction_thatDoesNothingIsEnded(t *testing.T) {
	t.Parallel()
	o := dbtest.Fresh(t, db.Postgres)
	others := dbtest.Open(t, o)
	o.IdleInTransaction = 300 * time.Millisecond
	d := dbtest.Open(t, o)
	err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
		if err := add(tx, "a"); err != nil {
			return err
		}
		// Waits for the row until the server has ended this transaction.
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		err := others.From(ctx).Exec("INSERT INTO settings VALUES ('a', '', now())").Error
		if err != nil {
			t.Errorf("another process got %v, want the row", err)
		}
		return add(tx, "b")
	})
	if err == nil {
		t.Error("the transaction was committed")
	}
	if got := names(t, others); !slices.Equal(got, []string{"a"}) {
		t.Errorf("saved %q, want what the other process saved", got)
	}
}
