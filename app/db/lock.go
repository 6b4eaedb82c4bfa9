package db

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"

	"github.com/jackc/pgx/v5"
)

// A Lock is held by one holder among all processes that share the database. On Postgres it is a session lock on a
// connection of its own: free the moment its process dies. That needs a real session, so a pooler in transaction mode
// is not supported. On SQLite there is one process, and the lock is in its memory.
type Lock struct {
	db   *DB
	name string

	mu    sync.Mutex
	taken bool
	conn  *pgx.Conn // kept between tries; nil on SQLite
}

// NewLock names a lock and does not take it. Different Locks of one name exclude each other.
func (d *DB) NewLock(name string) *Lock { return &Lock{db: d, name: name} }

// Try takes the lock unless somebody else holds it, and says whether it is ours.
func (l *Lock) Try(ctx context.Context) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken {
		return true, l.check(ctx)
	}
	if l.db.dialect == SQLite {
		l.taken = l.db.locks.take(l.name)
		return l.taken, nil
	}
	if err := l.query(ctx, "SELECT pg_try_advisory_lock($1)", &l.taken); err != nil {
		return false, fmt.Errorf("take lock %s: %w", l.name, err)
	}
	return l.taken, nil
}

// wait takes the lock and waits for it as long as ctx allows. Postgres only, and for short waits: a session that waits
// keeps old rows from being vacuumed.
func (l *Lock) wait(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.query(ctx, "SELECT pg_advisory_lock($1) IS NOT NULL", &l.taken); err != nil {
		return fmt.Errorf("wait for lock %s: %w", l.name, err)
	}
	return nil
}

func (l *Lock) query(ctx context.Context, query string, answer *bool) error {
	if l.conn == nil {
		conn, err := l.db.connect(ctx)
		if err != nil {
			return err
		}
		l.conn = conn
	}
	if err := l.conn.QueryRow(ctx, query, lockNumber(l.name)).Scan(answer); err != nil {
		l.disconnect(ctx)
		return err
	}
	return nil
}

func (l *Lock) disconnect(ctx context.Context) {
	if l.conn != nil {
		_ = l.conn.Close(context.WithoutCancel(ctx))
		l.conn = nil
	}
}

// Check says whether the lock is ours, and still: the connection that holds it must answer.
func (l *Lock) Check(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.check(ctx)
}

func (l *Lock) check(ctx context.Context) error {
	if !l.taken {
		return fmt.Errorf("lock %s is not ours", l.name)
	}
	if l.conn == nil {
		return nil
	}
	if err := l.conn.Ping(ctx); err != nil {
		return fmt.Errorf("check lock %s: %w", l.name, err)
	}
	return nil
}

// Release gives the lock free, if it is ours, and the connection back.
func (l *Lock) Release(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken && l.conn == nil {
		l.db.locks.free(l.name)
	} else if l.taken {
		// The server would notice the closed connection only a moment later.
		_, _ = l.conn.Exec(ctx, "SELECT pg_advisory_unlock_all()")
	}
	l.taken = false
	l.disconnect(ctx)
}

// lockNumber turns a name into the number Postgres knows a lock by.
func lockNumber(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("panel/" + name))
	return int64(h.Sum64())
}

// processLocks are the named locks of a process that has its database for itself.
type processLocks struct {
	mu    sync.Mutex
	taken map[string]bool
}

func (l *processLocks) take(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken[name] {
		return false
	}
	if l.taken == nil {
		l.taken = map[string]bool{}
	}
	l.taken[name] = true
	return true
}

func (l *processLocks) free(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.taken, name)
}
