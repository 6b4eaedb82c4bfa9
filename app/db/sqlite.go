package db

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net/url"
	"time"

	"modernc.org/sqlite"
)

// sqliteOptions are what each connection is opened with.
//
// FULL: a committed order survives a power cut. immediate: a transaction that reads and then writes would otherwise fail
// with SQLITE_BUSY, which no timeout helps. The last two: SQLite keeps an instant as text and compares it as text, so
// 12:00+03:00 would come after 10:00+00:00.
const sqliteOptions = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
	"&_pragma=foreign_keys(1)&_txlock=immediate&_time_format=sqlite&_timezone=UTC"

// sqliteConnector opens connections for database/sql that bind every time in microseconds, as Postgres keeps it, whoever
// made it.
type sqliteConnector struct{ driver.Connector }

func newSQLiteConnector(path string) (*sqliteConnector, error) {
	connector, err := sqlite.NewConnector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + sqliteOptions)
	return &sqliteConnector{connector}, err
}

func (c *sqliteConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(sqliteConn)
	if !ok {
		_ = conn.Close()
		return nil, fmt.Errorf("the SQLite driver's %T lacks contexts", conn)
	}
	return microsecondConn{full}, nil
}

// sqliteConn is what the driver's connection can do, and database/sql asks for.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type microsecondConn struct{ sqliteConn }

// CheckNamedValue is asked for each value that is bound.
func (microsecondConn) CheckNamedValue(v *driver.NamedValue) error {
	value, err := driver.DefaultParameterConverter.ConvertValue(v.Value)
	if t, ok := value.(time.Time); ok {
		value = t.Truncate(time.Microsecond)
	}
	v.Value = value
	return err
}
