package emulator

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A filter is a tree of conditions. All of them must hold, or one of them when any is set: logic OR of crm.item.list.
type filter struct {
	any   bool
	conds []condition
	subs  []*filter
}

// A condition compares one field, or the multifields of one kind, with values of which one is enough.
type condition struct {
	at     int    // place of the field
	multi  string // or the kind of multifield
	op     string // =, <, <=, >, >=, % (contains), %= (pattern)
	not    bool
	values []any // already of the field's kind; nil is "no value"
}

// prefixes are those of filter keys with their meaning, the longest first (REST.md 6.2).
var prefixes = []struct {
	text, op string
	not      bool
}{
	{"!=%", "%=", true},
	{"!%=", "%=", true},
	{"!@", "=", true},
	{"!=", "=", true},
	{"!%", "%", true},
	{">=", ">=", false},
	{"<=", "<=", false},
	{"=%", "%=", false},
	{"%=", "%=", false},
	{"!", "=", true},
	{">", ">", false},
	{"<", "<", false},
	{"@", "=", false},
	{"%", "%", false},
	{"=", "=", false},
}

// splitKey takes the prefix off a key of a filter.
func splitKey(key string) (op string, not bool, name string) {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(key, p.text); ok {
			return p.op, p.not, rest
		}
	}
	return "=", false, key
}

// oldFilter reads the filter of an old list method. A field that it does not know is left out without an error, so a
// misspelt name matches the whole table.
func (p *Portal) oldFilter(t *table, spec *php.Array) *filter {
	f := &filter{}
	for key, v := range spec.All() {
		op, not, name := splitKey(key)
		name = strings.ToUpper(name)
		if t.multi && isMulti(name) {
			f.conds = append(f.conds, condition{at: -1, multi: name, op: "=", not: not, values: scalars(v)})
			continue
		}
		at, ok := t.byName[name]
		if !ok || t.fields[at].multiple && t.fields[at].custom == nil {
			continue
		}
		if kind := t.fields[at].kind; op == "%" && (kind == "crm_status" || kind == "crm_contact" || kind == "crm_company") {
			continue
		}
		f.conds = append(f.conds, p.condition(t, at, op, not, v))
	}
	return f
}

// itemFilter reads the filter of crm.item.list. Unknown fields are refused, and conditions may be nested with logic
// OR.
func (p *Portal) itemFilter(t *table, spec *php.Array, originalUF bool) (*filter, error) {
	f := &filter{}
	for key, v := range spec.All() {
		if _, numeric := php.IntegerKey(key); numeric {
			sub, ok := v.(*php.Array)
			if !ok {
				continue
			}
			nested, err := p.itemFilter(t, sub, originalUF)
			if err != nil {
				return nil, err
			}
			f.subs = append(f.subs, nested)
			continue
		}
		if strings.EqualFold(key, "logic") {
			f.any = strings.EqualFold(php.String(v), "OR")
			continue
		}
		op, not, name := splitKey(key)
		at, ok := t.itemField(name, originalUF)
		if !ok {
			return nil, failed("INVALID_ARG_VALUE", "Invalid filter: field '"+name+"' is not allowed in filter")
		}
		f.conds = append(f.conds, p.condition(t, at, op, not, v))
	}
	return f, nil
}

// itemField finds a field by its name in crm.item.*.
func (s *schema) itemField(name string, originalUF bool) (int, bool) {
	if originalUF && strings.HasPrefix(name, "UF_") {
		at, ok := s.byName[name]
		return at, ok
	}
	at, ok := s.byItem[name]
	return at, ok
}

// scalars are the elements of a list, or the value alone.
func scalars(v any) []any {
	list, ok := v.(*php.Array)
	if !ok {
		return []any{v}
	}
	return list.Values()
}

// condition reads one condition.
func (p *Portal) condition(t *table, at int, op string, not bool, v any) condition {
	f := t.fields[at]
	c := condition{at: at, op: op, not: not}
	for _, el := range scalars(v) {
		c.values = append(c.values, p.operand(f, op, el))
	}
	return c
}

// operand makes a value of a filter comparable with what the field keeps. "" and false mean "no value".
func (p *Portal) operand(f *field, op string, v any) any {
	if v == false && f.class == classFlag {
		return "N"
	}
	if v == nil || v == "" || v == false {
		return nil
	}
	if op == "%" || op == "%=" {
		return strings.ToLower(php.String(v))
	}
	switch f.class {
	case classInteger:
		return php.Int(v)
	case classDouble:
		return php.Float(v)
	case classDate, classDatetime:
		at, ok := p.parseTime(php.String(v))
		if !ok {
			return nil
		}
		if f.class == classDate {
			return dayOf(at, p.zone)
		}
		return at
	case classFlag:
		if s := php.String(v); s == "1" || s == "0" || f.kind == "boolean" {
			return flag(php.Bool(v) && s != "N")
		}
	}
	return php.String(v)
}

// match reports whether a record fits. A nil filter fits all.
func (f *filter) match(r *record) bool {
	if f == nil {
		return true
	}
	for i := range f.conds {
		if f.conds[i].match(r) == f.any {
			return f.any
		}
	}
	for _, sub := range f.subs {
		if sub.match(r) == f.any {
			return f.any
		}
	}
	return !f.any || len(f.conds)+len(f.subs) == 0
}

// match reports whether a record fits. Of a multiple field one fitting element is enough.
func (c *condition) match(r *record) bool {
	if c.multi != "" {
		return slices.ContainsFunc(r.multi, func(m multifield) bool {
			return m.kind == c.multi &&
				slices.ContainsFunc(c.values, func(v any) bool { return strings.EqualFold(php.String(v), m.text) })
		}) != c.not
	}
	v := r.get(c.at)
	if list, ok := v.(*php.Array); ok {
		return slices.ContainsFunc(list.Values(), c.matchOne) != c.not
	}
	return c.matchOne(v) != c.not
}

// matchOne compares without regard to not, which is the caller's matter.
func (c *condition) matchOne(v any) bool {
	for _, want := range c.values {
		if matches(c.op, v, want) {
			return true
		}
	}
	return false
}

// matches compares a kept value with an operand.
func matches(op string, v, want any) bool {
	switch op {
	case "%":
		return strings.Contains(strings.ToLower(php.String(v)), php.String(want))
	case "%=":
		return like(strings.ToLower(php.String(v)), php.String(want))
	case "=":
		if want == nil || want == int64(0) {
			return v == nil || v == "" || v == int64(0)
		}
		return v != nil && compare(v, want) == 0
	}
	if v == nil || want == nil {
		return false
	}
	n := compare(v, want)
	switch op {
	case ">":
		return n > 0
	case ">=":
		return n >= 0
	case "<":
		return n < 0
	}
	return n <= 0
}

// compare orders two values of one kind; text without regard to letter case.
func compare(a, b any) int {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
		return cmp.Compare(float64(a), php.Float(b))
	case float64:
		return cmp.Compare(a, php.Float(b))
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Compare(b)
		}
	case nil:
		if b == nil {
			return 0
		}
		return -1
	}
	if b == nil {
		return 1
	}
	return strings.Compare(strings.ToLower(php.String(a)), strings.ToLower(php.String(b)))
}

// like compares as SQL's LIKE does: % stands for any text, _ for one letter.
func like(s, pattern string) bool {
	text, want := []rune(s), []rune(pattern)
	i, j, star, mark := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case j < len(want) && want[j] == '%':
			star, mark = j, i
			j++
		case j < len(want) && (want[j] == '_' || want[j] == text[i]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(want) && want[j] == '%' {
		j++
	}
	return j == len(want)
}
