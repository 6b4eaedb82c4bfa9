package emulator

import "strings"

// oldMethods are add, update, get, list, delete and fields of crm.lead, crm.deal, crm.contact and crm.company (REST.md
// 8.2).
func (m methods) oldMethods(p *Portal) {
	for _, typeID := range []int64{typeLead, typeDeal, typeContact, typeCompany} {
		prefix := "crm." + p.entityOf(typeID).method + "."
		with := func(run func(c *call, e *entity) (any, error)) func(*call) (any, error) {
			return func(c *call) (any, error) { return run(c, c.entityOf(typeID)) }
		}
		m.add("crm", map[string]func(*call) (any, error){
			prefix + "add":    with(oldAdd),
			prefix + "update": with(oldUpdate),
			prefix + "get":    with(oldGet),
			prefix + "list":   with(oldList),
			prefix + "delete": with(oldDelete),
			prefix + "fields": with(oldFields),
		})
	}
}

// oldAdd is crm.deal.add and its likes. It answers the number only.
func oldAdd(c *call, e *entity) (any, error) {
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	imported, err := c.imports(e)
	if err != nil {
		return nil, err
	}
	ch, err := c.oldChange(e, nil, fields, imported)
	if err != nil {
		return nil, err
	}
	r, err := c.actor().create(e, ch)
	if err != nil {
		return nil, err
	}
	return r.id, nil
}

// oldUpdate is crm.deal.update and its likes. Unknown fields and the stages of another funnel are ignored, and the
// answer is true all the same.
func oldUpdate(c *call, e *entity) (any, error) {
	id := c.id()
	if id <= 0 {
		return nil, errID
	}
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	if _, err := c.arrayParam("params"); err != nil {
		return nil, err
	}
	r := e.rows[id]
	if r == nil {
		return nil, notFound(e)
	}
	ch, err := c.oldChange(e, r, fields, false)
	if err != nil {
		return nil, err
	}
	if err := c.actor().update(e, r, ch); err != nil {
		return nil, err
	}
	return true, nil
}

// notFound is the error of an update of a missing record. That of contacts and companies names the kind.
func notFound(e *entity) error {
	if e.typeID == typeContact || e.typeID == typeCompany {
		return failed("", e.code[:1]+strings.ToLower(e.code[1:])+" is not found")
	}
	return errNotFound
}

// oldGet is crm.deal.get and its likes. Every scalar is a text.
func oldGet(c *call, e *entity) (any, error) {
	id := c.id()
	if id <= 0 {
		return nil, errID
	}
	r := e.rows[id]
	if r == nil || e.typeID == typeLead && c.hidden(r) {
		return nil, errNotFound
	}
	return c.oldRow(e.table, r, &selection{all: true, uf: true, multi: true}), nil
}

// oldDelete is crm.deal.delete and its likes.
func oldDelete(c *call, e *entity) (any, error) {
	id := c.id()
	if id <= 0 {
		return nil, errID
	}
	r := e.rows[id]
	if r == nil {
		return nil, errNotFound
	}
	c.actor().delete(e, r)
	return true, nil
}

// oldFields is crm.deal.fields and its likes.
func oldFields(_ *call, e *entity) (any, error) {
	return describeAll(e.schema), nil
}

// oldList is crm.deal.list and its likes (REST.md 6).
func oldList(c *call, e *entity) (any, error) {
	return c.oldListOf(e.table, c.commIDs(e))
}
