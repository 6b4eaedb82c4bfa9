package rest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimiter_burstThenTwoASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(LimiterOptions{})
		start := time.Now()
		for range 49 {
			if err := l.Wait(t.Context(), People); err != nil {
				t.Fatal(err)
			}
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("the burst waited %v", waited)
		}
		for range 20 {
			if err := l.Wait(t.Context(), People); err != nil {
				t.Fatal(err)
			}
		}
		if waited := time.Since(start); waited < 10*time.Second || waited > 10*time.Second+time.Millisecond {
			t.Errorf("20 more waited %v, want 10s", waited)
		}
	})
}

func TestLimiter_keepsTheReserveForPeople(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(LimiterOptions{Limits: Limits{Rate: 1, Burst: 5, Reserve: 2}})
		start := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		var bulk sync.WaitGroup
		for range 10 { // they take three and then wait, never below the reserve
			bulk.Go(func() { _ = l.Wait(ctx, Background) })
		}
		synctest.Wait()
		for i := range 2 {
			if err := l.Wait(t.Context(), People); err != nil || time.Since(start) != 0 {
				t.Errorf("person %d: %v after %v, want at once", i, err, time.Since(start))
			}
		}
		if err := l.Wait(t.Context(), People); err != nil || time.Since(start).Round(time.Millisecond) != time.Second {
			t.Errorf("third person: %v after %v, want a second", err, time.Since(start))
		}
		stop()
		bulk.Wait()
	})
}

// The portal's own counter, fed at the times we ask, never overflows.
func TestLimiter_portalNeverRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(LimiterOptions{})
		var level float64
		last := time.Now()
		for i := range 300 {
			if err := l.Wait(t.Context(), Class(i%2)); err != nil {
				t.Fatal(err)
			}
			now := time.Now()
			level = max(0, level-2*now.Sub(last).Seconds()) + 1
			if last = now; level > 50 {
				t.Fatalf("request %d: the portal counts %v", i, level)
			}
		}
	})
}

func TestLimiter_drained(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(LimiterOptions{})
		start := time.Now()
		if err := l.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := l.Wait(t.Context(), People); err != nil ||
			time.Since(start).Round(time.Millisecond) != 500*time.Millisecond {
			t.Errorf("a person waits %v, %v; want half a second", time.Since(start), err)
		}
		if err := l.Wait(t.Context(), Background); err != nil || time.Since(start).Round(time.Millisecond) != 6*time.Second {
			t.Errorf("the background waits %v, %v; want until the reserve is whole, 6s", time.Since(start), err)
		}
	})
}

func TestLimiter_contextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(LimiterOptions{Limits: Limits{Rate: 0.001, Burst: 1.5, Reserve: 0.1}})
		if err := l.Wait(t.Context(), People); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Wait(ctx, People); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want the deadline", err)
		}
	})
}

func TestBucket(t *testing.T) {
	t.Parallel()
	clock := newClock()
	limits := Limits{Rate: 2, Burst: 3, Reserve: 1}
	var b Bucket
	var wait time.Duration
	for i, want := range []time.Duration{0, 0, 500 * time.Millisecond} {
		if b, wait = b.Take(clock.Now(), limits, Background); wait != want {
			t.Errorf("background %d waits %v, want %v", i, wait, want)
		}
	}
	if b, wait = b.Take(clock.Now(), limits, People); wait != 0 || b.Level != 3 {
		t.Errorf("people wait %v at level %v, want 0 at 3", wait, b.Level)
	}
	clock.forward(-time.Hour) // set back: no gift, no grudge
	if b, wait = b.Take(clock.Now(), limits, People); wait != 500*time.Millisecond {
		t.Errorf("after the clock was set back: wait %v, want 500ms", wait)
	}
	clock.forward(500 * time.Millisecond)
	if b, wait = b.Take(clock.Now(), limits, People); wait != 0 {
		t.Errorf("half a second later: wait %v, want 0", wait)
	}
	clock.forward(time.Hour)
	if b, _ = b.Take(clock.Now(), limits, People); b.Level != 1 {
		t.Errorf("an hour later: level %v, want 1", b.Level)
	}
}

func TestOperating(t *testing.T) {
	t.Parallel()
	clock := newClock()
	o := &Operating{Now: clock.Now}
	used := func(seconds int, reset time.Duration) Timing {
		return Timing{Operating: time.Duration(seconds) * time.Second, ResetAt: clock.Now().Add(reset)}
	}
	rests := func(when, method string, want time.Duration) {
		t.Helper()
		if got := o.Rest(method); got != want {
			t.Errorf("%s: %s rests %v, want %v", when, method, got, want)
		}
	}
	rests("unheard of", "crm.item.add", 0)
	o.Note("crm.item.add", used(459, 5*time.Minute), 0)
	rests("below the margin", "crm.item.add", 0)
	o.Note("crm.item.add", used(460, 5*time.Minute), 2*time.Minute)
	rests("at the margin, the portal's clock two minutes ahead", "crm.item.add", 3*time.Minute)
	rests("in other letters", "CRM.Item.Add", 3*time.Minute)
	rests("of another name", "crm.item.get", 0)
	clock.forward(3 * time.Minute)
	rests("when some is given back", "crm.item.add", 0)
	o.Note("crm.item.add", used(10, 5*time.Minute), 0)
	o.Blocked("crm.item.add")
	rests("refused all the same", "crm.item.add", 5*time.Minute)
	o.Blocked("crm.item.get")
	rests("refused, time unknown", "crm.item.get", time.Minute)
	o.Note("crm.item.get", used(1, 5*time.Minute), 0)
	rests("allowed again", "crm.item.get", 0)
	o.Note("crm.deal.get", Timing{Operating: time.Hour}, 0)
	rests("on a portal of one's own, without limit", "crm.deal.get", 0)

	own := &Operating{Limit: time.Minute, Margin: time.Second, Now: clock.Now}
	own.Note("m", used(59, time.Second), 0)
	if got := own.Rest("m"); got != time.Second {
		t.Errorf("its own limit: rests %v, want 1s", got)
	}
}
