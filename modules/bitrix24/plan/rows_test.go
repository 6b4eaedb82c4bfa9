package plan_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

var (
	cards    = mapping.Row{Key: "item/1", Name: "Визитки", Price: 18_00, Quantity: 5, Sort: 10}
	delivery = mapping.Row{Key: "delivery", Name: "Доставка: Курьер", Price: 300_25, Quantity: 1, Sort: 20}
	byHand   = mapping.Row{Name: "Скидка менеджера", Price: 50_00, Quantity: 1}
	noon     = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
)

// there are rows as the portal lists them, numbered from 11 on.
func there(rows ...mapping.Row) (list []rest.ProductRow) {
	for i, row := range rows {
		list = append(list, rest.ProductRow{
			ID: rest.ID(11 + i), ProductName: rest.Text(row.Name), Price: rest.Money(row.Price), Quantity: rest.Number(row.Quantity),
		})
	}
	return list
}

func owned(id int64, row mapping.Row) plan.OwnedRow { return plan.OwnedRow{ID: id, Print: row.Print()} }

func TestRows(t *testing.T) {
	t.Parallel()
	dearer := cards
	dearer.Price = orders.Money(20_00)
	wanted := []mapping.Row{cards, delivery}
	both := map[string]plan.OwnedRow{"item/1": owned(1, cards), "delivery": owned(2, delivery)}
	cardsLinked := map[string]plan.OwnedRow{"item/1": owned(11, cards)}
	for _, test := range []struct {
		name  string
		facts plan.RowFacts
		want  plan.RowPlan
	}{
		{
			name:  "of a new deal are all added",
			facts: plan.RowFacts{Wanted: wanted},
			want:  plan.RowPlan{Add: wanted},
		},
		{
			name:  "that are as they were sent stay",
			facts: plan.RowFacts{Wanted: wanted, Linked: both},
			want:  plan.RowPlan{Linked: both},
		},
		{
			name:  "are changed and removed by their numbers",
			facts: plan.RowFacts{Wanted: []mapping.Row{dearer}, Linked: both},
			want: plan.RowPlan{
				Linked: both, Change: []plan.RowChange{{ID: 1, Row: dearer}}, Remove: []plan.RowRemoval{{Key: "delivery", ID: 2}},
			},
		},
		{
			name: "of a deal that a lead became are recognized beside a manager's",
			facts: plan.RowFacts{Wanted: wanted, Linked: both, Lost: &plan.LostRows{
				There: there(byHand, delivery, cards), SettledAt: noon.Add(-time.Hour),
			}},
			want: plan.RowPlan{Linked: map[string]plan.OwnedRow{"item/1": owned(13, cards), "delivery": owned(12, delivery)}},
		},
		{
			name: "whose answer was lost are waited for",
			facts: plan.RowFacts{Wanted: wanted, Lost: &plan.LostRows{
				Awaited: plan.AgreedRows(wanted...), There: there(cards), SettledAt: noon.Add(20 * time.Second),
			}},
			want: plan.RowPlan{Wait: 20 * time.Second},
		},
		{
			name: "that did not leave with their deal are waited for, too: its request may still be at work",
			facts: plan.RowFacts{Wanted: wanted, Lost: &plan.LostRows{
				Awaited: mapping.Agreed{}, SettledAt: noon.Add(20 * time.Second),
			}},
			want: plan.RowPlan{Wait: 20 * time.Second},
		},
		{
			name: "whose answer was lost and that never came are added once the portal has settled",
			facts: plan.RowFacts{Wanted: wanted, Lost: &plan.LostRows{
				Awaited: plan.AgreedRows(wanted...), There: there(cards), SettledAt: noon,
			}},
			want: plan.RowPlan{Linked: cardsLinked, Add: []mapping.Row{delivery}},
		},
		{
			name: "whose change was lost are waited for, or the change could overtake the next one",
			facts: plan.RowFacts{Wanted: []mapping.Row{cards}, Linked: cardsLinked, Lost: &plan.LostRows{
				Awaited: plan.AgreedRows(dearer), There: there(cards), SettledAt: noon.Add(20 * time.Second),
			}},
			want: plan.RowPlan{Wait: 20 * time.Second, Linked: cardsLinked},
		},
		{
			name: "whose lost change was done are changed back",
			facts: plan.RowFacts{Wanted: []mapping.Row{cards}, Linked: cardsLinked, Lost: &plan.LostRows{
				Awaited: plan.AgreedRows(dearer), There: there(dearer), SettledAt: noon,
			}},
			want: plan.RowPlan{
				Linked: map[string]plan.OwnedRow{"item/1": owned(11, dearer)}, Change: []plan.RowChange{{ID: 11, Row: cards}},
			},
		},
		{
			name: "that were sent long ago and stand for nothing now are removed, a manager's are not",
			facts: plan.RowFacts{Wanted: []mapping.Row{dearer}, Lost: &plan.LostRows{
				There: there(cards, dearer, byHand), SettledAt: noon, Sent: map[string]bool{cards.Looks(): true},
			}},
			want: plan.RowPlan{
				Linked: map[string]plan.OwnedRow{"item/1": owned(12, dearer), "former/11": {ID: 11}},
				Remove: []plan.RowRemoval{{Key: "former/11", ID: 11}},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.facts.Now = noon
			got := plan.ForRows(test.facts)
			if len(got.Linked) == 0 && len(test.want.Linked) == 0 {
				got.Linked = nil
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("plan = %+v\nwant   %+v", got, test.want)
			}
		})
	}
}
