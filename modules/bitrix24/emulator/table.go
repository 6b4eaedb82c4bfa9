package emulator

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A record keeps its values in the order of its schema's fields; nil is "no value".
type record struct {
	id    int64
	vals  []any
	multi []multifield
}

// get returns a value; a field that was added after the record has none.
func (r *record) get(i int) any {
	if i < len(r.vals) {
		return r.vals[i]
	}
	return nil
}

// A table holds the records of one kind with indexes on the fields that clients look records up by.
type table struct {
	*schema
	name    string
	rows    map[int64]*record
	ids     []int64 // ascending
	last    int64
	indexed map[int]map[string][]int64 // place of the field -> value -> ascending ids
}

// newTable makes an empty table with indexes on the named fields.
func newTable(name string, s *schema, indexed ...string) *table {
	t := &table{schema: s, name: name, rows: map[int64]*record{}, indexed: map[int]map[string][]int64{}}
	for _, field := range indexed {
		t.indexed[s.at(field)] = map[string][]int64{}
	}
	return t
}

// insert adds a record under a new id, or under its own when it has one (a stock record, a reloaded one).
func (t *table) insert(r *record) *record {
	if r.id == 0 {
		r.id = t.last + 1
	}
	t.last = max(t.last, r.id)
	if at, ok := t.byName["ID"]; ok {
		t.place(r, at, r.id)
	}
	t.rows[r.id] = r
	t.ids = insertID(t.ids, r.id)
	for at, values := range t.indexed {
		key := indexKey(r.get(at))
		values[key] = insertID(values[key], r.id)
	}
	return r
}

// remove takes a record out of the table and its indexes.
func (t *table) remove(r *record) {
	delete(t.rows, r.id)
	t.ids = removeID(t.ids, r.id)
	for at, values := range t.indexed {
		key := indexKey(r.get(at))
		if values[key] = removeID(values[key], r.id); len(values[key]) == 0 {
			delete(values, key)
		}
	}
}

// set changes one value of a stored record and keeps the index right.
func (t *table) set(r *record, at int, v any) {
	if values, ok := t.indexed[at]; ok && t.rows[r.id] == r {
		old, now := indexKey(r.get(at)), indexKey(v)
		if old != now {
			if values[old] = removeID(values[old], r.id); len(values[old]) == 0 {
				delete(values, old)
			}
			values[now] = insertID(values[now], r.id)
		}
	}
	t.place(r, at, v)
}

// place sets a value without regard to indexes, for a record that is not stored yet or a field without one.
func (t *table) place(r *record, at int, v any) {
	for len(r.vals) <= at {
		r.vals = append(r.vals, nil)
	}
	r.vals[at] = v
}

// put sets the value of the named field, which must exist.
func (t *table) put(r *record, name string, v any) { t.set(r, t.at(name), v) }

// value returns the value of the named field.
func (t *table) value(r *record, name string) any { return r.get(t.at(name)) }

// text returns a value as PHP's cast to string gives it.
func (t *table) text(r *record, name string) string { return php.String(r.get(t.at(name))) }

// integer returns a value as PHP's intval gives it.
func (t *table) integer(r *record, name string) int64 { return php.Int(r.get(t.at(name))) }

// number returns a value as PHP's floatval gives it.
func (t *table) number(r *record, name string) float64 { return php.Float(r.get(t.at(name))) }

// time returns a value that is a time, else the zero time.
func (t *table) time(r *record, name string) time.Time {
	at, _ := r.get(t.at(name)).(time.Time)
	return at
}

// where returns the records whose indexed field has that value, oldest first.
func (t *table) where(name string, v any) []*record {
	ids := t.indexed[t.at(name)][indexKey(v)]
	out := make([]*record, 0, len(ids))
	for _, id := range ids {
		out = append(out, t.rows[id])
	}
	return out
}

// all returns every record in the order of ids.
func (t *table) all() []*record {
	out := make([]*record, 0, len(t.ids))
	for _, id := range t.ids {
		out = append(out, t.rows[id])
	}
	return out
}

// make builds a record from names and values, not yet stored.
func (t *table) make(pairs ...any) *record {
	r := &record{vals: make([]any, len(t.fields))}
	for i := 0; i+1 < len(pairs); i += 2 {
		r.vals[t.at(pairs[i].(string))] = pairs[i+1]
	}
	return r
}

// indexKey folds a value as the database's collation does: letter case does not count, no value equals 0 and "".
func indexKey(v any) string {
	switch v := v.(type) {
	case int64:
		if v == 0 {
			return ""
		}
		return strconv.FormatInt(v, 10)
	case string:
		return strings.ToLower(v)
	}
	return strings.ToLower(php.String(v))
}

// insertID adds an id to ascending ids, unless it is there.
func insertID(ids []int64, id int64) []int64 {
	if n := len(ids); n == 0 || ids[n-1] < id {
		return append(ids, id)
	}
	at, found := slices.BinarySearch(ids, id)
	if found {
		return ids
	}
	return slices.Insert(ids, at, id)
}

// removeID takes an id out of ascending ids.
func removeID(ids []int64, id int64) []int64 {
	if at, found := slices.BinarySearch(ids, id); found {
		return slices.Delete(ids, at, at+1)
	}
	return ids
}
