package bitrix24

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// phoneLines are the portal's telephone lines as far as the webhook may read them.
type phoneLines struct {
	Lines   []entry
	Default string // the portal's own line for outgoing calls
	Refused bool   // the owner may not manage numbers: the line is typed by hand
	NoCalls bool   // the owner may not call, as the last attempt has shown
}

// telephonyScope is the scope of the inbound webhook that calls need.
const telephonyScope = "telephony"

const (
	callGuard   = 30 * time.Second // a second click within this time does not ring again
	callTimeout = 20 * time.Second
)

// readLines reads the lines of a webhook that has the scope (voximplant.line.get, voximplant.line.outgoing.get).
func (m *Module) readLines(ctx context.Context, client *rest.Client, d *Dictionary) error {
	if !d.telephony() {
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
		d.Phones.Lines = append(d.Phones.Lines, entry{ID: id, Name: string(lines[id])})
	}
	if result.Decode("outgoing", &outgoing) == nil {
		d.Phones.Default = string(outgoing)
	}
	return nil
}

// telephony reports whether the webhook has the scope.
func (d Dictionary) telephony() bool { return slices.Contains(d.Scopes, telephonyScope) }

// line is what calls go out from: the chosen line, else the portal's own.
func (s Settings) line(d Dictionary) string { return cmp.Or(s.Line, d.Phones.Default) }

// noCalls says why nobody can be called through the portal; empty: calls go.
func (s Settings) noCalls(d Dictionary) string {
	switch {
	case d.PortalID == 0:
		return "Списки портала ещё не прочитаны: сохраните настройки, когда портал ответит."
	case !d.telephony():
		return "Звонки через Битрикс24 недоступны: вебхуку не хватает права «Телефония». Отметьте его в «Настройке прав» входящего вебхука и обновите списки портала."
	case s.line(d) == "":
		return "Звонки через Битрикс24 недоступны: не выбрана телефонная линия («Дополнительные настройки»)."
	case d.Phones.NoCalls:
		return "Звонки через Битрикс24 недоступны: владельцу вебхука не хватает права «Исходящий звонок» в настройках телефонии. Дайте ему это право и обновите списки портала."
	}
	return ""
}

// telephonyHint stands below the switch: what is in the way of calls, else who will be rung.
func (s Settings) telephonyHint(d Dictionary) string {
	if why := s.noCalls(d); s.Telephony && why != "" {
		return why
	}
	return "Кому из сотрудников позвонит портал, решают правила самой линии в Битрикс24; сотрудник услышит «Заказ» и номер заказа"
}

// lineField is «Телефонная линия»: a choice where the webhook may read the lines, else typed.
func (e *settingsEdit) lineField() *form.Field {
	phones := e.lists.Phones
	if len(phones.Lines) == 0 {
		hint := "Номер линии в Битрикс24, с которой звонить: reg12345, sip7 или арендованный номер"
		if phones.Refused {
			hint = "Прочитать линии портал не разрешил (нужно право «Управление номерами»): впишите номер линии сами, например reg12345 или sip7"
		}
		return form.Text("line", "Телефонная линия", &e.edited.Line).Max(100).Help(hint)
	}
	first := form.Option[string]{Label: "По умолчанию"}
	if phones.Default != "" {
		first.Label += ": " + e.lists.lineName(phones.Default)
	}
	options := append([]form.Option[string]{first}, lo.Map(phones.Lines, func(l entry, _ int) form.Option[string] {
		return form.Option[string]{Value: l.ID, Label: l.Name}
	})...)
	return form.Select("line", "Телефонная линия", &e.edited.Line, options).Unlisted()
}

// phoneBox is templates/phone_widget.html: what stands beside a phone of the order's page.
type phoneBox struct {
	Order   int64
	Number  string
	CardURL string
	Why     string // there is no button, and why
	Line    string
	Last    *phoneCall // lately, to this phone
}

// phoneWidget is the call button beside every phone on the order's page.
func (m *Module) phoneWidget() panel.Widget[orders.Phone] {
	return panel.Widget[orders.Phone]{Template: "bitrix24/phone_widget", Data: func(ctx context.Context, p orders.Phone) (any, error) {
		s, why, err := m.active(ctx)
		if err != nil || why != "" || !s.Telephony || !staff.EmployeeFrom(ctx).May(staff.Operator) {
			return nil, err
		}
		lists, err := m.dictionary(ctx, s.PortalID)
		if err != nil {
			return nil, err
		}
		box := phoneBox{Order: p.Order.ID, Number: p.Number, Why: s.noCalls(lists), Line: lists.lineName(s.line(lists))}
		if box.CardURL, err = m.cardURL(ctx, s, p.Order); err != nil {
			return nil, err
		}
		var last []phoneCall
		err = m.DB.From(ctx).Where("portal_id = ? AND phone = ? AND order_id = ? AND at > ?", s.PortalID, p.Number, p.Order.ID, db.Now().Add(-time.Hour)).
			Limit(1).Find(&last).Error
		if err != nil {
			return nil, fmt.Errorf("read the last call: %w", err)
		}
		if len(last) > 0 {
			box.Last = &last[0]
		}
		return box, nil
	}}
}

func (d Dictionary) lineName(id string) string {
	line, ok := lo.Find(d.Phones.Lines, func(e entry) bool { return e.ID == id })
	if !ok {
		return id
	}
	return line.Name
}

// cardURL is the portal's card from which people call by hand: the contact's, else the deal's.
func (m *Module) cardURL(ctx context.Context, s Settings, o *orders.Order) (string, error) {
	contact, err := m.link(ctx, s.PortalID, aClient, aContact, o.ClientID)
	if err != nil {
		return "", err
	}
	if contact != nil {
		return s.url(aContact, contact.RemoteID), nil
	}
	deal, err := m.link(ctx, s.PortalID, anOrder, aDeal, o.ID)
	if err != nil || deal == nil || deal.State == deleted {
		return "", err
	}
	return s.url(aDeal, deal.RemoteID), nil
}

// phoneCall is a row of bitrix24_calls: the last call to a phone.
type phoneCall struct {
	PortalID int64  `gorm:"primaryKey"`
	Phone    string `gorm:"primaryKey"`
	OrderID  int64
	Actor    string
	At       time.Time
	CallID   string
	Failure  string
}

// TableName keeps the module's tables apart.
func (phoneCall) TableName() string { return "bitrix24_calls" }

// call rings: POST /admin/bitrix24/orders/:number/call with one of the order's phones.
func (m *Module) call(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := strconv.ParseInt(c.Param("number"), 10, 64)
	if err != nil {
		return refusal.Unknown("Такого заказа нет.")
	}
	o, err := m.Orders.Find(ctx, id)
	if err != nil {
		return err
	}
	back := fmt.Sprintf("/admin/orders/%d", o.ID)
	notice, err := m.ring(ctx, o, c.FormValue("phone"))
	if no, ok := refusal.From(err); ok && no.Kind == refusal.Invalid {
		m.Panel.Flash(c, panel.Bad, no.Message)
		return panel.SeeOther(c, back)
	}
	if err != nil {
		return err
	}
	m.Panel.Flash(c, panel.Good, notice)
	return panel.SeeOther(c, back)
}

// ring has the portal call an employee and then the phone (voximplant.callback.start), once: whatever the outcome,
// nothing is repeated by itself. The notice names the call.
func (m *Module) ring(ctx context.Context, o *orders.Order, phone string) (string, error) {
	client, err := m.Clients.Find(ctx, o.ClientID)
	if err != nil {
		return "", err
	}
	if phone == "" || phone != client.PhoneText() && phone != o.Address.Phone {
		return "", refusal.Value("phone", "У заказа нет такого телефона.")
	}
	c, err := m.connect(ctx)
	switch {
	case jobs.Pauses(err):
		return "", refusal.Value("", "Звонок не заказан: %s.", err)
	case err != nil:
		return "", err
	case !c.settings.Telephony:
		return "", refusal.Value("", "Телефония Битрикс24 выключена в настройках.")
	case c.settings.noCalls(c.lists) != "":
		return "", refusal.Value("", "%s", c.settings.noCalls(c.lists))
	}
	row := phoneCall{PortalID: c.portal.ID, Phone: phone, OrderID: o.ID, Actor: staff.ActorFrom(ctx).Name, At: db.Now()}
	if err := m.claimCall(ctx, row); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	began := time.Now()
	callback, err := c.startCall(ctx, o, phone)
	row.CallID = string(callback.CallID)
	if err != nil {
		row.Failure = explainCall(err)
	}
	if err := m.noteCall(ctx, c, row, err, time.Since(began)); err != nil {
		return "", err
	}
	if err != nil {
		return "", refusal.Value("", "Звонок на %s: %s", phone, row.Failure)
	}
	return fmt.Sprintf("Звонок на %s заказан: портал позвонит сотруднику по правилам линии «%s», назовёт «Заказ %d» и соединит. Номер звонка: %s",
		phone, c.lists.lineName(c.settings.line(c.lists)), o.ID, row.CallID), nil
}

func (c *connection) startCall(ctx context.Context, o *orders.Order, phone string) (rest.Callback, error) {
	var callback rest.Callback
	batch := rest.Batch{Class: rest.People}
	batch.Add("call", "voximplant.callback.start", rest.Params{
		"FROM_LINE": c.settings.line(c.lists), "TO_NUMBER": phone, "TEXT_TO_PRONOUNCE": fmt.Sprintf("Заказ %d", o.ID),
	})
	result, err := c.client.Do(ctx, &batch)
	if err == nil {
		err = result.Decode("call", &callback)
	}
	if err == nil && !callback.Started {
		err = &rest.Error{Method: "voximplant.callback.start", Description: "звонок не начат", Status: http.StatusOK}
	}
	return callback, err
}

// claimCall makes this click the one that rings: the row is taken only if nobody has taken it within callGuard.
func (m *Module) claimCall(ctx context.Context, row phoneCall) error {
	taken := m.DB.From(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "portal_id"}, {Name: "phone"}},
		DoUpdates: clause.AssignmentColumns([]string{"order_id", "actor", "at", "call_id", "failure"}),
		Where:     clause.Where{Exprs: []clause.Expression{clause.Lt{Column: "bitrix24_calls.at", Value: row.At.Add(-callGuard)}}},
	}).Create(&row)
	if taken.Error != nil {
		return fmt.Errorf("claim a call: %w", taken.Error)
	}
	if taken.RowsAffected == 0 {
		return refusal.Value("", "На %s только что звонили. Повторить можно через %d секунд.", row.Phone, int(callGuard.Seconds()))
	}
	return nil
}

// noteCall stores what came of a call. One that certainly did not ring may be tried again at once; a right that lacks is
// remembered until the lists are read anew, so that no dead button is left.
func (m *Module) noteCall(ctx context.Context, c *connection, row phoneCall, failure error, took time.Duration) error {
	text := fmt.Sprintf("Звонок на %s заказан (%s), номер звонка %s", row.Phone, row.Actor, row.CallID)
	entry := journalEntry{Direction: outward, Local: anOrder, LocalID: row.OrderID, Outcome: fine, Text: text, DurationMS: took.Milliseconds()}
	refused, isRefusal := asRefusal(failure)
	switch {
	case failure == nil:
	case rest.Unknown(failure):
		entry.Outcome, entry.Text = uncertain, fmt.Sprintf("Звонок на %s (%s): %s", row.Phone, row.Actor, row.Failure)
	default:
		entry.Outcome, entry.Text = failed, fmt.Sprintf("Звонок на %s (%s): %s", row.Phone, row.Actor, row.Failure)
		row.At = row.At.Add(-callGuard)
	}
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Save(&row).Error; err != nil {
			return fmt.Errorf("note a call: %w", err)
		}
		if isRefusal && refused.AccessDenied() {
			c.lists.Phones.NoCalls = true
			if err := m.Settings.Save(tx, dictionaryDocument, c.lists); err != nil {
				return err
			}
		}
		return c.write(tx, entry)
	})
}

// explainCall says why a call did not go out.
func explainCall(err error) string {
	refused, ok := asRefusal(err)
	switch {
	case rest.Unknown(err):
		return "ответ портала потерян. Если телефон не зазвонит за полминуты, нажмите ещё раз."
	case ok && refused.Scope():
		return "вебхуку не хватает права «Телефония»."
	case ok && refused.AccessDenied():
		return "владельцу вебхука не хватает права «Исходящий звонок» в настройках телефонии Битрикс24."
	case ok && strings.HasPrefix(refused.Description, "Could not find"):
		return "в Битрикс24 нет выбранной линии. Выберите другую в настройках."
	case ok && strings.HasPrefix(refused.Description, "Phone number"):
		return "Битрикс24 считает номер неверным."
	}
	return explain(err)
}
