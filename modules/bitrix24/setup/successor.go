package setup

import (
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// successor is the stage nearest to one that is gone, by name and meaning, among those that nothing is mapped to.
func successor(gone mapping.StageRule, free []portal.Stage) (portal.Stage, bool) {
	semantics := map[orders.Group]rest.Semantics{
		orders.Finished: rest.Success, orders.Abandoned: rest.Failure,
	}[gone.Status.Group()]
	best, most := portal.Stage{}, 0
	for _, candidate := range free {
		score := likeness(gone.Name, candidate.Name)
		if strings.EqualFold(strings.TrimSpace(gone.Name), strings.TrimSpace(candidate.Name)) {
			score += identical
		}
		if mapping.Proposal(candidate.ID) == gone.Status && gone.Status != "" {
			score += 2
		}
		if candidate.Semantics == semantics && semantics != "" {
			score++
		}
		if score > most {
			best, most = candidate, score
		}
	}
	return best, most > 0
}

// identical is the score of a stage of the very same name, more than all other likeness comes to.
const identical = 1000

// likeness counts the words that two names share, by their stems.
func likeness(a, b string) int {
	shared := 0
	others := stems(b)
	for _, word := range stems(a) {
		if slices.Contains(others, word) {
			shared += 2
		}
	}
	return shared
}

// stems are the beginnings of a name's words in lower case: Russian endings change.
func stems(name string) []string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return strings.ContainsRune(" ,.;:/\\()«»\"-–—", r)
	})
	return lo.FilterMap(words, func(word string, _ int) (string, bool) {
		runes := []rune(word)
		return string(runes[:min(len(runes), 5)]), len(runes) > 2
	})
}

// proposeSuccessors offers, in the rows of a funnel's table, what was mapped to stages that are gone: to the nearest
// one that nothing is mapped to.
func (e *edit) proposeSuccessors(category int64, rows []*stageRow) (proposed bool) {
	for _, gone := range e.edited.Lost(e.lists) {
		if gone.Category != category || gone.Stage == "" {
			continue
		}
		free := lo.Filter(e.lists.Stages(category), func(s portal.Stage, _ int) bool {
			return lo.ContainsBy(rows, func(row *stageRow) bool { return row.id == s.ID && row.status == "" && !row.paid })
		})
		chosen, ok := successor(gone.Rule, free)
		if !ok {
			continue
		}
		for _, row := range rows {
			switch row.id {
			case chosen.ID:
				row.status, row.paid, proposed = gone.Rule.Status, gone.Rule.Paid, true
			case gone.Rule.StageID:
				row.status, row.paid = "", false
				row.hint = "Удалена на портале. Её правило предложено стадии «" + chosen.Name + "»"
			}
		}
	}
	return proposed
}
