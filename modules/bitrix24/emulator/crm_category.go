package emulator

import (
	"cmp"
	"slices"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// categoryFields are the fields of a funnel in crm.category.*. The number that clients know is CATEGORY_ID; see
// funnelKey for the one in the table.
const categoryFields = `
CATEGORY_ID integer ro item=id | ID
NAME string req | Название
SORT integer | Сортировка
ORIGIN_ID string | Внешний идентификатор
ORIGINATOR_ID string | Внешний источник
CREATED_DATE datetime ro item=- | Дата создания
`

// categoryMethods are crm.category.* and the older crm.dealcategory.* (REST.md 15).
func (m methods) categoryMethods() {
	m.add("crm", map[string]func(*call) (any, error){
		"crm.category.list":   categoryList,
		"crm.category.get":    categoryGet,
		"crm.category.add":    categoryAdd,
		"crm.category.update": categoryUpdate,
		"crm.category.delete": categoryDelete,
		"crm.category.fields": categoryFieldsList,

		"crm.dealcategory.list":        dealCategoryList,
		"crm.dealcategory.get":         dealCategoryGet,
		"crm.dealcategory.add":         dealCategoryAdd,
		"crm.dealcategory.update":      dealCategoryUpdate,
		"crm.dealcategory.delete":      dealCategoryDelete,
		"crm.dealcategory.default.get": func(c *call) (any, error) { return c.dealCategory(c.category(0)), nil },
		"crm.dealcategory.default.set": dealCategoryDefaultSet,
		"crm.dealcategory.status":      func(c *call) (any, error) { return dealStages(c.id()), nil },
		"crm.dealcategory.stage.list":  dealCategoryStages,
		"crm.dealcategory.fields": func(*call) (any, error) {
			return describeAll(parseSchema(
				"ID integer ro |\nNAME string req |\nSORT integer |\nIS_LOCKED char ro |\nCREATED_DATE date ro |",
			)), nil
		},
	})
}

// dealCategories reads entityTypeId and refuses kinds of records that have no funnels here.
func (c *call) dealCategories() error {
	v, ok := c.params.Lookup("entityTypeId")
	if !ok {
		return missing("entityTypeId")
	}
	switch id := php.Int(v); {
	case id == typeDeal:
		return nil
	case c.entityOf(id) != nil:
		return failed("ENTITY_TYPE_NOT_SUPPORTED", "Entity type "+c.entityOf(id).code+" is not supported")
	}
	return errSmartProcess
}

// categoryShown shows a funnel as crm.category.* does. The default funnel has no external key.
func (c *call) categoryShown(r *record) *php.Array {
	id := c.categories.integer(r, "CATEGORY_ID")
	out := php.Map(
		"id", id, "name", c.categories.text(r, "NAME"), "sort", c.categories.integer(r, "SORT"),
		"entityTypeId", int64(typeDeal), "isDefault", flag(id == 0),
	)
	if id > 0 {
		out.Set("originId", c.categories.text(r, "ORIGIN_ID"))
		out.Set("originatorId", c.categories.text(r, "ORIGINATOR_ID"))
	}
	return out
}

// category returns a funnel by the number that clients know; nil when there is none.
func (d *data) category(id int64) *record {
	return d.categories.rows[funnelKey(id)]
}

// funnelKey is the place of a funnel in its table. The default funnel is number 0 for everybody but is stored under 1,
// and the others are stored one higher as well.
func funnelKey(id int64) int64 { return id + 1 }

// funnels returns all funnels in the order of SORT.
func (d *data) funnels() []*record {
	list := d.categories.all()
	slices.SortStableFunc(list, func(a, b *record) int {
		return cmp.Compare(d.categories.integer(a, "SORT"), d.categories.integer(b, "SORT"))
	})
	return list
}

// addCategory makes a funnel with the stock stages.
func (a actor) addCategory(name string, sort int64) int64 {
	id := a.categories.last
	a.categories.insert(a.categories.make("CATEGORY_ID", id, "NAME", name, "SORT", sort, "CREATED_DATE", a.moment()))
	for _, s := range stockStages {
		a.addStatus(dealStages(id), stagePrefix(id)+s.id, s.name, s.sort, s.semantics, s.color, s.system)
	}
	a.stats.Changes++
	a.save()
	return id
}

// categoryList is crm.category.list. It is not paged; total is the count.
func categoryList(c *call) (any, error) {
	if err := c.dealCategories(); err != nil {
		return nil, err
	}
	out := &php.Array{}
	for _, r := range c.funnels() {
		out.Append(c.categoryShown(r))
	}
	c.counted, c.total = true, out.Len()
	return php.Map("categories", out), nil
}

// categoryParam reads entityTypeId and id of a funnel that must exist.
func (c *call) categoryParam() (*record, error) {
	if err := c.dealCategories(); err != nil {
		return nil, err
	}
	v, ok := c.params.Lookup("id")
	if !ok {
		return nil, missing("id")
	}
	r := c.category(php.Int(v))
	if r == nil {
		return nil, errElement
	}
	return r, nil
}

// categoryGet is crm.category.get.
func categoryGet(c *call) (any, error) {
	r, err := c.categoryParam()
	if err != nil {
		return nil, err
	}
	return php.Map("category", c.categoryShown(r)), nil
}

// categoryAdd is crm.category.add. It checks the fields before the rights.
func categoryAdd(c *call) (any, error) {
	if err := c.dealCategories(); err != nil {
		return nil, err
	}
	fields, err := c.itemFieldsParam()
	if err != nil {
		return nil, err
	}
	if php.String(fields.Get("name")) == "" {
		return nil, failed("100", "The field name is required")
	}
	if err := c.admin(); err != nil {
		return nil, failed("ACCESS_DENIED", "Access denied")
	}
	r := c.category(c.actor().addCategory(php.String(fields.Get("name")), sortOr(fields.Get("sort"), 500)))
	c.setCategory(r, fields, false)
	return php.Map("category", c.categoryShown(r)), nil
}

// sortOr reads a place in an order; what is no positive number is the given one.
func sortOr(v any, otherwise int64) int64 {
	if n := php.Int(v); n > 0 {
		return n
	}
	return otherwise
}

// setCategory takes name, sort and the external key under the names of either family. The portal has no event for it.
func (c *call) setCategory(r *record, fields *php.Array, old bool) {
	for at, f := range c.categories.fields {
		name := f.item
		if old {
			name = f.name
		}
		if v, ok := fields.Lookup(name); ok && name != "" && !f.readOnly {
			if out, ok := c.cast(f, v); ok {
				c.categories.set(r, at, out)
			}
		}
	}
	c.stats.Changes++
	c.save()
}

// categoryUpdate is crm.category.update.
func categoryUpdate(c *call) (any, error) {
	r, err := c.categoryParam()
	if err != nil {
		return nil, err
	}
	fields, err := c.itemFieldsParam()
	if err != nil {
		return nil, err
	}
	if err := c.admin(); err != nil {
		return nil, failed("ACCESS_DENIED", "Access denied")
	}
	c.setCategory(r, fields, false)
	return php.Map("category", c.categoryShown(r)), nil
}

// categoryDelete is crm.category.delete. A success has the result null.
func categoryDelete(c *call) (any, error) {
	r, err := c.categoryParam()
	if err != nil {
		return nil, err
	}
	return nil, c.actor().dropCategory(r)
}

// dropCategory deletes a funnel that is not the default one and has no deals.
func (a actor) dropCategory(r *record) error {
	id := a.categories.integer(r, "CATEGORY_ID")
	switch {
	case id == 0:
		return failed("ERROR_CORE", "The default pipeline cannot be deleted")
	case len(a.deals.where("CATEGORY_ID", id)) > 0:
		return failed("ERROR_CORE", "The pipeline cannot be deleted because there are deals in it")
	}
	for _, s := range a.stages(dealStages(id)) {
		a.statuses.remove(s)
	}
	a.categories.remove(r)
	a.stats.Changes++
	a.save()
	return nil
}

// categoryFieldsList is crm.category.fields.
func categoryFieldsList(c *call) (any, error) {
	if err := c.dealCategories(); err != nil {
		return nil, err
	}
	out := &php.Array{}
	for _, f := range c.categories.fields {
		if f.item != "" {
			out.Set(f.item, f.describe())
		}
	}
	owner := field{kind: "integer", title: "Тип", required: true, onAdd: true}
	out.Set("entityTypeId", owner.describe())
	standard := field{kind: "char", title: "По умолчанию"}
	out.Set("isDefault", standard.describe())
	return php.Map("fields", out), nil
}
