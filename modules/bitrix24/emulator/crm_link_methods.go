package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// linkMethods are crm.deal.contact.*, crm.lead.contact.*, crm.contact.company.* and crm.company.contact.* (REST.md 8.3
// and 12).
func (m methods) linkMethods() {
	kinds := []struct {
		prefix string
		typeID int64
		name   string
	}{
		{"crm.deal.contact.", typeDeal, "CONTACT_ID"},
		{"crm.lead.contact.", typeLead, "CONTACT_ID"},
		{"crm.contact.company.", typeContact, "COMPANY_ID"},
		{"crm.company.contact.", typeCompany, "CONTACT_ID"},
	}
	for _, k := range kinds {
		with := func(run func(linkCall) (any, error)) func(*call) (any, error) {
			return func(c *call) (any, error) {
				l := linkCall{call: c, e: c.entityOf(k.typeID), name: k.name}
				id := c.id()
				if id <= 0 {
					return nil, errOwnerID
				}
				if l.r = l.e.rows[id]; l.r == nil {
					return nil, failed("", "Not found.")
				}
				return run(l)
			}
		}
		name := k.name
		m.add("crm", map[string]func(*call) (any, error){
			k.prefix + "items.get":    with(linkCall.get),
			k.prefix + "items.set":    with(linkCall.set),
			k.prefix + "items.delete": with(linkCall.clear),
			k.prefix + "add":          with(linkCall.addLink),
			k.prefix + "delete":       with(linkCall.delete),
			k.prefix + "fields": func(*call) (any, error) {
				return describeAll(parseSchema(name + " integer req |\nSORT integer |\nROLE_ID integer |\nIS_PRIMARY char |")), nil
			},
		})
	}
}

// A linkCall is a call that works on the links of one record.
type linkCall struct {
	*call
	e    *entity
	r    *record
	name string // CONTACT_ID or COMPANY_ID
}

// list returns the links in order. Those of a company are seen from its contacts' side.
func (l linkCall) list() []link {
	if l.e.links == nil {
		return l.companyContacts(l.r.id)
	}
	return l.e.links.of(l.r.id)
}

// replace sets all links of the record.
func (l linkCall) replace(list []link) (any, error) {
	changed := false
	if l.e.links == nil {
		changed = l.actor().setCompanyContacts(l.r.id, list)
	} else {
		changed = l.actor().setLinks(l.e, l.r, list)
	}
	l.done(changed)
	return true, nil
}

// done saves the owner when its links changed, if Behaviour.LinkSavesOwner says that this is a change of the owner.
func (l linkCall) done(changed bool) {
	if !changed {
		return
	}
	l.stats.Changes++
	l.save()
	if l.behaviour.LinkSavesOwner {
		l.actor().saved(l.e, l.r)
	}
}

// get is crm.deal.contact.items.get and its likes.
func (l linkCall) get() (any, error) {
	out := &php.Array{}
	for _, x := range l.list() {
		out.Append(php.Map(l.name, x.id, "SORT", x.sort, "ROLE_ID", x.role, "IS_PRIMARY", flag(x.primary)))
	}
	return out, nil
}

// set is crm.deal.contact.items.set and its likes. It replaces all links; an entry without a number is left out.
func (l linkCall) set() (any, error) {
	v, _ := l.params.Either("items", "ITEMS")
	items, ok := v.(*php.Array)
	if !ok {
		return nil, errItems
	}
	var list []link
	for _, v := range items.All() {
		el, _ := v.(*php.Array)
		x := l.link(el)
		if x.id > 0 {
			if x.sort == 0 {
				x.sort = int64(len(list)+1) * 10
			}
			list = append(list, x)
		}
	}
	return l.replace(list)
}

// link reads one link.
func (l linkCall) link(el *php.Array) link {
	return link{
		id: php.Int(el.Get(l.name)), sort: php.Int(el.Get("SORT")), role: php.Int(el.Get("ROLE_ID")),
		primary: php.String(el.Get("IS_PRIMARY")) == "Y",
	}
}

// clear is crm.deal.contact.items.delete and its likes.
func (l linkCall) clear() (any, error) { return l.replace(nil) }

// addLink is crm.deal.contact.add and its likes. It answers false when the two are linked already.
func (l linkCall) addLink() (any, error) {
	fields, err := l.fields()
	if err != nil {
		return nil, failed("", "The parameter fields must be array.")
	}
	x := l.link(fields)
	if x.id <= 0 {
		return nil, failed("", "The parameter "+l.name+" is invalid or not defined.")
	}
	changed := false
	if l.e.links == nil {
		changed = l.actor().linkCompany(x.id, l.r.id, &x)
	} else {
		x.primary = x.primary || len(l.list()) == 0
		changed = l.e.links.add(l.r.id, x)
		l.e.put(l.r, l.e.links.name, l.e.links.primary(l.r.id))
	}
	l.done(changed)
	return changed, nil
}

// delete is crm.deal.contact.delete and its likes. It answers false when the two are not linked.
func (l linkCall) delete() (any, error) {
	fields, err := l.fields()
	if err != nil {
		return nil, failed("", "The parameter fields must be array.")
	}
	id, changed := php.Int(fields.Get(l.name)), false
	if l.e.links == nil {
		changed = l.actor().linkCompany(id, l.r.id, nil)
	} else {
		changed = l.e.links.drop(l.r.id, id)
		l.e.put(l.r, l.e.links.name, l.e.links.primary(l.r.id))
	}
	l.done(changed)
	return changed, nil
}
