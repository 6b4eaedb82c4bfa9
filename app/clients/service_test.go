package clients_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// somebody makes a client of name, e-mail and phone; either of the last two may be empty.
func somebody(t *testing.T, name, email, phone string) clients.Client {
	t.Helper()
	c := clients.Client{FirstName: name}
	if err := errors.Join(c.SetEmail(email), c.SetPhone(phone)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClient_names(t *testing.T) {
	t.Parallel()
	email, phone := "a@mail.ru", "+79120000001"
	for want, c := range map[string]clients.Client{
		"Смирнова Анна Ивановна": {FirstName: "Анна", LastName: "Смирнова", SecondName: "Ивановна"},
		"Анна":         {FirstName: "Анна", Email: &email},
		"Анечка":       {FirstName: "Анна", DisplayName: "Анечка"},
		"a@mail.ru":    {Email: &email, Phone: &phone},
		"+79120000001": {Phone: &phone},
		"Без имени":    {},
	} {
		if got := c.Name(); got != want {
			t.Errorf("name = %q, want %q", got, want)
		}
	}
}

func TestRegister_emailAndPhoneBelongToOneClient(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := clients.New(d)
		first, err := s.Register(t.Context(), staff.Site(), somebody(t, "Анна", "a@mail.ru", "89120000001"))
		if err != nil {
			t.Fatal(err)
		}
		if first.Status != clients.Registered || first.Revision != 1 || first.PhoneTyped != "89120000001" ||
			first.PhoneText() != "+79120000001" {
			t.Errorf("registered %+v", first)
		}
		second, err := s.Register(t.Context(), staff.Site(), somebody(t, "Без почты", "", ""))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Register(t.Context(), staff.Site(), somebody(t, "Тоже без почты", "", "")); err != nil {
			t.Errorf("two without e-mail: %v", err)
		}
		for field, c := range map[string]clients.Client{
			"Email": somebody(t, "Б", "A@MAIL.RU", ""),
			"Phone": somebody(t, "В", "", "+7 912 000-00-01"),
		} {
			_, err := s.Register(t.Context(), staff.Site(), c)
			if no, ok := refusal.From(err); !ok || no.Kind != refusal.Conflict || no.Field != field ||
				!strings.Contains(no.Message, fmt.Sprint(first.ID)) {
				t.Errorf("%s of another: %v", field, err)
			}
			_, err = s.Change(t.Context(), second.ID, staff.Site(), func(second *clients.Client) error {
				second.Email, second.Phone = c.Email, c.Phone
				return nil
			})
			if no, ok := refusal.From(err); !ok || no.Kind != refusal.Conflict || no.Field != field {
				t.Errorf("taking the %s of another: %v", field, err)
			}
		}
		for typed, find := range map[string]func(context.Context, string) (*clients.Client, error){
			"A@Mail.ru":       s.ByEmail,
			"8 912 000 00 01": s.ByPhone,
		} {
			if got, err := find(t.Context(), typed); err != nil || got.ID != first.ID {
				t.Errorf("found by %s: %v, %v", typed, got, err)
			}
		}
		if _, err := s.ByEmail(t.Context(), "nobody@mail.ru"); err == nil {
			t.Error("found somebody by nobody's e-mail")
		}
	})
}

func TestRegister_oneOfManyAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := clients.New(d)
		var all sync.WaitGroup
		var lock sync.Mutex
		made := 0
		for range 12 {
			c := somebody(t, "Анна", "a@mail.ru", "")
			all.Go(func() {
				_, err := s.Register(t.Context(), staff.Site(), c)
				if no, ok := refusal.From(err); err != nil && (!ok || no.Kind != refusal.Conflict) {
					t.Errorf("register: %v", err)
				}
				lock.Lock()
				defer lock.Unlock()
				if err == nil {
					made++
				}
			})
		}
		all.Wait()
		if n, err := s.Count(t.Context(), clients.Query{}); made != 1 || n != 1 || err != nil {
			t.Errorf("%d registered, %d stored, %v; want one", made, n, err)
		}
	})
}

func TestChange_hooksSeeBeforeAndMayRefuse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := clients.New(d)
		c, err := s.Register(t.Context(), staff.Site(), somebody(t, "Анна", "a@mail.ru", "89120000001"))
		if err != nil {
			t.Fatal(err)
		}
		var events []clients.Saved
		var answer error
		committed := 0
		s.OnSaved(func(ctx context.Context, tx *db.Tx, e clients.Saved) error {
			events = append(events, e)
			if inside, err := s.Find(ctx, e.Client.ID); err != nil || inside.FirstName != e.Client.FirstName {
				return fmt.Errorf("inside: %v, %w", inside, err)
			}
			tx.AfterCommit(func(context.Context) { committed++ })
			return answer
		})
		rename := func(name, email string) error {
			_, err := s.Change(t.Context(), c.ID, staff.Timer(), func(c *clients.Client) error {
				c.FirstName = name
				return c.SetEmail(email)
			})
			return err
		}
		if err := rename("Анна", "A@mail.ru"); err != nil || len(events) != 0 {
			t.Errorf("a change of nothing: %v, %d hooks", err, len(events))
		}
		if err := rename("Ольга", "o@mail.ru"); err != nil || len(events) != 1 || committed != 1 {
			t.Fatalf("renaming: %v, %d hooks, %d commits", err, len(events), committed)
		}
		if e := events[0]; e.Before.FirstName != "Анна" || e.Before.EmailText() != "a@mail.ru" ||
			e.Client.EmailText() != "o@mail.ru" || e.Client.Revision != 2 || e.By != staff.Timer() {
			t.Errorf("before %+v, after %+v", e.Before, e.Client)
		}
		answer = refusal.Value("FirstName", "Нельзя.")
		if err := rename("Вера", ""); !errors.Is(err, answer) || committed != 1 {
			t.Errorf("vetoed: %v, %d commits", err, committed)
		}
		if _, err := s.Register(t.Context(), staff.Site(), somebody(t, "Гость", "", "")); !errors.Is(err, answer) {
			t.Errorf("vetoed registration: %v", err)
		}
		got, err := s.Find(t.Context(), c.ID)
		if n, _ := s.Count(t.Context(), clients.Query{}); err != nil || got.FirstName != "Ольга" || n != 1 {
			t.Errorf("%+v, %v, %d clients", got, err, n)
		}
		answer = nil
		if err := s.Visited(t.Context(), c.ID); err != nil || len(events) != 3 {
			t.Errorf("a visit: %v, %d hooks", err, len(events))
		}
	})
}

func TestRegister_doneAgainAfterAConflict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := clients.New(d)
		failures := 2
		s.OnSaved(func(context.Context, *db.Tx, clients.Saved) error {
			if failures--; failures >= 0 {
				return &pgconn.PgError{Code: "40P01"}
			}
			return nil
		})
		c, err := s.Register(t.Context(), staff.Site(), somebody(t, "Анна", "a@mail.ru", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.ByEmail(t.Context(), "a@mail.ru"); err != nil || got.ID != c.ID {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestList_searchAndPaging(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := clients.New(d)
		for _, c := range []clients.Client{
			somebody(t, "Пётр", "peter@mail.ru", "89120000001"), somebody(t, "ПЁТР", "", "89120000002"),
			somebody(t, "Анна_Мария 100%", "anna@mail.ru", ""),
		} {
			if _, err := s.Register(t.Context(), staff.Site(), c); err != nil {
				t.Fatal(err)
			}
		}
		for text, want := range map[string]int{
			"пётр": 2, "ПЁТР": 2, "@MAIL": 2, "912000000": 2, "8912": 2, "анна_мария": 1, "а_м": 1, "%": 1, `\`: 0, "": 3,
			"  ": 3, "щ": 0,
		} {
			list, err := s.List(t.Context(), clients.Query{Text: text})
			if n, _ := s.Count(t.Context(), clients.Query{Text: text}); err != nil || len(list) != want || n != int64(want) {
				t.Errorf("%q finds %d and counts %d, %v; want %d", text, len(list), n, err, want)
			}
		}
		var ids []int64
		q := clients.Query{Take: 1}
		for range 5 {
			page, err := s.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			ids = append(ids, page[0].ID)
			q.Before = page[0].ID
		}
		if !slices.Equal(ids, []int64{3, 2, 1}) {
			t.Errorf("paged through %v", ids)
		}
		if byID, err := s.FindMany(t.Context(), []int64{1, 3, 99}); err != nil || len(byID) != 2 ||
			byID[3].EmailText() != "anna@mail.ru" {
			t.Errorf("FindMany = %v, %v", byID, err)
		}
	})
}
