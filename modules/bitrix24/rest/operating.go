package rest

import (
	"strings"
	"sync"
	"time"
)

// Operating remembers how much of its time each method has used: the portal sums up the seconds a method runs in ten
// minutes, and blocks it when they exceed 480 («limits.md»). One is shared by all clients of a portal. The zero value
// is ready for use.
type Operating struct {
	Limit  time.Duration    // default 480 s
	Margin time.Duration    // a method rests this much below the limit, as one request may run it fifty times; default 20 s
	Now    func() time.Time // the clock; default time.Now

	mu      sync.Mutex
	methods map[string]operated
}

type operated struct {
	used    time.Duration
	resetAt time.Time // by our clock
	blocked bool
}

// blockedFor is how long a method rests that was refused before we knew its time: a tenth of the window.
const blockedFor = time.Minute

// Rest is how long a method must not be called yet; zero means that it may be called now.
func (o *Operating) Rest(method string) time.Duration {
	limit, margin := o.Limit, o.Margin
	if limit <= 0 {
		limit = 480 * time.Second
	}
	if margin <= 0 {
		margin = 20 * time.Second
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	m := o.methods[strings.ToLower(method)]
	if !m.blocked && m.used < limit-margin {
		return 0
	}
	return max(0, m.resetAt.Sub(o.now()))
}

// Used is how much of its time a method has used, as the portal last said. What it said of an earlier window counts as
// nothing.
func (o *Operating) Used(method string) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	m := o.methods[strings.ToLower(method)]
	if !m.resetAt.After(o.now()) {
		return 0
	}
	return m.used
}

// Note remembers how long a method has run, as an answer says. The offset is how far the portal's clock is ahead of
// ours.
func (o *Operating) Note(method string, timing Timing, offset time.Duration) {
	if timing.ResetAt.IsZero() {
		return // self-hosted, the limit is off
	}
	o.set(method, operated{used: timing.Operating, resetAt: timing.ResetAt.Add(-offset)})
}

// Blocked remembers that the portal has refused a method for OPERATION_TIME_LIMIT.
func (o *Operating) Blocked(method string) {
	o.mu.Lock()
	m := o.methods[strings.ToLower(method)]
	o.mu.Unlock()
	m.blocked = true
	if now := o.now(); !m.resetAt.After(now) {
		m.resetAt = now.Add(blockedFor)
	}
	o.set(method, m)
}

func (o *Operating) set(method string, m operated) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.methods == nil {
		o.methods = make(map[string]operated)
	}
	o.methods[strings.ToLower(method)] = m
}

func (o *Operating) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}
