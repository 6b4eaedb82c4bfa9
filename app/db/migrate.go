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
		// goose has a lock too, but the losers of its race wait for seconds.
		lock := d.NewLock("migrate")
		if err := lock.wait(ctx); err != nil {
			return err
		}
		defer lock.Release(ctx)
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
