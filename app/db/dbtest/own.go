package dbtest

import (
	"testing"

	"github.com/pixlpark/panel/app/db"
)

// Server is a Postgres of one test's own, which it may restart.
type Server struct{ *server }

// Own starts a Postgres that ends with the test. It keeps what was committed whenever it is restarted.
func Own(t testing.TB) Server {
	t.Helper()
	leaveOut(t, db.Postgres)
	s, err := startServer(nextName("own"), "-c", "synchronous_commit=on")
	orSkip(t, err)
	t.Cleanup(func() { s.end() })
	return Server{s}
}

// Empty makes a database without any migration.
func (s Server) Empty(t testing.TB) db.Options {
	t.Helper()
	return db.Options{URL: s.copyOf(t, "template0")}
}

// Copy makes a copy of a database of this server that nobody has open.
func (s Server) Copy(t testing.TB, o db.Options) db.Options {
	t.Helper()
	return db.Options{URL: s.copyOf(t, databaseOf(t, o.URL))}
}

// Restart stops the server as a power cut would and starts it again.
func (s Server) Restart() error {
	s.mu.Lock()
	s.conn = nil
	s.mu.Unlock()
	s.end()
	return s.begin()
}
