package rest

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

// Class says whether somebody waits for a request.
type Class int

const (
	// Background is work nobody waits for. It leaves the reserve alone.
	Background Class = iota
	// People is work somebody waits for.
	People
)

// Limits are how often one portal may be called from one address, by all processes and for all purposes together
// («limits.md»). A zero field has the default, which is that of an ordinary tariff.
type Limits struct {
	Rate    float64 // requests a second; default 2
	Burst   float64 // requests at once; default 49, one below the portal's 50, since some are longer on their way
	Reserve float64 // requests of the burst that are kept for People; default 10
}

func (l Limits) orDefault() Limits {
	if l.Rate <= 0 {
		l.Rate = 2
	}
	if l.Burst <= 0 {
		l.Burst = 49
	}
	if l.Reserve <= 0 {
		l.Reserve = 10
	}
	l.Reserve = min(l.Reserve, l.Burst-1)
	return l
}

// Bucket is the portal's leaky bucket as a plain value, to be kept in memory or in a row of a database. Level is what
// has been used of the burst at the time At; the zero value is an empty bucket.
type Bucket struct {
	Level float64
	At    time.Time
}

// Take uses one request if there is one: the wait is then zero. Otherwise the bucket stays, and it is worth asking
// again after the wait. Nothing is promised for then: whoever asks first gets it, and People ask sooner.
func (b Bucket) Take(now time.Time, limits Limits, class Class) (Bucket, time.Duration) {
	limits = limits.orDefault()
	b = b.leaked(now, limits)
	room := limits.Burst
	if class != People {
		room -= limits.Reserve
	}
	if over := b.Level + 1 - room; over > 0 {
		return b, time.Duration(math.Ceil(over / limits.Rate * float64(time.Second)))
	}
	b.Level++
	return b, 0
}

// Drain leaves nothing of the burst: the portal has refused a request, so somebody else calls it too.
func (b Bucket) Drain(now time.Time, limits Limits) Bucket {
	return Bucket{Level: limits.orDefault().Burst, At: now}
}

// leaked is the bucket at a later time. A clock that was set back does not fill it.
func (b Bucket) leaked(now time.Time, limits Limits) Bucket {
	if passed := now.Sub(b.At); passed > 0 {
		b.Level = max(0, b.Level-passed.Seconds()*limits.Rate)
	}
	return Bucket{Level: min(b.Level, limits.Burst), At: now}
}

// LimiterOptions say where the bucket is. Without Take it is in memory, for a single process.
type LimiterOptions struct {
	Limits Limits
	Now    func() time.Time // the bucket's clock; time.Now

	// Take and Drain keep the bucket elsewhere. They are what Bucket's methods are, on a stored one: Take must not
	// wait itself.
	Take  func(ctx context.Context, class Class) (wait time.Duration, err error)
	Drain func(ctx context.Context) error
}

// Limiter holds requests back so that the portal need not refuse them. One is shared by all clients of a portal.
type Limiter struct {
	opts LimiterOptions

	mu     sync.Mutex
	bucket Bucket
}

// NewLimiter returns a limiter whose bucket is empty, or wherever the options keep it.
func NewLimiter(opts LimiterOptions) *Limiter {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Limiter{opts: opts}
}

// Wait returns when a request may be sent. It fails when the context ends first or the bucket cannot be read.
func (l *Limiter) Wait(ctx context.Context, class Class) error {
	for {
		wait, err := l.take(ctx, class)
		if err != nil {
			return fmt.Errorf("request limit: %w", err)
		}
		if wait <= 0 {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("request limit: %w", ctx.Err())
		}
	}
}

func (l *Limiter) take(ctx context.Context, class Class) (time.Duration, error) {
	if l.opts.Take != nil {
		return l.opts.Take(ctx, class)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var wait time.Duration
	l.bucket, wait = l.bucket.Take(l.opts.Now(), l.opts.Limits, class)
	return wait, nil
}

// Drain is called when the portal has refused a request for QUERY_LIMIT_EXCEEDED; those that follow wait for it.
func (l *Limiter) Drain(ctx context.Context) error {
	if l.opts.Drain != nil {
		return l.opts.Drain(ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bucket = l.bucket.Drain(l.opts.Now(), l.opts.Limits)
	return nil
}
