package db

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Listener hears what transactions of any process said with Tx.Notify on a channel. Both functions are called one
// after the other in a goroutine of the database, so they must be quick; either may be nil.
type Listener struct {
	// Notified is called for each notification of a committed transaction, the process's own included.
	Notified func(payload string)

	// Connected is called whenever listening begins: at first and after a lost connection. What was said before went
	// unheard, so the listener has to forget what it knows and read again.
	Connected func()
}

// listener shares one connection between all channels. It is not of the pool, which would hand it to others.
type listener struct {
	mu        sync.Mutex
	started   bool
	channels  map[string][]Listener
	fresh     []string           // channels without LISTEN yet
	interrupt context.CancelFunc // ends the present wait
	hears     atomic.Bool        // DB.Hears
	running   sync.WaitGroup
}

// Listen has l hear the channel until the database is closed. On SQLite it does nothing: there is one process, which
// calls the same functions directly after its commit.
func (d *DB) Listen(channel string, l Listener) {
	if d.dialect == SQLite {
		return
	}
	s := &d.listener
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channels == nil {
		s.channels = map[string][]Listener{}
	}
	s.channels[channel] = append(s.channels[channel], l)
	s.fresh = append(s.fresh, channel)
	if !s.started {
		s.started = true
		s.running.Go(d.listen)
	}
	if s.interrupt != nil {
		s.interrupt()
	}
}

// Hears says that what is said with Tx.Notify is heard here, so that nobody has to look whether something was. It is not
// for a while after a connection was lost, and never behind a pooler, which may be one that lends connections by the
// transaction. An SQLite file has one process.
func (d *DB) Hears() bool { return d.dialect == SQLite || d.listener.hears.Load() }

// Notify tells every process that listens on the channel, once this transaction is committed. On SQLite it does
// nothing.
func (tx *Tx) Notify(channel, payload string) error {
	if tx.db.dialect == SQLite {
		return nil
	}
	if err := tx.Exec("SELECT pg_notify(?, ?)", channel, payload).Error; err != nil {
		return fmt.Errorf("notify %s: %w", channel, err)
	}
	return nil
}

// listen keeps a connection that listens, and makes a new one when it is lost.
func (d *DB) listen() {
	wait := time.Duration(0)
	for d.closing.Err() == nil {
		connected, err := d.listenOnce(d.closing)
		if d.closing.Err() != nil {
			return
		}
		if wait = min(2*wait+50*time.Millisecond, 5*time.Second); connected {
			wait = 50 * time.Millisecond
		}
		d.log.WithError(err).Warn("listening to the database was interrupted")
		select {
		case <-d.closing.Done():
		case <-time.After(wait):
		}
	}
}

// listenOnce listens until the connection is lost.
func (d *DB) listenOnce(ctx context.Context) (connected bool, err error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		d.listener.hears.Store(false)
		_ = conn.Close(context.WithoutCancel(ctx))
	}()
	var session uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&session); err != nil {
		return true, fmt.Errorf("ask whom it talks to: %w", err)
	}
	d.listener.hears.Store(session == conn.PgConn().PID()) // a pooler tells numbers of its own

	d.listener.restart()
	for {
		// A connection that is silent for long is tried, since the other end may vanish without a word.
		waiting, stop := context.WithTimeout(ctx, 30*time.Second)
		for _, channel := range d.listener.begin(stop) {
			if err := d.subscribe(ctx, conn, channel); err != nil {
				stop()
				return true, err
			}
		}
		n, err := conn.WaitForNotification(waiting)
		stop()
		if err != nil {
			if err := conn.Ping(ctx); err != nil {
				return true, err
			}
			continue
		}
		for _, l := range d.listener.of(n.Channel) {
			if l.Notified != nil {
				l.Notified(n.Payload)
			}
		}
	}
}

func (d *DB) subscribe(ctx context.Context, conn *pgx.Conn, channel string) error {
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return fmt.Errorf("listen on %s: %w", channel, err)
	}
	for _, l := range d.listener.of(channel) {
		if l.Connected != nil {
			l.Connected()
		}
	}
	return nil
}

// restart makes every channel one without LISTEN: the connection is new.
func (s *listener) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = slices.Collect(maps.Keys(s.channels))
}

// begin returns the channels without LISTEN. One that is added from now on ends the wait that follows.
func (s *listener) begin(interrupt context.CancelFunc) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.fresh
	s.fresh, s.interrupt = nil, interrupt
	return fresh
}

func (s *listener) of(channel string) []Listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.channels[channel])
}
