package emulator

import (
	"cmp"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// An entity is one of the four kinds of CRM records, with its table.
type entity struct {
	*table
	typeID int64
	code   string // DEAL, in event names and answers
	method string // crm.deal.*
	short  string // D
	title  string // for default titles and pages
	links  *links // contacts of a deal or lead, companies of a contact; nil for a company
	events string // CRMDEAL

	bin map[int64]binned // the recycle bin of deals and leads, by their former numbers; nil: there is none
}

// The numbers of the entity types in crm.item.* and requisites.
const (
	typeLead      = 1
	typeDeal      = 2
	typeContact   = 3
	typeCompany   = 4
	typeRequisite = 8
)

// newEntity makes an empty kind of record. The named fields are indexed.
func newEntity(typeID int64, code, short, title, fields string, linked *links, indexed ...string) *entity {
	s := parseSchema(fields)
	s.multi = typeID != typeDeal
	e := &entity{
		table: newTable(strings.ToLower(code), s, indexed...), typeID: typeID, code: code, method: strings.ToLower(code),
		short: short, title: title, links: linked, events: "CRM" + code,
	}
	if typeID == typeDeal || typeID == typeLead {
		e.bin = map[int64]binned{}
	}
	return e
}

// entityOf returns the kind with that number, or nil.
func (d *data) entityOf(typeID int64) *entity {
	switch typeID {
	case typeLead:
		return d.leads
	case typeDeal:
		return d.deals
	case typeContact:
		return d.contacts
	case typeCompany:
		return d.companies
	}
	return nil
}

// entities are the four kinds of records in the order of the search for duplicates.
func (d *data) entities() []*entity {
	return []*entity{d.leads, d.deals, d.contacts, d.companies}
}

// entityNamed finds a kind by its lower-case name.
func (d *data) entityNamed(name string) *entity {
	for _, e := range d.entities() {
		if e.method == name {
			return e
		}
	}
	return nil
}

// nameOf is the title of a record, or a contact's full name.
func (d *data) nameOf(e *entity, r *record) string {
	if e.typeID == typeContact {
		name := strings.TrimSpace(e.text(r, "NAME") + " " + e.text(r, "LAST_NAME"))
		return cmp.Or(name, "Без имени")
	}
	return e.text(r, "TITLE")
}

// An actor changes records on behalf of an employee: the webhook's owner, or the person in front of the pages.
type actor struct {
	*Portal
	user int64
}

// create stores a new record and sends its event.
func (a actor) create(e *entity, ch *change) (*record, error) {
	now := a.moment()
	r := e.make(
		"CREATED_BY_ID", a.user, "MODIFY_BY_ID", a.user, "DATE_CREATE", now, "DATE_MODIFY", now,
		"LAST_ACTIVITY_TIME", now, "LAST_ACTIVITY_BY", a.user, "ASSIGNED_BY_ID", a.user, "OPENED", "Y",
	)
	if err := a.prepare(e, nil, ch); err != nil {
		return nil, err
	}
	a.defaults(e, r, ch, now)
	for at, v := range ch.vals {
		e.place(r, at, v)
	}
	e.insert(r)
	if e.typeID == typeDeal || e.typeID == typeLead {
		if e.text(r, "TITLE") == "" {
			e.put(r, "TITLE", e.title+" #"+php.String(r.id))
		}
	}
	a.applyMulti(e, r, ch.multi)
	a.applyLinks(e, r, ch)
	a.stats.Changes++
	a.emit("ON"+e.events+"ADD", r.id)
	a.save()
	if e.typeID == typeLead && a.mode == simpleMode && e.text(r, "NAME") != "" && !ch.imported {
		a.convertAtOnce(r)
	}
	return r, nil
}

// update changes a record and sends its event. A change that changes nothing is saved by the old family only, and only
// when Behaviour.OldUpdateAlwaysSaves is on.
func (a actor) update(e *entity, r *record, ch *change) error {
	if err := a.prepare(e, r, ch); err != nil {
		return err
	}
	moved := e.typeID == typeDeal && ch.has(e, "CATEGORY_ID") &&
		php.Int(ch.vals[e.at("CATEGORY_ID")]) != e.integer(r, "CATEGORY_ID")
	changed := false
	for at, v := range ch.vals {
		if !sameValue(r.get(at), v) {
			e.set(r, at, v)
			changed = true
		}
	}
	if a.applyMulti(e, r, ch.multi) {
		changed = true
	}
	if a.applyLinks(e, r, ch) {
		changed = true
	}
	if !changed && (ch.strict || !a.behaviour.OldUpdateAlwaysSaves) {
		return nil
	}
	if changed {
		a.stats.Changes++
	}
	if moved {
		a.touch(e, r)
		a.emitMove(r)
		return nil
	}
	a.saved(e, r)
	return nil
}

// saved notes when and by whom a record was changed, and sends its update event.
func (a actor) saved(e *entity, r *record) {
	a.touch(e, r)
	a.emit("ON"+e.events+"UPDATE", r.id)
}

// touch notes when and by whom a record was changed, without an event.
func (a actor) touch(e *entity, r *record) {
	e.put(r, "DATE_MODIFY", a.moment())
	e.put(r, "MODIFY_BY_ID", a.user)
	a.save()
}

// delete deletes a record with its links, rows, requisites and comments. A deal or lead goes to the recycle
// bin.
func (a actor) delete(e *entity, r *record) {
	a.throwAway(e, r)
	a.unindexMulti(e, r)
	e.remove(r)
	a.unlink(e, r)
	a.rows.clear(e.short, r.id)
	a.dropChildren(e, r.id)
	a.stats.Changes++
	a.emit("ON"+e.events+"DELETE", r.id)
	a.save()
}

// dropChildren deletes the requisites and comments of a record that is gone.
func (a actor) dropChildren(e *entity, id int64) {
	for _, q := range a.requisites.where("ENTITY_ID", id) {
		if a.requisites.integer(q, "ENTITY_TYPE_ID") == e.typeID {
			a.dropRequisite(q)
		}
	}
	for _, c := range a.comments.where("ENTITY_ID", id) {
		if a.comments.text(c, "ENTITY_TYPE") == e.method {
			a.comments.remove(c)
		}
	}
}
