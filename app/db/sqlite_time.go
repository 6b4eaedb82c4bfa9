package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/glebarez/sqlite"
)

// SQLite keeps an instant as text and compares it as text, so 12:00+03:00 would come after 10:00+00:00. The connections
// made here bind every time in UTC and in microseconds, as Postgres keeps it, whoever made it.

// sqliteConnector opens connections for database/sql.
type sqliteConnector struct {
	dsn    string
	driver driver.Driver
}

func newSQLiteConnector(dsn string) (*sqliteConnector, error) {
	pool, err := sql.Open(sqlite.DriverName, dsn) // only for its driver: nothing is opened yet
	if err != nil {
		return nil, err
	}
	defer func() { _ = pool.Close() }()
	return &sqliteConnector{dsn, pool.Driver()}, nil
}

func (c *sqliteConnector) Driver() driver.Driver { return c.driver }

func (c *sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(sqliteConn)
	if !ok {
		_ = conn.Close()
		return nil, fmt.Errorf("the SQLite driver's %T lacks contexts", conn)
	}
	return utcConn{full}, nil
}

// sqliteConn is what the driver's connection can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
}

type utcConn struct{ sqliteConn }

// CheckNamedValue is asked for each value that is bound.
func (utcConn) CheckNamedValue(v *driver.NamedValue) error {
	value, err := driver.DefaultParameterConverter.ConvertValue(v.Value)
	if t, ok := value.(time.Time); ok {
		value = t.UTC().Truncate(time.Microsecond)
	}
	v.Value = value
	return err
}
