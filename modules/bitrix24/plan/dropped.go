package plan

import (
	"slices"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// forgetDropped takes out of what is agreed on the custom fields that were sent and that the answer lacks: the portal
// has dropped them in silence, since they were deleted there (crm.item.*). It returns their names. An answer without any
// custom field says nothing.
func forgetDropped(agreed mapping.Agreed, sent rest.Params, answered rest.Custom) (names string) {
	if len(answered) == 0 {
		return ""
	}
	var dropped []string
	for name := range sent {
		if _, there := answered[name]; strings.HasPrefix(name, "UF_") && !there {
			agreed[name] = mapping.Pair{}
			dropped = append(dropped, name)
		}
	}
	slices.Sort(dropped)
	return strings.Join(dropped, " ")
}
