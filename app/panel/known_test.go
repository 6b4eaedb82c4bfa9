package panel_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/staff"
)

// locked guesses at an e-mail until strangers are not looked at any more.
func (s *site) locked(email string) {
	s.t.Helper()
	for i := range 51 {
		from := staff.Caller{Address: fmt.Sprintf("198.51.100.%d", i)}
		_, _ = s.Staff.Authenticate(s.t.Context(), email, "wrong", from)
	}
}

func TestKnownBrowser_letsTheOwnerInWhileStrangersGuess(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, nil)
		e := s.signedIn(staff.Operator)
		oleg := s.employee("oleg@demo", staff.Operator)
		s.post("/logout").want(t, http.StatusSeeOther)
		s.locked(e.Email)
		s.locked(oleg.Email)
		known := s.client
		s.client = s.browser()
		s.post("/login", "email", e.Email, "password", password).want(t, http.StatusTooManyRequests)
		s.client = known
		s.post("/login", "email", oleg.Email, "password", password).want(t, http.StatusTooManyRequests)
		s.post("/login", "email", " OPERATOR@demo", "password", password).want(t, http.StatusSeeOther)
	})
}

func TestKnownBrowser_cannotBeMadeUp(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), nil)
	e := s.signedIn(staff.Operator)
	address, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	var mine *http.Cookie
	for _, cookie := range s.client.Jar.Cookies(address) {
		if strings.HasPrefix(cookie.Name, "known_") {
			mine = cookie
		}
	}
	if mine == nil || strings.Contains(mine.Value, e.Email) {
		t.Fatalf("cookie of the known browser = %v", mine)
	}
	s.locked(e.Email)
	said, signature, _ := strings.Cut(mine.Value, "/")
	browser, until, _ := strings.Cut(said, ".")
	for name, value := range map[string]string{
		"another browser":   "OTHER." + until + "/" + signature,
		"a later end":       browser + ".9999999999/" + signature,
		"an end that is no": browser + ".never/" + signature,
		"no signature":      said,
		"nothing":           "",
	} {
		s.client = s.browser()
		s.client.Jar.SetCookies(address, []*http.Cookie{{Name: mine.Name, Value: value}})
		if got := s.post("/login", "email", e.Email, "password", password); got.status != http.StatusTooManyRequests {
			t.Errorf("%s: status = %d, want 429", name, got.status)
		}
	}
	s.client = s.browser()
	s.client.Jar.SetCookies(address, []*http.Cookie{mine})
	s.post("/login", "email", e.Email, "password", password).want(t, http.StatusSeeOther)
}

func TestOwnPassword_isNotLockedByStrangers(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), nil)
	e := s.signedIn(staff.Operator)
	s.locked(e.Email)
	change := func(present string) answer {
		return s.post("/admin/password", "present", present, "password", "another horse")
	}
	for range 5 {
		change("wrong").want(t, http.StatusUnprocessableEntity, "Это не нынешний пароль")
	}
	change(password).want(t, http.StatusTooManyRequests)
}
