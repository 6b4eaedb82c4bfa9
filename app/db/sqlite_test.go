package db_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
)

// settingsOf reads back what the connection was opened with.
func settingsOf(t *testing.T, d *db.DB) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pragma := range []string{"journal_mode", "busy_timeout", "synchronous", "foreign_keys"} {
		var value string
		if err := d.From(t.Context()).Raw("PRAGMA " + pragma).Scan(&value).Error; err != nil {
			t.Fatal(err)
		}
		found[pragma] = value
	}
	return found
}

func TestSQLite_settingsOfEveryConnection(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	want := map[string]string{"journal_mode": "wal", "busy_timeout": "5000", "synchronous": "2", "foreign_keys": "1"}
	check := func(when string) {
		t.Helper()
		for pragma, got := range settingsOf(t, d) {
			if got != want[pragma] {
				t.Errorf("%s: PRAGMA %s = %s, want %s", when, pragma, got, want[pragma])
			}
		}
	}
	check("at first")

	// A statement that its context interrupts costs the connection.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	var n int64
	err := d.From(ctx).Raw("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n").Scan(&n).Error
	if err == nil {
		t.Fatal("counting without an end came to one")
	}
	check("after an interrupted statement")
}

func TestSQLite_transactionsTakeTheFileBeforeTheyRead(t *testing.T) {
	t.Parallel()
	o := dbtest.Fresh(t, db.SQLite)
	d := dbtest.Open(t, o)
	other, err := sql.Open("sqlite", o.Path+"?_pragma=busy_timeout(0)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	write := func() error {
		_, err := other.ExecContext(t.Context(), "INSERT INTO sessions (token, data, expiry) VALUES ('x', x'00', '2026-11-23 09:00:00+00:00')")
		return err
	}
	err = d.Transaction(t.Context(), func(context.Context, *db.Tx) error {
		if err := write(); err == nil || !strings.Contains(err.Error(), "SQLITE_BUSY") {
			t.Errorf("another connection writes into a transaction that has done nothing yet: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := write(); err != nil {
		t.Errorf("after the transaction: %v", err)
	}
}

// Files of every version of the program hold instants in this form, and they are compared as text.
func TestSQLite_instantsAreTextInUTC(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	moscow := time.FixedZone("MSK", 3*60*60)
	for token, at := range map[string]time.Time{
		"2026-11-23 09:00:00.123456+00:00": time.Date(2026, 11, 23, 12, 0, 0, 123_456_789, moscow),
		"2026-11-23 09:00:00+00:00":        time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC),
		"2026-11-23 09:00:00.5+00:00":      time.Date(2026, 11, 23, 9, 0, 0, 500_000_000, time.UTC),
	} {
		if err := d.From(t.Context()).Create(&session{token, []byte{1}, at}).Error; err != nil {
			t.Fatal(err)
		}
		var text string
		if err := d.From(t.Context()).Raw("SELECT CAST(expiry AS text) FROM sessions WHERE token = ?", token).Scan(&text).Error; err != nil {
			t.Fatal(err)
		}
		if text != token {
			t.Errorf("%v is stored as %q, want %q", at, text, token)
		}
	}
}

func TestOpen_takesAnyPathForAnSQLiteFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"план 50% ?_pragma=foreign_keys(0)#1.db", "a b&c=d.db", "50%25.db"} {
		path := filepath.Join(t.TempDir(), name)
		d := dbtest.Open(t, db.Options{Path: path})
		if err := d.From(t.Context()).Exec("CREATE TABLE t (id integer)").Error; err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("another file than %s: %v", name, err)
		}
		if got := settingsOf(t, d)["foreign_keys"]; got != "1" {
			t.Errorf("%s: foreign_keys = %s, want 1", name, got)
		}
	}
}

type parent struct{ ID int64 }

type child struct {
	ID       int64
	ParentID int64
	Parent   *parent
}

func TestDB_foreignKeysAreHeld(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.From(t.Context()).Migrator().CreateTable(&parent{}, &child{}); err != nil {
			t.Fatal(err)
		}
		if err := d.From(t.Context()).Create(&child{ParentID: 7}).Error; !errors.Is(err, gorm.ErrForeignKeyViolated) {
			t.Errorf("a child without its parent: err = %v, want %v", err, gorm.ErrForeignKeyViolated)
		}
	})
}
