package cache_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pixlpark/panel/app/cache"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
)

// get loads n under the key, and says what it got and whether it had to load.
func get(t *testing.T, c *cache.Cache, key string, n int) (got int, loaded bool) {
	t.Helper()
	got, err := cache.Get(t.Context(), c, key, time.Minute, func(context.Context) (int, error) {
		loaded = true
		return n, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, loaded
}

func TestGet_keepsUntilTheTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cache.New(nil)
		get(t, c, "a", 1)
		time.Sleep(time.Minute - 1)
		if got, loaded := get(t, c, "a", 2); got != 1 || loaded {
			t.Errorf("got %d, loaded %v; want 1, kept", got, loaded)
		}
		time.Sleep(time.Nanosecond)
		if got, _ := get(t, c, "a", 2); got != 2 {
			t.Errorf("got %d, want 2", got)
		}
	})
}

func TestGet_oneLoadAtATimePerKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cache.New(nil)
		loads := 0
		results := make(chan int, 3)
		for range 3 {
			go func() {
				v, err := cache.Get(t.Context(), c, "a", time.Minute, func(context.Context) (int, error) {
					loads++
					time.Sleep(time.Second)
					return 7, nil
				})
				if err != nil {
					t.Error(err)
				}
				results <- v
			}()
		}
		for range 3 {
			if got := <-results; got != 7 {
				t.Errorf("got %d, want 7", got)
			}
		}
		if loads != 1 {
			t.Errorf("%d loads, want 1", loads)
		}
	})
}

func TestGet_oneWhoGoesAwayDoesNotFailTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cache.New(nil)
		leaving, leave := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() {
			_, err := cache.Get(leaving, c, "a", time.Minute, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			})
			first <- err
		}()
		synctest.Wait()
		second := make(chan int, 1)
		go func() {
			got, _ := get(t, c, "a", 2)
			second <- got
		}()
		synctest.Wait()
		leave()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v, want canceled", err)
		}
		if got := <-second; got != 2 {
			t.Errorf("got %d, want its own load", got)
		}
	})
}

func TestGet_errorsAndPanicsAreNotKept(t *testing.T) {
	t.Parallel()
	c := cache.New(nil)
	down := errors.New("down")
	_, err := cache.Get(t.Context(), c, "a", time.Minute, func(context.Context) (int, error) { return 0, down })
	if !errors.Is(err, down) {
		t.Errorf("err = %v, want %v", err, down)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = cache.Get(t.Context(), c, "a", time.Minute, func(context.Context) (int, error) { panic("oops") })
	}()
	if got, _ := get(t, c, "a", 1); got != 1 {
		t.Errorf("got %d, want 1", got)
	}
}

func TestForget_byPrefix(t *testing.T) {
	t.Parallel()
	c := cache.New(nil)
	for _, key := range []string{"shop/stages", "shop/users", "settings/shop"} {
		get(t, c, key, 1)
	}
	c.Forget("shop/")
	for key, want := range map[string]int{"shop/stages": 2, "shop/users": 2, "settings/shop": 1} {
		if got, _ := get(t, c, key, 2); got != want {
			t.Errorf("%s = %d, want %d", key, got, want)
		}
	}
}

func TestForget_aLoadThatBeganBeforeIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cache.New(nil)
		begun, goOn := make(chan bool), make(chan bool)
		old := make(chan int, 1)
		go func() {
			v, _ := cache.Get(t.Context(), c, "a", time.Minute, func(context.Context) (int, error) {
				close(begun)
				<-goOn
				return 1, nil
			})
			old <- v
		}()
		<-begun
		c.Forget("a")
		if got, loaded := get(t, c, "a", 2); got != 2 || !loaded {
			t.Errorf("got %d, loaded %v; want 2, its own load", got, loaded)
		}
		close(goOn)
		if got := <-old; got != 1 {
			t.Errorf("the old load returned %d, want 1", got)
		}
		if got, _ := get(t, c, "a", 3); got != 2 {
			t.Errorf("kept %d, want 2", got)
		}
	})
}

// settled makes a cache on d that will not forget everything any more because it has only now begun to listen.
func settled(d *db.DB) *cache.Cache {
	c := cache.New(d)
	if d.Dialect() == db.Postgres {
		connected := make(chan bool, 4)
		d.Listen("cache", db.Listener{Connected: func() { connected <- true }}) // told after the cache is
		<-connected
	}
	return c
}

func TestForgetAfter_commitButNotRollback(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := settled(d)
		get(t, c, "a", 1)
		refused := errors.New("refused")
		for _, outcome := range []error{refused, nil} {
			err := d.Transaction(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				if err := c.ForgetAfter(tx, "a"); err != nil {
					return err
				}
				// The transaction sees what it has changed, everybody else what is committed.
				inside, err := cache.Get(ctx, c, "a", time.Minute, func(context.Context) (int, error) { return 9, nil })
				if err != nil || inside != 9 {
					t.Errorf("inside: %d, %v; want 9", inside, err)
				}
				return outcome
			})
			if !errors.Is(err, outcome) {
				t.Fatal(err)
			}
			want := 1
			if outcome == nil {
				want = 2
			}
			if got, _ := get(t, c, "a", 2); got != want {
				t.Errorf("after outcome %v: %d, want %d", outcome, got, want)
			}
		}
	})
}

// A reader outside has begun to load and needs the connection that the transaction holds; the transaction asks for the
// same key.
func TestGet_coldCacheInATransactionDoesNotHang(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := cache.New(d)
		read := func(ctx context.Context) (int, error) {
			return cache.Get(ctx, c, "count", time.Minute, func(ctx context.Context) (int, error) {
				var n int
				err := d.From(ctx).Raw("SELECT count(*) FROM settings").Scan(&n).Error
				return n, err
			})
		}
		outside := make(chan error, 1)
		err := d.Transaction(t.Context(), func(ctx context.Context, _ *db.Tx) error {
			waits := d.Stats().WaitCount
			go func() {
				_, err := read(t.Context())
				outside <- err
			}()
			for d.Dialect() == db.SQLite && d.Stats().WaitCount == waits {
				runtime.Gosched() // until the reader stands in the queue for the connection
			}
			_, err := read(ctx)
			return err
		})
		if err := errors.Join(err, <-outside); err != nil {
			t.Fatal(err)
		}
	})
}

func TestForgetAfter_reachesOtherProcesses(t *testing.T) {
	t.Parallel()
	o := dbtest.Fresh(t, db.Postgres)
	here, there := dbtest.Open(t, o), dbtest.Open(t, o)
	mine, theirs := cache.New(here), cache.New(there)
	connected := make(chan bool, 1)
	heard := make(chan string, 4)
	there.Listen("cache", db.Listener{ // hears after the cache itself does
		Notified:  func(prefix string) { heard <- prefix },
		Connected: func() { connected <- true },
	})
	<-connected
	get(t, theirs, "a", 1)
	err := here.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error { return mine.ForgetAfter(tx, "a") })
	if err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != "a" {
		t.Errorf("heard %q, want a", got)
	}
	if got, _ := get(t, theirs, "a", 2); got != 2 {
		t.Errorf("the other process has %d, want 2", got)
	}
}

func TestCache_forgetsEverythingWhenItsConnectionWasLost(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.Postgres)
	c := cache.New(d)
	connected := make(chan bool, 4)
	d.Listen("cache", db.Listener{Connected: func() { connected <- true }})
	<-connected
	get(t, c, "a", 1)
	err := d.From(t.Context()).Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE 'LISTEN%'`).Error
	if err != nil {
		t.Fatal(err)
	}
	<-connected
	if got, _ := get(t, c, "a", 2); got != 2 {
		t.Errorf("got %d, want 2", got)
	}
}
