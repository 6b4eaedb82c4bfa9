package emulator

import (
	"net/mail"
	"slices"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A multifield is one phone, e-mail address or the like (REST.md 11.2).
type multifield struct {
	id               int64
	kind, sort, text string // TYPE_ID, VALUE_TYPE, VALUE
}

// multiTypes are the kinds of multifields, in the order in which records show them.
var multiTypes = []string{"PHONE", "EMAIL", "WEB", "IM", "LINK"}

// isMulti reports whether a name is a kind of multifield.
func isMulti(name string) bool {
	return slices.Contains(multiTypes, name)
}

// A multiChange changes or deletes one multifield, or adds it when its id is 0.
type multiChange struct {
	multifield
	drop bool
}

// defaultSort is the VALUE_TYPE of a new multifield that names none.
var defaultSort = map[string]string{"PHONE": "WORK", "EMAIL": "WORK", "WEB": "WORK", "IM": "OTHER", "LINK": "USER"}

// takeMulti reads PHONE, EMAIL and so on as the old family sends them (REST.md 11.3). An entry without ID adds a
// multifield and one with ID changes it. DELETE, or an empty VALUE, deletes it. What is not mentioned stays.
func (c *call) takeMulti(r *record, ch *change, kind string, list *php.Array) error {
	for _, v := range list.All() {
		el, ok := v.(*php.Array)
		if !ok {
			continue
		}
		m := multiChange{
			multifield: multifield{
				php.Int(el.Get("ID")), kind, php.String(el.Get("VALUE_TYPE")), strings.TrimSpace(php.String(el.Get("VALUE"))),
			},
		}
		m.drop = php.String(el.Get("DELETE")) == "Y" || m.text == ""
		if err := ch.addMulti(r, m); err != nil {
			return err
		}
	}
	return nil
}

// takeItemMulti reads fm of crm.item.*. The keys n0, n1 and so on add a multifield, and the number of a multifield
// changes it. An empty value deletes it.
func (c *call) takeItemMulti(e *entity, r *record, ch *change, list *php.Array) error {
	if !e.multi {
		return nil
	}
	for key, v := range list.All() {
		el, ok := v.(*php.Array)
		if !ok {
			continue
		}
		id := php.Int(el.Get("id"))
		if n, numeric := php.IntegerKey(key); id == 0 && numeric && r != nil &&
			slices.ContainsFunc(r.multi, func(m multifield) bool { return m.id == n }) {
			id = n
		}
		m := multiChange{
			multifield: multifield{
				id, strings.ToUpper(php.String(el.Get("typeId"))), php.String(el.Get("valueType")),
				strings.TrimSpace(php.String(el.Get("value"))),
			},
		}
		m.drop = m.text == ""
		if r != nil && m.kind == "" {
			if i := slices.IndexFunc(r.multi, func(x multifield) bool { return x.id == id }); i >= 0 {
				m.kind = r.multi[i].kind
			}
		}
		if !isMulti(m.kind) {
			continue
		}
		if err := ch.addMulti(r, m); err != nil {
			return err
		}
	}
	return nil
}

// addMulti notes one change of a multifield, and refuses an e-mail address that the portal would not take.
func (ch *change) addMulti(r *record, m multiChange) error {
	if m.id == 0 && m.drop {
		return nil
	}
	if m.sort == "" {
		m.sort = defaultSort[m.kind]
		if i := findMulti(r, m.id); i >= 0 {
			m.sort = r.multi[i].sort
		}
	}
	if m.kind == "EMAIL" && !m.drop && !validEmail(m.text) {
		return failed("ERROR_CORE", "The field "+emailNames[m.sort]+" contains an invalid address")
	}
	ch.multi = append(ch.multi, m)
	return nil
}

// emailNames are the names of e-mail types in the portal's error message.
var emailNames = map[string]string{
	"WORK": "Work e-mail", "HOME": "Home e-mail", "MAILING": "Newsletters e-mail", "OTHER": "Other e-mail", "": "E-mail",
}

// validEmail reports whether the portal takes an e-mail address. One bad address refuses the whole record (REST.md
// 11.3).
func validEmail(s string) bool {
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return strings.Contains(domain, ".") && !strings.HasSuffix(domain, ".")
}

// findMulti returns the place of a multifield in its record, or -1.
func findMulti(r *record, id int64) int {
	if r == nil || id == 0 {
		return -1
	}
	return slices.IndexFunc(r.multi, func(m multifield) bool { return m.id == id })
}

// applyMulti applies changes of multifields. It reports whether anything became different.
func (a actor) applyMulti(e *entity, r *record, list []multiChange) (changed bool) {
	if len(list) == 0 {
		return false
	}
	a.unindexMulti(e, r)
	for _, m := range list {
		i := findMulti(r, m.id)
		switch {
		case m.id > 0 && i < 0: // a row of another record, or gone
		case m.drop:
			r.multi = slices.Delete(r.multi, i, i+1)
			changed = true
		case i >= 0:
			changed = changed || r.multi[i] != m.multifield
			r.multi[i] = m.multifield
		default:
			a.lastMulti++
			m.id = a.lastMulti
			r.multi = append(r.multi, m.multifield)
			changed = true
		}
	}
	a.indexMulti(e, r)
	has := func(kind string) string {
		return flag(slices.ContainsFunc(r.multi, func(m multifield) bool { return m.kind == kind }))
	}
	e.put(r, "HAS_PHONE", has("PHONE"))
	e.put(r, "HAS_EMAIL", has("EMAIL"))
	return changed
}

// firstMulti is the value of the first multifield of that kind and type; "" means any type.
func (r *record) firstMulti(kind, sort string) string {
	for _, m := range r.multi {
		if m.kind == kind && (sort == "" || m.sort == sort) {
			return m.text
		}
	}
	return ""
}

// oldMulti shows the multifields of one kind as the old family does.
func oldMulti(r *record, kind string) *php.Array {
	out := &php.Array{}
	for _, m := range r.multi {
		if m.kind == kind {
			out.Append(php.Map("ID", php.String(m.id), "VALUE_TYPE", m.sort, "VALUE", m.text, "TYPE_ID", m.kind))
		}
	}
	return out
}

// flatMulti are the read-only aliases of the first phone and e-mail of a type.
var flatMulti = []struct{ name, kind, sort string }{
	{"phoneMobile", "PHONE", "MOBILE"},
	{"phoneWork", "PHONE", "WORK"},
	{"phoneMailing", "PHONE", "MAILING"},
	{"emailHome", "EMAIL", "HOME"},
	{"emailWork", "EMAIL", "WORK"},
	{"emailMailing", "EMAIL", "MAILING"},
	{"imol", "IM", "IMOL"},
	{"email", "EMAIL", ""},
	{"phone", "PHONE", ""},
}

// itemMulti shows the multifields as crm.item.* does: the first of each type under a flat name, and all of them in fm.
func itemMulti(r *record, out *php.Array, want *selection) {
	for _, x := range flatMulti {
		if want.hasItem(x.name, "") {
			out.Set(x.name, r.firstMulti(x.kind, x.sort))
		}
	}
	if want != nil {
		return // fm cannot be named, it comes with everything only
	}
	list := &php.Array{}
	for _, m := range r.multi {
		list.Append(php.Map("id", m.id, "valueType", m.sort, "value", m.text, "typeId", m.kind))
	}
	out.Set("fm", list)
}
