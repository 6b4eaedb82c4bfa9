package bitrix24

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/export"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/settings"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/app/tariff"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// section is «Битрикс24» on «Выгрузка заказов / ERP и CRM системы».
func (m *Module) section() export.Section {
	return export.Section{
		Name: m.Name(), Title: "Битрикс24", Requires: tariff.Professional, Open: m.openSettings,
		Actions: []export.Action{
			{Name: "check", Label: "Проверить подключение", Icon: "plug", Do: m.checkConnection, Then: doctorURL},
			{Name: "moved", Label: "Сохранить новый адрес портала", Icon: "link", Visible: m.portalMoved, Do: m.saveMoved},
			{Name: "lists", Label: "Обновить списки портала", Icon: "refresh", Do: m.refreshNow},
		},
	}
}

// settingsEdit is the form while somebody fills it in: the settings under edit, and what was typed beside them.
type settingsEdit struct {
	*Module
	saved    Settings // what is in force
	edited   Settings
	lists    Dictionary
	token    string // as stored, or as typed
	code     string
	category string
	values   url.Values // as posted: rows of tables that were never shown are read from here
	form     *form.Form
	read     bool // the portal answered while this form was checked
	renamed  bool // … and is the one we know, under another address
}

// stageEdit is a row of «Стадия сделки → Статус заказа».
type stageEdit struct {
	id, name string
	status   orders.Status
	paid     bool
}

// defaultFunnel is «По умолчанию».
const defaultFunnel = ""

// openSettings opens the form on the settings in force.
func (m *Module) openSettings(ctx context.Context) (*form.Form, error) {
	saved, err := m.settings(ctx)
	if err != nil {
		return nil, err
	}
	e := &settingsEdit{Module: m, saved: saved, edited: saved}
	if e.lists, err = m.dictionary(ctx, saved.PortalID); err != nil {
		return nil, err
	}
	if e.token, err = m.Settings.Keys.Open(tokenPlace, saved.Token); err != nil {
		e.token = ""
	}
	if e.code, err = m.Settings.Keys.Open(codePlace, saved.Code); err != nil {
		e.code = ""
	}
	e.edited.CategoryID = saved.against(e.lists).CategoryID
	if e.edited.CategoryID != 0 {
		e.category = strconv.FormatInt(e.edited.CategoryID, 10)
	}
	return e.fields(ctx)
}

// fields are the vendor's screen, field by field.
func (e *settingsEdit) fields(ctx context.Context) (*form.Form, error) {
	s := &e.edited
	f := &form.Form{
		Section: e.Name(), Switch: form.Toggle("enabled", "Битрикс24", &s.Enabled), Rewrite: e.unpack, Check: e.check, Save: e.save,
	}
	e.form = f
	portalURL := form.Text("portal_url", "URL портала", &s.PortalURL).Example("https://название-компании.bitrix24.ru").Keyboard("url").Required()
	f.Fields = []*form.Field{
		portalURL,
		form.Number("user_id", "ID сотрудника, создавшего вебхуки", &s.UserID),
		form.Secret("application_token", "Токен исходящего вебхука", &e.token),
		form.Secret("code", "Код входящего вебхука (batch)", &e.code),
		form.Select("order_types", "Типы отправляемых заказов", &s.OrderTypes, []form.Option[OrderTypes]{
			{Value: AllOrders, Label: "Все заказы клиентов"}, {Value: Persons, Label: "Заказы частных лиц"}, {Value: Organizations, Label: "Заказы организаций"},
		}),
		form.Select("category_id", "Направление сделки", &e.category, e.funnelOptions()).Unlisted(),
		e.responsibleField(),
		form.Toggle("auto", "Автоматически отправлять заказы в Bitrix", &s.Auto),
		form.Toggle("leads", "Передавать новых клиентов в битрикс в качестве лидов", &s.Leads).Help(e.lists.leadsHint()),
		form.Toggle("telephony", "Использовать телефонию Битрикс24 на странице заказа в панели управления", &s.Telephony).Help(s.telephonyHint(e.lists)),
	}
	f.Fields = append(f.Fields, e.advanced(), e.handler())
	if lost := s.lost(e.lists); len(lost) > 0 {
		f.Notice = lostText(lost) + " Новые заказы попадают в первую стадию. Ближайшие замены предложены ниже: проверьте и сохраните."
	}
	if e.lists.PortalID != 0 {
		tables, err := e.tables(ctx)
		if err != nil {
			return nil, err
		}
		f.Fields = append(f.Fields, tables...)
		if _, why, _ := e.active(ctx); why == "" {
			if state, err := e.Jobs.Lane(ctx, lane); err == nil && state.Paused {
				f.Notice = "Портал сейчас недоступен: " + state.Reason + " Списки показаны по последнему успешному чтению."
			}
		}
	}
	return f, nil
}

// funnelOptions are «По умолчанию» and the portal's funnels.
func (e *settingsEdit) funnelOptions() []form.Option[string] {
	options := []form.Option[string]{{Value: defaultFunnel, Label: "По умолчанию"}}
	for _, f := range e.lists.Funnels {
		if f.ID != 0 {
			options = append(options, form.Option[string]{Value: strconv.FormatInt(f.ID, 10), Label: f.Name})
		}
	}
	return options
}

func (e *settingsEdit) responsibleField() *form.Field {
	field := form.Number("responsible_id", "ID ответственного за сделку", &e.edited.ResponsibleID).
		Help("Пусто — ответственным будет сотрудник, создавший вебхуки")
	if user, ok := lo.Find(e.lists.Users, func(u entry) bool { return u.ID == fmt.Sprint(e.edited.ResponsibleID) }); ok {
		field = field.Help("Сейчас: " + user.Name)
	}
	return field
}

// advanced is «Дополнительные настройки».
func (e *settingsEdit) advanced() *form.Field {
	s := &e.edited
	s.Sources = lo.Assign(map[orders.Source]string{}, s.Sources)
	fields := []*form.Field{e.lineField()}
	for _, source := range orders.Sources {
		value := s.SourceID(source.Value)
		options := lo.Map(e.lists.Sources, func(s entry, _ int) form.Option[string] { return form.Option[string]{Value: s.ID, Label: s.Name} })
		if len(options) == 0 {
			options = []form.Option[string]{{Value: value, Label: value}}
		}
		field := form.Select("source."+string(source.Value), "Источник: "+source.Label, &value, options).Unlisted()
		fields = append(fields, field.Check(func(chosen string) error {
			s.Sources[source.Value] = chosen
			return nil
		}))
	}
	fields = append(fields, e.customFields()...)
	fields = append(fields, form.Toggle("catalog", "Связывать товары с каталогом Битрикс24", &s.Catalog))
	return form.Folded("Дополнительные настройки", fields...)
}

// customFields choose the portal's fields that the module writes to: its own, or others that people made before.
func (e *settingsEdit) customFields() []*form.Field {
	names := &e.edited.Fields
	if *names == (mapping.FieldNames{}) {
		*names = mapping.DefaultFields
	}
	var fields []*form.Field
	for i, name := range []*string{&names.Discussion, &names.Delivery, &names.DeliveryID, &names.Payment} {
		options := []form.Option[string]{{Value: ourFields[i].Name, Label: ourFields[i].Caption + " (" + ourFields[i].Name + ")"}}
		for _, f := range e.lists.DealFields {
			if f.Name != ourFields[i].Name {
				options = append(options, form.Option[string]{Value: f.Name, Label: strings.TrimSpace(f.Caption + " (" + f.Name + ")")})
			}
		}
		fields = append(fields, form.Select("field."+strings.ToLower(strings.TrimPrefix(ourFields[i].Name, "UF_CRM_PIXLPARK_")),
			"Поле сделки: "+ourFields[i].Caption, name, options))
	}
	return fields
}

// handler is what people copy into the outbound webhook.
func (e *settingsEdit) handler() *form.Field {
	return form.Group("Для исходящего вебхука",
		form.Static("URL вашего обработчика", e.PublicURL.JoinPath("api", "bitrix", "events").String()).Copyable(),
		form.Static("События", "Обновление сделки, Обновление контакта, Обновление компании, Обновление лида, Удаление сделки, "+
			"Удаление контакта, Удаление компании, Удаление лида, Удаление товара"),
	)
}

// tables are «Стадия сделки → Статус заказа», for the chosen funnel and for every other that has deals of ours, and «Тип
// компании». What was never saved is a proposal.
func (e *settingsEdit) tables(ctx context.Context) ([]*form.Field, error) {
	funnels, err := e.funnelsInUse(ctx)
	if err != nil {
		return nil, err
	}
	statuses := []form.Option[orders.Status]{{Value: "", Label: "Не задано"}}
	for _, s := range orders.Statuses() {
		statuses = append(statuses, form.Option[orders.Status]{Value: s, Label: s.Label()})
	}
	var fields []*form.Field
	for _, id := range funnels {
		var rows []form.Row
		proposed := false
		for _, edit := range e.stageEdits(id, &proposed) {
			rows = append(rows, form.Row{Label: edit.name, Cells: []*form.Field{
				form.Select("stage."+edit.id+".status", "Статус заказа: "+edit.name, &edit.status, statuses),
				form.Toggle("stage."+edit.id+".paid", "Перевести заказ в оплаченный", &edit.paid),
			}})
		}
		if len(rows) == 0 {
			continue
		}
		table := form.Table([]string{"Стадия сделки в Bitrix24", "Статус заказа в Pixlpark", ""}, rows)
		if id != e.edited.CategoryID {
			table.Label = "Прежнее направление: " + e.funnelName(id)
		}
		if proposed {
			table.Hint = "Предложение: вступит в силу после сохранения"
		}
		fields = append(fields, table)
	}
	return append(fields, e.typesTable()), nil
}

// stageEdits are the rows of one funnel: as saved, else as proposed.
func (e *settingsEdit) stageEdits(id int64, proposed *bool) []*stageEdit {
	table, saved := e.edited.Funnels[id]
	var rows []*stageEdit
	for _, s := range e.lists.stages(id) {
		edit := &stageEdit{id: s.ID, name: s.Name}
		rule, known := lo.Find(table.Stages, func(r mapping.StageRule) bool { return r.StageID == s.ID })
		switch {
		case known:
			edit.status, edit.paid = rule.Status, rule.Paid
		case !saved:
			edit.status = mapping.Proposal(s.ID)
			*proposed = *proposed || edit.status != ""
		}
		rows = append(rows, edit)
	}
	*proposed = e.proposeSuccessors(id, rows) || *proposed
	return rows
}

func (e *settingsEdit) funnelName(id int64) string {
	f, _ := lo.Find(e.lists.Funnels, func(f funnel) bool { return f.ID == id })
	return f.Name
}

// funnelsInUse are the chosen funnel and those that deals of ours are in.
func (e *settingsEdit) funnelsInUse(ctx context.Context) ([]int64, error) {
	var used []int64
	err := e.DB.From(ctx).Model(&Link{}).Distinct("category_id").
		Where("portal_id = ? AND entity = ? AND local = ? AND state = ''", e.lists.PortalID, aDeal, anOrder).Limit(100).Pluck("category_id", &used).Error
	if err != nil {
		return nil, fmt.Errorf("read funnels in use: %w", err)
	}
	slices.Sort(used)
	return lo.Uniq(append([]int64{e.edited.CategoryID}, used...)), nil
}

func (e *settingsEdit) typesTable() *form.Field {
	options := []form.Option[organizations.Type]{{Value: organizations.NoType, Label: "Не задано"}}
	for _, t := range organizations.Types {
		options = append(options, form.Option[organizations.Type]{Value: t.Type, Label: t.Label})
	}
	var rows []form.Row
	for _, t := range e.lists.CompanyTypes {
		value := organizations.NoType
		if rule, ok := lo.Find(e.edited.CompanyTypes, func(r mapping.CompanyTypeRule) bool { return r.ID == t.ID }); ok {
			value = rule.Type
		} else if e.edited.CompanyTypes == nil {
			value = mapping.CompanyTypeProposal(t.ID)
		}
		rows = append(rows, form.Row{Label: t.Name, Cells: []*form.Field{
			form.Select("company_type."+t.ID, "Тип компании: "+t.Name, &value, options),
		}})
	}
	return form.Table([]string{"Тип компании в Bitrix24", "Тип компании в Pixlpark"}, rows)
}

// check asks the portal before anything is stored: a webhook it refuses is not stored, and the working one stays.
func (e *settingsEdit) check(ctx context.Context) error {
	s := &e.edited
	if !s.Enabled {
		return nil
	}
	address, err := rest.ParsePortal(s.PortalURL)
	if err != nil {
		return form.FieldError{Name: "portal_url", Message: "Это не адрес портала. Пример: https://название-компании.bitrix24.ru"}
	}
	if err := rest.CheckAddress(address, e.opts.AllowPrivate); err != nil {
		return form.FieldError{Name: "portal_url", Message: explain(err)}
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

// unpack takes a whole webhook address out of whichever field it was pasted into, and spreads it over the three it is
// made of.
func (e *settingsEdit) unpack(values url.Values) {
	e.values = values
	prefix := e.Name() + "."
	for _, field := range []string{"portal_url", "user_id", "application_token", "code"} {
		hook, ok := rest.ParseWebhook(values.Get(prefix + field))
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

func parseCategory(text string) (int64, error) {
	if text == defaultFunnel {
		return 0, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

// ask reads the portal's lists through the webhook. Refused: nothing is stored. Unreachable: stored, with a remark.
func (e *settingsEdit) ask(ctx context.Context, hook rest.Webhook) error {
	ctx, cancel := context.WithTimeout(ctx, min(e.opts.Timeout, 20*time.Second))
	defer cancel()
	client := e.client(hook, 0)
	lists, err := e.readLists(ctx, client)
	if refused, ok := asRefusal(err); ok && !refused.Temporary() {
		field := "code"
		if !refused.Credentials() {
			field = ""
		}
		return form.FieldError{Name: field, Message: explain(err)}
	}
	if request := (*rest.RequestError)(nil); errors.As(err, &request) && request.Status >= 300 && request.Status < 500 {
		return form.FieldError{Name: "portal_url", Message: explain(err)}
	}
	if err != nil {
		e.form.Remarks = append(e.form.Remarks, "Настройки сохранены, но портал сейчас не отвечает: "+explain(err)+" Заказы принимаются как обычно и будут отправлены, когда он ответит.")
		return nil
	}
	if !slices.ContainsFunc(lists.Funnels, func(f funnel) bool { return f.ID == e.edited.CategoryID }) {
		return form.FieldError{Name: "category_id", Message: "На портале нет такого направления. Выберите направление из списка"}
	}
	if err := e.recognize(ctx, client); err != nil {
		return err
	}
	warnings, err := e.makeFields(ctx, client, e.edited.Fields, &lists)
	if err != nil {
		warnings = []string{explain(err)}
	}
	e.form.Remarks = append(e.form.Remarks, warnings...)
	if e.edited.Leads && lists.Mode == rest.ModeSimple {
		e.form.Remarks = append(e.form.Remarks, "В Битрикс24 включён простой режим CRM (без лидов): контакт и сделка будут создаваться сразу.")
	}
	e.lists, e.read = lists, true
	e.edited.FunnelName = e.funnelName(e.edited.CategoryID)
	return e.bindTables(e.values)
}

// bindTables reads both tables as posted against the portal's present lists: a form sent in one go may hold rows that
// were never shown.
func (e *settingsEdit) bindTables(values url.Values) error {
	prefix := e.Name() + "."
	previous := e.edited.Funnels
	e.edited.Funnels = map[int64]mapping.Funnel{}
	for id, table := range previous {
		if slices.ContainsFunc(e.lists.Funnels, func(f funnel) bool { return f.ID == id }) {
			e.edited.Funnels[id] = table
		}
	}
	for _, f := range e.lists.Funnels {
		table := mapping.Funnel{Name: f.Name}
		posted := false
		for _, s := range f.Stages {
			rule := mapping.StageRule{StageID: s.ID, Name: s.Name}
			if old, ok := lo.Find(previous[f.ID].Stages, func(r mapping.StageRule) bool { return r.StageID == s.ID }); ok {
				rule.Status, rule.Paid = old.Status, old.Paid
			}
			if values.Has(prefix + "stage." + s.ID + ".status") {
				posted = true
				rule.Status = orders.Status(values.Get(prefix + "stage." + s.ID + ".status"))
				rule.Paid = isOn(values.Get(prefix + "stage." + s.ID + ".paid"))
				if rule.Status != "" && (!rule.Status.Known() || rule.Status == orders.Deleted) {
					return form.FieldError{Name: "stage." + s.ID + ".status", Message: "Выберите статус из списка"}
				}
			}
			table.Stages = append(table.Stages, rule)
		}
		if _, known := previous[f.ID]; posted || known {
			e.edited.Funnels[f.ID] = table
		}
	}
	var types []mapping.CompanyTypeRule
	posted := false
	for _, t := range e.lists.CompanyTypes {
		rule, _ := lo.Find(e.edited.CompanyTypes, func(r mapping.CompanyTypeRule) bool { return r.ID == t.ID })
		rule.ID = t.ID
		if values.Has(prefix + "company_type." + t.ID) {
			posted = true
			rule.Type = organizations.Type(values.Get(prefix + "company_type." + t.ID))
			if rule.Type.Label() == "" {
				return form.FieldError{Name: "company_type." + t.ID, Message: "Выберите тип из списка"}
			}
		}
		types = append(types, rule)
	}
	if posted || e.edited.CompanyTypes != nil {
		e.edited.CompanyTypes = types
	}
	return nil
}

// isOn reads a posted check box like form.Toggle does.
func isOn(s string) bool {
	return !slices.Contains([]string{"", "0", "false", "off", "no"}, strings.ToLower(s))
}

// save stores the settings, the portal's lists and the line of the audit, and asks for a probe of a paused exchange.
func (e *settingsEdit) save(ctx context.Context, tx *db.Tx) error {
	s := &e.edited
	var err error
	if s.Code, err = e.seal(codePlace, e.code, e.saved.Code); err != nil {
		return err
	}
	if s.Token, err = e.seal(tokenPlace, e.token, e.saved.Token); err != nil {
		return err
	}
	if before, _ := e.Settings.Keys.Open(tokenPlace, e.saved.Token); before != "" && before != e.token {
		s.OldToken, s.OldTokenUntil = e.saved.Token, db.Now().Add(time.Hour)
	}
	if s.Enabled {
		if err := e.attach(tx, s); err != nil {
			return err
		}
	}
	if err := e.Settings.Save(tx, document, *s); err != nil {
		return err
	}
	if err := e.audit(tx, staff.ActorFrom(ctx).Name, e.changes()); err != nil {
		return err
	}
	tx.AfterCommit(func(ctx context.Context) {
		e.Cache.Forget("bitrix24/")
		if err := e.Jobs.Resume(ctx, lane); err != nil {
			e.Log.WithError(err).Error("exchange not resumed")
		}
		if _, err := e.Jobs.RetryAll(ctx, lane); err != nil { // other settings may mend what failed
			e.Log.WithError(err).Error("failed jobs not tried again")
		}
	})
	return nil
}

// attach ties the settings to the row of their portal, and keeps the lists read from it.
func (e *settingsEdit) attach(tx *db.Tx, s *Settings) error {
	address, err := rest.ParsePortal(s.PortalURL)
	if err != nil {
		return err
	}
	if e.renamed {
		if err := e.rename(tx, e.saved.PortalID, address); err != nil {
			return err
		}
	}
	p, err := e.portalAt(tx, address)
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
	return e.Settings.Save(tx, dictionaryDocument, e.lists)
}

// changes names the settings that a save changes, for the audit.
func (e *settingsEdit) changes() string {
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
	add(was.CategoryID != is.CategoryID, "направление сделки: "+e.funnelName(is.CategoryID))
	add(was.ResponsibleID != is.ResponsibleID, fmt.Sprintf("ID ответственного: %d", is.ResponsibleID))
	add(was.Auto != is.Auto, "автоматическая отправка")
	add(was.Leads != is.Leads, "лиды")
	add(was.Telephony != is.Telephony, "телефония")
	if len(names) == 0 {
		return "Настройки сохранены"
	}
	return "Изменено: " + strings.Join(names, ", ")
}

// seal keeps the sealed secret when it was not typed anew, since sealing twice gives two texts.
func (e *settingsEdit) seal(place, plain string, stored settings.Sealed) (settings.Sealed, error) {
	if before, err := e.Settings.Keys.Open(place, stored); err == nil && before == plain {
		return stored, nil
	}
	return e.Settings.Keys.Seal(place, plain)
}

// refreshNow re-reads the portal's lists at once.
func (m *Module) refreshNow(ctx context.Context) (string, error) {
	c, err := m.connect(ctx)
	if err != nil {
		return "", refusal.Value("", "%s", explain(err))
	}
	d, err := m.readLists(ctx, c.client)
	if err != nil {
		return "", refusal.Value("", "%s", explain(err))
	}
	d.PortalID = c.portal.ID
	err = m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error { return m.keepLists(ctx, tx, d) })
	return "Списки портала обновлены", err
}
