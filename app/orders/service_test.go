package orders_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

func TestPlace_writesOrderHistoryAndCounter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		draft := a.draft()
		draft.Paid, draft.PaymentMethod = 100_00, orders.Cash
		draft.Address.Phone = "8 (912) 345-67-89"
		first, second := a.place(draft), a.place(a.draft())
		if first.ID < 1_000_000 || second.ID <= first.ID {
			t.Errorf("numbers = %d and %d, want seven digits, growing", first.ID, second.ID)
		}
		got := a.look(first.ID)
		if got.Status != orders.Placed || got.Type != orders.Ordinary || got.Source != orders.FromSite ||
			got.Currency != "RUB" || got.Total != 900_00 || got.Revision != 1 {
			t.Errorf("order = %+v", got)
		}
		if len(got.Items) != 1 || len(got.Payments) != 1 || got.Payments[0].Amount != 100_00 ||
			got.Payments[0].Actor != staff.Site().Name || got.Address.Phone != "+79123456789" {
			t.Errorf("items %+v, payments %+v, phone %s", got.Items, got.Payments, got.Address.Phone)
		}
		if first.ArchiveKey == second.ArchiveKey || len(first.ArchiveKey) < 20 {
			t.Errorf("archive keys = %q and %q", first.ArchiveKey, second.ArchiveKey)
		}
		if told := a.told(first.ID); !slices.Equal(told, []string{"Заказ оформлен"}) {
			t.Errorf("history = %q", told)
		}
		counts, err := a.Counts(t.Context())
		if err != nil || counts[orders.Placed] != 2 {
			t.Errorf("counters = %v, %v", counts, err)
		}
	})
}

func TestChange_everyKindOfChangeTellsItself(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(o *orders.Order){
		"Статус: Оформлен → В печать":          func(o *orders.Order) { o.Status = orders.PrintingInProgress },
		"Статус: Оформлен → Новый (по звонку)": func(o *orders.Order) { o.Status = orders.Pending; o.Note("по звонку") },
		"Изменены элементы заказа":             func(o *orders.Order) { o.Items[0].Quantity = 3 },
		"Скидка: 10,00\u00a0руб.":              func(o *orders.Order) { o.Discount = 10_00 },
		"Оплата: 5,00\u00a0руб.":               func(o *orders.Order) { o.Pay(5_00, orders.Cash) },
		"Способ оплаты: Банковский перевод":    func(o *orders.Order) { o.PaymentMethod = orders.BankTransfer },
		"Изменена доставка":                    func(o *orders.Order) { o.Address.City = "Томск" },
		"Номер отправления: RA1":               func(o *orders.Order) { o.Tracking = "RA1" },
		"Сообщение в обсуждении":               func(o *orders.Order) { o.Say("", "да", true) },
		"Внутреннее сообщение":                 func(o *orders.Order) { o.Say("", "нет", false) },
		"Ссылка на архив отозвана":             func(o *orders.Order) { o.ArchiveKey = "another" },
		"Сменён исполнитель":                   func(o *orders.Order) { id := int64(5); o.ManagerID = &id },
		"Изменены данные заказа":               func(o *orders.Order) { o.Comment = "срочно" },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, dbtest.New(t, db.SQLite))
			o := a.place(a.draft())
			changed := a.change(o.ID, change)
			if told := a.told(o.ID); len(told) != 2 || told[1] != want {
				t.Errorf("history = %q, want %q", told, want)
			}
			if changed.Revision != 2 || changed.ModifiedAt.Before(o.ModifiedAt) {
				t.Errorf("revision = %d of %s", changed.Revision, changed.ModifiedAt)
			}
			hooked := 0
			a.OnSaved(func(context.Context, *db.Tx, orders.Saved) error { hooked++; return nil })
			same := a.change(o.ID, func(*orders.Order) {})
			if same.Revision != 2 || hooked != 0 || len(a.told(o.ID)) != 2 {
				t.Errorf("a change of nothing: revision %d, %d hooks", same.Revision, hooked)
			}
		})
	}
}

func TestChange_refusalsAndAccidentsLeaveTheOrderAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		o := a.place(a.draft())
		accident := errors.New("accident")
		for name, change := range map[string]func(o *orders.Order) error{
			"Status":        func(o *orders.Order) error { o.Status = "Lost"; return nil },
			"Items":         func(o *orders.Order) error { o.Items = nil; return nil },
			"PaidPrice":     func(o *orders.Order) error { o.Pay(900_01, orders.Cash); return nil },
			"DiscountPrice": func(o *orders.Order) error { o.Discount = 901_00; return nil },
			"UserId":        func(o *orders.Order) error { o.ClientID = 999; return nil },
			"Text":          func(o *orders.Order) error { o.Say("", strings.Repeat("я", 10_001), true); return nil },
			"accident":      func(o *orders.Order) error { o.Status = orders.Pending; return accident },
		} {
			_, err := a.Change(t.Context(), o.ID, staff.Site(), change)
			if no, ok := refusal.From(err); ok && no.Field != name || !ok && !errors.Is(err, accident) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := a.Change(t.Context(), 1, staff.Site(), func(*orders.Order) error { return nil }); err == nil {
			t.Error("an order that is not there was changed")
		}
		if got := a.look(o.ID); got.Revision != 1 || got.Status != orders.Placed || len(a.told(o.ID)) != 1 {
			t.Errorf("order = %+v", got)
		}
	})
}

func TestOnSaved_seesBeforeAndAfter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		var events []orders.Saved
		a.OnSaved(func(_ context.Context, _ *db.Tx, e orders.Saved) error { events = append(events, e); return nil })
		placed := a.place(a.draft(orders.Item{
			Name: "Постер", Quantity: 1, Price: 100_00,
			Options: []orders.Option{{Title: "Рама", Price: 50_00}},
		}))
		by := staff.Module("other", "Другая система")
		_, err := a.Change(t.Context(), placed.ID, by, func(o *orders.Order) error {
			o.Status = orders.Pending
			o.Items[0].Name = "Плакат"
			o.Items[0].Options[0].Price = 60_00
			o.Say("", "привет", true)
			o.Pay(10_00, orders.Cash)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(events) != 2 || events[0].Before != nil || events[0].By != staff.Site() || events[1].By != by {
			t.Fatalf("events = %+v", events)
		}
		// What was before is a copy of its own, however deep the change went.
		before, after := events[1].Before, events[1].Order
		if before.Status != orders.Placed || before.Items[0].Name != "Постер" || before.Items[0].Options[0].Price != 50_00 ||
			len(before.Messages) != 0 || before.Paid != 0 || before.Total != 150_00 {
			t.Errorf("before = %+v", before)
		}
		if after.Status != orders.Pending || after.Items[0].Options[0].Price != 60_00 || len(after.Messages) != 1 ||
			after.Messages[0].ID == 0 || after.Total != 160_00 || after.Revision != 2 {
			t.Errorf("after = %+v", after)
		}
	})
}

func TestOnSaved_vetoTakesEverythingBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		o := a.place(a.draft())
		committed := 0
		a.OnSaved(func(_ context.Context, tx *db.Tx, _ orders.Saved) error {
			tx.AfterCommit(func(context.Context) { committed++ })
			return refusal.Value("Status", "Нельзя.")
		})
		if _, err := a.Place(t.Context(), a.draft()); err == nil {
			t.Error("placed against the veto")
		}
		if _, err := a.SetStatus(t.Context(), o.ID, staff.Site(), orders.Pending); err == nil {
			t.Error("moved against the veto")
		}
		counts, err := a.Counts(t.Context())
		if n, _ := a.Count(t.Context(), orders.Query{ClientID: a.client.ID}); n != 1 || committed != 0 || err != nil ||
			counts[orders.Placed] != 1 || counts[orders.Pending] != 0 {
			t.Errorf("%d orders, %d commits, counters %v, %v", n, committed, counts, err)
		}
		if got := a.look(o.ID); got.Status != orders.Placed || len(a.told(o.ID)) != 1 {
			t.Errorf("order = %+v", got)
		}
	})
}

func TestOnSaved_afterCommitSeesTheOrderStored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		var seen []orders.Status
		a.OnSaved(func(ctx context.Context, tx *db.Tx, e orders.Saved) error {
			// Inside, on SQLite's single connection too, services read through the transaction.
			if inside, err := a.Find(ctx, e.Order.ID); err != nil || inside.Status != e.Order.Status {
				return fmt.Errorf("inside: %v, %w", inside, err)
			}
			tx.AfterCommit(func(ctx context.Context) {
				if o, err := a.Find(ctx, e.Order.ID); err == nil {
					seen = append(seen, o.Status)
				}
			})
			return nil
		})
		o := a.place(a.draft())
		a.change(o.ID, func(o *orders.Order) { o.Status = orders.Approved })
		if !slices.Equal(seen, []orders.Status{orders.Placed, orders.Approved}) {
			t.Errorf("after commit = %v", seen)
		}
	})
}

// The database may break a transaction off in favour of another; done again, nothing is missing and nothing is twice.
func TestPlaceAndChange_doneAgainAfterAConflict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		failures := 2
		a.OnSaved(func(context.Context, *db.Tx, orders.Saved) error {
			if failures--; failures >= 0 {
				return &pgconn.PgError{Code: "40001"}
			}
			return nil
		})
		draft := a.draft()
		draft.Paid = 5_00
		o := a.place(draft)
		if got := a.look(o.ID); len(got.Items) != 1 || len(got.Payments) != 1 || len(a.told(o.ID)) != 1 {
			t.Errorf("placed %+v, told %q", got, a.told(o.ID))
		}
		failures = 2
		a.change(o.ID, func(o *orders.Order) {
			o.Say("", "раз", true)
			o.Pay(1_00, orders.Cash)
			o.Items = append(o.Items, orders.Item{Name: "ещё", Quantity: 1})
		})
		if got := a.look(o.ID); len(got.Items) != 2 || len(got.Payments) != 2 || len(got.Messages) != 1 ||
			got.Paid != 6_00 || got.Revision != 2 {
			t.Errorf("changed %+v", got)
		}
	})
}

func TestChange_atOnceLosesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		ids := []int64{a.place(a.draft()).ID, a.place(a.draft()).ID}
		statuses := orders.Statuses()
		var all sync.WaitGroup
		const changes = 20
		for i := range changes {
			all.Go(func() {
				_, err := a.Change(t.Context(), ids[i%2], staff.Site(), func(o *orders.Order) error {
					o.Pay(1_00, orders.Cash)
					o.Status = statuses[i]
					return nil
				})
				if err != nil {
					t.Errorf("change %d: %v", i, err)
				}
			})
		}
		all.Wait()
		for _, id := range ids {
			if o := a.look(id); o.Paid != changes/2*1_00 || len(o.Payments) != changes/2 || o.Revision != changes/2+1 {
				t.Errorf("paid %s in %d payments, revision %d", o.Paid, len(o.Payments), o.Revision)
			}
		}
		a.countersAreTrue()
	})
}

func TestPay_paidInFullMovesOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		for _, tt := range []struct {
			from   orders.Status
			amount orders.Money
			want   orders.Status
		}{
			{orders.WaitingForPayment, 900_00, orders.Approved},
			{orders.WaitingForPayment, 899_99, orders.WaitingForPayment},
			{orders.Pending, 900_00, orders.Pending},
		} {
			o := a.place(a.draft())
			a.change(o.ID, func(o *orders.Order) { o.Status = tt.from })
			if got := a.change(o.ID, func(o *orders.Order) { o.Pay(tt.amount, orders.Online) }); got.Status != tt.want {
				t.Errorf("%s paid in %s is %s, want %s", tt.amount, tt.from, got.Status, tt.want)
			}
		}
	})
}

func TestStatuses_areTheVendors(t *testing.T) {
	t.Parallel()
	if n := len(orders.Statuses()); n != 21 {
		t.Errorf("%d statuses to choose from, want 21", n)
	}
	numbers := map[int]bool{}
	inGroups := 0
	for _, g := range orders.Groups {
		inGroups += len(orders.InGroup(g.Group))
	}
	for _, s := range append(orders.Statuses(), orders.Deleted) {
		if s.Label() == "" || numbers[s.Number()] || !s.Known() {
			t.Errorf("%s: label %q, number %d", s, s.Label(), s.Number())
		}
		numbers[s.Number()] = true
		for _, next := range s.Next() {
			if !next.Known() || next == s {
				t.Errorf("%s leads to %q", s, next)
			}
		}
	}
	if inGroups != 21 || orders.Deleted.Group() != "" || orders.Status("Nope").Known() {
		t.Errorf("%d statuses in groups", inGroups)
	}
}
