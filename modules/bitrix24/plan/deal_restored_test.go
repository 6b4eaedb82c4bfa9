package plan_test

import (
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

func TestForRestored(t *testing.T) {
	linked, deleted := link(plan.Order, 100, plan.Deal, 50), link(plan.Order, 100, plan.Deal, 50)
	deleted.State = plan.Deleted
	adopted := []string{
		"order 100 is deal 51 ", "rows of order 100 unknown", "look at deal 51",
		"say: Сделка 51 снова в Битрикс24: связана с заказом по внешнему ключу",
	}
	for name, test := range map[string]struct {
		change func(f *plan.RestoredFacts)
		want   []string
	}{
		"the deal was deleted":           {func(f *plan.RestoredFacts) {}, adopted},
		"nothing is known of it":         {func(f *plan.RestoredFacts) { f.Link = nil }, adopted},
		"of several the oldest":          {func(f *plan.RestoredFacts) { f.Deals = []int64{53, 51, 52} }, adopted},
		"the order has a deal":           {func(f *plan.RestoredFacts) { f.Link = linked }, nil},
		"the order is gone":              {func(f *plan.RestoredFacts) { f.Exists = false }, nil},
		"it is not to be synced":         {func(f *plan.RestoredFacts) { f.Choice = plan.ChoiceIgnore }, nil},
		"the answer about it was lost":   {func(f *plan.RestoredFacts) { f.Link, f.Open = nil, &plan.Intent{} }, nil},
		"the answer about a former, too": {func(f *plan.RestoredFacts) { f.Open = &plan.Intent{} }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := plan.RestoredFacts{OrderID: 100, Exists: true, Deals: []int64{51}, Link: deleted}
			test.change(&f)
			wantAll(t, plan.ForRestored(f).Now, test.want...)
		})
	}
	if deleted.State != plan.Deleted {
		t.Error("the link was changed before anything is stored")
	}
}
