package db

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// A Line is one owner's migrations: the host's or a module's. Its files lie in the folders sqlite and postgres of FS,
// under the same numbers and names; which of them were applied is kept in the table <name>_migrations.
type Line struct {
	Name string
	FS   fs.FS
}

// Migrate applies what is missing of each line, in the order given: the host's line first, since modules may refer to
// its tables. Processes that start together on one Postgres take turns.
func (d *DB) Migrate(ctx context.Context, lines ...Line) error {
	if d.dialect == Postgres {
		over, err := d.migrationTurn(ctx)
		if err != nil {
			return err
		}
		defer over()
	}
	for _, line := range lines {
		provider, err := d.provider(line)
		if err != nil {
			return err
		}
		results, err := provider.Up(ctx)
		for _, r := range results {
			d.log.WithField("line", line.Name).WithField("version", r.Source.Version).Info("migrated")
		}
		if err != nil {
			return fmt.Errorf("migrate %s: %w", line.Name, err)
		}
	}
	return nil
}

// migrationTurn waits until no other process migrates, and returns what ends the turn. The lock is a transaction's, on a
// connection of its own: it dies with its process and does not stay behind in a pooler. goose has a lock too, but it is a
// session's, and the losers of its race wait for seconds.
func (d *DB) migrationTurn(ctx context.Context) (over func(), err error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	over = func() { _ = conn.Close(context.WithoutCancel(ctx)) } // which ends the transaction
	tx, err := conn.Begin(ctx)
	if err == nil {
		_, err = tx.Exec(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock("+migrationLock+")")
	}
	if err != nil {
		over()
		return nil, fmt.Errorf("wait for other migrations: %w", err)
	}
	return over, nil
}

// migrationLock is the number of the lock; any would do that nobody else uses in this database.
const migrationLock = "7291840511530642"

// Migrated is an error when a line lacks a migration.
func (d *DB) Migrated(ctx context.Context, lines ...Line) error {
	for _, line := range lines {
		provider, err := d.provider(line)
		if err != nil {
			return err
		}
		pending, err := provider.HasPending(ctx)
		if err != nil {
			return fmt.Errorf("look for migrations of %s: %w", line.Name, err)
		}
		if pending {
			return fmt.Errorf("line %s lacks a migration", line.Name)
		}
	}
	return nil
}

func (d *DB) provider(line Line) (*goose.Provider, error) {
	files, err := fs.Sub(line.FS, string(d.dialect))
	if err != nil {
		return nil, fmt.Errorf("migrations of %s: %w", line.Name, err)
	}
	dialect := goose.DialectSQLite3
	if d.dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	provider, err := goose.NewProvider(dialect, d.sql, files,
		goose.WithTableName(line.Name+"_migrations"),
		goose.WithDisableGlobalRegistry(true),
		goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, fmt.Errorf("migrations of %s for %s: %w", line.Name, d.dialect, err)
	}
	return provider, nil
}
