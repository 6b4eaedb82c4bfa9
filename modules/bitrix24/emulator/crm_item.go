package emulator

import (
	"errors"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// itemMethods are crm.item.* (REST.md 18).
func (m methods) itemMethods() {
	m.add("crm", map[string]func(*call) (any, error){
		"crm.item.add":         itemAdd,
		"crm.item.update":      itemUpdate,
		"crm.item.get":         itemGet,
		"crm.item.list":        itemList,
		"crm.item.delete":      itemDelete,
		"crm.item.fields":      itemFields,
		"crm.item.import":      itemImport,
		"crm.item.batchImport": itemBatchImport,
	})
}

// entityParam reads entityTypeId.
func (c *call) entityParam() (*entity, error) {
	v, ok := c.params.Lookup("entityTypeId")
	if !ok {
		return nil, missing("entityTypeId")
	}
	e := c.entityOf(php.Int(v))
	if e == nil {
		return nil, errSmartProcess
	}
	return e, nil
}

// itemParam reads entityTypeId and id.
func (c *call) itemParam(gone error) (*entity, *record, error) {
	e, err := c.entityParam()
	if err != nil {
		return nil, nil, err
	}
	v, ok := c.params.Lookup("id")
	if !ok {
		return nil, nil, missing("id")
	}
	r := e.rows[php.Int(v)]
	if r == nil {
		return nil, nil, gone
	}
	return e, r, nil
}

// itemAdd is crm.item.add. It answers the whole item.
func itemAdd(c *call) (any, error) {
	r, e, err := c.addItem(false)
	if err != nil {
		return nil, err
	}
	return php.Map("item", c.item(e, r, nil)), nil
}

// addItem reads the parameters of an add or import and stores the record.
func (c *call) addItem(imported bool) (*record, *entity, error) {
	e, err := c.entityParam()
	if err != nil {
		return nil, nil, err
	}
	fields, err := c.itemFieldsParam()
	if err != nil {
		return nil, nil, err
	}
	ch, err := c.itemChange(e, nil, fields, imported)
	if err != nil {
		return nil, nil, err
	}
	r, err := c.actor().create(e, ch)
	return r, e, err
}

// itemUpdate is crm.item.update. A change that changes nothing is not saved and sends no event. A deal is moved to
// another funnel by this method only.
func itemUpdate(c *call) (any, error) {
	e, r, err := c.itemParam(errElement)
	if err != nil {
		return nil, err
	}
	fields, err := c.itemFieldsParam()
	if err != nil {
		return nil, err
	}
	ch, err := c.itemChange(e, r, fields, false)
	if err != nil {
		return nil, err
	}
	if err := c.actor().update(e, r, ch); err != nil {
		return nil, err
	}
	return php.Map("item", c.item(e, r, nil)), nil
}

// itemGet is crm.item.get.
func itemGet(c *call) (any, error) {
	e, r, err := c.itemParam(errElement)
	if err != nil {
		return nil, err
	}
	return php.Map("item", c.item(e, r, nil)), nil
}

// itemDelete is crm.item.delete. A success has the result [].
func itemDelete(c *call) (any, error) {
	e, r, err := c.itemParam(errItemNotFound)
	if err != nil {
		return nil, err
	}
	c.actor().delete(e, r)
	return &php.Array{}, nil
}

// itemFields is crm.item.fields. It names the phones and addresses fm.
func itemFields(c *call) (any, error) {
	e, err := c.entityParam()
	if err != nil {
		return nil, err
	}
	out := &php.Array{}
	for _, f := range e.fields {
		if f.name == "" || f.item == "" || f.noField && f.name != "OBSERVERS" {
			continue
		}
		name, d := f.item, f.describe()
		if f.custom != nil && c.originalUF() {
			name = f.name
		}
		d.Set("upperName", f.name)
		out.Set(name, d)
	}
	if e.multi {
		out.Set("fm", (&field{name: "FM", kind: "crm_multifield", title: "FM", multiple: true}).describe())
	}
	return php.Map("fields", out), nil
}

// itemList is crm.item.list. Unlike the old family it refuses a filter with an unknown field (REST.md 6.2).
func itemList(c *call) (any, error) {
	e, err := c.entityParam()
	if err != nil {
		return nil, err
	}
	spec, _ := c.params.Get("filter").(*php.Array)
	order, _ := c.params.Get("order").(*php.Array)
	columns, _ := c.params.Get("select").(*php.Array)
	f, err := c.itemFilter(e.table, spec, c.originalUF())
	if err != nil {
		return nil, err
	}
	q := query{filter: f, start: php.Int(c.params.Get("start"))}
	q.order = sortKeys(order, func(name string) (int, bool) { return e.itemField(name, c.originalUF()) })
	want := itemSelection(columns)
	out := &php.Array{}
	for _, r := range c.page(e.table, q, c.commIDs(e)) {
		out.Append(c.item(e, r, want))
	}
	return php.Map("items", out), nil
}

// importLimit is the largest number of items of one crm.item.batchImport.
const importLimit = 20

// itemImport is crm.item.import: no robots run, and times may be given. It answers the number only.
func itemImport(c *call) (any, error) {
	r, _, err := c.addItem(true)
	if err != nil {
		return nil, err
	}
	return php.Map("item", php.Map("id", r.id)), nil
}

// itemBatchImport is crm.item.batchImport. The call succeeds whatever becomes of the items; each has an answer of its
// own.
func itemBatchImport(c *call) (any, error) {
	if _, err := c.entityParam(); err != nil {
		return nil, err
	}
	data, ok := c.params.Get("data").(*php.Array)
	if !ok {
		return nil, missing("data")
	}
	if data.Len() > importLimit {
		return nil, failed("MAX_IMPORT_BATCH_SIZE_EXCEEDED", "You cannot import more than 20 items")
	}
	out := &php.Array{}
	for _, v := range data.All() {
		one := *c
		one.params = php.Map(
			"entityTypeId", c.params.Get("entityTypeId"), "useOriginalUfNames", c.params.Get("useOriginalUfNames"), "fields", v,
		)
		r, _, err := one.addItem(true)
		if e, ok := errors.AsType[*restError](err); ok {
			out.Append(php.Map("error", e.code, "error_description", e.description))
			continue
		}
		out.Append(php.Map("item", php.Map("id", r.id)))
	}
	return php.Map("items", out), nil
}
