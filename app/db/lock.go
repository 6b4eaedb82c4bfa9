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
	release func()
	once    sync.Once

	mu   sync.Mutex
	conn *pgx.Conn // nil on SQLite
}

// TryLock takes the named lock, or returns nil when somebody else holds it.
func (d *DB) TryLock(ctx context.Context, name string) (*Lock, error) {
	if d.dialect == SQLite {
		if !d.locks.take(name) {
			return nil, nil
		}
		return &Lock{release: func() { d.locks.free(name) }}, nil
	}
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	var taken bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", lockNumber(name)).Scan(&taken); err != nil || !taken {
		_ = conn.Close(context.WithoutCancel(ctx))
		if err != nil {
			return nil, fmt.Errorf("take lock %s: %w", name, err)
		}
		return nil, nil
	}
	return newConnLock(ctx, conn), nil
}

func newConnLock(ctx context.Context, conn *pgx.Conn) *Lock {
	return &Lock{conn: conn, release: func() { _ = conn.Close(context.WithoutCancel(ctx)) }}
}

// Check says whether the lock is still ours: the connection that holds it must answer.
func (l *Lock) Check(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		return nil
	}
	if err := l.conn.Ping(ctx); err != nil {
		return fmt.Errorf("check a lock: %w", err)
	}
	return nil
}

// Release gives the lock free. Releasing twice does nothing.
func (l *Lock) Release() {
	l.once.Do(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.release()
	})
}

// waitLock takes the named lock and waits for it as long as ctx allows. Postgres only. For short waits: a session that
// waits keeps old rows from being vacuumed.
func (d *DB) waitLock(ctx context.Context, name string) (*Lock, error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lockNumber(name)); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("wait for lock %s: %w", name, err)
	}
	return newConnLock(ctx, conn), nil
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
