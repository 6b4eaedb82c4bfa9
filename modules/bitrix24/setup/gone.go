package setup

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// What the settings name and the portal no longer has stays in the form, marked, until an administrator decides. A rule
// whose stage is gone is dropped when its row is set to «Не задано»; the rules of a funnel that is gone, when another
// is chosen in its place or their box is ticked.

// samePortal reports whether the form is about the portal whose settings are in force.
func (e *edit) samePortal() bool {
	return e.edited.PortalURL == e.saved.PortalURL || e.portalID != 0 && e.portalID == e.saved.PortalID
}

// funnelGone reports whether a funnel was deleted on the portal.
func (e *edit) funnelGone(id int64) bool { return e.lists.PortalID != 0 && !hasFunnel(e.lists, id) }

func hasFunnel(d portal.Lists, id int64) bool {
	return slices.ContainsFunc(d.Funnels, func(f portal.Funnel) bool { return f.ID == id })
}

// mayChoose reports whether new deals may go into a funnel: it is on the portal, or it was, and nobody has chosen
// another since.
func (e *edit) mayChoose(d portal.Lists, id int64) bool {
	return hasFunnel(d, id) || id == e.saved.CategoryID && e.edited.PortalURL == e.saved.PortalURL
}

// nameFunnel keeps the name of the chosen funnel, unless that is gone: then it is the last that is known.
func (e *edit) nameFunnel() {
	if hasFunnel(e.lists, e.edited.CategoryID) {
		e.edited.FunnelName = e.lists.FunnelName(e.edited.CategoryID)
	}
}

// goneRules are the rules of a funnel's table whose stages are gone and that an administrator has not dropped: as
// posted, or as they were.
func (e *edit) goneRules(category int64, values url.Values) []mapping.StageRule {
	if !e.samePortal() {
		return nil
	}
	return lo.FilterMap(e.saved.Funnels[category].Stages, func(rule mapping.StageRule, _ int) (mapping.StageRule, bool) {
		field := portal.Name + ".stage." + rule.StageID
		if values.Has(field + ".status") {
			rule.Status, rule.Paid = orders.Status(values.Get(field+".status")), isOn(values.Get(field+".paid"))
		}
		isRule := rule.Status == "" || rule.Status.Known() && rule.Status != orders.Deleted
		return rule, isRule && (rule.Status != "" || rule.Paid) && !e.lists.HasStage(category, rule.StageID)
	})
}

// goneRows are the rows of rules whose stages are gone.
func (e *edit) goneRows(category int64) []*stageRow {
	return lo.Map(e.goneRules(category, nil), func(rule mapping.StageRule, _ int) *stageRow {
		return &stageRow{
			id: rule.StageID, name: rule.Name, status: rule.Status, paid: rule.Paid,
			hint: "Удалена на портале. Правило хранится, пока вы не выберете «Не задано»",
		}
	})
}

// goneTypes are the rules of company types that are gone.
func (e *edit) goneTypes() []mapping.CompanyTypeRule {
	return lo.Filter(e.saved.CompanyTypes, func(rule mapping.CompanyTypeRule, _ int) bool {
		there := slices.ContainsFunc(e.lists.CompanyTypes, func(t portal.Entry) bool { return t.ID == rule.ID })
		return e.samePortal() && !there && rule.Type != organizations.NoType
	})
}

// goneFunnels are the tables of funnels that are gone and that an administrator has not dropped.
func (e *edit) goneFunnels(tables map[int64]mapping.Funnel) map[int64]mapping.Funnel {
	return lo.PickBy(tables, func(id int64, _ mapping.Funnel) bool {
		replaced := id == e.saved.CategoryID && id != e.edited.CategoryID
		dropped := e.forget[id] != nil && *e.forget[id]
		return e.samePortal() && e.funnelGone(id) && !replaced && !dropped
	})
}

// forgetFunnels offers to drop the rules of funnels that are gone, besides the chosen one.
func (e *edit) forgetFunnels() (fields []*form.Field) {
	e.forget = map[int64]*bool{}
	for _, id := range slices.Sorted(maps.Keys(e.goneFunnels(e.saved.Funnels))) {
		if id == e.saved.CategoryID {
			continue
		}
		e.forget[id] = new(bool)
		label := fmt.Sprintf("Забыть правила направления «%s»: на портале его нет", e.saved.Funnels[id].Name)
		fields = append(fields, form.Toggle(fmt.Sprintf("forget_funnel.%d", id), label, e.forget[id]))
	}
	return fields
}

// sendAwaiting sends the orders that have waited for this decision.
func (e *edit) sendAwaiting(ctx context.Context, tx *db.Tx) error {
	if !e.samePortal() || len(e.saved.Lost(e.lists)) == 0 {
		return nil
	}
	waiting, err := e.portals.Awaiting(ctx, e.saved, e.lists, -1)
	if err != nil {
		return err
	}
	pushes := lo.Map(waiting.Newest, func(id int64, _ int) jobs.Args { return exchange.PushOrder{ID: id} })
	return e.Jobs.EnqueueAll(tx, pushes, jobs.WithPriority(jobs.Reconcile))
}
