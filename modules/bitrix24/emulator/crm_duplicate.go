package emulator

import (
	"slices"
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A commKey names a record in the index of phones and e-mail addresses.
type commKey struct {
	typeID, id int64
}

// commKeyOf is the key of that index: "PHONE 79990000000" or "EMAIL a@b.ru".
func (p *Portal) commKeyOf(kind, value string) string {
	if kind == "EMAIL" {
		return "EMAIL " + strings.ToLower(strings.TrimSpace(value))
	}
	return kind + " " + phoneDigits(value)
}

// phoneDigits are the digits of a phone number without its extension.
func phoneDigits(s string) string {
	s = strings.ToLower(s)
	for _, mark := range []string{";", ",", "#", "доб", "ext", "x"} {
		if i := strings.Index(s, mark); i > 0 {
			s = s[:i]
		}
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// indexMulti adds the phones and addresses of a record to the index.
func (a actor) indexMulti(e *entity, r *record) {
	for _, m := range r.multi {
		if m.kind != "PHONE" && m.kind != "EMAIL" {
			continue
		}
		key := a.commKeyOf(m.kind, m.text)
		if a.comm[key] == nil {
			a.comm[key] = map[commKey]bool{}
		}
		a.comm[key][commKey{e.typeID, r.id}] = true
	}
}

// unindexMulti takes the phones and addresses of a record out of the index.
func (a actor) unindexMulti(e *entity, r *record) {
	for _, m := range r.multi {
		key := a.commKeyOf(m.kind, m.text)
		if delete(a.comm[key], commKey{e.typeID, r.id}); len(a.comm[key]) == 0 {
			delete(a.comm, key)
		}
	}
}

// commIDs returns a function that finds records of one kind by a phone or an address. For a multifield that is not
// indexed it returns all of them, and the filter decides.
func (p *Portal) commIDs(e *entity) func(kind, value string) []int64 {
	return func(kind, value string) []int64 {
		if kind != "PHONE" && kind != "EMAIL" {
			return e.ids
		}
		return p.commOf(e.typeID, kind, value)
	}
}

// commOf returns the numbers of the records of a kind that have that phone or address, ascending.
func (p *Portal) commOf(typeID int64, kind, value string) []int64 {
	var out []int64
	for k := range p.comm[p.commKeyOf(kind, value)] {
		if k.typeID == typeID {
			out = append(out, k.id)
		}
	}
	slices.Sort(out)
	return out
}

// duplicateMethods is crm.duplicate.findbycomm (REST.md 13.1).
func (m methods) duplicateMethods() {
	m.add("crm", map[string]func(*call) (any, error){"crm.duplicate.findbycomm": findByComm})
}

// commLimit is the largest number of values, and of found records of one kind.
const commLimit = 20

// findByComm is crm.duplicate.findbycomm. A success without duplicates is [], and a kind without any has no member.
// When one kind fills the limit, the kinds after it are left out without a word.
func findByComm(c *call) (any, error) {
	kind, _ := c.params.Either("type", "TYPE")
	list, _ := c.params.Either("values", "VALUES")
	only, _ := c.params.Either("entity_type", "ENTITY_TYPE")
	values, _ := list.(*php.Array)
	switch kind := strings.ToUpper(php.String(kind)); {
	case kind == "":
		return nil, failed("Communication type is not defined", "Parameter 'type' is required.")
	case kind != "PHONE" && kind != "EMAIL":
		return nil, failed(
			"Communication type '"+kind+"' is not supported in current context", "Parameter 'type' is not supported.",
		)
	case values.Len() == 0:
		return nil, failed("Communication values is not defined", "Parameter 'values' is required.")
	}
	out := &php.Array{}
	for _, e := range c.entities() {
		if e.typeID == typeDeal || php.String(only) != "" && !strings.EqualFold(php.String(only), e.code) {
			continue
		}
		ids := c.duplicatesOf(e, strings.ToUpper(php.String(kind)), values)
		if len(ids) == 0 {
			continue
		}
		found := &php.Array{}
		for _, id := range ids[:min(len(ids), commLimit)] {
			found.Append(id)
		}
		out.Set(e.code, found)
		if len(ids) >= commLimit {
			break // the other kinds are left out without a word
		}
	}
	return out, nil
}

// duplicatesOf finds the records of one kind that have any of the values.
func (c *call) duplicatesOf(e *entity, kind string, values *php.Array) []int64 {
	var ids []int64
	for i, v := range values.Values() {
		if i == commLimit {
			break
		}
		ids = append(ids, c.commOf(e.typeID, kind, php.String(v))...)
		if digits := phoneDigits(php.String(v)); kind == "PHONE" && c.behaviour.EightIsSeven && len(digits) == 11 &&
			strings.ContainsRune("78", rune(digits[0])) {
			ids = append(ids, c.commOf(e.typeID, kind, string('7'+'8'-digits[0])+digits[1:])...)
		}
	}
	lag := time.Duration(c.behaviour.DuplicateLagMS) * time.Millisecond
	ids = slices.DeleteFunc(ids, func(id int64) bool {
		return lag > 0 && c.now().Sub(e.time(e.rows[id], "DATE_CREATE")) < lag
	})
	slices.Sort(ids)
	return slices.Compact(ids)
}
