package api_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/once"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/refusal"
)

const oneCard = `{"Client":{"Email":"new@mail.ru"},"Items":[{"Name":"Визитки","Quantity":1,"ItemPrice":900}]}`

func vetoOf(words string) func(context.Context, *db.Tx, orders.Saved) error {
	return func(context.Context, *db.Tx, orders.Saved) error { return refusal.Value("", "%s", words) }
}

func TestIdempotencyKey_sameRequestSameAnswer(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		first := s.must(201, "POST", "/orders", oneCard, "Idempotency-Key: k-1")
		again := s.must(201, "POST", "/orders", oneCard, "Idempotency-Key: k-1")
		if again.Text != first.Text || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("the repetition answers %s, want %s", again.Text, first.Text)
		}
		if first.Header.Get("Idempotency-Replayed") != "" {
			t.Error("the first answer calls itself a repetition")
		}
		if other := s.call("POST", "/orders", strings.Replace(oneCard, "900", "901", 1),
			"Idempotency-Key: k-1"); other.Status != 409 || other.field() != "Idempotency-Key" {
			t.Errorf("another body = %d %s, want 409", other.Status, other.Text)
		}
		s.must(201, "POST", "/orders", oneCard, "Idempotency-Key: k-2")
		s.must(201, "POST", "/orders", oneCard) // without a key every order is a new one
		s.must(201, "POST", "/orders", oneCard)
		s.must(201, "POST", "/orders", oneCard, "Idempotency-Key: k-1", "Authorization: Bearer second-token")
		if n := s.rows("orders"); n != 5 {
			t.Errorf("%d orders, want 5", n)
		}
	})
}

func TestIdempotencyKey_everyPostHasItPerPath(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		client := s.client("anna@mail.ru")
		a, b := s.order(client).id(), s.order(client).id()
		for range 2 {
			for _, id := range []int64{a, b} {
				got := s.must(200, "POST", fmt.Sprintf("/orders/%d/payments", id), `{"Amount":100}`, "Idempotency-Key: p")
				expect(t, got, 100, "PaidPrice")
				got = s.must(200, "POST", fmt.Sprintf("/orders/%d/comments", id), `{"Text":"привет"}`, "Idempotency-Key: p")
				expect(t, got, nil, "Comments", 1)
			}
			s.must(201, "POST", "/clients", `{"Email":"b@mail.ru"}`, "Idempotency-Key: p")
			s.must(201, "POST", "/organizations", `{"Name":"ООО"}`, "Idempotency-Key: p")
		}
		if n := s.rows("organizations"); n != 1 {
			t.Errorf("%d organizations, want 1", n)
		}
	})
}

func TestIdempotencyKey_refusalIsNotStored(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		const body = `{"UserId":1,"Items":[{"Name":"Визитки","Quantity":1,"ItemPrice":900}]}`
		if got := s.call("POST", "/orders", body, "Idempotency-Key: k"); got.Status != 422 {
			t.Fatalf("unknown client = %d, want 422", got.Status)
		}
		if id := s.client("anna@mail.ru"); id != 1 {
			t.Fatalf("client has number %d", id)
		}
		s.must(201, "POST", "/orders", body, "Idempotency-Key: k")
		for _, key := range []string{strings.Repeat("k", 256), "ключ"} {
			if got := s.call("POST", "/orders", body, "Idempotency-Key: "+key); got.Status != 422 ||
				got.field() != "Idempotency-Key" {
				t.Errorf("key %.10s = %d %s, want 422", key, got.Status, got.Text)
			}
		}
	})
}

func TestIdempotencyKey_forgottenAfterADay(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		age := func(by time.Duration) {
			err := s.db.From(t.Context()).Exec("UPDATE api_answers SET created_at = ?", db.Now().Add(-by)).Error
			if err != nil {
				t.Fatal(err)
			}
		}
		first := s.must(201, "POST", "/orders", oneCard, "Idempotency-Key: k")
		age(23 * time.Hour)
		if err := once.Forget(t.Context(), s.db); err != nil {
			t.Fatal(err)
		}
		if again := s.must(201, "POST", "/orders", oneCard, "Idempotency-Key: k"); again.id() != first.id() {
			t.Error("forgotten within the day")
		}
		age(25 * time.Hour)
		second := s.must(201, "POST", "/orders", oneCard, "Idempotency-Key: k")
		if second.id() == first.id() {
			t.Error("answered from before yesterday")
		}
		age(25 * time.Hour)
		if err := once.Forget(t.Context(), s.db); err != nil {
			t.Fatal(err)
		}
		if n := s.rows("api_answers"); n != 0 {
			t.Errorf("%d answers are kept beyond a day", n)
		}
	})
}

// While the first request is held up inside its transaction, the second is told to come back, by this process and by
// another one; afterwards it gets the first one's answer. A SQLite serves one request at a time.
func TestIdempotencyKey_stillInProgress(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.Postgres)
	s := newServer(t, d)
	entered, release := make(chan struct{}), make(chan struct{})
	s.orders.OnSaved(func(context.Context, *db.Tx, orders.Saved) error {
		close(entered)
		<-release
		return nil
	})
	first := make(chan reply)
	go func() { first <- s.call("POST", "/orders", oneCard, "Idempotency-Key: k") }()
	<-entered
	servers := []*server{s, newProcess(t, d)}
	for i, at := range servers {
		if got := at.call("POST", "/orders", oneCard, "Idempotency-Key: k"); got.Status != 409 ||
			got.field() != "Idempotency-Key" {
			t.Errorf("process %d: %d %s, want 409", i, got.Status, got.Text)
		}
	}
	close(release)
	want := <-first
	if want.Status != 201 {
		t.Fatalf("first = %d %s", want.Status, want.Text)
	}
	for i, at := range servers {
		if got := at.call("POST", "/orders", oneCard, "Idempotency-Key: k"); got.Text != want.Text {
			t.Errorf("process %d: %s, want the first answer", i, got.Text)
		}
	}
}

func TestIdempotencyKey_manyAtOnceMakeOneOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newServer(t, d)
		other := newProcess(t, d)
		const tries = 24
		replies := make([]reply, tries)
		var all sync.WaitGroup
		for i := range tries {
			at := s
			if i%2 == 1 {
				at = other
			}
			all.Go(func() { replies[i] = at.call("POST", "/orders", oneCard, "Idempotency-Key: k") })
		}
		all.Wait()
		ids := map[int64]bool{}
		for _, r := range replies {
			switch r.Status {
			case 201:
				ids[r.id()] = true
			case 409:
			default:
				t.Errorf("%d %s, want 201 or 409", r.Status, r.Text)
			}
		}
		if n := s.rows("orders"); n != 1 || len(ids) != 1 {
			t.Errorf("%d orders, answers with %d numbers; want one", n, len(ids))
		}
	})
}

func TestPlaceOrder_oneNewClientManyOrdersAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newServer(t, d)
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if got := s.call("POST", "/orders", oneCard); got.Status != 201 {
					t.Errorf("%d %s, want 201", got.Status, got.Text)
				}
			})
		}
		all.Wait()
		if orders, people := s.rows("orders"), s.rows("clients"); orders != 16 || people != 1 {
			t.Errorf("%d orders of %d clients, want 16 of one", orders, people)
		}
		counts, err := s.orders.Counts(t.Context())
		if err != nil || counts[orders.Placed] != 16 {
			t.Errorf("counters = %v, %v; want 16 placed", counts, err)
		}
	})
}
