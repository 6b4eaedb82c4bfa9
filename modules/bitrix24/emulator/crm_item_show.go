package emulator

import (
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

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

// itemLists shows the observers and the linked contacts or companies of an item.
func (c *call) itemLists(e *entity, r *record, out *php.Array, want *selection) {
	if want.hasItem("observers", "") {
		list, _ := e.value(r, "OBSERVERS").(*php.Array)
		if list == nil {
			list = &php.Array{}
		}
		out.Set("observers", list)
	}
	name, linked := "contactIds", []link(nil)
	switch e.typeID {
	case typeContact:
		name, linked = "companyIds", e.links.of(r.id)
	case typeCompany:
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

// An extra is a member of an item with a fixed value.
type extra struct {
	name  string
	value any
}

// empties are members that are null, with further ones behind them.
func empties(names string, more ...extra) []extra {
	var out []extra
	for _, name := range strings.Fields(names) {
		out = append(out, extra{name, nil})
	}
	return append(out, more...)
}

// itemExtras are members of an item that this portal never fills, by the kind of record.
var itemExtras = map[int64][]extra{
	typeLead: empties(
		"dateCreateShort dateModifyShort isConvert productId shortName login skype icq", extra{"webformId", int64(0)},
		extra{"searchContent", ""},
	),
	typeDeal: empties(
		"dateCreateShort dateModifyShort productId begindateShort closedateShort eventDate eventDateShort eventId "+
			"eventDescription orderStage isWork isWon isLose receivedAmount lostAmount hasProducts",
		extra{"webformId", int64(0)}, extra{"searchContent", ""},
	),
	typeContact: empties(
		"shortName login", extra{"webformId", int64(0)}, extra{"categoryId", int64(0)}, extra{"searchContent", ""},
	),
	typeCompany: empties("", extra{"webformId", int64(0)}, extra{"categoryId", int64(0)}, extra{"searchContent", ""}),
}
