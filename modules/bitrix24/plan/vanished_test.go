package plan_test

import (
	"slices"
	"testing"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

func TestHold(t *testing.T) {
	deals := func(from, to int64) []plan.Look {
		return lo.Map(lo.RangeFrom(from, int(to-from+1)), func(id int64, _ int) plan.Look {
			return plan.Look{Entity: plan.Deal, ID: id}
		})
	}
	said := func(d plan.Decision, records []plan.Look) map[plan.Look]plan.Decision {
		return lo.SliceToMap(records, func(l plan.Look) (plan.Look, plan.Decision) { return l, d })
	}
	for name, test := range map[string]struct {
		gone    []plan.Look
		decided map[plan.Look]plan.Decision
		known   int
		held    []plan.Look
		asked   []plan.Look
	}{
		"ten are never too many": {gone: deals(1, 10), known: 10},
		"eleven of few are":      {gone: deals(1, 11), known: 549, held: deals(1, 11), asked: deals(1, 11)},
		"eleven of many are not": {gone: deals(1, 11), known: 550},
		"one that a person said is there stays": {
			gone: deals(1, 2), decided: said(plan.Declined, deals(1, 1)), held: deals(1, 1),
		},
		"nobody is asked twice": {
			gone: deals(1, 22), decided: said(plan.Confirmed, deals(1, 11)), held: deals(12, 22), asked: deals(12, 22),
		},
		"what is decided counts no more": {gone: deals(1, 15), decided: said(plan.Confirmed, deals(1, 5)), known: 20},
	} {
		t.Run(name, func(t *testing.T) {
			held, asked := plan.Hold(test.gone, test.decided, test.known)
			if !slices.Equal(held, test.held) || !slices.Equal(asked, test.asked) {
				t.Errorf("held %v and asked about %v, want %v and %v", held, asked, test.held, test.asked)
			}
		})
	}
}
