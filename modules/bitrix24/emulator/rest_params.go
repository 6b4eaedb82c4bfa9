package emulator

import (
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

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

// itemFieldsParam reads fields as crm.item.* and crm.category.* do.
func (c *call) itemFieldsParam() (*php.Array, error) {
	v, ok := c.params.Lookup("fields")
	if !ok {
		return nil, missing("fields")
	}
	fields, ok := v.(*php.Array)
	if !ok {
		return nil, failed(
			"100", "Invalid value {"+php.String(v)+"} to match with parameter {fields}. Should be value of type array.",
		)
	}
	return fields, nil
}

// id reads the number of a record.
func (c *call) id() int64 {
	v, _ := c.params.Either("id", "ID")
	return php.Int(v)
}

// originalUF reports whether custom fields keep their upper-case names.
func (c *call) originalUF() bool {
	v := c.params.Get("useOriginalUfNames")
	return php.Bool(v) && php.String(v) != "N"
}

// imports reports whether params asks for an import. Any value that PHP takes for true does, "N" among them.
func (c *call) imports(e *entity) (bool, error) {
	params, err := c.arrayParam("params")
	return php.Bool(params.Get("IMPORT")) && (e.typeID == typeContact || e.typeID == typeCompany), err
}

// admin refuses what only an administrator of the CRM may do.
func (c *call) admin() error {
	if u := c.users.rows[c.hook.UserID]; u == nil || c.users.text(u, "ADMIN") != "Y" {
		return errAccess
	}
	return nil
}
