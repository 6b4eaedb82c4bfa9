package emulator

import (
	"strconv"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// oldValue is how the old family shows a value: every scalar as text, dates with the portal's offset.
func (p *Portal) oldValue(f *field, v any) any {
	if list, ok := v.(*php.Array); ok && f.multiple {
		if list.Len() == 0 {
			return false
		}
		out := &php.Array{}
		for _, el := range list.All() {
			out.Append(p.oldScalar(f, el))
		}
		return out
	}
	if v == nil && f.multiple && f.custom != nil {
		return false
	}
	return p.oldScalar(f, v)
}

// oldScalar shows one value of the old family.
func (p *Portal) oldScalar(f *field, v any) any {
	switch v := v.(type) {
	case nil:
		if f.blank {
			return ""
		}
		return nil
	case float64:
		if f.money {
			return strconv.FormatFloat(v, 'f', 2, 64)
		}
		return php.FormatFloat(v)
	case time.Time:
		return p.showTime(v)
	case *php.Array, php.EmptyObject:
		return v
	}
	if f.class == classFlag && f.kind == "boolean" {
		if v == "Y" {
			return "1"
		}
		return "0"
	}
	return php.String(v)
}

// itemValue is how crm.item.* shows a value: numbers as numbers.
func (p *Portal) itemValue(f *field, v any) any {
	if f.multiple && f.custom != nil {
		list, _ := v.(*php.Array)
		out := &php.Array{}
		for _, el := range list.All() {
			out.Append(p.itemScalar(f, el))
		}
		return out
	}
	return p.itemScalar(f, v)
}

// itemScalar shows one value of crm.item.*.
func (p *Portal) itemScalar(f *field, v any) any {
	switch v := v.(type) {
	case nil:
		if f.zero {
			return int64(0)
		}
		return nil
	case time.Time:
		return p.showTime(v)
	}
	return v
}

// showTime writes an instant with the portal's offset. A date is kept as midnight in UTC and so has the offset's
// hours, 2024-08-30T03:00:00+03:00: the shift that REST.md 6.4 warns of.
func (p *Portal) showTime(at time.Time) string {
	return at.In(p.zone).Format("2006-01-02T15:04:05-07:00")
}

// oldRow shows a record in the old family: the chosen fields, all of them when fields is nil.
func (p *Portal) oldRow(t *table, r *record, want *selection) *php.Array {
	out := &php.Array{}
	for i, f := range t.fields {
		if f.hidden || f.multiple && f.custom == nil || !want.has(f.name) {
			continue
		}
		out.Set(f.name, p.oldValue(f, r.get(i)))
	}
	if t.multi {
		for _, kind := range multiTypes {
			if want.hasMulti(kind) {
				if list := oldMulti(r, kind); list.Len() > 0 {
					out.Set(kind, list)
				}
			}
		}
	}
	return out
}

// describe is what *.fields answers for one field (REST.md 7).
func (f *field) describe() *php.Array {
	d := php.Map(
		"type", f.kind,
		"isRequired", f.required,
		"isReadOnly", f.readOnly,
		"isImmutable", f.onAdd,
		"isMultiple", f.multiple,
		"isDynamic", f.custom != nil,
	)
	if f.status != "" {
		d.Set("statusType", f.status)
	}
	if f.outdated {
		d.Set("isDeprecated", true)
	}
	if f.custom == nil {
		d.Set("title", f.title)
		if parent := parents[f.kind]; parent > 0 && !f.outdated && !f.multiple {
			d.Set("settings", php.Map("parentEntityTypeId", parent))
		}
		return d
	}
	d.Set("title", f.name)
	for _, label := range []string{"listLabel", "formLabel", "filterLabel"} {
		d.Set(label, f.title)
	}
	if f.settings.Len() > 0 {
		d.Set("settings", f.settings)
	}
	if items, ok := f.custom.Get("LIST").(*php.Array); ok && f.kind == "enumeration" {
		d.Set("items", enumItems(items))
	}
	return d
}

// parents are the types of records that a field of a kind points to. 7 is a quote.
var parents = map[string]int64{"crm_lead": typeLead, "crm_company": typeCompany, "crm_quote": 7}

// describeAll is the answer of *.fields: every field of the schema that is not the portal's own.
func describeAll(s *schema) *php.Array {
	out := &php.Array{}
	for _, f := range s.fields {
		if f.name != "" && !f.noField {
			out.Set(f.name, f.describe())
		}
	}
	return out
}

// enumItems are the items of an enumeration as *.fields shows them.
func enumItems(list *php.Array) *php.Array {
	out := &php.Array{}
	for _, v := range list.All() {
		if el, ok := v.(*php.Array); ok {
			out.Append(php.Map("ID", php.String(el.Get("ID")), "VALUE", php.String(el.Get("VALUE"))))
		}
	}
	return out
}
