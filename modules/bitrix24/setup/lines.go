package setup

import (
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// lineField is «Телефонная линия»: a choice where the webhook may read the lines, else typed.
func (e *edit) lineField() *form.Field {
	phones := e.lists.Phones
	if len(phones.Lines) == 0 {
		hint := "Номер линии в Битрикс24, с которой звонить: reg12345, sip7 или арендованный номер"
		if phones.Refused {
			hint = "Прочитать линии портал не разрешил (нужно право «Управление номерами»): " +
				"впишите номер линии сами, например reg12345 или sip7"
		}
		return form.Text("line", "Телефонная линия", &e.edited.Line).Max(100).Help(hint)
	}
	first := form.Option[string]{Label: "По умолчанию"}
	if phones.Default != "" {
		first.Label += ": " + e.lists.LineName(phones.Default)
	}
	options := append([]form.Option[string]{first}, lo.Map(phones.Lines, func(l portal.Entry, _ int) form.Option[string] {
		return form.Option[string]{Value: l.ID, Label: l.Name}
	})...)
	return form.Select("line", "Телефонная линия", &e.edited.Line, options).Unlisted()
}
