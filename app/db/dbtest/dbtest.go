// Package dbtest gives tests a database of their own: migrated, empty, and real.
//
// [Each] runs a test on SQLite and on Postgres. The Postgres is started from the machine's own binaries, once for each
// test binary (postgres.go), or it is the one that TEST_DATABASE_URL names. TEST_DB=sqlite or TEST_DB=postgres leaves
// the other out. Where no Postgres can be had, its half is skipped, and fails instead when REQUIRE_ALL=1.
package dbtest

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/migrations"
	"github.com/sirupsen/logrus"
)

// Each runs fn as a parallel subtest on each database. Besides the host's line the given ones are migrated.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB), lines ...db.Line) {
	t.Helper()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			fn(t, New(t, dialect, lines...))
		})
	}
}

// New opens a fresh, migrated database of the dialect and closes it when the test ends.
func New(t testing.TB, dialect db.Dialect, lines ...db.Line) *db.DB {
	t.Helper()
	return Open(t, Fresh(t, dialect, lines...))
}

// Fresh makes a migrated database and says how to open it: for tests that open it more than once (Postgres) or hand
// its address to another process.
func Fresh(t testing.TB, dialect db.Dialect, lines ...db.Line) db.Options {
	t.Helper()
	leaveOut(t, dialect)
	lines = append([]db.Line{{Name: "app", FS: migrations.FS}}, lines...)
	if dialect == db.SQLite {
		path := sqliteFile(t)
		copyFile(t, sqliteTemplate(t, lines), path)
		return db.Options{Path: path}
	}
	return db.Options{URL: postgresCopy(t, lines)}
}

// Empty is Fresh without any migration.
func Empty(t testing.TB, dialect db.Dialect) db.Options {
	t.Helper()
	leaveOut(t, dialect)
	if dialect == db.SQLite {
		return db.Options{Path: sqliteFile(t)}
	}
	return db.Options{URL: postgresCopy(t, nil)}
}

// leaveOut skips a test on the database that TEST_DB leaves out.
func leaveOut(t testing.TB, dialect db.Dialect) {
	t.Helper()
	if only := os.Getenv("TEST_DB"); only != "" && only != string(dialect) {
		t.Skipf("TEST_DB=%s leaves %s out", only, dialect)
	}
}

// Open opens a database until the test ends, with a silent log unless o brings one.
func Open(t testing.TB, o db.Options) *db.DB {
	t.Helper()
	if o.Log == nil {
		o.Log = Silent()
	}
	d, err := db.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
		d = nil // a parallel test keeps its cleanups, and what they refer to, until the last test has ended
	})
	return d
}

// Silent is a log that goes nowhere.
func Silent() *logrus.Entry {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return logrus.NewEntry(log)
}

// templates are made once for each set of lines; a test's database is a copy.
var templates struct {
	sync.Mutex
	made map[string]template
}

type template struct {
	name string // a file or a Postgres database
	err  error
}

// templateOf makes the template of the lines unless it exists. Lines are told apart by their names: within one test
// binary a name stands for the same files.
func templateOf(dialect db.Dialect, lines []db.Line, create func() (string, error)) (string, error) {
	names := []string{string(dialect)}
	for _, l := range lines {
		names = append(names, l.Name)
	}
	key := strings.Join(names, " ")

	templates.Lock()
	defer templates.Unlock()
	if made, ok := templates.made[key]; ok {
		return made.name, made.err
	}
	name, err := create()
	if templates.made == nil {
		templates.made = map[string]template{}
	}
	templates.made[key] = template{name, err}
	return name, err
}

// migrate opens the database, migrates and closes it.
func migrate(o db.Options, lines []db.Line) error {
	o.Log = Silent()
	d, err := db.Open(context.Background(), o)
	if err != nil {
		return err
	}
	if err := d.Migrate(context.Background(), lines...); err != nil {
		_ = d.Close()
		return err
	}
	return d.Close()
}

// sqliteFile is where a test's database may be, alone in a folder that goes with the test.
func sqliteFile(t testing.TB) string {
	t.Helper()
	work, err := workFolder()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(work.path, "test-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the test's database: %v", err)
		}
	})
	return filepath.Join(dir, "panel.db")
}

func sqliteTemplate(t testing.TB, lines []db.Line) string {
	t.Helper()
	path, err := templateOf(db.SQLite, lines, func() (string, error) {
		work, err := workFolder()
		if err != nil {
			return "", err
		}
		path := filepath.Join(work.path, nextName("template")+".db")
		return path, migrate(db.Options{Path: path}, lines)
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

var names atomic.Int64

// nextName is unlike any other of this machine's test binaries.
func nextName(what string) string {
	return fmt.Sprintf("panel_%s_%d_%d", what, os.Getpid(), names.Add(1))
}
