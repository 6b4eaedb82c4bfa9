// Package db is the host's database: SQLite for one process, Postgres for several.
//
// Everything goes through a [DB]: [DB.Transaction] is the only way to change more than one row, [DB.From] the way to
// read. The context carries the transaction, so a function that is given a context reads and writes inside its
// caller's transaction without knowing of it. That is not a nicety: SQLite has a single connection here, and whoever
// reads beside the transaction it is called in would wait for itself for ever.
//
// Instants are kept, compared and read in UTC; a time in any zone may be bound to a query (sqlite.go).
//
// Begin with open.go and transaction.go; migrate.go and check.go are about the schema, listen.go, fence.go and clock.go
// about several processes on one Postgres. Nothing here rests on a session of Postgres, so a pooler that hands a
// connection to another with each transaction may stand in between; only what listen.go tells is then not heard.
package db

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
	"gorm.io/gorm"
)

// Dialect is the kind of database behind a DB. Its text is the name of the folder that holds its migrations.
type Dialect string

// The two databases of the panel.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// DB is an open database. It is safe for concurrent use and lives as long as the process.
type DB struct {
	gorm    *gorm.DB
	sql     *sql.DB
	dialect Dialect
	url     string        // of a Postgres; what needs a connection of its own dials it
	idle    time.Duration // Options.IdleInTransaction
	opening string
	file    *heldFile // of an SQLite; until Close
	log     *logrus.Entry

	listener   listener
	statements atomic.Int64

	closing   context.Context // ends with Close
	close     context.CancelFunc
	closeOnce sync.Once
}

// Opening is a short random text, another one for every Open of every process.
func (d *DB) Opening() string { return d.opening }

// Exclusive says that this process has the database for itself, so that whoever is said to be at work in it is dead. An
// SQLite file is locked from Open to Close.
func (d *DB) Exclusive() bool { return d.dialect == SQLite }

// Dialect says which of the two databases this is.
func (d *DB) Dialect() Dialect { return d.dialect }

// From is the handle to read with: the transaction that ctx carries, else the database itself.
func (d *DB) From(ctx context.Context) *gorm.DB {
	if tx := d.Tx(ctx); tx != nil {
		return tx.WithContext(ctx)
	}
	return d.gorm.WithContext(ctx)
}

// Ping says whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.sql.PingContext(ctx); err != nil {
		return fmt.Errorf("ping %s: %w", d.dialect, err)
	}
	return nil
}

// Stats are the counters of the connection pool, for metrics.
func (d *DB) Stats() sql.DBStats { return d.sql.Stats() }

// Statements is how many statements this process has had executed, but for the beginnings and ends of transactions.
func (d *DB) Statements() int64 { return d.statements.Load() }

// Close ends listening, closes every connection and gives the SQLite file free. Closing twice does nothing.
func (d *DB) Close() error {
	var err error
	d.closeOnce.Do(func() {
		d.close()
		d.listener.running.Wait()
		err = d.sql.Close()
		if d.file != nil {
			err = firstError(err, d.file.Close())
		}
	})
	return err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
