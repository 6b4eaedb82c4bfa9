package mapping

import (
	"fmt"

	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// foundValue is the value of a multifield that stands for a phone or an e-mail of the panel.
type foundValue struct {
	rest.Multifield
	exact bool // of the type that goes both ways: «Мобильный», «Частный»
	ours  bool // to change: of that type, or last agreed on

	kind, valueType, fresh string // what a new one is made of
}

func findPhone(all rest.Multifields, ours string, agreed Pair) foundValue {
	return findValue(all, fieldPhone, foundValue{kind: rest.Phone, valueType: rest.Mobile, fresh: "n0"}, ours, agreed)
}

func findEmail(all rest.Multifields, ours string, agreed Pair) foundValue {
	return findValue(all, fieldEmail, foundValue{kind: rest.Email, valueType: rest.Home, fresh: "n1"}, ours, agreed)
}

// findValue looks for the value of the right type; else, whatever its type, for the panel's own or the one last agreed
// on; else it is the first of the kind.
func findValue(all rest.Multifields, field string, found foundValue, ours string, agreed Pair) foundValue {
	if found.Multifield, found.exact = all.First(found.kind, found.valueType); found.exact {
		found.ours = true
		return found
	}
	others := all.Of(found.kind)
	for _, wanted := range []string{ours, agreed.Theirs} {
		for _, other := range others {
			if wanted != "" && sameValue(field, wanted, string(other.Value)) {
				found.Multifield, found.ours = other, sameValue(field, agreed.Theirs, string(other.Value))
				return found
			}
		}
	}
	if len(others) > 0 {
		found.Multifield = others[0]
	}
	return found
}

// push changes the value by its id (fm of crm.item.update); without an id the portal would add a second one. An empty
// value deletes it. It reports false if there is nothing to send: what people put under another type is not deleted.
func (f foundValue) push(fm map[string]any, value string) bool {
	switch {
	case f.exact, f.ours && value != "":
		fm[fmt.Sprint(f.ID)] = multifield(f.kind, f.valueType, value)
	case value != "":
		fm[f.fresh] = multifield(f.kind, f.valueType, value)
	default:
		return false
	}
	return true
}
