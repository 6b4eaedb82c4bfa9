package portal

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// phoneLines are the portal's telephone lines as far as the webhook may read them.
type phoneLines struct {
	Lines   []Entry
	Default string // the portal's own line for outgoing calls
	Refused bool   // the owner may not manage numbers: the line is typed by hand
	NoCalls bool   // the owner may not call, as the last attempt has shown
}

// telephonyScope is the scope of the inbound webhook that calls need.
const telephonyScope = "telephony"

// readLines reads the lines of a webhook that has the scope (voximplant.line.get, voximplant.line.outgoing.get).
func (p *Portals) readLines(ctx context.Context, client *rest.Client, d *Lists) error {
	if !d.Telephony() {
		return nil
	}
	batch := rest.Batch{Class: rest.People}
	batch.Add("lines", "voximplant.line.get", nil)
	batch.Add("outgoing", "voximplant.line.outgoing.get", nil)
	result, err := client.Do(ctx, &batch)
	if err != nil {
		return err
	}
	var lines rest.Lines
	var outgoing rest.Text
	if err := result.Decode("lines", &lines); err != nil {
		d.Phones.Refused = true
		return nil // without the right to manage numbers the rest of the lists is as good
	}
	for _, id := range slices.Sorted(maps.Keys(lines)) {
		d.Phones.Lines = append(d.Phones.Lines, Entry{ID: id, Name: string(lines[id])})
	}
	if result.Decode("outgoing", &outgoing) == nil {
		d.Phones.Default = string(outgoing)
	}
	return nil
}

// Telephony reports whether the webhook has the scope that calls need.
func (d Lists) Telephony() bool { return slices.Contains(d.Scopes, telephonyScope) }

// CallLine is the line that calls go out from: the chosen one, else the portal's own. It is empty if there is neither.
func (s Settings) CallLine(d Lists) string { return cmp.Or(s.Line, d.Phones.Default) }

// NoCalls says in Russian why nobody can be called through the portal. It is empty when calls are possible.
func (s Settings) NoCalls(d Lists) string {
	switch {
	case d.PortalID == 0:
		return "Списки портала ещё не прочитаны: сохраните настройки, когда портал ответит."
	case !d.Telephony():
		return "Звонки через Битрикс24 недоступны: вебхуку не хватает права «Телефония». Отметьте " +
			"его в «Настройке прав» входящего вебхука и обновите списки портала."
	case s.CallLine(d) == "":
		return "Звонки через Битрикс24 недоступны: не выбрана телефонная линия («Дополнительные настройки»)."
	case d.Phones.NoCalls:
		return "Звонки через Битрикс24 недоступны: владельцу вебхука не хватает права «Исходящий " +
			"звонок» в настройках телефонии. Дайте ему это право и обновите списки портала."
	}
	return ""
}

// TelephonyHint is the text below the switch of telephony: what prevents calls, or else who will be rung.
func (s Settings) TelephonyHint(d Lists) string {
	if why := s.NoCalls(d); s.Telephony && why != "" {
		return why
	}
	return "Кому из сотрудников позвонит портал, решают правила самой линии в Битрикс24; сотрудник " +
		"услышит «Заказ» и номер заказа"
}

// LineName is a telephone line as the portal calls it, or its number if the lists do not have it.
func (d Lists) LineName(id string) string {
	line, ok := lo.Find(d.Phones.Lines, func(e Entry) bool { return e.ID == id })
	if !ok {
		return id
	}
	return line.Name
}
