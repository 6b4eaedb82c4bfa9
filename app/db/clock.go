package db

import (
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Now is the present instant as both databases keep it: UTC, in microseconds.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Clock is the present instant by the database's own clock, moved by d: an expression to bind to a placeholder. It goes
// on inside a transaction. Processes whose clocks differ agree on it. On SQLite compare it only with what was stored
// from it: both are texts, with milliseconds.
func (d *DB) Clock(by time.Duration) clause.Expr {
	if d.dialect == SQLite {
		return gorm.Expr("strftime('%Y-%m-%d %H:%M:%f+00:00', 'now', ?)", fmt.Sprintf("%+.3f seconds", by.Seconds()))
	}
	return gorm.Expr("clock_timestamp() + ? * interval '1 second'", by.Seconds())
}

// Remaining is an expression for the seconds from the database's own clock until the instant in a column.
func (d *DB) Remaining(column string) string {
	if d.dialect == SQLite {
		return "(julianday(" + column + ") - julianday('now')) * 86400"
	}
	return "extract(epoch FROM " + column + " - clock_timestamp())"
}

// Unix is an expression for the whole seconds since 1970 of the instant in a column.
func (d *DB) Unix(column string) string {
	if d.dialect == SQLite {
		return "unixepoch(substr(" + column + ", 1, 19))" // with its fraction it would be rounded, even into the next day
	}
	return "CAST(floor(extract(epoch FROM " + column + ")) AS bigint)"
}
