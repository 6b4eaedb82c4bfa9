package portal

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// lostStage is a stage of the settings' tables that the portal no longer has; without a stage, a whole funnel.
type lostStage struct {
	Category int64
	Funnel   string // as it was called
	Stage    string // as it was called; empty: the funnel is gone
	Rule     mapping.StageRule
}

// Lost returns the mapped stages, and the funnels with tables, that are gone from the portal's lists.
func (s Settings) Lost(d Lists) []lostStage {
	if d.PortalID == 0 {
		return nil
	}
	var gone []lostStage
	if _, tabled := s.Funnels[s.CategoryID]; !tabled && !d.hasFunnel(s.CategoryID) {
		gone = append(gone, lostStage{Category: s.CategoryID, Funnel: cmp.Or(s.FunnelName, fmt.Sprint(s.CategoryID))})
	}
	for _, id := range slices.Sorted(maps.Keys(s.Funnels)) {
		table := s.Funnels[id]
		f, there := d.funnel(id)
		if !there {
			gone = append(gone, lostStage{Category: id, Funnel: cmp.Or(table.Name, fmt.Sprint(id))})
			continue
		}
		for _, rule := range table.Stages {
			mapped := rule.Status != "" || rule.Paid
			if mapped && !slices.ContainsFunc(f.Stages, func(known Stage) bool { return known.ID == rule.StageID }) {
				gone = append(gone, lostStage{Category: id, Funnel: f.Name, Stage: rule.Name, Rule: rule})
			}
		}
	}
	return gone
}

// LostText names in Russian what is gone.
func LostText(lost []lostStage) string {
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

// Against returns the settings without what the portal no longer has. A status whose stage is gone maps to no stage,
// and deals that were to be created in a funnel which is gone are created in the default one.
func (s Settings) Against(d Lists) Settings {
	if len(s.Lost(d)) == 0 {
		return s
	}
	tables := map[int64]mapping.Funnel{}
	for id, table := range s.Funnels {
		known := d.Stages(id)
		table.Stages = lo.Filter(table.Stages, func(r mapping.StageRule, _ int) bool {
			return slices.ContainsFunc(known, func(st Stage) bool { return st.ID == r.StageID })
		})
		tables[id] = table
	}
	s.Funnels = tables
	if !d.hasFunnel(s.CategoryID) {
		s.CategoryID = 0
	}
	return s
}

// KeepLists stores lists that were read anew, in the given transaction. The tables of the settings take over new names
// of stages and funnels, so that one which is deleted later is named as people know it.
func (p *Portals) KeepLists(ctx context.Context, tx *db.Tx, d Lists) error {
	if err := p.Settings.Save(tx, ListsDocument, d); err != nil {
		return err
	}
	s, err := p.Current(ctx)
	if err != nil || s.PortalID != d.PortalID {
		return err
	}
	renamed := s.follow(d)
	if len(renamed) == 0 {
		return nil
	}
	if err := p.Settings.Save(tx, Document, s); err != nil {
		return err
	}
	return records.Audit(tx, Actor.Name, "На портале переименовано: "+strings.Join(renamed, ", "))
}

// follow takes over the portal's names into the tables. It says which of them had another name before.
func (s *Settings) follow(d Lists) (renamed []string) {
	tables := map[int64]mapping.Funnel{}
	for id, table := range s.Funnels {
		tables[id] = table
		f, there := d.funnel(id)
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
			known, ok := lo.Find(f.Stages, func(st Stage) bool { return st.ID == rule.StageID })
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
		s.FunnelName = d.FunnelName(s.CategoryID)
	}
	return renamed
}
