package dbtest

import (
	"testing"

	"github.com/pixlpark/panel/app/db"
)

// Copy makes a copy of a database that nobody has open, and says how to open it: for tests about what was restored.
func Copy(t testing.TB, o db.Options) db.Options {
	t.Helper()
	if o.URL != "" {
		server, err := postgresServer()
		if err != nil {
			t.Fatal(err)
		}
		return db.Options{URL: server.copyOf(t, databaseOf(t, o.URL))}
	}
	o.Log = Silent()
	path := sqliteFile(t)
	d, err := db.Open(t.Context(), o)
	if err == nil {
		defer d.Close()
		// By a statement, since what was written last may still be in the log beside the file: closing waits for no
		// connection that is being given back.
		err = d.From(t.Context()).Exec("VACUUM INTO ?", path).Error
	}
	if err != nil {
		t.Fatalf("copy %s: %v", o.Path, err)
	}
	return db.Options{Path: path}
}
