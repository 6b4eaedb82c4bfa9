package db_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
)

// setting is a table to write to.
type setting struct {
	Name      string `gorm:"primaryKey"`
	Document  string
	UpdatedAt time.Time
}

func names(t *testing.T, d *db.DB) []string {
	t.Helper()
	var names []string
	if err := d.From(t.Context()).Model(&setting{}).Order("name").Pluck("name", &names).Error; err != nil {
		t.Fatal(err)
	}
	return names
}

func add(tx *db.Tx, name string) error { return tx.Create(&setting{Name: name}).Error }

var errRefused = errors.New("refused")

func TestTransaction_afterCommit(t *testing.T) {
	t.Parallel()
	type run = func(ctx context.Context, d *db.DB, note func(string) func(context.Context)) error
	for name, c := range map[string]struct {
		do      run
		refused bool
		want    []string // what was called
		saved   []string
	}{
		"is called once everything is committed": {
			do: func(ctx context.Context, d *db.DB, note func(string) func(context.Context)) error {
				return d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
					tx.AfterCommit(func(ctx context.Context) {
						note("first")(ctx)
						tx.AfterCommit(note("added meanwhile"))
					})
					tx.AfterCommit(note("second"))
					return add(tx, "a")
				})
			},
			want: []string{"first", "second", "added meanwhile"}, saved: []string{"a"},
		},
		"is not called after a rollback": {
			do: func(ctx context.Context, d *db.DB, note func(string) func(context.Context)) error {
				return d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
					tx.AfterCommit(note("never"))
					return errors.Join(add(tx, "a"), errRefused)
				})
			},
			refused: true,
		},
		"of a nested transaction waits for the outermost": {
			do: func(ctx context.Context, d *db.DB, note func(string) func(context.Context)) error {
				return d.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
					err := d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
						tx.AfterCommit(note("nested"))
						return add(tx, "a")
					})
					note("outer goes on")(ctx)
					return err
				})
			},
			want: []string{"outer goes on", "nested"}, saved: []string{"a"},
		},
		"of a nested transaction is dropped with it": {
			do: func(ctx context.Context, d *db.DB, note func(string) func(context.Context)) error {
				return d.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
					tx.AfterCommit(note("outer"))
					err := d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
						tx.AfterCommit(note("never"))
						return errors.Join(add(tx, "nested"), errRefused)
					})
					if !errors.Is(err, errRefused) {
						return err
					}
					return add(tx, "outer")
				})
			},
			want: []string{"outer"}, saved: []string{"outer"},
		},
		"that panics stops nothing": {
			do: func(ctx context.Context, d *db.DB, note func(string) func(context.Context)) error {
				return d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
					tx.AfterCommit(func(context.Context) { panic("oops") })
					tx.AfterCommit(note("next"))
					return add(tx, "a")
				})
			},
			want: []string{"next"}, saved: []string{"a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				var got []string
				err := c.do(t.Context(), d, func(what string) func(context.Context) {
					return func(context.Context) { got = append(got, what) }
				})
				if refused := errors.Is(err, errRefused); refused != c.refused || err != nil && !refused {
					t.Fatalf("err = %v", err)
				}
				if !reflect.DeepEqual(got, c.want) {
					t.Errorf("called %q, want %q", got, c.want)
				}
				if saved := names(t, d); len(saved) != len(c.saved) || len(saved) > 0 && !reflect.DeepEqual(saved, c.saved) {
					t.Errorf("saved %q, want %q", saved, c.saved)
				}
			})
		})
	}
}

func TestTransaction_afterCommitOutlivesTheCaller(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		type key struct{}
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
		called := false
		err := d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
			tx.AfterCommit(func(ctx context.Context) {
				called = true
				cancel()
				if ctx.Err() != nil || ctx.Value(key{}) != "kept" || d.Tx(ctx) != nil {
					t.Errorf("context: err %v, value %v, transaction %v", ctx.Err(), ctx.Value(key{}), d.Tx(ctx))
				}
				// The connection is free again, SQLite's single one too.
				if err := d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error { return add(tx, "b") }); err != nil {
					t.Error(err)
				}
			})
			return add(tx, "a")
		})
		if err != nil || !called {
			t.Fatalf("err = %v, called = %v", err, called)
		}
	})
}

func TestTransaction_panicRollsBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
				_ = add(tx, "a")
				panic("oops")
			})
		}()
		if got := names(t, d); len(got) != 0 {
			t.Errorf("saved %q, want nothing", got)
		}
	})
}

func TestFrom_readsInTheTransactionOfItsContext(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Transaction(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := add(tx, "a"); err != nil {
				return err
			}
			var count int64
			err := d.From(ctx).Model(&setting{}).Count(&count).Error
			if count != 1 {
				t.Errorf("count = %d, want the transaction's own row", count)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTransaction_deadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.Postgres)
	err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
		return errors.Join(add(tx, "a"), add(tx, "b"))
	})
	if err != nil {
		t.Fatal(err)
	}
	change := func(tx *db.Tx, name string) error {
		return tx.Exec("UPDATE settings SET document = document || 'x' WHERE name = ?", name).Error
	}
	var both, all sync.WaitGroup
	both.Add(2)
	for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		all.Go(func() {
			var once sync.Once
			err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
				if err := change(tx, order[0]); err != nil {
					return err
				}
				once.Do(func() { both.Done(); both.Wait() }) // each holds what the other wants
				return change(tx, order[1])
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var documents []string
	if err := d.From(t.Context()).Model(&setting{}).Pluck("document", &documents).Error; err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(documents, []string{"xx", "xx"}) {
		t.Errorf("documents = %q, want both changes in both", documents)
	}
}

func TestTransaction_readThenWriteSideBySide(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.From(t.Context()).Create(&setting{Name: "n"}).Error; err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 10 {
					err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
						var row setting
						if err := tx.Where("name = 'n'").Take(&row).Error; err != nil {
							return err
						}
						return tx.Exec("UPDATE settings SET document = document || 'x' WHERE name = 'n'").Error
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		var row setting
		if err := d.From(t.Context()).Where("name = 'n'").Take(&row).Error; err != nil {
			t.Fatal(err)
		}
		if len(row.Document) != 80 {
			t.Errorf("%d changes, want 80", len(row.Document))
		}
	})
}
