package portal

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// customField is a custom field of the portal's deals or leads.
type customField struct{ Name, Caption string }

func fieldOf(f rest.UserField, _ int) customField {
	return customField{Name: string(f.FieldName), Caption: string(f.FormLabel)}
}

// Present returns the chosen custom fields without those that the portal lacks: a field that could not be added there
// is not written.
func Present(f mapping.FieldNames, there []customField) mapping.FieldNames {
	for _, custom := range mapping.CustomFields {
		if name := custom.Chosen(&f); !has(there, *name) {
			*name = ""
		}
	}
	return f
}

// has reports whether a field is among those of the portal.
func has(there []customField, name string) bool {
	return slices.ContainsFunc(there, func(c customField) bool { return c.Name == name })
}

// missingField is a custom field that the portal lacks.
type missingField struct {
	mapping.CustomField
	command string         // of the batch that adds it
	owner   string         // in Russian, as in «поле сделки»
	list    *[]customField // the portal's fields of that owner
}

// MakeFields adds to the portal the custom fields of deals and leads that it lacks (crm.deal.userfield.add,
// crm.lead.userfield.add), and notes them in the lists. A field that people chose instead is left alone. The warnings
// say in Russian which fields were refused, and what to do.
func (p *Portals) MakeFields(
	ctx context.Context, client *rest.Client, chosen mapping.FieldNames, d *Lists,
) (warnings []string, err error) {
	batch := rest.Batch{Class: rest.People}
	missing := slices.Concat(
		addMissing(&batch, "crm.deal.userfield.add", "сделки", chosen, &d.DealFields),
		addMissing(&batch, "crm.lead.userfield.add", "лида", chosen, &d.LeadFields),
	)
	if len(missing) == 0 {
		return nil, nil
	}
	result, err := client.Do(ctx, &batch)
	if err != nil {
		return nil, err
	}
	for _, field := range missing {
		if err := result.Error(field.command); err != nil {
			warnings = append(warnings, fmt.Sprintf(
				"Поле %s «%s» создать не удалось (%s). Создайте его в Битрикс24 сами: код %s, тип «Строка».",
				field.owner, field.Caption, Explain(err), strings.TrimPrefix(field.Name, "UF_CRM_"),
			))
			continue
		}
		*field.list = append(*field.list, customField{Name: field.Name, Caption: field.Caption})
	}
	return warnings, nil
}

// addMissing adds to the batch a command for each field of ours that a kind of record lacks.
func addMissing(
	batch *rest.Batch, method, owner string, chosen mapping.FieldNames, there *[]customField,
) (missing []missingField) {
	for i, field := range mapping.CustomFields {
		if !slices.Contains(chosen.All(), field.Name) || has(*there, field.Name) {
			continue // people chose a field of their own, or it is there
		}
		caption := rest.Params{"ru": field.Caption}
		command := fmt.Sprintf("%s%d", strings.ReplaceAll(method, ".", "_"), i)
		batch.Add(command, method, rest.Params{"fields": rest.Params{
			"FIELD_NAME": strings.TrimPrefix(field.Name, "UF_CRM_"), "USER_TYPE_ID": "string", "XML_ID": field.Name,
			"EDIT_FORM_LABEL": caption, "LIST_COLUMN_LABEL": caption, "LIST_FILTER_LABEL": caption,
			"SETTINGS": rest.Params{"ROWS": 3},
		}})
		missing = append(missing, missingField{CustomField: field, command: command, owner: owner, list: there})
	}
	return missing
}
