package staff_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

var address = staff.Caller{Address: "203.0.113.7"}

func create(t *testing.T, s *staff.Service, email string, role staff.Role) *staff.Employee {
	t.Helper()
	e, err := s.Create(t.Context(), staff.NewEmployee{
		Email: email, Name: "Анна Смирнова",
		Role: role, Password: "correct",
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestModels_fitTheTables(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Check(t.Context(), staff.Models()...); err != nil {
			t.Error(err)
		}
	})
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := staff.New(d, staff.TestCost)
		anna := create(t, s, "Anna@Demo", staff.Operator)
		gone := create(t, s, "gone@demo", staff.Operator)
		if _, err := s.Change(t.Context(), gone.ID,
			func(e *staff.Employee) error { e.Active = false; return nil }); err != nil {
			t.Fatal(err)
		}
		tests := []struct {
			name, email, password string
			want                  int64
		}{
			{"the right password", "anna@demo", "correct", anna.ID},
			{"another spelling of the e-mail", " ANNA@demo ", "correct", anna.ID},
			{"a wrong password", "anna@demo", "wrong", 0},
			{"no password", "anna@demo", "", 0},
			{"an unknown e-mail", "nobody@demo", "correct", 0},
			{"a deactivated employee", "gone@demo", "correct", 0},
		}
		for _, tt := range tests {
			e, err := s.Authenticate(t.Context(), tt.email, tt.password, address)
			if tt.want == 0 && !errors.Is(err, staff.ErrWrongPassword) {
				t.Errorf("%s: error = %v, want ErrWrongPassword", tt.name, err)
			}
			if tt.want != 0 && (err != nil || e.ID != tt.want) {
				t.Errorf("%s: %v, %v; want employee %d", tt.name, e, err, tt.want)
			}
		}
	})
}

func TestAuthenticate_attemptsAreLimited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := staff.New(d, staff.TestCost)
		create(t, s, "anna@demo", staff.Operator)
		guess := func(password string, from staff.Caller) error {
			_, err := s.Authenticate(t.Context(), "anna@demo", password, from)
			return err
		}
		for range 4 {
			if err := guess("wrong", address); !errors.Is(err, staff.ErrWrongPassword) {
				t.Fatalf("error = %v, want ErrWrongPassword", err)
			}
		}
		if err := guess("correct", address); err != nil {
			t.Fatalf("the fifth attempt with the right password: %v", err)
		}
		for range 5 { // a success forgets the failures before it
			if err := guess("wrong", address); !errors.Is(err, staff.ErrWrongPassword) {
				t.Fatalf("error = %v, want ErrWrongPassword", err)
			}
		}
		many, ok := errors.AsType[*staff.TooManyAttempts](guess("correct", address))
		if !ok || many.Wait <= 0 || many.Wait.Minutes() > 15 {
			t.Errorf("the sixth attempt = %v, want to wait up to 15 minutes even with the right password", many)
		}
		if err := guess("correct", staff.Caller{Address: "198.51.100.1"}); err != nil {
			t.Errorf("from another address: %v, want in: a stranger must not lock anybody out", err)
		}
		// The window ends by the clock.
		err := d.From(t.Context()).Exec("UPDATE login_attempts SET since = ?", db.Now().AddDate(0, 0, -1)).Error
		if err != nil {
			t.Fatal(err)
		}
		if err := guess("correct", address); err != nil {
			t.Errorf("a day later: %v", err)
		}
	})
}

func TestAuthenticate_parallelGuessesDoNotSlipThrough(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := staff.New(d, staff.TestCost)
		create(t, s, "anna@demo", staff.Operator)
		var wg sync.WaitGroup
		looked := make(chan bool, 12)
		for range cap(looked) {
			wg.Go(func() {
				_, err := s.Authenticate(t.Context(), "anna@demo", "wrong", address)
				looked <- errors.Is(err, staff.ErrWrongPassword)
			})
		}
		wg.Wait()
		close(looked)
		count := 0
		for l := range looked {
			if l {
				count++
			}
		}
		if count != 5 {
			t.Errorf("%d of 12 guesses were looked at, want 5", count)
		}
	})
}

func TestCreate_refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := staff.New(d, staff.TestCost)
		create(t, s, "anna@demo", staff.Operator)
		good := staff.NewEmployee{Email: "oleg@demo", Name: "Олег", Role: staff.Operator, Password: "correct"}
		tests := []struct {
			name  string
			spoil func(n *staff.NewEmployee)
			field string
		}{
			{"a taken e-mail in another case", func(n *staff.NewEmployee) { n.Email = "ANNA@demo" }, "email"},
			{"a broken e-mail", func(n *staff.NewEmployee) { n.Email = "oleg" }, "email"},
			{"no name", func(n *staff.NewEmployee) { n.Name = " " }, "name"},
			{"an unknown role", func(n *staff.NewEmployee) { n.Role = "root" }, "role"},
			{"no password", func(n *staff.NewEmployee) { n.Password = "" }, "password"},
		}
		for _, tt := range tests {
			n := good
			tt.spoil(&n)
			_, err := s.Create(t.Context(), n)
			if refused, ok := refusal.From(err); !ok || refused.Field != tt.field {
				t.Errorf("%s: error = %v, want a refusal of %q", tt.name, err, tt.field)
			}
		}
	})
}

func TestChange_keepsOneAdministrator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := staff.New(d, staff.TestCost)
		first, second := create(t, s, "a@demo", staff.Administrator), create(t, s, "b@demo", staff.Administrator)
		demote := func(id int64) error {
			_, err := s.Change(t.Context(), id, func(e *staff.Employee) error { e.Role = staff.Operator; return nil })
			return err
		}
		errs := make(chan error, 2)
		var wg sync.WaitGroup
		for _, id := range []int64{first.ID, second.ID} { // each demotes one at the same time
			wg.Go(func() { errs <- demote(id) })
		}
		wg.Wait()
		close(errs)
		refused := 0
		for err := range errs {
			if _, ok := refusal.From(err); ok {
				refused++
			} else if err != nil {
				t.Error(err)
			}
		}
		if refused != 1 {
			t.Errorf("%d of 2 demotions refused, want 1: somebody has to hold the keys", refused)
		}
	})
}

func TestChangePassword_endsSessions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := staff.New(d, staff.TestCost)
		e := create(t, s, "a@demo", staff.Operator)
		changed, err := s.ChangePassword(t.Context(), e.ID, "fresh")
		if err != nil || changed.SignIns == e.SignIns {
			t.Errorf("sign-ins = %v, error = %v; want a new count", changed, err)
		}
		if _, err := s.Authenticate(t.Context(), "a@demo", "correct", address); !errors.Is(err, staff.ErrWrongPassword) {
			t.Errorf("the old password: %v, want ErrWrongPassword", err)
		}
		if _, err := s.Authenticate(t.Context(), "a@demo", "fresh", address); err != nil {
			t.Errorf("the new password: %v", err)
		}
	})
}

func TestInvitation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := staff.New(d, staff.TestCost)
		first, err := s.Invite(t.Context())
		if err != nil || first == "" {
			t.Fatalf("Invite() = %q, %v; want a token", first, err)
		}
		second, err := s.Invite(t.Context()) // another process that started at the same time
		if err != nil {
			t.Fatal(err)
		}
		n := staff.NewEmployee{Email: "a@demo", Name: "Анна", Password: "correct", Role: staff.Operator}
		if _, err := s.CreateFirst(t.Context(), "guessed", n); !errors.Is(err, staff.ErrInvitationGone) {
			t.Errorf("a guessed token: %v, want ErrInvitationGone", err)
		}
		if _, err := s.CreateFirst(t.Context(), first, staff.NewEmployee{Email: "broken"}); err == nil {
			t.Error("a broken e-mail was accepted")
		}
		var wg sync.WaitGroup
		made := make(chan bool, 2)
		for i, token := range []string{first, second} {
			wg.Go(func() {
				n := n
				n.Email = fmt.Sprintf("a%d@demo", i)
				_, err := s.CreateFirst(t.Context(), token, n)
				made <- err == nil
			})
		}
		wg.Wait()
		if one, other := <-made, <-made; one == other {
			t.Error("two links at once must make exactly one administrator")
		}
		list, err := s.List(t.Context())
		if err != nil || len(list) != 1 || list[0].Role != staff.Administrator {
			t.Errorf("employees = %v, %v; want one administrator", list, err)
		}
		if token, err := s.Invite(t.Context()); token != "" || err != nil {
			t.Errorf("Invite() = %q, %v; want none while somebody works here", token, err)
		}
	})
}

func TestRole_includes(t *testing.T) {
	t.Parallel()
	want := map[staff.Role]string{
		staff.Administrator: "administrator supervisor operator accountant",
		staff.Supervisor:    "supervisor operator accountant",
		staff.Operator:      "operator",
		staff.Accountant:    "accountant",
		"":                  "",
		"root":              "",
	}
	for role, may := range want {
		var got []string
		for _, other := range append(staff.Roles(), "", "root") {
			if role.Includes(other) {
				got = append(got, string(other))
			}
		}
		if strings.Join(got, " ") != may {
			t.Errorf("%q includes %q, want %q", role, got, may)
		}
	}
}

func TestPasswordHash_isNeverPrinted(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	e := create(t, staff.New(d, staff.TestCost), "a@demo", staff.Operator)
	if printed := fmt.Sprintf("%v %+v %#v %s", *e, *e, *e, e.Password); strings.Contains(printed, "argon2") ||
		strings.Contains(printed, string(e.Password)) {
		t.Errorf("printed: %s", printed)
	}
}

func TestNewHash_isAtFullCostUnlessTheServiceIsGivenAnother(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		cost staff.Cost
		want string
	}{
		{"the default", staff.Cost{}, "$argon2id$v=19$m=19456,t=2,p=1$"},
		{"a cost that was given", staff.Cost{Passes: 3, Memory: 16, Threads: 2}, "$argon2id$v=19$m=16,t=3,p=2$"},
	} {
		s := staff.New(nil, tt.cost)
		hash, err := s.NewHash(t.Context(), staff.Known, "correct")
		if err != nil {
			t.Fatal(err)
		}
		for what, h := range map[string]staff.Hash{"hash": hash, "decoy": s.Decoy()} {
			if !strings.HasPrefix(string(h), tt.want) {
				t.Errorf("%s: the %s is %q, want %s…", tt.name, what, string(h), tt.want)
			}
		}
		for password, want := range map[string]bool{"correct": true, "wrong": false} {
			if got, err := s.Matches(t.Context(), staff.Known, hash, password); err != nil || got != want {
				t.Errorf("%s: %q matches = %v, %v; want %v", tt.name, password, got, err, want)
			}
		}
		if got, err := s.Matches(t.Context(), staff.Known, s.Decoy(), "decoy"); err != nil || got {
			t.Errorf("%s: the decoy matches = %v, %v; want false", tt.name, got, err)
		}
	}
}

func TestMatches_takesAHashMadeAtAnotherCost(t *testing.T) {
	t.Parallel()
	s := staff.New(nil, staff.TestCost)
	// "password" with the salt "somesalt", from the reference implementation's tests.
	const known staff.Hash = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	if got, err := s.Matches(t.Context(), staff.Known, known, "password"); err != nil || !got {
		t.Errorf("a hash of 256 KiB matches = %v, %v; want true", got, err)
	}
	for _, damaged := range []staff.Hash{
		"", "x", "$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65",
		"$argon2id$v=19$m=256$c29tZXNhbHQ$nf65",
	} {
		if got, err := s.Matches(t.Context(), staff.Known, damaged, "password"); err == nil || got {
			t.Errorf("the hash %q matches = %v, %v; want an error", string(damaged), got, err)
		}
	}
}

func TestActorFrom(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	if got := staff.ActorFrom(ctx); got != staff.Timer() {
		t.Errorf("actor of an empty context = %v, want the timer", got)
	}
	e := &staff.Employee{ID: 7, Name: "Анна"}
	if got, want := staff.ActorFrom(staff.WithEmployee(ctx, e)),
		(staff.Actor{Kind: staff.KindEmployee, ID: 7, Name: "Анна"}); got != want {
		t.Errorf("actor of a signed-in employee = %v, want %v", got, want)
	}
	module := staff.Module("shop", "Магазин")
	if got := staff.ActorFrom(staff.WithActor(staff.WithEmployee(ctx, e), module)); got != module {
		t.Errorf("actor = %v, want the innermost: the module", got)
	}
}
