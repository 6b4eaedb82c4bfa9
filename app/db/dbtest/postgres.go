package dbtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pixlpark/panel/app/db"
)

var errNoPostgres = errors.New("no Postgres to test on")

// postgresCopy makes a database with the lines migrated (none: an empty one) and returns its address. It is dropped
// when the test ends.
func postgresCopy(t testing.TB, lines []db.Line) string {
	t.Helper()
	server, err := postgresServer()
	orSkip(t, err)
	from := "template0"
	if lines != nil {
		from, err = templateOf(db.Postgres, lines, func() (string, error) {
			name := nextName("template")
			if err := server.exec("CREATE DATABASE " + name); err != nil {
				return "", err
			}
			return name, migrate(db.Options{URL: server.url(name)}, lines)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return server.copyOf(t, from)
}

// orSkip skips a test loudly that lacks a Postgres; with REQUIRE_ALL=1 that is a failure, as any other error is.
func orSkip(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, errNoPostgres) && os.Getenv("REQUIRE_ALL") != "1" {
		t.Skipf("NOT TESTED ON POSTGRES: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// copyOf makes a database that is a copy of another one, until the test ends, and returns its address.
func (s *server) copyOf(t testing.TB, from string) string {
	t.Helper()
	name := nextName("test")
	if err := s.exec("CREATE DATABASE " + name + " TEMPLATE " + from + s.strategy); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return s.url(name)
}

// databaseOf is the name in an address of server.url.
func databaseOf(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// server is a running Postgres.
type server struct {
	admin    *url.URL
	strategy string // how a template is copied; the server's own way when empty
	begin    func() error
	end      func() // as a power cut does; nil: it is not ours

	mu   sync.Mutex // Postgres copies a template for one at a time
	conn *pgx.Conn  // kept from one statement to the next
}

func (s *server) url(database string) string {
	u := *s.admin
	u.Path = "/" + database
	return u.String()
}

func (s *server) exec(statement string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx := context.Background()
	if s.conn == nil || s.conn.IsClosed() {
		conn, err := pgx.Connect(ctx, s.admin.String())
		if err != nil {
			return fmt.Errorf("connect to the test server: %w", err)
		}
		s.conn = conn
	}
	if _, err := s.conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// postgresServer is the one that TEST_DATABASE_URL names, else it is started by the first test that needs it.
var postgresServer = sync.OnceValues(func() (*server, error) {
	given := os.Getenv("TEST_DATABASE_URL")
	if given == "" {
		return startServer("pg")
	}
	admin, err := url.Parse(given)
	if err != nil {
		return nil, errors.New("TEST_DATABASE_URL is not a URL")
	}
	return &server{admin: admin}, nil
})
