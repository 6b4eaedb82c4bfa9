// Package cache keeps what is expensive to find out, in the memory of each process.
//
// Keys are paths («settings/shop»), so that an owner forgets everything of his with one prefix. What was changed is
// forgotten after the commit, never before: a reader in between would keep the old value. On Postgres every other
// process is told in the saving transaction; a process whose connection was lost meanwhile forgets everything, and
// the time to live is the net below.
package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pixlpark/panel/app/db"
)

// Cache is safe for concurrent use.
type Cache struct {
	db *db.DB // nil: of this process alone

	mu      sync.Mutex
	values  map[string]value
	shared  map[string]*load   // a load that others wait for, one at a time per key
	running map[*load]struct{} // all of them, to be told of a Forget
}

type value struct {
	value   any
	expires time.Time
}

type load struct {
	key       string
	forgotten bool // since it began: its result may be old
	done      chan struct{}
	value     any
	err       error
}

// many is how many values are kept before those that have expired are looked for.
const many = 10_000

// channel carries the prefixes to forget between processes.
const channel = "cache"

// New makes an empty cache that forgets together with those of all other processes on d. A nil d makes one for this
// process alone.
func New(d *db.DB) *Cache {
	c := &Cache{db: d, values: map[string]value{}, shared: map[string]*load{}, running: map[*load]struct{}{}}
	if d != nil {
		d.Listen(channel, db.Listener{Notified: c.Forget, Connected: func() { c.Forget("") }})
	}
	return c
}

// Get returns the value kept under key, or loads it and keeps it for ttl. Callers that ask meanwhile wait for the same
// load. An error is not kept. The value is shared by everyone who asks: nobody may change it.
//
// With a transaction in ctx, load runs in that transaction and waits for nobody, for whoever it would wait for may in
// turn be waiting for the transaction's connection; and what the transaction itself has changed (ForgetAfter) is
// always read afresh and not kept.
func Get[T any](
	ctx context.Context, c *Cache, key string, ttl time.Duration, load func(context.Context) (T, error),
) (T, error) {
	var none T
	v, err := c.get(ctx, key, ttl, func(ctx context.Context) (any, error) { return load(ctx) })
	if err != nil {
		return none, err
	}
	t, ok := v.(T)
	if !ok && v != nil {
		return none, fmt.Errorf("cache: %s is kept as %T and was asked for as %T", key, v, none)
	}
	return t, nil
}

// Forget drops every value whose key begins with prefix, in this process only, at once. A load that has begun before
// is not kept.
func (c *Cache) Forget(prefix string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.values {
		if strings.HasPrefix(key, prefix) {
			delete(c.values, key)
		}
	}
	for l := range c.running {
		if strings.HasPrefix(l.key, prefix) {
			l.forgotten = true
			if c.shared[l.key] == l {
				delete(c.shared, l.key) // who asks from now on must not join it
			}
		}
	}
}

// ForgetAfter forgets the prefix in every process once tx is committed.
func (c *Cache) ForgetAfter(tx *db.Tx, prefix string) error {
	changed, _ := tx.Kept(changedBy{c}).([]string)
	tx.Keep(changedBy{c}, append(changed, prefix))
	tx.AfterCommit(func(context.Context) { c.Forget(prefix) })
	return tx.Notify(channel, prefix)
}

// changedBy is the key under which a transaction keeps the prefixes it has changed.
type changedBy struct{ c *Cache }

func (c *Cache) get(
	ctx context.Context, key string, ttl time.Duration, fn func(context.Context) (any, error),
) (any, error) {
	var tx *db.Tx
	if c.db != nil {
		tx = c.db.Tx(ctx)
	}
	if tx != nil && c.changed(tx, key) {
		return fn(ctx)
	}
	for {
		v, l, mine := c.look(key, tx == nil)
		switch {
		case l == nil:
			return v, nil
		case mine:
			return c.load(ctx, l, ttl, fn)
		}
		select {
		case <-l.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !errors.Is(l.err, errGivenUp) {
			return l.value, l.err
		}
	}
}

// errGivenUp ends a load whose caller went away or panicked: those who waited load for themselves.
var errGivenUp = errors.New("load given up")

func (c *Cache) changed(tx *db.Tx, key string) bool {
	prefixes, _ := tx.Kept(changedBy{c}).([]string)
	for _, prefix := range prefixes {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// look finds a value, or else the load to wait for, or else begins one that is the caller's.
func (c *Cache) look(key string, share bool) (v any, l *load, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.values[key]; ok && time.Now().Before(v.expires) {
		return v.value, nil, false
	}
	if l := c.shared[key]; l != nil && share {
		return nil, l, false
	}
	l = &load{key: key, done: make(chan struct{}), err: errGivenUp}
	c.running[l] = struct{}{}
	if share {
		c.shared[key] = l
	}
	return nil, l, true
}

func (c *Cache) load(
	ctx context.Context, l *load, ttl time.Duration, fn func(context.Context) (any, error),
) (any, error) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.running, l)
		if c.shared[l.key] == l {
			delete(c.shared, l.key)
		}
		if l.err == nil && !l.forgotten {
			c.keep(l.key, value{l.value, time.Now().Add(ttl)})
		}
		close(l.done)
	}()
	v, err := fn(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, err // of this caller only
	}
	l.value, l.err = v, err
	return v, err
}

// keep stores a value; the lock is held.
func (c *Cache) keep(key string, v value) {
	if len(c.values) >= many {
		now := time.Now()
		for k, old := range c.values {
			if !now.Before(old.expires) {
				delete(c.values, k)
			}
		}
		if len(c.values) >= many {
			clear(c.values)
		}
	}
	c.values[key] = v
}
