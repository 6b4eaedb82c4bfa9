package setup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/pasted"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/settings"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// check asks the portal before anything is stored: a webhook it refuses is not stored, and the working one stays.
func (e *edit) check(ctx context.Context) error {
	s := &e.edited
	if !s.Enabled {
		return e.keep()
	}
	if e.move != nil {
		return form.FieldError{Message: askMove}
	}
	address, err := rest.ParsePortal(s.PortalURL)
	if err != nil {
		const message = "Это не адрес портала. Пример: https://название-компании.bitrix24.ru"
		return form.FieldError{Name: "portal_url", Message: message}
	}
	if err := rest.CheckAddress(address, e.portals.Options.AllowPrivate); err != nil {
		return form.FieldError{Name: "portal_url", Message: portal.Explain(err)}
	}
	s.PortalURL = address.Scheme + "://" + address.Host
	hook := rest.Webhook{Portal: address, UserID: s.UserID, Code: e.code}
	switch {
	case s.UserID == 0:
		return form.FieldError{Name: "user_id", Message: "Укажите номер сотрудника из адреса входящего вебхука"}
	case e.code == "":
		return form.FieldError{Name: "code", Message: "Укажите код входящего вебхука"}
	case hook.Check() != nil:
		return form.FieldError{Name: "code", Message: "В коде вебхука только латинские буквы и цифры"}
	}
	if s.CategoryID, err = parseCategory(e.category); err != nil {
		return form.FieldError{Name: "category_id", Message: "Выберите направление из списка"}
	}
	return e.ask(ctx, hook)
}

// keep takes what was chosen while the exchange is off: nobody is asked, so only what the last reading knows counts.
func (e *edit) keep() error {
	if e.lists.PortalID == 0 || e.edited.PortalURL != e.saved.PortalURL {
		return nil
	}
	id, err := parseCategory(e.category)
	if err != nil || !e.mayChoose(e.lists, id) {
		return form.FieldError{Name: "category_id", Message: "Выберите направление из списка"}
	}
	e.edited.CategoryID = id
	e.nameFunnel()
	return e.bindTables(e.values)
}

// unpack takes a whole webhook address out of whichever field it was pasted into, and spreads it over the three it is
// made of.
func (e *edit) unpack(values url.Values) {
	e.values = values
	prefix := portal.Name + "."
	for _, field := range []string{"portal_url", "user_id", "application_token", "code", "responsible_id", "line"} {
		hook, ok := rest.ParseWebhook(pasted.Code(values.Get(prefix + field)))
		if !ok {
			continue
		}
		values.Del(prefix + field)
		values.Set(prefix+"portal_url", hook.Portal.String())
		values.Set(prefix+"user_id", strconv.FormatInt(hook.UserID, 10))
		values.Set(prefix+"code", hook.Code)
		return
	}
}

// parseCategory reads the choice of «Направление сделки» as the number of a funnel.
func parseCategory(text string) (int64, error) {
	if text == defaultFunnel {
		return 0, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// ask reads the portal's lists through the webhook. If the portal refuses the webhook, nothing is stored. If it cannot
// be reached, the settings are stored with a remark.
func (e *edit) ask(ctx context.Context, hook rest.Webhook) error {
	ctx, cancel := context.WithTimeout(ctx, min(e.portals.Options.Timeout, 20*time.Second))
	defer cancel()
	client := e.portals.Client(hook, 0)
	lists, err := e.portals.ReadLists(ctx, client)
	if refused, ok := rest.AsRefusal(err); ok && !refused.Temporary() {
		field := "code"
		if !refused.Credentials() {
			field = ""
		}
		return form.FieldError{Name: field, Message: portal.Explain(err)}
	}
	var request *rest.RequestError
	if errors.As(err, &request) && request.Status >= 300 && request.Status < 500 {
		return form.FieldError{Name: "portal_url", Message: portal.Explain(err)}
	}
	if err != nil {
		e.remark("Настройки сохранены, но портал сейчас не отвечает: %s "+
			"Заказы принимаются как обычно и будут отправлены, когда он ответит.", portal.Explain(err))
		if e.lists.PortalID == 0 || e.edited.PortalURL != e.saved.PortalURL {
			return nil
		}
		return e.bindTables(e.values) // against the lists as they were last read
	}
	if !e.mayChoose(lists, e.edited.CategoryID) {
		const message = "На портале нет такого направления. Выберите направление из списка"
		return form.FieldError{Name: "category_id", Message: message}
	}
	if err := e.recognize(ctx, client); err != nil {
		return err
	}
	if err := e.checkResponsible(ctx, client, lists.Users); err != nil {
		return err
	}
	warnings, err := e.portals.MakeFields(ctx, client, e.edited.Fields, &lists)
	if err != nil {
		warnings = []string{portal.Explain(err)}
	}
	e.form.Remarks = append(e.form.Remarks, warnings...)
	if e.edited.Leads && lists.Mode == rest.ModeSimple {
		e.remark("В Битрикс24 включён простой режим CRM (без лидов): контакт и сделка будут создаваться сразу.")
	}
	if e.samePortal() {
		lists.PortalID = e.saved.PortalID
		lists.Remember(e.lists)
	}
	e.lists, e.read = lists, true
	e.nameFunnel()
	return e.bindTables(e.values)
}

// save stores the settings, the portal's lists and the line of the audit, and asks for a probe of a paused exchange.
func (e *edit) save(ctx context.Context, tx *db.Tx) error {
	s := &e.edited
	var err error
	if s.Code, err = e.seal(portal.CodePlace, e.code, e.saved.Code); err != nil {
		return err
	}
	if s.Token, err = e.seal(portal.TokenPlace, e.token, e.saved.Token); err != nil {
		return err
	}
	if before, _ := e.Settings.Keys.Open(portal.TokenPlace, e.saved.Token); before != "" && before != e.token {
		s.OldToken, s.OldTokenUntil = e.saved.Token, db.Now().Add(time.Hour)
	}
	if s.Enabled {
		if err := e.attach(tx, s); err != nil {
			return err
		}
	}
	if err := e.Settings.Save(tx, portal.Document, *s); err != nil {
		return err
	}
	if err := e.sendAwaiting(ctx, tx); err != nil {
		return err
	}
	if err := records.Audit(tx, staff.ActorFrom(ctx).Name, e.changes()); err != nil {
		return err
	}
	tx.AfterCommit(func(ctx context.Context) {
		e.Cache.Forget("bitrix24/")
		if err := e.Jobs.Resume(ctx, portal.Lane); err != nil {
			e.Log.WithError(err).Error("exchange not resumed")
		}
		if _, err := e.Jobs.RetryAll(ctx, portal.Lane); err != nil { // other settings may mend what failed
			e.Log.WithError(err).Error("failed jobs not tried again")
		}
	})
	return nil
}

// attach ties the settings to the row of their portal, and keeps the lists read from it.
func (e *edit) attach(tx *db.Tx, s *portal.Settings) error {
	address, err := rest.ParsePortal(s.PortalURL)
	if err != nil {
		return err
	}
	var p *portal.Portal
	if e.portalID != 0 {
		p, err = e.portals.TakeOver(tx, e.portalID, address, e.sameAs)
	} else {
		p, err = e.portals.At(tx, address)
	}
	if err != nil {
		return err
	}
	if p.ID != e.saved.PortalID {
		s.PortalID, s.ConnectedAt = p.ID, p.CreatedAt
	}
	if !e.read {
		return nil
	}
	if err := tx.Model(p).Updates(map[string]any{"trouble": "", "moved_to": ""}).Error; err != nil {
		return fmt.Errorf("note that the portal answers: %w", err)
	}
	e.lists.PortalID = p.ID
	return e.Settings.Save(tx, portal.ListsDocument, e.lists)
}

// changes names the settings that a save changes, for the audit.
func (e *edit) changes() string {
	var names []string
	add := func(differs bool, name string) {
		if differs {
			names = append(names, name)
		}
	}
	was, is := e.saved, e.edited
	add(was.Enabled != is.Enabled, lo.Ternary(is.Enabled, "включено", "выключено"))
	add(was.PortalURL != is.PortalURL, "URL портала: "+is.PortalURL)
	add(was.UserID != is.UserID, fmt.Sprintf("ID сотрудника: %d", is.UserID))
	add(was.Token != is.Token, "токен исходящего вебхука")
	add(was.Code != is.Code, "код входящего вебхука")
	add(was.OrderTypes != is.OrderTypes, "типы отправляемых заказов")
	add(was.CategoryID != is.CategoryID, "направление сделки: "+e.lists.FunnelName(is.CategoryID))
	add(was.ResponsibleID != is.ResponsibleID, fmt.Sprintf("ID ответственного: %d", is.ResponsibleID))
	add(was.Auto != is.Auto, "автоматическая отправка")
	add(was.Leads != is.Leads, "лиды")
	add(was.Telephony != is.Telephony, "телефония")
	if len(names) == 0 {
		return "Настройки сохранены"
	}
	return "Изменено: " + strings.Join(names, ", ")
}

// seal keeps the sealed secret when it was not typed anew, since sealing twice gives two texts, and one that cannot be
// opened opens again with its key.
func (e *edit) seal(place, plain string, stored settings.Sealed) (settings.Sealed, error) {
	before, err := e.Settings.Keys.Open(place, stored)
	if err == nil && before == plain || err != nil && plain == "" {
		return stored, nil
	}
	return e.Settings.Keys.Seal(place, plain)
}

// RefreshLists is «Обновить списки портала»: it reads funnels, stages and the other lists at once, which otherwise are
// read once a day.
func (x *Setup) RefreshLists(ctx context.Context) (string, error) {
	c, err := x.exchange.Connect(ctx)
	if err != nil {
		return "", refusal.Value("", "%s", portal.Explain(err))
	}
	d, err := x.portals.ReadLists(ctx, c.Client)
	if err != nil {
		return "", refusal.Value("", "%s", portal.Explain(err))
	}
	d.PortalID = c.Portal.ID
	err = x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error { return x.portals.KeepLists(ctx, tx, &d) })
	return "Списки портала обновлены", err
}
