package emulator

import (
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

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

func (c *call) originalUF() bool {
	v := c.params.Get("useOriginalUfNames")
	return php.Bool(v) && php.String(v) != "N"
}

func (c *call) itemFieldsParam() (*php.Array, error) {
	v, ok := c.params.Lookup("fields")
	if !ok {
		return nil, missing("fields")
	}
	fields, ok := v.(*php.Array)
	if !ok {
		return nil, failed("100", "Invalid value {"+php.String(v)+"} to match with parameter {fields}. Should be value of type array.")
	}
	return fields, nil
}

func itemAdd(c *call) (any, error) {
	r, e, err := c.addItem(false)
	if err != nil {
		return nil, err
	}
	return php.Map("item", c.item(e, r, nil)), nil
}

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
	if _, err := c.actor().update(e, r, ch); err != nil {
		return nil, err
	}
	return php.Map("item", c.item(e, r, nil)), nil
}

func itemGet(c *call) (any, error) {
	e, r, err := c.itemParam(errElement)
	if err != nil {
		return nil, err
	}
	return php.Map("item", c.item(e, r, nil)), nil
}

func itemDelete(c *call) (any, error) {
	e, r, err := c.itemParam(errItemNotFound)
	if err != nil {
		return nil, err
	}
	c.actor().delete(e, r)
	return &php.Array{}, nil
}

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

// itemSelection reads select of crm.item.list; nil means everything, fm included.
func itemSelection(columns *php.Array) *selection {
	s := &selection{names: map[string]bool{"id": true}}
	for _, v := range columns.All() {
		if php.String(v) == "*" {
			return nil
		}
		s.names[php.String(v)] = true
	}
	if len(s.names) == 1 && columns.Len() == 0 {
		return nil
	}
	return s
}

func (s *selection) hasItem(name, original string) bool {
	return s == nil || s.names[name] || strings.HasPrefix(original, "UF_") && (s.names[original] || s.names["UF_*"] || s.names["uf_*"])
}

// item shows a record as crm.item.* does: numbers as numbers, multifields as fm and as flat first values.
func (c *call) item(e *entity, r *record, want *selection) *php.Array {
	out := &php.Array{}
	originalUF := c.originalUF()
	for i, f := range e.fields {
		if f.item == "" || f.name == "" || f.multiple && f.custom == nil || f.noField || !want.hasItem(f.item, f.name) {
			continue
		}
		name := f.item
		if f.custom != nil && originalUF {
			name = f.name
		}
		out.Set(name, c.itemValue(f, r.get(i)))
	}
	for _, x := range itemExtras[e.typeID] {
		if want.hasItem(x.name, "") {
			out.Set(x.name, x.value)
		}
	}
	if e.multi {
		itemMulti(r, out, want)
	}
	c.itemLists(e, r, out, want)
	return out
}

func (c *call) itemLists(e *entity, r *record, out *php.Array, want *selection) {
	if want.hasItem("observers", "") {
		list, _ := e.value(r, "OBSERVERS").(*php.Array)
		if list == nil {
			list = &php.Array{}
		}
		out.Set("observers", list)
	}
	name, linked := "contactIds", []link(nil)
	switch {
	case e.typeID == typeContact:
		name, linked = "companyIds", e.links.of(r.id)
	case e.typeID == typeCompany:
		linked = c.companyContacts(r.id)
	default:
		linked = e.links.of(r.id)
	}
	if want.hasItem(name, "") {
		ids := &php.Array{}
		for _, x := range linked {
			ids.Append(x.id)
		}
		out.Set(name, ids)
	}
	if want == nil {
		out.Set("entityTypeId", e.typeID)
	}
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

type extra struct {
	name  string
	value any
}

func empties(names string, more ...extra) []extra {
	var out []extra
	for _, name := range strings.Fields(names) {
		out = append(out, extra{name, nil})
	}
	return append(out, more...)
}

// itemExtras are members of an item that this portal never fills.
var itemExtras = map[int64][]extra{
	typeLead: empties("dateCreateShort dateModifyShort isConvert productId shortName login skype icq", extra{"webformId", int64(0)}, extra{"searchContent", ""}),
	typeDeal: empties("dateCreateShort dateModifyShort productId begindateShort closedateShort eventDate eventDateShort eventId eventDescription orderStage isWork isWon isLose receivedAmount lostAmount hasProducts",
		extra{"webformId", int64(0)}, extra{"searchContent", ""}),
	typeContact: empties("shortName login", extra{"webformId", int64(0)}, extra{"categoryId", int64(0)}, extra{"searchContent", ""}),
	typeCompany: empties("", extra{"webformId", int64(0)}, extra{"categoryId", int64(0)}, extra{"searchContent", ""}),
}

// importLimit is the largest number of items of one crm.item.batchImport.
const importLimit = 20

func itemImport(c *call) (any, error) {
	r, _, err := c.addItem(true)
	if err != nil {
		return nil, err
	}
	return php.Map("item", php.Map("id", r.id)), nil
}

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
		one.params = php.Map("entityTypeId", c.params.Get("entityTypeId"), "useOriginalUfNames", c.params.Get("useOriginalUfNames"), "fields", v)
		r, _, err := one.addItem(true)
		if e, ok := err.(*restError); ok {
			out.Append(php.Map("error", e.code, "error_description", e.description))
			continue
		}
		out.Append(php.Map("item", php.Map("id", r.id)))
	}
	return php.Map("items", out), nil
}
