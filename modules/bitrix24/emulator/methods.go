package emulator

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// allMethods is everything that the portal answers; any other name is ERROR_METHOD_NOT_FOUND.
func (p *Portal) allMethods() methods {
	m := methods{}
	m.commonMethods()
	m.oldMethods(p)
	m.itemMethods()
	m.rowMethods()
	m.linkMethods()
	m.duplicateMethods()
	m.statusMethods()
	m.categoryMethods()
	m.userfieldMethods(p)
	m.commentMethods()
	m.requisiteMethods()
	m.addressMethods()
	m.productMethods()
	m.enumMethods()
	m.telephonyMethods()
	return m
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// nameOf is what people call a record.
func (d *data) nameOf(e *entity, r *record) string {
	if e.typeID == typeContact {
		name := strings.TrimSpace(e.text(r, "NAME") + " " + e.text(r, "LAST_NAME"))
		return cmp.Or(name, "Без имени")
	}
	return e.text(r, "TITLE")
}

func (d *data) userName(id int64) string {
	u := d.users.rows[id]
	if u == nil {
		return "Сотрудник " + php.String(id)
	}
	return strings.TrimSpace(d.users.text(u, "NAME") + " " + d.users.text(u, "LAST_NAME"))
}
