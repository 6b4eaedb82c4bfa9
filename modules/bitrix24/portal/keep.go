package portal

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// KeepLists stores lists that were read anew, in the given transaction. The tables of the settings take over new names
// of stages and funnels, so that one which is deleted later is named as people know it. If something that the settings
// name is gone since the last reading, or is back, what was refused is sent again. The lists get the former names of what
// is gone.
func (p *Portals) KeepLists(ctx context.Context, tx *db.Tx, d *Lists) error {
	before, err := p.Lists(ctx, d.PortalID)
	if err != nil {
		return err
	}
	d.Remember(before)
	if err := p.Settings.Save(tx, ListsDocument, *d); err != nil {
		return err
	}
	s, err := p.Current(ctx)
	if err != nil || s.PortalID != d.PortalID {
		return err
	}
	if lost := s.Lost(*d); LostText(lost) != LostText(s.Lost(before)) {
		tx.AfterCommit(func(ctx context.Context) {
			p.Cache.Forget("bitrix24/")
			if _, err := p.Jobs.RetryAll(ctx, Lane); err != nil {
				p.Log.WithError(err).Error("failed jobs not tried again")
			}
		})
		if len(lost) > 0 {
			if err := records.Audit(tx, Actor.Name, LostText(lost)); err != nil {
				return err
			}
		}
	}
	renamed := s.follow(*d)
	if len(renamed) == 0 {
		return nil
	}
	if err := p.Settings.Save(tx, Document, s); err != nil {
		return err
	}
	return records.Audit(tx, Actor.Name, "На портале переименовано: "+strings.Join(renamed, ", "))
}

// Remember keeps the names of sources and custom fields that an earlier reading had and these lists lack.
func (d *Lists) Remember(before Lists) {
	named := func(f customField) string { return f.Name }
	d.FormerSources = former(before.Sources, before.FormerSources, d.Sources, func(e Entry) string { return e.ID })
	d.FormerDealFields = former(before.DealFields, before.FormerDealFields, d.DealFields, named)
	d.FormerLeadFields = former(before.LeadFields, before.FormerLeadFields, d.LeadFields, named)
}

// former returns the entries of an earlier reading, and those that were gone then, which are not there now.
func former[T any](before, gone, there []T, id func(T) string) []T {
	return lo.Filter(lo.UniqBy(slices.Concat(before, gone), id), func(e T, _ int) bool {
		return !slices.ContainsFunc(there, func(other T) bool { return id(other) == id(e) })
	})
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
