package orders_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
)

// named makes items "a b c": a letter is name and product of one; "a5" asks for the number 5.
func named(text string) []orders.Item {
	var items []orders.Item
	for _, word := range strings.Fields(text) {
		item := orders.Item{Name: word[:1], MaterialID: int64(word[0]), Quantity: 1}
		if len(word) > 1 {
			_, _ = fmt.Sscan(word[1:], &item.ID)
		}
		items = append(items, item)
	}
	return items
}

func TestReplaceItems_whoIsWho(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, former, items, want string }{
		{"nothing changes", "a1 b2", "a b", "a1 b2"},
		{"one is added in front", "a1 b2", "c a b", "c0 a1 b2"},
		{"one goes", "a1 b2 c3", "a c", "a1 c3"},
		{"order is turned round", "a1 b2", "b a", "b2 a1"},
		{"two of a kind keep their places", "a1 a2 a3", "a a a", "a1 a2 a3"},
		{"the one in the same place is preferred", "b1 a2 a3", "c c a", "c0 c0 a3"},
		{"a number wins over name and place", "a1 b2", "x2 a", "x2 a1"},
		{"a claimed number is not claimed twice", "a1", "a1 a1", "a1 a0"},
		{"a number of another order is nobody's", "a1", "b9", "b0"},
		{"a name needs its product too", "a1", "b", "b0"},
		{"from nothing", "", "a", "a0"},
		{"to nothing", "a1", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := orders.Order{Items: named(tt.former)}
			given := named(tt.items)
			o.ReplaceItems(given)
			got := make([]string, len(o.Items))
			for i, item := range o.Items {
				got[i] = fmt.Sprint(item.Name, item.ID)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%q becomes %q by %q, want %q", tt.former, got, tt.items, tt.want)
			}
			if fmt.Sprint(given) != fmt.Sprint(named(tt.items)) {
				t.Errorf("the caller's items changed to %v", given)
			}
		})
	}
}

// Whatever replaces whatever: no number is used twice or invented, and as many stay as can.
func TestReplaceItems_random(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	for range 5_000 {
		var former, items []orders.Item
		have, need := map[string]int{}, map[string]int{}
		for n := range random.IntN(7) {
			name := string(rune('a' + random.IntN(3)))
			former = append(former, orders.Item{ID: int64(n + 1), Name: name})
			have[name]++
		}
		for range random.IntN(7) {
			name := string(rune('a' + random.IntN(3)))
			items = append(items, orders.Item{Name: name})
			need[name]++
		}
		o := orders.Order{Items: former}
		o.ReplaceItems(items)
		seen, kept := map[int64]bool{}, map[string]int{}
		for i, item := range o.Items {
			if item.Name != items[i].Name {
				t.Fatalf("item %d became %s", i, item.Name)
			}
			if item.ID == 0 {
				continue
			}
			if seen[item.ID] || former[item.ID-1].Name != item.Name {
				t.Fatalf("%v by %v: %v", former, items, o.Items)
			}
			seen[item.ID] = true
			kept[item.Name]++
		}
		for name := range need {
			if kept[name] != min(have[name], need[name]) {
				t.Fatalf("%v by %v kept %d of %s: %v", former, items, kept[name], name, o.Items)
			}
		}
	}
}

func TestReplaceItems_isStored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		placed := a.place(a.draft(
			orders.Item{Name: "a", Quantity: 1, Price: 1_00}, orders.Item{Name: "b", Quantity: 1, Price: 2_00},
			orders.Item{Name: "c", Quantity: 1, Price: 3_00}))
		a.change(placed.ID, func(o *orders.Order) {
			o.ReplaceItems([]orders.Item{
				{Name: "c", Quantity: 2, Price: 3_00},
				{Name: "d", Quantity: 1, Price: 4_00},
				{Name: "a", Quantity: 1, Price: 1_00},
			})
		})
		got := a.look(placed.ID)
		if len(got.Items) != 3 || got.Items[0].ID != placed.Items[2].ID || got.Items[2].ID != placed.Items[0].ID ||
			got.Total != 11_00 || got.Title != "c, d, a" {
			t.Errorf("items = %+v, total %s, title %q", got.Items, got.Total, got.Title)
		}
		if told := a.told(placed.ID); len(told) != 2 || told[1] != "Изменены элементы заказа" {
			t.Errorf("history = %q", told)
		}
	})
}
