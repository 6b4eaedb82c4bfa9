package dbtest

import (
	"testing"

	"github.com/pixlpark/panel/app/db"
)

// Copy makes a copy of a database that nobody has open, and says how to open it: for tests about what was restored.
func Copy(t testing.TB, o db.Options) db.Options {
	t.Helper()
	if o.URL == "" {
		path := sqliteFile(t)
		copyFile(t, o.Path, path)
		return db.Options{Path: path}
	}
	return db.Options{URL: postgresFrom(t, databaseOf(t, o.URL))}
}
