package plan_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// goneDeal is order 100, whose deal 50 was created at noon with row 7 and is not there any more.
func goneDeal(state plan.LinkState, twins ...plan.Twin) plan.OrderFacts {
	l := link(plan.Order, 100, plan.Deal, 50)
	created := rest.Deal{ID: 50}
	created.CreatedTime.At = noon
	l.See(&created)
	l.State = state
	return plan.OrderFacts{
		Frame: plan.Frame{Now: noon}, Input: mapping.OrderInput{Order: &orders.Order{ID: 100}}, Target: plan.Deal, Link: l,
		Rows: map[string]plan.OwnedRow{"item/1": {ID: 7}}, Gone: true, Twins: twins,
	}
}

func TestDealGone_aRestoredDealIsAdoptedAndNoCopyIs(t *testing.T) {
	told := []string{"order 100 is deal 50 deleted", "say: Сделка удалена в Битрикс24"}
	adopted := func(id int64) []string {
		return []string{
			fmt.Sprintf("order 100 is deal %d ", id), "rows of order 100 unknown", fmt.Sprintf("look at deal %d", id),
			fmt.Sprintf("say: Сделка %d снова в Битрикс24: связана с заказом по внешнему ключу", id),
		}
	}
	restored := plan.Twin{ID: 53, Created: noon, Rows: []int64{7, 9}}
	copied := plan.Twin{ID: 51, Created: noon.Add(time.Second), Rows: []int64{8}}
	atOnce := plan.Twin{ID: 51, Created: noon, Rows: []int64{8}}
	bare := plan.Twin{ID: 51, Created: noon, Rows: []int64{}}
	winner := plan.Twin{ID: 12, Created: noon}
	there := goneDeal(plan.Deleted)
	there.Gone, there.Deal = false, &rest.Deal{ID: 50}
	unread := func(twins ...plan.Twin) plan.OrderFacts {
		f := goneDeal(plan.Linked, twins...)
		f.Link.Agreed, f.Link.CreatedAt = nil, noon
		return f
	}
	for name, test := range map[string]struct {
		facts plan.OrderFacts
		want  []string
	}{
		"nothing carries its key":                       {goneDeal(plan.Linked), told},
		"known to be deleted, and still is":             {goneDeal(plan.Deleted), nil},
		"restored before anybody noticed":               {goneDeal(plan.Linked, restored), adopted(53)},
		"restored afterwards":                           {goneDeal(plan.Deleted, restored), adopted(53)},
		"restored under its own number":                 {there, adopted(50)},
		"a copy":                                        {goneDeal(plan.Linked, copied), append(told, "deal 51 is a copy")},
		"a copy, known to be deleted":                   {goneDeal(plan.Deleted, copied), []string{"deal 51 is a copy"}},
		"a copy of the same second has rows of its own": {goneDeal(plan.Linked, atOnce), append(told, "deal 51 is a copy")},
		"a copy of the same second without rows":        {goneDeal(plan.Linked, bare), append(told, "deal 51 is a copy")},
		"restored beside a copy": {
			goneDeal(plan.Linked, copied, restored), append(adopted(53), "deal 51 is a copy"),
		},
		"an older deal that was merged with it":       {goneDeal(plan.Linked, winner), append(told, "deal 12 is a copy")},
		"a copy of a deal never seen since an update": {unread(copied), append(told, "deal 51 is a copy")},
		"restored, and never read before":             {unread(restored), adopted(53)},
		"another of the order's deals, long before": {
			unread(plan.Twin{ID: 51, Created: noon.Add(-2 * time.Minute)}), append(told, "deal 51 is a copy"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			wantAll(t, plan.ForOrder(test.facts).Now, test.want...)
		})
	}
}

// What was copied before is not taken for the deal whose answer was lost.
func TestNewDeal_aKnownCopyIsNotAdopted(t *testing.T) {
	f := goneDeal(plan.Linked)
	f.Link, f.Gone, f.Copies = nil, false, []int64{51}
	f.Open, f.Settle = &plan.Intent{SentAt: noon}, time.Minute
	f.ByKey = []int64{51}
	if p := plan.ForOrder(f); p.Failure == nil || len(p.Now.Links) > 0 {
		t.Errorf("plan %+v, want a wait for the deal that was sent", p)
	}
	f.ByKey = []int64{54, 51}
	if l := plan.ForOrder(f).Now.Links; len(l) != 1 || l[0].RemoteID != 54 {
		t.Errorf("links %v, want deal 54", l)
	}
}

// The answer about the deal was lost. It was found by its key, then deleted and restored before anybody had read it.
func TestFoundDeal_isAdoptedWhenItIsRestoredUnread(t *testing.T) {
	f := goneDeal(plan.Linked)
	f.Link, f.Gone, f.Open, f.ByKey = nil, false, &plan.Intent{SentAt: noon}, []int64{51}
	f.Created = map[int64]rest.Time{51: {At: noon}}
	found := plan.ForOrder(f).Now.Links
	if len(found) != 1 {
		t.Fatalf("links %v, want deal 51", found)
	}
	gone := goneDeal(plan.Linked, plan.Twin{ID: 53, Created: noon}, plan.Twin{ID: 54, Created: noon.Add(time.Second)})
	gone.Link = found[0]
	if l := plan.ForOrder(gone).Now.Links; len(l) != 1 || l[0].RemoteID != 53 || l[0].State != plan.Linked {
		t.Errorf("links %v, want deal 53, which is as old", l)
	}
}

func TestForUnlinked(t *testing.T) {
	adopted := []string{
		"order 100 is deal 51 ", "rows of order 100 unknown", "look at deal 51",
		"say: Сделка 51 снова в Битрикс24: связана с заказом по внешнему ключу",
	}
	for name, test := range map[string]struct {
		change func(f *plan.UnlinkedFacts)
		want   []string
	}{
		"nothing is known of it":       {func(*plan.UnlinkedFacts) {}, adopted},
		"of several the oldest":        {func(f *plan.UnlinkedFacts) { f.Deals = []int64{53, 51, 52} }, adopted},
		"a copy is passed over":        {func(f *plan.UnlinkedFacts) { f.Deals, f.Copies = []int64{50, 51}, []int64{50} }, adopted},
		"the order is gone":            {func(f *plan.UnlinkedFacts) { f.Exists = false }, nil},
		"it is not to be synced":       {func(f *plan.UnlinkedFacts) { f.Choice = plan.ChoiceIgnore }, nil},
		"the answer about it was lost": {func(f *plan.UnlinkedFacts) { f.Open = &plan.Intent{} }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := plan.UnlinkedFacts{OrderID: 100, Exists: true, Deals: []int64{51}}
			test.change(&f)
			wantAll(t, plan.ForUnlinked(f).Now, test.want...)
		})
	}
}
