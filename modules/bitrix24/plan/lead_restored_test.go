package plan_test

import (
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// goneLead is lead 31, created at noon, which is not there any more.
func goneLead(state plan.LinkState, twins ...plan.Twin) plan.LeadFacts {
	f := leadAt("P", state)
	f.Gone, f.Lead, f.Twins = true, nil, twins
	for _, l := range f.Links {
		l.Agreed["createdTime"] = mapping.Pair{Theirs: "2026-11-27T12:00:00Z"}
	}
	return f
}

func TestLeadGone_aRestoredLeadIsAdopted(t *testing.T) {
	adopted := []string{
		"client 1 is lead 35 ", "order 100 is lead 35 ", "rows of order 100 unknown", "look at lead 35",
		"push client 1", "push order 100",
		"say: Лид 35 снова в Битрикс24: связан по внешнему ключу", "say: Лид 35 снова в Битрикс24: связан по внешнему ключу",
	}
	restored := plan.Twin{ID: 35, Created: noon}
	wantAll(t, plan.ForLead(goneLead(plan.Linked, restored)).Now, adopted...)
	wantAll(t, plan.ForLead(goneLead(plan.Deleted, restored)).Now, adopted...)
	wantAll(t, plan.ForLead(goneLead(plan.Deleted)).Now)
	other := plan.Twin{ID: 35, Created: noon.AddDate(0, 0, 1)}
	wantAll(t, plan.ForLead(goneLead(plan.Linked, other)).Now,
		"client 1 is no lead", `choose "" for client 1`, "order 100 is lead 31 deleted",
		"say: Лид удалён в Битрикс24", "say: Лид удалён в Битрикс24")
	for _, test := range []struct {
		facts plan.LeadFacts
		want  bool
	}{{goneLead(plan.Linked), true}, {goneLead(plan.Linked, restored), false}, {goneLead(plan.Deleted), false}} {
		if got := test.facts.Vanished(); got != test.want {
			t.Errorf("vanished: %v, want %v, of %+v", got, test.want, test.facts)
		}
	}
}

func TestForUnlinkedLead(t *testing.T) {
	deleted := goneLead(plan.Deleted).Links[1:]
	say := "say: Лид 35 снова в Битрикс24: связан по внешнему ключу"
	client := []string{"client 1 is lead 35 ", "look at lead 35", "push client 1", say}
	order := []string{"order 100 is lead 35 ", "rows of order 100 unknown", "look at lead 35", "push order 100", say}
	both := append([]string{"order 100 is lead 35 ", "rows of order 100 unknown", "push order 100", say}, client...)
	for name, test := range map[string]struct {
		change func(f *plan.UnlinkedLeadFacts)
		want   []string
	}{
		"the client has nothing else": {func(*plan.UnlinkedLeadFacts) {}, client},
		"his order was in it":         {func(f *plan.UnlinkedLeadFacts) { f.Deleted = deleted }, both},
		"his order was in another": {func(f *plan.UnlinkedLeadFacts) {
			f.Deleted, f.Lead.Created = deleted, noon.AddDate(0, 0, 1)
		}, client},
		"he has a contact":    {func(f *plan.UnlinkedLeadFacts) { f.Contact = link(plan.Client, 1, plan.Contact, 7) }, nil},
		"he has another lead": {func(f *plan.UnlinkedLeadFacts) { f.Former = link(plan.Client, 1, plan.Lead, 36) }, nil},
		"he has a contact, his order not": {func(f *plan.UnlinkedLeadFacts) {
			f.Deleted, f.Contact = deleted, link(plan.Client, 1, plan.Contact, 7)
		}, order},
	} {
		t.Run(name, func(t *testing.T) {
			f := plan.UnlinkedLeadFacts{
				Lead: plan.Twin{ID: 35, Created: noon}, Owner: plan.Record{Kind: plan.Client, ID: 1},
			}
			test.change(&f)
			wantAll(t, plan.ForUnlinkedLead(f).Now, test.want...)
		})
	}
}
