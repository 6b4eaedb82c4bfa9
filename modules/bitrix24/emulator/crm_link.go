package emulator

import (
	"cmp"
	"slices"
)

// A link binds a record to another: a contact to a deal, a company to a contact.
type link struct {
	id, sort, role int64
	primary        bool
}

// links holds all links of one kind, and finds them from both sides. name is the field with the number of the primary
// one, such as CONTACT_ID.
type links struct {
	name   string
	owners map[int64][]link
	back   map[int64][]int64 // linked id -> owners, ascending
}

// newLinks makes an empty set of links whose primary one is kept in the named field.
func newLinks(name string) *links {
	return &links{name: name, owners: map[int64][]link{}, back: map[int64][]int64{}}
}

// of returns a copy of an owner's links, in order.
func (l *links) of(owner int64) []link {
	return slices.Clone(l.owners[owner])
}

// replace sets the links of an owner. A repeated one is dropped. Exactly one is primary: the first that is marked so,
// else the first of all.
func (l *links) replace(owner int64, list []link) {
	for _, old := range l.owners[owner] {
		if l.back[old.id] = removeID(l.back[old.id], owner); len(l.back[old.id]) == 0 {
			delete(l.back, old.id)
		}
	}
	var out []link
	primary := max(0, slices.IndexFunc(list, func(x link) bool { return x.primary }))
	for i, x := range list {
		if slices.ContainsFunc(out, func(y link) bool { return y.id == x.id }) {
			continue
		}
		x.primary = i == primary
		if x.sort == 0 {
			x.sort = int64(i+1) * 10
		}
		out = append(out, x)
		l.back[x.id] = insertID(l.back[x.id], owner)
	}
	slices.SortStableFunc(out, func(a, b link) int { return cmp.Compare(a.sort, b.sort) })
	if l.owners[owner] = out; len(out) == 0 {
		delete(l.owners, owner)
	}
}

// primary is the number of the primary linked record, 0 when there is none.
func (l *links) primary(owner int64) int64 {
	for _, x := range l.owners[owner] {
		if x.primary {
			return x.id
		}
	}
	return 0
}

// add adds a link. It returns false when the two are linked already.
func (l *links) add(owner int64, x link) bool {
	list := l.of(owner)
	if slices.ContainsFunc(list, func(y link) bool { return y.id == x.id }) {
		return false
	}
	if x.sort == 0 {
		x.sort = int64(len(list)+1) * 10
	}
	if x.primary {
		for i := range list {
			list[i].primary = false
		}
	}
	l.replace(owner, append(list, x))
	return true
}

// drop removes a link. It returns false when the two are not linked.
func (l *links) drop(owner, id int64) bool {
	list := l.of(owner)
	left := slices.DeleteFunc(list, func(x link) bool { return x.id == id })
	if len(left) == len(l.owners[owner]) {
		return false
	}
	l.replace(owner, left)
	return true
}

// applyLinks applies the links of a change and keeps the field of the primary one in step. It reports whether they
// changed.
func (a actor) applyLinks(e *entity, r *record, ch *change) bool {
	if ch.contacts != nil {
		return a.setCompanyContacts(r.id, linksFromIDs(ch.contacts))
	}
	if e.links == nil || ch.links == nil && ch.primary == nil {
		return false
	}
	list := ch.links
	if list == nil {
		list = e.links.of(r.id)
		list = slices.DeleteFunc(list, func(x link) bool { return x.primary || x.id == *ch.primary })
	}
	if ch.primary != nil && *ch.primary > 0 {
		for i := range list {
			list[i].primary = list[i].id == *ch.primary
		}
		if !slices.ContainsFunc(list, func(x link) bool { return x.primary }) {
			list = slices.Insert(list, 0, link{id: *ch.primary, primary: true})
		}
		for i := range list {
			list[i].sort = int64(i+1) * 10
		}
	} else if ch.primary != nil && ch.links == nil {
		list = nil
	}
	return a.setLinks(e, r, list)
}

// linksFromIDs makes links of ids, in their order and without a primary one.
func linksFromIDs(ids []int64) []link {
	var out []link
	for i, id := range ids {
		out = append(out, link{id: id, sort: int64(i+1) * 10})
	}
	return out
}

// setLinks replaces the links of a record and the field of the primary one. It reports whether they changed.
func (a actor) setLinks(e *entity, r *record, list []link) bool {
	before := e.links.of(r.id)
	e.links.replace(r.id, list)
	e.put(r, e.links.name, e.links.primary(r.id))
	return !slices.Equal(before, e.links.owners[r.id])
}

// companyContacts returns the contacts of a company. They are kept with the contacts, and seen from the company's side
// here.
func (d *data) companyContacts(company int64) []link {
	var out []link
	for _, contact := range d.contacts.links.back[company] {
		for _, x := range d.contacts.links.owners[contact] {
			if x.id == company {
				out = append(out, link{id: contact, sort: x.sort, role: x.role, primary: x.primary})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b link) int { return cmp.Compare(a.sort, b.sort) })
	return out
}

// setCompanyContacts replaces the contacts of a company. Which company is the primary one is a matter of each
// contact's own list.
func (a actor) setCompanyContacts(company int64, list []link) bool {
	changed := false
	for _, old := range a.companyContacts(company) {
		if !slices.ContainsFunc(list, func(x link) bool { return x.id == old.id }) {
			changed = a.linkCompany(old.id, company, nil) || changed
		}
	}
	for _, x := range list {
		changed = a.linkCompany(x.id, company, &x) || changed
	}
	return changed
}

// linkCompany links a contact to a company as x says, or unlinks it when x is nil.
func (a actor) linkCompany(contact, company int64, x *link) (changed bool) {
	r := a.contacts.rows[contact]
	if r == nil {
		return false
	}
	if x == nil {
		changed = a.contacts.links.drop(contact, company)
	} else {
		changed = a.contacts.links.add(contact, link{
			id: company, sort: x.sort, primary: x.primary || a.contacts.links.primary(contact) == 0,
		})
	}
	a.contacts.put(r, "COMPANY_ID", a.contacts.links.primary(contact))
	return changed
}

// unlink removes a deleted record from the links of all others.
func (a actor) unlink(e *entity, r *record) {
	if e.links != nil {
		e.links.replace(r.id, nil)
	}
	if e.typeID == typeContact {
		for _, owner := range []*entity{a.deals, a.leads} {
			for _, id := range slices.Clone(owner.links.back[r.id]) {
				owner.links.drop(id, r.id)
				owner.put(owner.rows[id], "CONTACT_ID", owner.links.primary(id))
			}
		}
	}
	if e.typeID == typeCompany {
		for _, id := range slices.Clone(a.contacts.links.back[r.id]) {
			a.linkCompany(id, r.id, nil)
		}
		for _, owner := range []*entity{a.deals, a.leads} {
			for _, x := range owner.where("COMPANY_ID", r.id) {
				owner.put(x, "COMPANY_ID", int64(0))
			}
		}
	}
}

// linksFrom reads a list of ids as links; the first is the primary one.
func linksFrom(v any) []link {
	out := []link{}
	for i, id := range idsFrom(v) {
		out = append(out, link{id: id, sort: int64(i+1) * 10, primary: i == 0})
	}
	return out
}
