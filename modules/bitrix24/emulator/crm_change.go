package emulator

import (
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A change is what a client or a person wants of a record. Its values are already cast to the fields' classes.
type change struct {
	vals  map[int]any
	multi []multiChange
	links []link // the whole new set; nil = untouched
	// primary replaces the primary link only: CONTACT_ID of a deal, COMPANY_ID of a contact.
	primary  *int64
	contacts []int64 // of a company; nil = untouched
	strict   bool    // crm.item.*: a wrong value is an error, an unchanged record is not saved
	imported bool    // no robots, times may be given
}

// has reports whether the change names the field.
func (ch *change) has(e *entity, name string) bool {
	_, ok := ch.vals[e.at(name)]
	return ok
}

// set puts a value under the field's name of the old family.
func (ch *change) set(e *entity, name string, v any) {
	ch.vals[e.at(name)] = v
}

// setDefault sets a value that the client did not name.
func (ch *change) setDefault(e *entity, name string, v any) {
	if !ch.has(e, name) {
		ch.set(e, name, v)
	}
}

// oldChange reads the fields of an old method. A field that is unknown or may not be written is left out without an
// error.
func (c *call) oldChange(e *entity, r *record, fields *php.Array, imported bool) (*change, error) {
	ch := &change{vals: map[int]any{}, imported: imported}
	for name, v := range fields.All() {
		if err := c.take(e, r, ch, name, v); err != nil {
			return nil, err
		}
	}
	return ch, nil
}

// itemChange reads the fields of crm.item.*. They have camelCase names; multifields, and custom fields on demand, have
// the names of the old family.
func (c *call) itemChange(e *entity, r *record, fields *php.Array, imported bool) (*change, error) {
	ch := &change{vals: map[int]any{}, strict: true, imported: imported}
	originalUF := php.Bool(c.params.Get("useOriginalUfNames")) && php.String(c.params.Get("useOriginalUfNames")) != "N"
	for name, v := range fields.All() {
		switch {
		case name == "fm":
			list, _ := v.(*php.Array)
			if err := c.takeItemMulti(e, r, ch, list); err != nil {
				return nil, err
			}
			continue
		case name == "contactIds", name == "companyIds":
			if _, ok := v.(*php.Array); !ok && v != nil {
				return nil, failed("100", "Expected iterable value for multiple field, but got "+php.TypeName(v)+" instead")
			}
			name = strings.ToUpper(name[:7]) + "_IDS"
			if e.typeID == typeCompany {
				name = "CONTACT_ID"
			}
		case name == "categoryId":
			c.takeCategory(e, ch, v)
			continue
		case name == "observers":
			c.takeObservers(e, ch, v)
			continue
		case name == "leadId":
			if at, ok := e.byName["LEAD_ID"]; ok && r == nil {
				ch.vals[at] = php.Int(v)
			}
			continue
		case isMulti(name):
		default:
			at, ok := e.itemField(name, originalUF)
			if !ok {
				continue
			}
			f := e.fields[at]
			if f.multiple && f.custom != nil && v != nil {
				if _, ok := v.(*php.Array); !ok {
					return nil, failed("100", "Expected iterable value for multiple field, but got "+php.TypeName(v)+" instead")
				}
			}
			name = f.name
		}
		if err := c.take(e, r, ch, name, v); err != nil {
			return nil, err
		}
	}
	return ch, nil
}

// importable are the read-only fields that an import may set (REST.md 18).
var importable = map[string]bool{
	"DATE_CREATE": true, "DATE_MODIFY": true, "CREATED_BY_ID": true, "MODIFY_BY_ID": true, "MOVED_TIME": true,
	"MOVED_BY_ID":        true,
	"LAST_ACTIVITY_TIME": true, "LAST_ACTIVITY_BY": true,
}

// take puts one value into the change, under its name in the old family.
func (c *call) take(e *entity, r *record, ch *change, name string, v any) error {
	if e.multi && isMulti(name) {
		list, _ := v.(*php.Array)
		return c.takeMulti(r, ch, name, list)
	}
	at, ok := e.byName[name]
	if !ok {
		return nil
	}
	f := e.fields[at]
	switch {
	case name == "CLOSED": // follows the stage
		return nil
	case e.links != nil && name == e.links.name+"S":
		ch.links = linksFrom(v)
		return nil
	case e.links != nil && name == e.links.name:
		id := php.Int(v)
		ch.primary = &id
		return nil
	case e.typeID == typeCompany && name == "CONTACT_ID":
		ch.contacts = idsFrom(v)
		return nil
	case f.readOnly && (!ch.imported || !importable[name]), f.onAdd && r != nil:
		return nil
	}
	if out, ok := c.cast(f, v); ok {
		ch.vals[at] = out
	}
	return nil
}

// takeCategory notes the wanted funnel, which only crm.item.* can change.
func (c *call) takeCategory(e *entity, ch *change, v any) {
	if at, ok := e.byName["CATEGORY_ID"]; ok {
		ch.vals[at] = php.Int(v)
	}
}

// takeObservers notes the wanted observers of crm.item.*.
func (c *call) takeObservers(e *entity, ch *change, v any) {
	out := &php.Array{}
	for _, id := range idsFrom(v) {
		out.Append(id)
	}
	ch.set(e, "OBSERVERS", out)
}

// idsFrom reads a list of ids and leaves out what is no id. The result is never nil, because nil would mean
// "unchanged".
func idsFrom(v any) []int64 {
	out := []int64{}
	for _, el := range scalars(v) {
		if id := php.Int(el); id > 0 {
			out = append(out, id)
		}
	}
	return out
}
