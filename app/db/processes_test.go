package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
)

func TestOpen_refusesASecondProcessOnSQLite(t *testing.T) {
	t.Parallel()
	o := dbtest.Fresh(t, db.SQLite)
	o.Log = dbtest.Silent()
	first, err := db.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	second, err := db.Open(t.Context(), o)
	if !errors.Is(err, db.ErrInUse) {
		t.Fatalf("second = %v, err = %v, want it refused", second, err)
	}
	if holder := fmt.Sprintf("in use by process %d:", os.Getpid()); !strings.Contains(err.Error(), holder) {
		t.Errorf("err = %v, want %q in it", err, holder)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	dbtest.Open(t, o) // the file beside it is still there, the lock is not
}

func TestOpen_refusesAnAddressWithoutQuotingItsPassword(t *testing.T) {
	t.Parallel()
	_, err := db.Open(t.Context(), db.Options{URL: "postgres://panel:hunter2@127.0.0.1:1/panel?connect_timeout=1"})
	if err == nil {
		t.Fatal("opened a database that is not there")
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("err = %v, which holds the password", err)
	}
}

// heard is a listener that passes on what it hears.
func heard(d *db.DB, channel string) (said <-chan string, connected <-chan bool) {
	payloads, connections := make(chan string, 10), make(chan bool, 10)
	d.Listen(channel, db.Listener{
		Notified:  func(payload string) { payloads <- payload },
		Connected: func() { connections <- true },
	})
	return payloads, connections
}

func next[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func TestNotify_reachesOtherProcessesAfterTheCommit(t *testing.T) {
	t.Parallel()
	o := dbtest.Fresh(t, db.Postgres)
	here, there := dbtest.Open(t, o), dbtest.Open(t, o)
	colors, connected := heard(there, "colors")
	next(t, connected)
	shapes, connected := heard(there, "shapes") // joins a connection that is waiting already
	next(t, connected)

	say := func(channel, what string, outcome error) {
		t.Helper()
		err := here.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
			if err := tx.Notify(channel, what); err != nil {
				t.Error(err)
			}
			return outcome
		})
		if !errors.Is(err, outcome) {
			t.Fatal(err)
		}
	}
	say("colors", "rolled back", errRefused)
	say("shapes", "круг", nil)
	say("colors", "красный", nil)
	if got := next(t, colors); got != "красный" {
		t.Errorf("heard %q", got)
	}
	if got := next(t, shapes); got != "круг" {
		t.Errorf("heard %q", got)
	}
}

func TestListen_saysWhenItsConnectionIsNew(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.Postgres)
	said, connected := heard(d, "colors")
	next(t, connected)
	err := d.From(t.Context()).Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE 'LISTEN%'`).Error
	if err != nil {
		t.Fatal(err)
	}
	next(t, connected)
	err = d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error { return tx.Notify("colors", "again") })
	if err != nil {
		t.Fatal(err)
	}
	if got := next(t, said); got != "again" {
		t.Errorf("heard %q", got)
	}
}

func TestHears_onceAGreetingHasComeBack(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.Postgres)
	if d.Hears() {
		t.Error("it hears before it listens")
	}
	_, connected := heard(d, "colors")
	next(t, connected)
	for begun := time.Now(); !d.Hears(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatal("it never hears itself")
		}
	}
}
