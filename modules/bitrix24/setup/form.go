package setup

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// fields draws the form: the fields of the vendor's screen in its order, then ours.
func (e *edit) fields(ctx context.Context) (*form.Form, error) {
	s := &e.edited
	f := &form.Form{
		Section: portal.Name, Switch: form.Toggle("enabled", "Битрикс24", &s.Enabled),
		Rewrite: e.unpack, Check: e.check, Save: e.save,
	}
	e.form = f
	portalURL := form.Text("portal_url", "URL портала", &s.PortalURL).
		Example("https://название-компании.bitrix24.ru").Keyboard("url").Required()
	f.Fields = []*form.Field{
		portalURL,
		form.Number("user_id", "ID сотрудника, создавшего вебхуки", &s.UserID),
		form.Secret("application_token", "Токен исходящего вебхука", &e.token),
		form.Secret("code", "Код входящего вебхука (batch)", &e.code),
		form.Select("order_types", "Типы отправляемых заказов", &s.OrderTypes, []form.Option[portal.OrderTypes]{
			{Value: portal.AllOrders, Label: "Все заказы клиентов"},
			{Value: portal.Persons, Label: "Заказы частных лиц"},
			{Value: portal.Organizations, Label: "Заказы организаций"},
		}),
		form.Select("category_id", "Направление сделки", &e.category, e.funnelOptions()).Unlisted(),
		e.responsibleField(),
		form.Toggle("auto", "Автоматически отправлять заказы в Bitrix", &s.Auto),
		form.Toggle("leads", "Передавать новых клиентов в битрикс в качестве лидов", &s.Leads).
			Help(e.lists.LeadsHint()),
		form.Toggle("telephony", "Использовать телефонию Битрикс24 на странице заказа в панели управления", &s.Telephony).
			Help(s.TelephonyHint(e.lists)),
	}
	f.Fields = append(f.Fields, e.advanced(), e.handler())
	if lost := s.Lost(e.lists); len(lost) > 0 {
		f.Notice = portal.LostText(lost) + " " + portal.LostFate(lost) +
			" Правила хранятся, пока вы не решите. Ближайшие замены предложены ниже: проверьте и сохраните."
	}
	defer e.warn(f)
	if e.lists.PortalID != 0 {
		tables, err := e.tables(ctx)
		if err != nil {
			return nil, err
		}
		f.Fields = append(append(f.Fields, tables...), e.forgetFunnels()...)
		if _, why, _ := e.portals.Active(ctx); why == "" {
			if state, err := e.Jobs.Lane(ctx, portal.Lane); err == nil && state.Paused {
				f.Notice = state.Reason + " Списки показаны по последнему успешному чтению."
			}
		}
	}
	return f, nil
}

// warn puts before all other remarks what has to be mended first.
func (e *edit) warn(f *form.Form) {
	switch {
	case e.move != nil:
		f.Notice = askMove
	case e.portals.CheckSecrets(e.saved) != nil:
		f.Notice = unreadable
	}
}

// What the form says above its fields.
const (
	askMove = "Адрес панели изменился. Ответьте кнопкой ниже, переехала панель или это копия базы: пока ответа нет, " +
		"обмен не идёт, а заказы принимаются и ждут."
	unreadable = "Код и токены вебхуков не читаются: они запечатаны ключом, которого нет в SECRET_KEY. Добавьте прежний " +
		"ключ в SECRET_KEY через запятую после нового и перезапустите панель, либо впишите код и токен заново и сохраните."
)

// funnelOptions are «По умолчанию» and the portal's funnels.
func (e *edit) funnelOptions() []form.Option[string] {
	options := []form.Option[string]{{Value: defaultFunnel, Label: "По умолчанию"}}
	for _, f := range e.lists.Funnels {
		if f.ID != 0 {
			options = append(options, form.Option[string]{Value: strconv.FormatInt(f.ID, 10), Label: f.Name})
		}
	}
	if e.funnelGone(e.saved.CategoryID) {
		name := cmp.Or(e.saved.FunnelName, e.category)
		options = append(options, form.Option[string]{Value: e.category, Label: "«" + name + "» удалено на портале"})
	}
	return options
}

// advanced is «Дополнительные настройки».
func (e *edit) advanced() *form.Field {
	s := &e.edited
	s.Sources = lo.Assign(map[orders.Source]string{}, s.Sources)
	fields := []*form.Field{e.lineField()}
	for _, source := range orders.Sources {
		value := s.SourceID(source.Value)
		options := lo.Map(e.lists.Sources, func(s portal.Entry, _ int) form.Option[string] {
			return form.Option[string]{Value: s.ID, Label: s.Name}
		})
		for _, gone := range e.lists.FormerSources {
			if gone.ID == value {
				options = append(options, form.Option[string]{Value: value, Label: "«" + gone.Name + "» удалён на портале"})
			}
		}
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
func (e *edit) customFields() []*form.Field {
	names := &e.edited.Fields
	if *names == (mapping.FieldNames{}) {
		*names = mapping.DefaultFields
	}
	var fields []*form.Field
	for _, own := range mapping.CustomFields {
		options := []form.Option[string]{{Value: own.Name, Label: own.Caption + " (" + own.Name + ")"}}
		for _, f := range e.lists.DealFields {
			if f.Name != own.Name {
				label := strings.TrimSpace(f.Caption + " (" + f.Name + ")")
				options = append(options, form.Option[string]{Value: f.Name, Label: label})
			}
		}
		fields = append(fields, form.Select("field."+strings.ToLower(strings.TrimPrefix(own.Name, "UF_CRM_PIXLPARK_")),
			"Поле сделки: "+own.Caption, own.Chosen(names), options))
	}
	return fields
}

// handler is what people copy into the outbound webhook.
func (e *edit) handler() *form.Field {
	return form.Group("Для исходящего вебхука",
		form.Static("URL вашего обработчика", e.PublicURL.JoinPath("api", "bitrix", "events").String()).Copyable(),
		form.Static("События", "Обновление сделки, Обновление контакта, Обновление компании, Обновление лида, "+
			"Удаление сделки, Удаление контакта, Удаление компании, Удаление лида, Удаление товара"),
	)
}
