package emulator

import (
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// dealCategory shows a funnel as crm.dealcategory.* does.
func (c *call) dealCategory(r *record) *php.Array {
	return php.Map(
		"ID", c.categories.text(r, "CATEGORY_ID"), "NAME", c.categories.text(r, "NAME"),
		"SORT", c.categories.text(r, "SORT"), "IS_LOCKED", "N",
		"CREATED_DATE", c.oldScalar(&field{}, c.categories.value(r, "CREATED_DATE")),
	)
}

// dealCategoryList is crm.dealcategory.list. The default funnel is not among its funnels (REST.md 15).
func dealCategoryList(c *call) (any, error) {
	columns, err := c.arrayParam("select")
	if err != nil {
		return nil, err
	}
	want := oldSelection(columns)
	out := &php.Array{}
	for _, r := range c.funnels() {
		if c.categories.integer(r, "CATEGORY_ID") == 0 {
			continue
		}
		shown := &php.Array{}
		for name, v := range c.dealCategory(r).All() {
			if want.has(name) {
				shown.Set(name, v)
			}
		}
		out.Append(shown)
	}
	c.counted, c.total = true, out.Len()
	return out, nil
}

// dealCategoryParam reads the number of a funnel, which cannot be the default one.
func (c *call) dealCategoryParam() (*record, error) {
	id := c.id()
	if id <= 0 {
		return nil, errID
	}
	r := c.category(id)
	if r == nil {
		return nil, errNotFound
	}
	return r, nil
}

// dealCategoryGet is crm.dealcategory.get. The default funnel has a method of its own, crm.dealcategory.default.get.
func dealCategoryGet(c *call) (any, error) {
	r, err := c.dealCategoryParam()
	if err != nil {
		return nil, err
	}
	return c.dealCategory(r), nil
}

// dealCategoryAdd is crm.dealcategory.add.
func dealCategoryAdd(c *call) (any, error) {
	if err := c.admin(); err != nil {
		return nil, err
	}
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	if php.String(fields.Get("NAME")) == "" {
		return nil, failed("", "The field NAME is required.")
	}
	return c.actor().addCategory(php.String(fields.Get("NAME")), sortOr(fields.Get("SORT"), 500)), nil
}

// dealCategoryUpdate is crm.dealcategory.update.
func dealCategoryUpdate(c *call) (any, error) {
	if err := c.admin(); err != nil {
		return nil, err
	}
	r, err := c.dealCategoryParam()
	if err != nil {
		return nil, err
	}
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	c.setCategory(r, fields, true)
	return true, nil
}

// dealCategoryDelete is crm.dealcategory.delete.
func dealCategoryDelete(c *call) (any, error) {
	if err := c.admin(); err != nil {
		return nil, err
	}
	r, err := c.dealCategoryParam()
	if err != nil {
		return nil, err
	}
	if err := c.actor().dropCategory(r); err != nil {
		return nil, err
	}
	return true, nil
}

// dealCategoryDefaultSet is crm.dealcategory.default.set. It renames the default funnel.
func dealCategoryDefaultSet(c *call) (any, error) {
	name, _ := c.params.Either("name", "NAME")
	if strings.TrimSpace(php.String(name)) == "" {
		return nil, failed("", "The parameter name is invalid or not defined.")
	}
	c.categories.put(c.category(0), "NAME", php.String(name))
	c.stats.Changes++
	c.save()
	return true, nil
}

// dealCategoryStages is crm.dealcategory.stage.list. An unknown funnel has an empty list.
func dealCategoryStages(c *call) (any, error) {
	out := &php.Array{}
	for _, s := range c.stages(dealStages(c.id())) {
		out.Append(php.Map(
			"NAME", c.statuses.text(s, "NAME"), "SORT", c.statuses.integer(s, "SORT"),
			"STATUS_ID", c.statuses.text(s, "STATUS_ID"),
		))
	}
	return out, nil
}
