package bitrix24

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// lostStage is a stage of the settings' tables that the portal no longer has; without a stage, a whole funnel.
type lostStage struct {
	Category int64
	Funnel   string // as it was called
	Stage    string // as it was called; empty: the funnel is gone
	Rule     mapping.StageRule
}

// lost are the mapped stages, and the funnels with tables, that are gone from the portal's lists.
func (s Settings) lost(d Dictionary) []lostStage {
	if d.PortalID == 0 {
		return nil
	}
	var gone []lostStage
	if _, tabled := s.Funnels[s.CategoryID]; !tabled && !d.hasFunnel(s.CategoryID) {
		gone = append(gone, lostStage{Category: s.CategoryID, Funnel: cmp.Or(s.FunnelName, fmt.Sprint(s.CategoryID))})
	}
	for _, id := range slices.Sorted(maps.Keys(s.Funnels)) {
		table := s.Funnels[id]
		f, there := lo.Find(d.Funnels, func(f funnel) bool { return f.ID == id })
		if !there {
			gone = append(gone, lostStage{Category: id, Funnel: cmp.Or(table.Name, fmt.Sprint(id))})
			continue
		}
		for _, rule := range table.Stages {
			mapped := rule.Status != "" || rule.Paid
			if mapped && !slices.ContainsFunc(f.Stages, func(known stage) bool { return known.ID == rule.StageID }) {
				gone = append(gone, lostStage{Category: id, Funnel: f.Name, Stage: rule.Name, Rule: rule})
			}
		}
	}
	return gone
}

// lostText names them.
func lostText(lost []lostStage) string {
	var names []string
	for _, l := range lost {
		if l.Stage == "" {
			names = append(names, fmt.Sprintf("направление «%s»", l.Funnel))
		} else {
			names = append(names, fmt.Sprintf("стадия «%s» (направление «%s»)", l.Stage, l.Funnel))
		}
	}
	return "На портале удалено: " + strings.Join(names, ", ") + "."
}

// against leaves out what the portal no longer has: a status whose stage is gone maps to nothing, and new deals of a
// funnel that is gone go to the default one.
func (s Settings) against(d Dictionary) Settings {
	if len(s.lost(d)) == 0 {
		return s
	}
	tables := map[int64]mapping.Funnel{}
	for id, table := range s.Funnels {
		known := d.stages(id)
		table.Stages = lo.Filter(table.Stages, func(r mapping.StageRule, _ int) bool {
			return slices.ContainsFunc(known, func(st stage) bool { return st.ID == r.StageID })
		})
		tables[id] = table
	}
	s.Funnels = tables
	if !d.hasFunnel(s.CategoryID) {
		s.CategoryID = 0
	}
	return s
}

func (d Dictionary) hasFunnel(id int64) bool {
	return slices.ContainsFunc(d.Funnels, func(f funnel) bool { return f.ID == id })
}

// keepLists stores lists that were read anew. Stages and funnels that were renamed are followed in the tables, so that
// one deleted later is named as people know it.
func (m *Module) keepLists(ctx context.Context, tx *db.Tx, d Dictionary) error {
	if err := m.Settings.Save(tx, dictionaryDocument, d); err != nil {
		return err
	}
	s, err := m.settings(ctx)
	if err != nil || s.PortalID != d.PortalID {
		return err
	}
	renamed := s.follow(d)
	if len(renamed) == 0 {
		return nil
	}
	if err := m.Settings.Save(tx, document, s); err != nil {
		return err
	}
	return m.audit(tx, actor.Name, "На портале переименовано: "+strings.Join(renamed, ", "))
}

// follow takes over the portal's names into the tables and says which of them were known otherwise.
func (s *Settings) follow(d Dictionary) (renamed []string) {
	tables := map[int64]mapping.Funnel{}
	for id, table := range s.Funnels {
		tables[id] = table
		f, there := lo.Find(d.Funnels, func(f funnel) bool { return f.ID == id })
		if !there {
			continue
		}
		if table.Name != "" && table.Name != f.Name {
			renamed = append(renamed, fmt.Sprintf("направление «%s» теперь «%s»", table.Name, f.Name))
		}
		changed := table.Name != f.Name
		table.Name = f.Name
		table.Stages = slices.Clone(table.Stages)
		for i, rule := range table.Stages {
			known, ok := lo.Find(f.Stages, func(st stage) bool { return st.ID == rule.StageID })
			if !ok || known.Name == rule.Name {
				continue
			}
			renamed = append(renamed, fmt.Sprintf("стадия «%s» теперь «%s»", rule.Name, known.Name))
			table.Stages[i].Name = known.Name
			changed = true
		}
		if changed {
			tables[id] = table
		}
	}
	s.Funnels = tables
	if d.hasFunnel(s.CategoryID) {
		s.FunnelName = d.funnelName(s.CategoryID)
	}
	return renamed
}

// successor is the stage nearest to one that is gone, by name and meaning, among those that nothing is mapped to.
func successor(gone mapping.StageRule, free []stage) (stage, bool) {
	semantics := map[orders.Group]rest.Semantics{orders.Finished: rest.Success, orders.Abandoned: rest.Failure}[gone.Status.Group()]
	best, most := stage{}, 0
	for _, candidate := range free {
		score := likeness(gone.Name, candidate.Name)
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
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune(" ,.;:/\\()«»\"-–—", r) })
	return lo.FilterMap(words, func(word string, _ int) (string, bool) {
		runes := []rune(word)
		return string(runes[:min(len(runes), 5)]), len(runes) > 2
	})
}

// proposeSuccessors offers, in the rows of a funnel's table, what was mapped to stages that are gone: to the nearest one
// that nothing is mapped to.
func (e *settingsEdit) proposeSuccessors(category int64, rows []*stageEdit) (proposed bool) {
	for _, gone := range e.edited.lost(e.lists) {
		if gone.Category != category || gone.Stage == "" {
			continue
		}
		free := lo.Filter(e.lists.stages(category), func(s stage, _ int) bool {
			return lo.ContainsBy(rows, func(row *stageEdit) bool { return row.id == s.ID && row.status == "" && !row.paid })
		})
		chosen, ok := successor(gone.Rule, free)
		if !ok {
			continue
		}
		for _, row := range rows {
			if row.id == chosen.ID {
				row.status, row.paid, proposed = gone.Rule.Status, gone.Rule.Paid, true
			}
		}
	}
	return proposed
}
