package emulator

import (
	"math"
	"slices"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// pageSize is the number of records of one answer.
const pageSize = 50

// A query is one page of a table.
type query struct {
	filter *filter
	order  []orderBy
	start  int64 // -1: no counting, from the beginning
}

// An orderBy is one key of an order.
type orderBy struct {
	at   int
	desc bool
}

// A listing is one page of records. total and next are answered only when counted.
type listing struct {
	rows    []*record
	total   int
	counted bool
	next    int64 // 0 on the last page
}

// find answers one page. When nothing is counted, it stops as soon as the page is full.
func (t *table) find(q query, byComm func(kind, value string) []int64) listing {
	ids := t.candidates(q.filter, byComm)
	byID, desc := q.byID(t)
	if byID && desc {
		ids = slices.Clone(ids)
		slices.Reverse(ids)
	}
	enough := math.MaxInt
	if q.start < 0 && byID {
		enough = pageSize
	}
	var found []*record
	for _, id := range ids {
		if r := t.rows[id]; r != nil && q.filter.match(r) {
			if found = append(found, r); len(found) == enough {
				break
			}
		}
	}
	if !byID {
		slices.SortStableFunc(found, q.compare)
	}
	out := listing{total: len(found), counted: q.start >= 0}
	from := int(max(q.start, 0)) / pageSize * pageSize
	to := min(from+pageSize, len(found))
	if from < to {
		out.rows = found[from:to]
	}
	if out.counted && to < len(found) && from < to {
		out.next = int64(to)
	}
	return out
}

// matching returns all that match, in order, without pages.
func (t *table) matching(q query) []*record {
	var found []*record
	for _, id := range t.candidates(q.filter, nil) {
		if r := t.rows[id]; r != nil && q.filter.match(r) {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, q.compare)
	return found
}

// byID reports whether the order is that of the ids, in which records are kept: then nothing has to be sorted.
func (q *query) byID(t *table) (yes, desc bool) {
	if len(q.order) == 0 {
		return true, false
	}
	return t.fields[q.order[0].at].name == "ID", q.order[0].desc
}

// compare orders two records by the keys of the query.
func (q *query) compare(a, b *record) int {
	for _, o := range q.order {
		n := compare(a.get(o.at), b.get(o.at))
		if o.desc {
			n = -n
		}
		if n != 0 {
			return n
		}
	}
	return 0
}

// candidates narrows the ids by the best indexed equality and by bounds of ID. It may return too many; the filter
// decides.
func (t *table) candidates(f *filter, byComm func(kind, value string) []int64) []int64 {
	ids := t.ids
	if f == nil || f.any {
		return ids
	}
	for _, c := range f.conds {
		if c.not {
			continue
		}
		var found []int64
		values, indexed := t.indexed[c.at]
		switch {
		case c.multi != "" && byComm != nil:
			for _, v := range c.values {
				found = append(found, byComm(c.multi, php.String(v))...)
			}
		case c.multi != "" || c.op != "=" || slices.Contains(c.values, nil):
			continue
		case t.fields[c.at].name == "ID":
			for _, v := range c.values {
				found = append(found, php.Int(v))
			}
		case indexed:
			for _, v := range c.values {
				found = append(found, values[indexKey(v)]...)
			}
		default:
			continue
		}
		if len(found) < len(ids) {
			slices.Sort(found)
			ids = slices.Compact(found)
		}
	}
	return t.bounded(f, ids)
}

// bounded cuts the ids by >ID, >=ID, <ID and <=ID.
func (t *table) bounded(f *filter, ids []int64) []int64 {
	for _, c := range f.conds {
		if c.multi != "" || c.not || c.op == "=" || c.op[0] == '%' || t.fields[c.at].name != "ID" || len(c.values) != 1 {
			continue
		}
		bound := php.Int(c.values[0])
		switch c.op {
		case ">":
			bound++
			fallthrough
		case ">=":
			at, _ := slices.BinarySearch(ids, bound)
			ids = ids[at:]
		case "<=":
			bound++
			fallthrough
		case "<":
			at, _ := slices.BinarySearch(ids, bound)
			ids = ids[:at]
		}
	}
	return ids
}

// sortKeys reads an order. Fields that find does not know are left out.
func sortKeys(spec *php.Array, find func(name string) (int, bool)) []orderBy {
	var out []orderBy
	for name, dir := range spec.All() {
		if at, ok := find(name); ok {
			out = append(out, orderBy{at, strings.HasPrefix(strings.ToUpper(php.String(dir)), "DESC")})
		}
	}
	return out
}

// oldListOf answers a list of the old family, with its parameters filter, order, select and start (REST.md 6).
func (c *call) oldListOf(t *table, byComm func(kind, value string) []int64) (any, error) {
	spec, err := c.arrayParam("filter")
	if err != nil {
		return nil, err
	}
	order, err := c.arrayParam("order")
	if err != nil {
		return nil, err
	}
	columns, err := c.arrayParam("select")
	if err != nil {
		return nil, err
	}
	q := query{filter: c.oldFilter(t, spec), start: php.Int(c.params.Get("start"))}
	q.order = sortKeys(order, func(name string) (int, bool) {
		at, ok := t.byName[strings.ToUpper(name)]
		return at, ok
	})
	want := oldSelection(columns)
	out := &php.Array{}
	for _, r := range c.page(t, q, byComm) {
		out.Append(c.oldRow(t, r, want))
	}
	return out, nil
}

// wholeList filters and orders a table that is answered without pages. total is the count.
func (c *call) wholeList(t *table) []*record {
	spec, _ := c.arrayParam("filter")
	order, _ := c.arrayParam("order")
	q := query{filter: c.oldFilter(t, spec), start: -1}
	q.order = sortKeys(order, func(name string) (int, bool) {
		at, ok := t.byName[strings.ToUpper(name)]
		return at, ok
	})
	if len(q.order) == 0 {
		if at, ok := t.byName["SORT"]; ok {
			q.order = []orderBy{{at: at}}
		}
	}
	list := t.matching(q)
	c.counted, c.total = true, len(list)
	return list
}

// page finds one page and notes next and total for the answer. With start = -1 total is 0 (REST.md 6.1).
func (c *call) page(t *table, q query, byComm func(kind, value string) []int64) []*record {
	page := t.find(q, byComm)
	c.counted = true
	if page.counted {
		c.total, c.next = page.total, page.next
	}
	return page.rows
}
