package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// plainMethods are get, list and fields of a table, the same for every kind.
func (m methods) plainMethods(prefix string, t func(*Portal) *table, gone func(id int64) error) {
	m.add("crm", map[string]func(*call) (any, error){
		prefix + "get": func(c *call) (any, error) {
			r, err := c.plainParam(t(c.Portal), gone)
			if err != nil {
				return nil, err
			}
			return c.oldRow(t(c.Portal), r, nil), nil
		},
		prefix + "list":   func(c *call) (any, error) { return c.oldListOf(t(c.Portal), nil) },
		prefix + "fields": func(c *call) (any, error) { return describeAll(t(c.Portal).schema), nil },
	})
}

// plainParam reads the number of a record that must exist; gone makes the error if it does not.
func (c *call) plainParam(t *table, gone func(id int64) error) (*record, error) {
	id := c.id()
	if id <= 0 {
		return nil, errID
	}
	r := t.rows[id]
	if r == nil {
		return nil, gone(id)
	}
	return r, nil
}

// writable reads the fields that a client may set; unknown and read-only ones are left out. Requisites, products and
// the like, which are no CRM items, are written by it, add and update.
func (c *call) writable(t *table, fields *php.Array, adding bool) map[int]any {
	out := map[int]any{}
	for name, v := range fields.All() {
		at, ok := t.byName[name]
		if !ok || t.fields[at].readOnly || t.fields[at].onAdd && !adding {
			continue
		}
		if value, ok := c.cast(t.fields[at], v); ok {
			out[at] = value
		}
	}
	return out
}

// add stores a new record with stock values where the client named none.
func (c *call) add(t *table, fields *php.Array, stock ...any) *record {
	r := t.make(stock...)
	for at, v := range c.writable(t, fields, true) {
		t.place(r, at, v)
	}
	t.insert(r)
	c.stats.Changes++
	c.save()
	return r
}

// update changes a record; it says whether anything became different.
func (c *call) update(t *table, r *record, fields *php.Array) (changed bool) {
	for at, v := range c.writable(t, fields, false) {
		if !sameValue(r.get(at), v) {
			t.set(r, at, v)
			changed = true
		}
	}
	if changed {
		c.stats.Changes++
		c.save()
	}
	return changed
}
