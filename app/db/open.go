package db

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/libtnb/sqlite"
	"github.com/sirupsen/logrus"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// Options say which database to open.
type Options struct {
	URL  string        // of a Postgres, as in DATABASE_URL; empty means SQLite
	Path string        // of the SQLite file; its folder is made when missing
	Log  *logrus.Entry // default: logrus' standard logger

	// SlowQuery is what a statement may take before it is worth a line in the log; default 1 second.
	SlowQuery time.Duration

	// MaxConns limits the pool on Postgres; default 16. SQLite has one connection whatever this says.
	MaxConns int

	// IdleInTransaction is how long a transaction may do nothing before Postgres ends it; default 10 seconds. Otherwise
	// a process that froze, or whose machine vanished, would keep its rows locked for hours.
	IdleInTransaction time.Duration
}

// Open opens the database and checks that it answers. It does not migrate.
//
// An SQLite file belongs to one process: a second one is refused with an error that says so. The lock is on a file
// beside the database and dies with its process, however that ends.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Log == nil {
		o.Log = logrus.NewEntry(logrus.StandardLogger())
	}
	o.SlowQuery = cmp.Or(o.SlowQuery, time.Second)
	o.MaxConns = cmp.Or(o.MaxConns, 16)
	d := &DB{log: o.Log, idle: cmp.Or(o.IdleInTransaction, 10*time.Second), opening: rand.Text()[:8]}
	d.closing, d.close = context.WithCancel(context.WithoutCancel(ctx))

	open := d.openSQLite
	if o.URL != "" {
		open = d.openPostgres
	}
	dialector, err := open(o)
	if err == nil {
		err = d.start(ctx, dialector, queryLog{o.Log, o.SlowQuery, &d.statements})
		if err != nil && d.dialect == SQLite {
			err = fmt.Errorf("%s: %w", o.Path, err)
		}
	}
	if err != nil {
		d.abandon()
		return nil, err
	}
	return d, nil
}

func (d *DB) start(ctx context.Context, dialector gorm.Dialector, log queryLog) error {
	g, err := gorm.Open(dialector, &gorm.Config{
		NowFunc:                Now,
		Logger:                 log,
		TranslateError:         true,
		SkipDefaultTransaction: true, // a single statement is atomic; more of them belong in Transaction
		DisableAutomaticPing:   true,
	})
	if err != nil {
		return fmt.Errorf("open %s: %w", d.dialect, err)
	}
	d.gorm = g
	return d.Ping(ctx)
}

// abandon undoes a half-done Open.
func (d *DB) abandon() {
	d.close()
	if d.sql != nil {
		_ = d.sql.Close()
	}
	if d.file != nil {
		_ = d.file.Close()
	}
}

func (d *DB) openSQLite(o Options) (gorm.Dialector, error) {
	d.dialect = SQLite
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := lockFile(o.Path)
	if err != nil {
		return nil, err
	}
	d.file = lock
	if err := keepPrivate(o.Path); err != nil {
		return nil, err
	}
	connector, err := newSQLiteConnector(o.Path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.Path, err)
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(1)
	d.sql = pool
	return &sqlite.Dialector{Conn: pool}, nil
}

// keepPrivate lets nobody but the owner read the file, which is made when missing. The two that SQLite makes beside it
// get the modes of the first.
func keepPrivate(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Chmod(name, 0o600); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("keep %s private: %w", name, err)
		}
	}
	return nil
}

func (d *DB) openPostgres(o Options) (gorm.Dialector, error) {
	d.dialect, d.url = Postgres, o.URL
	config, err := d.connConfig()
	if err != nil {
		return nil, err
	}
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		c.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		// Compiling takes longer than any of our queries gains by it. Poolers refuse this among the parameters of a start.
		_, err := c.Exec(ctx, "SET jit = off")
		return err
	}))
	pool.SetMaxOpenConns(o.MaxConns)
	// After a burst its connections go soon, so that a process at rest has one or two: the last used is used again first.
	pool.SetMaxIdleConns(o.MaxConns)
	pool.SetConnMaxIdleTime(30 * time.Second)
	d.sql = pool
	return postgres.New(postgres.Config{Conn: pool}), nil
}

// connConfig is how every connection to the Postgres is made, pooled or not.
func (d *DB) connConfig() (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(d.url)
	if err != nil {
		return nil, fmt.Errorf("read DATABASE_URL: %w", err) // pgx leaves the password out
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "panel"
	}
	return config, nil
}

// connect makes a connection outside the pool, for what has to own one: LISTEN, and the migrations' turn.
func (d *DB) connect(ctx context.Context) (*pgx.Conn, error) {
	config, err := d.connConfig()
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to postgres: %w", err)
	}
	return conn, nil
}
