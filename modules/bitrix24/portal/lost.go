package portal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// Lost is something that the settings name and the portal no longer has: a stage or a whole funnel, or else something
// that has a name only.
type Lost struct {
	Category int64
	Funnel   string // as it was called
	Stage    string // as it was called; empty: the funnel is gone
	Rule     mapping.StageRule

	Other string // in Russian what else is gone, «источник «Телефон»»; empty: a stage or a funnel is
	Fate  string // in Russian what becomes of new orders meanwhile
}

// Lost returns what the settings name and the portal's lists no longer have: mapped stages, funnels, sources, custom
// fields, and the responsible employee.
func (s Settings) Lost(d Lists) []Lost {
	if d.PortalID == 0 {
		return nil
	}
	gone := s.lostFunnels(d)
	for _, source := range d.FormerSources {
		uses := func(w orders.Word[orders.Source]) bool { return s.SourceID(w.Value) == source.ID }
		if slices.ContainsFunc(orders.Sources, uses) {
			gone = append(gone, Lost{Other: fmt.Sprintf("источник «%s»", source.Name), Fate: "Заказы передаются без источника."})
		}
	}
	gone = append(gone, s.lostFields("сделки", d.FormerDealFields)...)
	gone = append(gone, s.lostFields("лида", d.FormerLeadFields)...)
	if s.responsibleGone(d) {
		name := strings.TrimSpace(fmt.Sprintf("%d %s", s.ResponsibleID, d.Responsible.Name))
		gone = append(gone, Lost{
			Other: "сотрудник " + name + ", ответственный за сделки",
			Fate:  "За новые сделки отвечает сотрудник, создавший вебхуки.",
		})
	}
	return gone
}

func (s Settings) responsibleGone(d Lists) bool {
	return s.ResponsibleID != 0 && d.Responsible.ID == s.ResponsibleID && d.Responsible.Gone
}

// lostFields are the chosen custom fields among those that were deleted.
func (s Settings) lostFields(owner string, former []customField) []Lost {
	chosen := lo.Filter(former, func(f customField, _ int) bool { return slices.Contains(s.Fields.All(), f.Name) })
	return lo.Map(chosen, func(f customField, _ int) Lost {
		return Lost{
			Other: fmt.Sprintf("поле %s «%s» (%s)", owner, cmp.Or(f.Caption, f.Name), f.Name),
			Fate:  "Заказы передаются без поля.",
		}
	})
}

// lostFunnels are the mapped stages, and the funnels with tables, that are gone.
func (s Settings) lostFunnels(d Lists) []Lost {
	funnel := func(id int64, name string) Lost {
		fate := ""
		if id == s.CategoryID {
			fate = "Новые сделки попадают в направление по умолчанию."
		}
		return Lost{Category: id, Funnel: cmp.Or(name, fmt.Sprint(id)), Fate: fate}
	}
	var gone []Lost
	if _, tabled := s.Funnels[s.CategoryID]; !tabled && !d.hasFunnel(s.CategoryID) {
		gone = append(gone, funnel(s.CategoryID, s.FunnelName))
	}
	for _, id := range slices.Sorted(maps.Keys(s.Funnels)) {
		table := s.Funnels[id]
		if !d.hasFunnel(id) {
			gone = append(gone, funnel(id, table.Name))
			continue
		}
		for _, rule := range table.Stages {
			if (rule.Status != "" || rule.Paid) && !d.HasStage(id, rule.StageID) {
				gone = append(gone, Lost{
					Category: id, Funnel: d.FunnelName(id), Stage: rule.Name, Rule: rule,
					Fate: "Новые сделки попадают в первую стадию.",
				})
			}
		}
	}
	return gone
}

// LostText names in Russian what is gone.
func LostText(lost []Lost) string {
	names := lo.Map(lost, func(l Lost, _ int) string {
		switch {
		case l.Other != "":
			return l.Other
		case l.Stage == "":
			return fmt.Sprintf("направление «%s»", l.Funnel)
		}
		return fmt.Sprintf("стадия «%s» (направление «%s»)", l.Stage, l.Funnel)
	})
	return "На портале удалено: " + strings.Join(names, ", ") + "."
}

// LostFate says in Russian what becomes of orders while something is gone.
func LostFate(lost []Lost) string {
	fates := lo.Map(lost, func(l Lost, _ int) string { return l.Fate })
	return strings.Join(lo.Uniq(lo.Compact(fates)), " ")
}

// Against returns the settings without what the portal no longer has. A status whose stage is gone maps to no stage,
// and its rule waits; deals that were to be created in a funnel which is gone are created in the default one.
func (s Settings) Against(d Lists) Settings {
	if len(d.CompanyTypes) > 0 {
		s.CompanyTypes = lo.Filter(s.CompanyTypes, func(r mapping.CompanyTypeRule, _ int) bool {
			return slices.ContainsFunc(d.CompanyTypes, func(t Entry) bool { return t.ID == r.ID })
		})
	}
	if len(s.Lost(d)) == 0 {
		return s
	}
	tables := map[int64]mapping.Funnel{}
	for id, table := range s.Funnels {
		there := func(r mapping.StageRule, _ int) bool { return d.hasFunnel(id) && d.HasStage(id, r.StageID) }
		table.Stages, table.Gone = lo.FilterReject(table.Stages, there)
		tables[id] = table
	}
	s.Funnels = tables
	s.GoneSources = lo.Map(d.FormerSources, func(e Entry, _ int) string { return e.ID })
	if !d.hasFunnel(s.CategoryID) {
		s.CategoryID = 0
	}
	if s.responsibleGone(d) {
		s.ResponsibleID = 0
	}
	return s
}
