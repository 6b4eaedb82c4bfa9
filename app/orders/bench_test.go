package orders_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
)

func benchmarkEach(b *testing.B, fn func(b *testing.B, a *account)) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		b.Run(string(dialect), func(b *testing.B) { fn(b, newAccount(b, dbtest.New(b, dialect))) })
	}
}

func BenchmarkPlace(b *testing.B) {
	benchmarkEach(b, func(b *testing.B, a *account) {
		for b.Loop() {
			items := make([]orders.Item, 3)
			for i := range items {
				items[i] = orders.Item{MaterialID: int64(i), Name: "Визитки", Quantity: 100, Price: 4_50}
			}
			a.place(a.draft(items...))
		}
	})
}

func BenchmarkSetStatus(b *testing.B) {
	benchmarkEach(b, func(b *testing.B, a *account) {
		o := a.place(a.draft())
		statuses := orders.Statuses()
		for n := 0; b.Loop(); n++ {
			if _, err := a.SetStatus(b.Context(), o.ID, staff.Site(), statuses[n%len(statuses)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkList reads a page, deep in ten thousand orders, and counts the tabs.
func BenchmarkList(b *testing.B) {
	benchmarkEach(b, func(b *testing.B, a *account) {
		err := a.db.Transaction(b.Context(), func(ctx context.Context, _ *db.Tx) error {
			for n := range 10_000 {
				if _, err := a.Place(ctx,
					a.draft(orders.Item{Name: fmt.Sprintf("Плакат %d", n), Quantity: 1, Price: 1_00})); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		for name, q := range map[string]orders.Query{
			"newest": {}, "deep": {Before: 3284901 + 3000, Statuses: orders.InGroup(orders.Incoming)},
			"search": {Text: "плакат 77"},
		} {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					if list, err := a.List(b.Context(), q); err != nil || len(list) == 0 {
						b.Fatal(len(list), err)
					}
					if _, err := a.Counts(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}
