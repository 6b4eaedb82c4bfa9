package staff_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/staff"
)

// guesses tries so many wrong passwords and returns how many were looked at.
func guesses(t *testing.T, s *staff.Service, count int, from func(i int) staff.Caller) (looked int) {
	t.Helper()
	for i := range count {
		_, err := s.Authenticate(t.Context(), "anna@demo", "wrong", from(i))
		switch {
		case errors.Is(err, staff.ErrWrongPassword):
			looked++
		case !isTooMany(err):
			t.Fatal(err)
		}
	}
	return looked
}

func isTooMany(err error) bool {
	_, many := errors.AsType[*staff.TooManyAttempts](err)
	return many
}

func TestAuthenticate_countsASubscriberOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, format string // of addresses
		want         int    // of 12 guesses
	}{
		{"one IPv6 network", "2001:db8:1:2::%x", 5},
		{"one IPv6 network, far apart", "2001:db8:1:2:%x000::1", 5},
		{"IPv6 networks of their own", "2001:db8:1:%x::1", 12},
		{"one IPv4 address written as IPv6", "::ffff:203.0.113.7", 5},
		{"IPv4 addresses written as IPv6", "::ffff:203.0.113.%d", 12},
		{"IPv4 addresses", "203.0.113.%d", 12},
		{"an IPv6 address with zones", "fe80::1%%eth%d", 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := staff.New(dbtest.New(t, db.SQLite), staff.TestCost)
			create(t, s, "anna@demo", staff.Operator)
			got := guesses(t, s, 12, func(i int) staff.Caller {
				return staff.Caller{Address: fmt.Sprintf(tt.format+"%.0s", i, "")}
			})
			if got != tt.want {
				t.Errorf("%d of 12 guesses were looked at, want %d", got, tt.want)
			}
		})
	}
}

func TestAuthenticate_aKnownBrowserPassesTheCountsOfStrangers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := staff.New(d, staff.TestCost)
		create(t, s, "anna@demo", staff.Operator)
		strangers := func(i int) staff.Caller { return staff.Caller{Address: fmt.Sprintf("203.0.%d.%d", i%7, i)} }
		if got := guesses(t, s, 60, strangers); got != 50 {
			t.Fatalf("%d of 60 guesses of strangers were looked at, want 50", got)
		}
		known := staff.Caller{Address: "203.0.0.0", Browser: "KNOWN"}
		if _, err := s.Authenticate(t.Context(), "anna@demo", "correct", known); err != nil {
			t.Errorf("from a known browser: %v, want in", err)
		}
		if _, err := s.Authenticate(t.Context(), "anna@demo", "correct", strangers(99)); !isTooMany(err) {
			t.Errorf("from a new browser: %v, want too many attempts", err)
		}
		// A known browser is limited, too: somebody may have taken it.
		if got := guesses(t, s, 12, func(int) staff.Caller { return known }); got != 5 {
			t.Errorf("%d of 12 guesses from a known browser were looked at, want 5", got)
		}
		other := staff.Caller{Browser: "OTHER"}
		if _, err := s.Authenticate(t.Context(), "anna@demo", "correct", other); err != nil {
			t.Errorf("from another known browser: %v, want in", err)
		}
	})
}

func TestTooManyAttempts_writesNothingAndTakesItsTime(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	cost := staff.TestCost
	cost.Refusal = 20 * time.Millisecond
	s := staff.New(d, cost)
	create(t, s, "anna@demo", staff.Operator)
	from := func(int) staff.Caller { return address }
	guesses(t, s, 5, from)
	before := total(t, d)
	began := time.Now()
	if got := guesses(t, s, 3, from); got != 0 {
		t.Errorf("%d guesses were looked at", got)
	}
	if took := time.Since(began); took < 3*cost.Refusal {
		t.Errorf("three refusals took %s, want each %s", took, cost.Refusal)
	}
	if after := total(t, d); after != before {
		t.Errorf("%d attempts are counted, were %d: a refused one writes nothing", after, before)
	}
}

func total(t *testing.T, d *db.DB) (n int64) {
	t.Helper()
	if err := d.From(t.Context()).Raw("SELECT sum(attempts) FROM login_attempts").Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}
