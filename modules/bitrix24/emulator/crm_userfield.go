package emulator

import (
	"regexp"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// userfieldFields are the fields of crm.deal.userfield.* and its likes.
const userfieldFields = `
ID integer ro | ID
ENTITY_ID string ro | Объект
FIELD_NAME string req add | Код поля
USER_TYPE_ID string req add | Тип данных
XML_ID string | Внешний код
SORT integer | Сортировка
MULTIPLE char add | Множественное
MANDATORY char | Обязательное
SHOW_FILTER string | Показывать в фильтре
SHOW_IN_LIST char | Показывать в списке
EDIT_IN_LIST char | Изменять
IS_SEARCHABLE char | Участвует в поиске
SETTINGS any | Настройки
LIST any | Значения списка
EDIT_FORM_LABEL any | Подпись в форме
LIST_COLUMN_LABEL any | Заголовок в списке
LIST_FILTER_LABEL any | Подпись фильтра
ERROR_MESSAGE any | Сообщение об ошибке
HELP_MESSAGE any | Помощь
`

// labels are shown only when the filter names a language.
var labels = []string{"EDIT_FORM_LABEL", "LIST_COLUMN_LABEL", "LIST_FILTER_LABEL", "ERROR_MESSAGE", "HELP_MESSAGE"}

// userTypes are the types of custom fields, and how a value of each is kept.
var userTypes = map[string]class{
	"string": classText, "integer": classInteger, "double": classDouble, "boolean": classFlag, "datetime": classDatetime,
	"date":  classDate,
	"money": classText, "url": classText, "address": classText, "enumeration": classText, "file": classAny,
	"employee":   classInteger,
	"crm_status": classText, "iblock_section": classText, "iblock_element": classText, "crm": classText,
}

// userfieldMethods are crm.deal.userfield.* and its likes, and crm.userfield.* (REST.md 16).
func (m methods) userfieldMethods(p *Portal) {
	for _, e := range p.entities() {
		typeID, prefix := e.typeID, "crm."+e.method+".userfield."
		with := func(run func(c *call, e *entity) (any, error)) func(*call) (any, error) {
			return func(c *call) (any, error) { return run(c, c.entityOf(typeID)) }
		}
		m.add("crm", map[string]func(*call) (any, error){
			prefix + "add":    with(userfieldAdd),
			prefix + "get":    with(userfieldGet),
			prefix + "list":   with(userfieldList),
			prefix + "update": with(userfieldUpdate),
			prefix + "delete": with(userfieldDelete),
		})
	}
	m.add("crm", map[string]func(*call) (any, error){
		"crm.userfield.types": func(*call) (any, error) {
			out := &php.Array{}
			for _, id := range sortedKeys(userTypes) {
				out.Append(php.Map("ID", id, "title", id))
			}
			return out, nil
		},
		"crm.userfield.fields": func(c *call) (any, error) { return describeAll(c.userfields.schema), nil },
	})
}

// userfieldName is what the code of a custom field may look like.
var userfieldName = regexp.MustCompile(`^[A-Z0-9_]+$`)

// userfieldAdd is crm.deal.userfield.add and its likes. It raises the code to capitals and puts UF_CRM_ in front.
func userfieldAdd(c *call, e *entity) (any, error) {
	if err := c.admin(); err != nil {
		return nil, err
	}
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	name, kind := strings.ToUpper(php.String(fields.Get("FIELD_NAME"))), php.String(fields.Get("USER_TYPE_ID"))
	switch _, known := userTypes[kind]; {
	case kind == "":
		return nil, failed("", "The 'USER_TYPE_ID' field is not found.")
	case name == "":
		return nil, failed("", "The 'FIELD_NAME' field is not found.")
	case !known:
		return nil, failed("ERROR_CORE", "Incorrect custom type specified.")
	}
	name = "UF_CRM_" + strings.TrimPrefix(strings.TrimPrefix(name, "UF_CRM_"), "UF_")
	switch {
	case len(name) > 50:
		return nil, failed("ERROR_CORE", "The field name is too long (more than 50 characters).")
	case !userfieldName.MatchString(name):
		return nil, failed(
			"ERROR_CORE", "The field name contains invalid characters. Valid characters are A-Z, 0-9 and underscore.",
		)
	}
	if _, exists := e.byName[name]; exists {
		return nil, failed("ERROR_CORE", "The field "+name+" for object CRM_"+e.code+" already exists.")
	}
	return c.newUserfield(e, name, kind, fields).id, nil
}

// newUserfield adds a custom field to its kind of records.
func (c *call) newUserfield(e *entity, name, kind string, fields *php.Array) *record {
	r := c.userfields.make(
		"ENTITY_ID", "CRM_"+e.code, "FIELD_NAME", name, "USER_TYPE_ID", kind, "SORT", int64(100), "MULTIPLE", "N",
		"MANDATORY", "N", "SHOW_FILTER", "N", "SHOW_IN_LIST", "Y", "EDIT_IN_LIST", "Y", "IS_SEARCHABLE", "N",
		"SETTINGS", &php.Array{},
	)
	if label, ok := fields.Lookup("LABEL"); ok {
		for _, name := range labels[:3] {
			c.userfields.place(r, c.userfields.at(name), label)
		}
	}
	for at, v := range c.writable(c.userfields, fields, true) {
		if f := c.userfields.fields[at]; f.name != "FIELD_NAME" && f.name != "USER_TYPE_ID" {
			c.userfields.place(r, at, v)
		}
	}
	c.numberItems(r)
	c.userfields.insert(r)
	e.add(c.customField(r))
	c.stats.Changes++
	c.save()
	return r
}

// customField makes the field that a record of crm.*.userfield.* describes.
func (p *Portal) customField(r *record) *field {
	name, kind := p.userfields.text(r, "FIELD_NAME"), p.userfields.text(r, "USER_TYPE_ID")
	settings, _ := p.userfields.value(r, "SETTINGS").(*php.Array)
	f := &field{
		name: name, item: camel(name), kind: kind, class: userTypes[kind],
		title:    labelText(p.userfields.value(r, "EDIT_FORM_LABEL"), name),
		multiple: p.userfields.text(r, "MULTIPLE") == "Y", required: p.userfields.text(r, "MANDATORY") == "Y",
		settings: settings, custom: php.Map(),
	}
	if list, ok := p.userfields.value(r, "LIST").(*php.Array); ok {
		f.custom.Set("LIST", list)
	}
	return f
}

// labelText is a label in Russian. The label may be one text or a text by language.
func labelText(v any, otherwise string) string {
	if list, ok := v.(*php.Array); ok {
		for _, lang := range []string{"ru", "en"} {
			if s := php.String(list.Get(lang)); s != "" && list.Get(lang) != nil {
				return s
			}
		}
		return otherwise
	}
	if s := php.String(v); s != "" {
		return s
	}
	return otherwise
}

// numberItems gives the items of an enumeration their ids, and leaves out those that are marked as deleted.
func (c *call) numberItems(r *record) {
	list, ok := c.userfields.value(r, "LIST").(*php.Array)
	if !ok {
		return
	}
	out := &php.Array{}
	for _, v := range list.All() {
		el, ok := v.(*php.Array)
		if !ok || php.String(el.Get("DEL")) == "Y" {
			continue
		}
		id := php.Int(el.Get("ID"))
		if id == 0 {
			c.lastEnum++
			id = c.lastEnum
		}
		sort := php.Int(el.Get("SORT"))
		if sort == 0 {
			sort = int64(out.Len()+1) * 10
		}
		out.Append(php.Map(
			"ID", php.String(id), "SORT", php.String(sort), "VALUE", php.String(el.Get("VALUE")),
			"DEF", flag(php.String(el.Get("DEF")) == "Y"), "XML_ID", php.String(el.Get("XML_ID")),
		))
	}
	c.userfields.place(r, c.userfields.at("LIST"), out)
}

// userfieldParam reads the number of a custom field that must exist for this kind of record.
func (c *call) userfieldParam(e *entity) (*record, error) {
	id := c.id()
	if id <= 0 {
		return nil, errID
	}
	r := c.userfields.rows[id]
	if r == nil || c.userfields.text(r, "ENTITY_ID") != "CRM_"+e.code {
		return nil, failed("ERROR_NOT_FOUND", "The entity with ID '"+php.String(id)+"' is not found.")
	}
	return r, nil
}

// userfieldGet is crm.deal.userfield.get and its likes. Labels are shown by language.
func userfieldGet(c *call, e *entity) (any, error) {
	r, err := c.userfieldParam(e)
	if err != nil {
		return nil, err
	}
	return c.userfield(r, ""), nil
}

// userfield shows a custom field; labels in one language, or as they were given when lang is empty.
func (c *call) userfield(r *record, lang string) *php.Array {
	out := c.oldRow(c.userfields, r, nil)
	for _, name := range labels {
		v := c.userfields.value(r, name)
		if list, ok := v.(*php.Array); ok && lang != "" {
			if v = list.Get(lang); v == nil {
				v = list.Get("ru")
			}
		}
		out.Set(name, v)
	}
	if c.userfields.text(r, "USER_TYPE_ID") != "enumeration" {
		return out.Without("LIST")
	}
	return out
}

// userfieldList is crm.deal.userfield.list and its likes. It is not paged. Labels are shown only when the filter names
// a language, LANG.
func userfieldList(c *call, e *entity) (any, error) {
	spec, err := c.arrayParam("filter")
	if err != nil {
		return nil, err
	}
	lang := php.String(spec.Get("LANG"))
	out := &php.Array{}
	for _, r := range c.wholeList(c.userfields) {
		if c.userfields.text(r, "ENTITY_ID") != "CRM_"+e.code {
			continue
		}
		shown := c.userfield(r, lang)
		if lang == "" {
			for _, name := range labels {
				shown = shown.Without(name)
			}
		}
		out.Append(shown)
	}
	c.total = out.Len()
	return out, nil
}

// userfieldUpdate is crm.deal.userfield.update and its likes.
func userfieldUpdate(c *call, e *entity) (any, error) {
	if err := c.admin(); err != nil {
		return nil, err
	}
	r, err := c.userfieldParam(e)
	if err != nil {
		return nil, err
	}
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	c.update(c.userfields, r, fields)
	c.numberItems(r)
	e.fields[e.at(c.userfields.text(r, "FIELD_NAME"))] = c.customField(r)
	return true, nil
}

// userfieldDelete is crm.deal.userfield.delete and its likes. The values of the field are gone with it.
func userfieldDelete(c *call, e *entity) (any, error) {
	if err := c.admin(); err != nil {
		return nil, err
	}
	r, err := c.userfieldParam(e)
	if err != nil {
		return nil, err
	}
	e.drop(c.userfields.text(r, "FIELD_NAME"))
	c.userfields.remove(r)
	c.stats.Changes++
	c.save()
	return true, nil
}
