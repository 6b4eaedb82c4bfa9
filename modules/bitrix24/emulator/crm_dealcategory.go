package emulator

import (
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

func (c *call) dealCategory(r *record) *php.Array {
	return php.Map(
		"ID", c.categories.text(r, "CATEGORY_ID"), "NAME", c.categories.text(r, "NAME"), "SORT", c.categories.text(r, "SORT"), "IS_LOCKED", "N",
		"CREATED_DATE", c.oldScalar(&field{}, c.categories.value(r, "CREATED_DATE")),
	)
}

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

func dealCategoryGet(c *call) (any, error) {
	r, err := c.dealCategoryParam()
	if err != nil {
		return nil, err
	}
	return c.dealCategory(r), nil
}

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

func dealCategoryStages(c *call) (any, error) {
	out := &php.Array{}
	for _, s := range c.stages(dealStages(c.id())) {
		out.Append(php.Map("NAME", c.statuses.text(s, "NAME"), "SORT", c.statuses.integer(s, "SORT"), "STATUS_ID", c.statuses.text(s, "STATUS_ID")))
	}
	return out, nil
}
