package pages

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/phone"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

const (
	callGuard   = 30 * time.Second // a second click within this time does not ring again
	callTimeout = 20 * time.Second // of the request that starts a call
)

// phoneBox is templates/phone_widget.html: what stands beside a phone of the order's page.
type phoneBox struct {
	Order   int64
	Number  string
	CardURL string
	Why     string // why there is no button; empty: there is one
	Line    string
	Last    *phoneCall // lately, to this phone
}

// PhoneWidget is the call button beside every phone on the order's page.
func (x *Pages) PhoneWidget() panel.Widget[orders.Phone] {
	data := func(ctx context.Context, p orders.Phone) (any, error) {
		s, why, err := x.portals.Active(ctx)
		if err != nil || why != "" || !s.Telephony || !staff.EmployeeFrom(ctx).May(staff.Operator) {
			return nil, err
		}
		lists, err := x.portals.Lists(ctx, s.PortalID)
		if err != nil {
			return nil, err
		}
		box := phoneBox{Order: p.Order.ID, Number: p.Number, Why: s.NoCalls(lists)}
		box.Line = lists.LineName(s.CallLine(lists))
		if box.CardURL, err = x.cardURL(ctx, s, p.Order); err != nil {
			return nil, err
		}
		var last []phoneCall
		err = x.DB.From(ctx).Where("portal_id = ? AND phone = ? AND order_id = ?", s.PortalID, p.Number, p.Order.ID).
			Where("at > ?", db.Now().Add(-time.Hour)).Limit(1).Find(&last).Error
		if err != nil {
			return nil, fmt.Errorf("read the last call: %w", err)
		}
		if len(last) > 0 {
			box.Last = &last[0]
		}
		return box, nil
	}
	return panel.Widget[orders.Phone]{Template: "bitrix24/phone_widget", Data: data}
}

// cardURL is the portal's card from which people call by hand: the contact's, else the deal's.
func (x *Pages) cardURL(ctx context.Context, s portal.Settings, o *orders.Order) (string, error) {
	contact, err := x.portals.Book(s.PortalID).Link(ctx, plan.Client, plan.Contact, o.ClientID)
	if err != nil {
		return "", err
	}
	if contact != nil {
		return s.URL(plan.Contact, contact.RemoteID), nil
	}
	deal, err := x.portals.Book(s.PortalID).Link(ctx, plan.Order, plan.Deal, o.ID)
	if err != nil || deal == nil || deal.State == plan.Deleted {
		return "", err
	}
	return s.URL(plan.Deal, deal.RemoteID), nil
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

// TableName is where GORM keeps calls.
func (phoneCall) TableName() string { return "bitrix24_calls" }

// Call calls one of the order's phones: POST /admin/bitrix24/orders/:number/call. It answers once the portal has taken
// the order to call, after at most twenty seconds.
func (x *Pages) Call(c echo.Context) error {
	o, err := x.orderOf(c)
	if err != nil {
		return err
	}
	notice, err := x.ring(c.Request().Context(), o, c.FormValue("phone"))
	return x.answer(c, orderURL(o), notice, err)
}

// ring has the portal call an employee and then the phone (voximplant.callback.start), once: whatever the outcome,
// nothing is repeated by itself. The notice names the call.
func (x *Pages) ring(ctx context.Context, o *orders.Order, number string) (string, error) {
	client, err := x.Clients.Find(ctx, o.ClientID)
	if err != nil {
		return "", err
	}
	if number == "" || number != client.PhoneText() && number != o.Address.Phone {
		return "", refusal.Value("phone", "У заказа нет такого телефона.")
	}
	c, err := x.exchange.Connect(ctx)
	switch {
	case jobs.Pauses(err):
		return "", refusal.Value("", "Звонок не заказан: %s.", err)
	case err != nil:
		return "", err
	case !c.Current.Telephony:
		return "", refusal.Value("", "Телефония Битрикс24 выключена в настройках.")
	case c.Current.NoCalls(c.Lists) != "":
		return "", refusal.Value("", "%s", c.Current.NoCalls(c.Lists))
	}
	who := staff.ActorFrom(ctx).Name
	row := phoneCall{PortalID: c.Portal.ID, Phone: number, OrderID: o.ID, Actor: who, At: db.Now()}
	if err := x.claimCall(ctx, row); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	began := time.Now()
	callback, err := startCall(ctx, c, o, number)
	row.CallID = string(callback.CallID)
	if err != nil {
		row.Failure = explainCall(err)
	}
	if err := x.noteCall(ctx, c, row, err, time.Since(began)); err != nil {
		return "", err
	}
	if err != nil {
		return "", refusal.Value("", "Звонок на %s: %s", phone.Words(number), row.Failure)
	}
	line := c.Lists.LineName(c.Current.CallLine(c.Lists))
	return fmt.Sprintf("Звонок на %s заказан: портал позвонит сотруднику по правилам линии «%s», назовёт «Заказ %d» "+
		"и соединит. Номер звонка: %s", phone.Words(number), line, o.ID, row.CallID), nil
}

// startCall has the portal call (voximplant.callback.start).
func startCall(ctx context.Context, c *exchange.Connection, o *orders.Order, kept string) (rest.Callback, error) {
	var callback rest.Callback
	batch := rest.Batch{Class: rest.People}
	number, extension := phone.Cut(kept) // the portal dials E.164; the extension is told to the employee
	words := fmt.Sprintf("Заказ %d", o.ID)
	if extension != "" {
		words += ", добавочный " + extension
	}
	batch.Add("call", "voximplant.callback.start", rest.Params{
		"FROM_LINE": c.Current.CallLine(c.Lists), "TO_NUMBER": number, "TEXT_TO_PRONOUNCE": words,
	})
	result, err := c.Client.Do(ctx, &batch)
	if err == nil {
		err = result.Decode("call", &callback)
	}
	if err == nil && !callback.Started {
		err = &rest.Error{Method: "voximplant.callback.start", Description: "звонок не начат", Status: http.StatusOK}
	}
	return callback, err
}

// claimCall makes this click the one that rings: the row is taken only if nobody has taken it within callGuard.
func (x *Pages) claimCall(ctx context.Context, row phoneCall) error {
	longAgo := clause.Lt{Column: "bitrix24_calls.at", Value: row.At.Add(-callGuard)}
	taken := x.DB.From(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "portal_id"}, {Name: "phone"}},
		DoUpdates: clause.AssignmentColumns([]string{"order_id", "actor", "at", "call_id", "failure"}),
		Where:     clause.Where{Exprs: []clause.Expression{longAgo}},
	}).Create(&row)
	if taken.Error != nil {
		return fmt.Errorf("claim a call: %w", taken.Error)
	}
	if taken.RowsAffected == 0 {
		return refusal.Value("", "На %s только что звонили. Повторить можно через %d секунд.",
			phone.Words(row.Phone), int(callGuard.Seconds()))
	}
	return nil
}

// noteCall stores what came of a call, and writes it into the journal. A call that certainly did not ring may be tried
// again at once. That the right to call is missing is kept until the lists are read anew, so that no dead button is
// left.
func (x *Pages) noteCall(
	ctx context.Context, c *exchange.Connection, row phoneCall, failure error, took time.Duration,
) error {
	entry := records.JournalEntry{
		Direction: plan.Outward, Local: plan.Order, LocalID: row.OrderID, DurationMS: took.Milliseconds(),
		Text: fmt.Sprintf("Звонок на %s (%s): %s", phone.Words(row.Phone), row.Actor, row.Failure),
	}
	refused, isRefusal := rest.AsRefusal(failure)
	switch {
	case failure == nil:
		entry.Outcome = records.Fine
		entry.Text = fmt.Sprintf("Звонок на %s заказан (%s), номер звонка %s", phone.Words(row.Phone), row.Actor, row.CallID)
	case rest.Unknown(failure):
		entry.Outcome = records.Uncertain
	default:
		entry.Outcome = records.Failed
		row.At = row.At.Add(-callGuard)
	}
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Save(&row).Error; err != nil {
			return fmt.Errorf("note a call: %w", err)
		}
		if isRefusal && refused.AccessDenied() {
			c.Lists.Phones.NoCalls = true
			if err := x.Settings.Save(tx, portal.ListsDocument, c.Lists); err != nil {
				return err
			}
		}
		return c.Write(tx, entry)
	})
}

// explainCall says why a call did not go out.
func explainCall(err error) string {
	refused, ok := rest.AsRefusal(err)
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
	return portal.Explain(err)
}
