package setup

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// tables are «Стадия сделки → Статус заказа», for the chosen funnel and for every other that has deals of ours, and
// «Тип компании». What was never saved is a proposal.
func (e *edit) tables(ctx context.Context) ([]*form.Field, error) {
	funnels, err := e.funnelsInUse(ctx)
	if err != nil {
		return nil, err
	}
	statuses := []form.Option[orders.Status]{{Value: "", Label: "Не задано"}}
	for _, s := range orders.Statuses() {
		statuses = append(statuses, form.Option[orders.Status]{Value: s, Label: s.Label()})
	}
	var fields []*form.Field
	for _, id := range funnels {
		var rows []form.Row
		stages, proposed := e.stageRows(id)
		for _, stage := range stages {
			rows = append(rows, form.Row{Label: stage.name, Hint: stage.hint, Cells: []*form.Field{
				form.Select("stage."+stage.id+".status", "Статус заказа: "+stage.name, &stage.status, statuses),
				form.Toggle("stage."+stage.id+".paid", "Перевести заказ в оплаченный", &stage.paid),
			}})
		}
		if len(rows) == 0 {
			continue
		}
		table := form.Table([]string{"Стадия сделки в Bitrix24", "Статус заказа в Pixlpark", ""}, rows)
		switch {
		case id != e.edited.Against(e.lists).CategoryID:
			table.Label = "Прежнее направление: " + e.lists.FunnelName(id)
		case len(funnels) > 1:
			table.Label = "Направление: " + e.lists.FunnelName(id)
		}
		if proposed {
			table.Hint = "Предложение: вступит в силу после сохранения"
		}
		fields = append(fields, table)
	}
	return append(fields, e.typesTable()), nil
}

// stageRows are the rows of one funnel, as saved or as proposed, and whether anything in them is a proposal.
func (e *edit) stageRows(id int64) (rows []*stageRow, proposed bool) {
	table, saved := e.edited.Funnels[id]
	for _, s := range e.lists.Stages(id) {
		row := &stageRow{id: s.ID, name: s.Name}
		rule, known := lo.Find(table.Stages, func(r mapping.StageRule) bool { return r.StageID == s.ID })
		switch {
		case known:
			row.status, row.paid = rule.Status, rule.Paid
		case !saved:
			row.status = mapping.Proposal(s.ID)
			proposed = proposed || row.status != ""
		}
		rows = append(rows, row)
	}
	rows = append(rows, e.goneRows(id)...)
	return rows, e.proposeSuccessors(id, rows) || proposed
}

// funnelsInUse are the chosen funnel and those that deals of ours are in.
func (e *edit) funnelsInUse(ctx context.Context) ([]int64, error) {
	var used []int64
	err := e.DB.From(ctx).Model(&plan.Link{}).Distinct("category_id").
		Where("portal_id = ? AND entity = ? AND local = ? AND state = ''", e.lists.PortalID, plan.Deal, plan.Order).
		Limit(100).Pluck("category_id", &used).Error
	if err != nil {
		return nil, fmt.Errorf("read funnels in use: %w", err)
	}
	slices.Sort(used)
	return lo.Uniq(append([]int64{e.edited.Against(e.lists).CategoryID}, used...)), nil
}

// typesTable is «Тип компании»: as saved, else as proposed.
func (e *edit) typesTable() *form.Field {
	options := []form.Option[organizations.Type]{{Value: organizations.NoType, Label: "Не задано"}}
	for _, t := range organizations.Types {
		options = append(options, form.Option[organizations.Type]{Value: t.Type, Label: t.Label})
	}
	var rows []form.Row
	for _, t := range e.lists.CompanyTypes {
		value := organizations.NoType
		if rule, ok := lo.Find(e.edited.CompanyTypes, func(r mapping.CompanyTypeRule) bool { return r.ID == t.ID }); ok {
			value = rule.Type
		} else if e.edited.CompanyTypes == nil {
			value = mapping.CompanyTypeProposal(t.ID)
		}
		rows = append(rows, form.Row{Label: t.Name, Cells: []*form.Field{
			form.Select("company_type."+t.ID, "Тип компании: "+t.Name, &value, options),
		}})
	}
	return form.Table([]string{"Тип компании в Bitrix24", "Тип компании в Pixlpark"}, rows)
}

// bindTables reads both tables as posted against the portal's present lists: a form sent in one go may hold rows that
// were never shown.
func (e *edit) bindTables(values url.Values) error {
	prefix := portal.Name + "."
	previous := e.edited.Funnels
	e.edited.Funnels = e.goneFunnels(previous)
	for id, table := range previous {
		if hasFunnel(e.lists, id) {
			e.edited.Funnels[id] = table
		}
	}
	for _, f := range e.lists.Funnels {
		table := mapping.Funnel{Name: f.Name}
		posted := false
		for _, s := range f.Stages {
			rule := mapping.StageRule{StageID: s.ID, Name: s.Name}
			if old, ok := lo.Find(previous[f.ID].Stages, func(r mapping.StageRule) bool { return r.StageID == s.ID }); ok {
				rule.Status, rule.Paid = old.Status, old.Paid
			}
			if values.Has(prefix + "stage." + s.ID + ".status") {
				posted = true
				rule.Status = orders.Status(values.Get(prefix + "stage." + s.ID + ".status"))
				rule.Paid = isOn(values.Get(prefix + "stage." + s.ID + ".paid"))
				if rule.Status != "" && (!rule.Status.Known() || rule.Status == orders.Deleted) {
					return form.FieldError{Name: "stage." + s.ID + ".status", Message: "Выберите статус из списка"}
				}
			}
			table.Stages = append(table.Stages, rule)
		}
		table.Stages = append(table.Stages, e.goneRules(f.ID, values)...)
		if _, known := previous[f.ID]; posted || known {
			e.edited.Funnels[f.ID] = table
		}
	}
	var types []mapping.CompanyTypeRule
	posted := false
	for _, t := range e.lists.CompanyTypes {
		rule, _ := lo.Find(e.edited.CompanyTypes, func(r mapping.CompanyTypeRule) bool { return r.ID == t.ID })
		rule.ID = t.ID
		if values.Has(prefix + "company_type." + t.ID) {
			posted = true
			rule.Type = organizations.Type(values.Get(prefix + "company_type." + t.ID))
			if rule.Type.Label() == "" {
				return form.FieldError{Name: "company_type." + t.ID, Message: "Выберите тип из списка"}
			}
		}
		types = append(types, rule)
	}
	types = append(types, e.goneTypes()...)
	if posted || e.edited.CompanyTypes != nil {
		e.edited.CompanyTypes = types
	}
	return nil
}

// isOn reads a posted check box like form.Toggle does.
func isOn(s string) bool {
	return !slices.Contains([]string{"", "0", "false", "off", "no"}, strings.ToLower(s))
}
