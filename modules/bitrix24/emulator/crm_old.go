package emulator

import (
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// oldMethods are crm.lead|deal|contact|company .add .update .get .list .delete .fields.
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

// arrayParam reads a parameter that must be an array when it is there, in either letter case.
func (c *call) arrayParam(name string) (*php.Array, error) {
	v, ok := c.params.Either(name, strings.ToUpper(name))
	if !ok || v == nil || v == "" {
		return nil, nil
	}
	a, ok := v.(*php.Array)
	if !ok {
		return nil, mustBeArray(name)
	}
	return a, nil
}

// fields reads the parameter that an add or update cannot do without.
func (c *call) fields() (*php.Array, error) {
	a, err := c.arrayParam("fields")
	if a == nil || err != nil {
		return nil, mustBeArray("fields")
	}
	return a, nil
}

// id reads the number of a record.
func (c *call) id() int64 {
	v, _ := c.params.Either("id", "ID")
	return php.Int(v)
}

// imports says whether params asks for an import: any value that PHP takes for true, "N" among them.
func (c *call) imports(e *entity) (bool, error) {
	params, err := c.arrayParam("params")
	return php.Bool(params.Get("IMPORT")) && (e.typeID == typeContact || e.typeID == typeCompany), err
}

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
	if _, err := c.actor().update(e, r, ch); err != nil {
		return nil, err
	}
	return true, nil
}

// notFound is what an update of a missing record says: contacts and companies name the kind.
func notFound(e *entity) error {
	if e.typeID == typeContact || e.typeID == typeCompany {
		return failed("", e.code[:1]+strings.ToLower(e.code[1:])+" is not found")
	}
	return errNotFound
}

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

// hidden says whether a lead that the simple CRM mode converted at once can no longer be read.
func (p *Portal) hidden(lead *record) bool {
	return p.mode == simpleMode && !p.behaviour.SimpleLeadReadable && p.leads.text(lead, "STATUS_SEMANTIC_ID") == "S"
}

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

func oldFields(_ *call, e *entity) (any, error) {
	return describeAll(e.schema), nil
}

func describeAll(s *schema) *php.Array {
	out := &php.Array{}
	for _, f := range s.fields {
		if f.name != "" && !f.noField {
			out.Set(f.name, f.describe())
		}
	}
	return out
}

func oldList(c *call, e *entity) (any, error) {
	return c.oldListOf(e.table, c.commIDs(e))
}

// oldListOf answers a list in the old family's manner: filter, order, select, start.
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

// page finds one page and notes what the envelope tells about it. With start = -1 total is 0.
func (c *call) page(t *table, q query, byComm func(kind, value string) []int64) []*record {
	page := t.find(q, byComm)
	c.counted = true
	if page.counted {
		c.total, c.next = page.total, page.next
	}
	return page.rows
}

// oldSelection reads select; none means all simple and custom fields. A multifield must be named and brings ID along.
func oldSelection(columns *php.Array) *selection {
	s := &selection{names: map[string]bool{}}
	for _, v := range columns.All() {
		switch name := strings.ToUpper(php.String(v)); name {
		case "*":
			s.all = true
		case "UF_*":
			s.uf = true
		default:
			s.names[name] = true
			if isMulti(name) {
				s.names["ID"] = true
			}
		}
	}
	if !s.all && !s.uf && len(s.names) == 0 {
		s.all, s.uf = true, true
	}
	return s
}
