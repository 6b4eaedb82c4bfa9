package emulator

import (
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// shownFields are the fields of the editing form, by kind, in its order. Custom fields follow.
var shownFields = map[int64][]string{
	typeDeal: {
		"TITLE", "OPPORTUNITY", "IS_MANUAL_OPPORTUNITY", "CURRENCY_ID", "TYPE_ID", "SOURCE_ID", "SOURCE_DESCRIPTION",
		"BEGINDATE", "CLOSEDATE", "OPENED",
		"ASSIGNED_BY_ID", "COMPANY_ID", "CONTACT_IDS", "COMMENTS", "ADDITIONAL_INFO",
	},
	typeLead: {
		"TITLE", "NAME", "SECOND_NAME", "LAST_NAME", "COMPANY_TITLE", "OPPORTUNITY", "CURRENCY_ID", "SOURCE_ID",
		"SOURCE_DESCRIPTION", "OPENED",
		"ASSIGNED_BY_ID", "COMPANY_ID", "CONTACT_IDS", "COMMENTS",
	},
	typeContact: {
		"NAME", "SECOND_NAME", "LAST_NAME", "POST", "TYPE_ID", "SOURCE_ID", "ASSIGNED_BY_ID", "COMPANY_IDS", "COMMENTS",
	},
	typeCompany: {"TITLE", "COMPANY_TYPE", "INDUSTRY", "ASSIGNED_BY_ID", "CONTACT_ID", "COMMENTS"},
}

// linkLabels name the fields that are numbers of other records.
var linkLabels = map[string]string{
	"CONTACT_ID": "ID контактов", "CONTACT_IDS": "ID контактов", "COMPANY_ID": "ID компании",
	"COMPANY_IDS": "ID компаний",
}

// cardFields are the inputs of a card; r is nil for a new record.
func (p *Portal) cardFields(e *entity, r *record) []cardField {
	var out []cardField
	for _, name := range shownFields[e.typeID] {
		out = append(out, p.cardField(e, e.fields[e.at(name)], r))
	}
	for _, f := range e.fields {
		if f.custom != nil && !f.multiple && f.class != classAny {
			out = append(out, p.cardField(e, f, r))
		}
	}
	return out
}

// cardField is the input of one field.
func (p *Portal) cardField(e *entity, f *field, r *record) cardField {
	out := cardField{
		Label: f.title, Name: "fields[" + f.name + "]", Long: f.name == "COMMENTS" || f.custom != nil && f.kind == "string",
	}
	if r != nil {
		out.Value = p.inputText(f, r.get(e.at(f.name)))
	}
	switch {
	case f.multiple && f.custom == nil:
		out.Label, out.Value = linkLabels[f.name], ""
		if r != nil {
			linked := p.companyContacts(r.id)
			if e.links != nil {
				linked = e.links.of(r.id)
			}
			var ids []string
			for _, x := range linked {
				ids = append(ids, php.String(x.id))
			}
			out.Value = strings.Join(ids, ", ")
		}
	case f.name == "COMPANY_ID":
		out.Label = linkLabels[f.name]
	case f.name == "ASSIGNED_BY_ID":
		for _, u := range p.users.all() {
			out.Options = append(out.Options, option{Code: php.String(u.id), Name: p.userName(u.id)})
		}
	case f.name == "CURRENCY_ID":
		for _, x := range p.currencies.all() {
			out.Options = append(out.Options, option{
				Code: p.currencies.text(x, "CURRENCY"), Name: p.currencies.text(x, "FULL_NAME"),
			})
		}
	case f.class == classFlag:
		out.Options = []option{{Code: "N", Name: "Нет"}, {Code: "Y", Name: "Да"}}
		if f.name == "IS_MANUAL_OPPORTUNITY" {
			out.Label = "Сумма задана вручную"
		}
	case f.kind == "crm_status" && f.status != "":
		out.Options = []option{{Name: "не выбрано"}}
		for _, s := range p.stages(f.status) {
			out.Options = append(out.Options, option{Code: p.statuses.text(s, "STATUS_ID"), Name: p.statuses.text(s, "NAME")})
		}
	case f.kind == "enumeration":
		out.Options = []option{{Name: "не выбрано"}}
		for _, v := range php.ArrayOf(f.custom.Get("LIST")).All() {
			out.Options = append(out.Options, option{
				Code: php.String(php.ArrayOf(v).Get("ID")), Name: php.String(php.ArrayOf(v).Get("VALUE")),
			})
		}
	case f.class == classDate:
		out.Kind = "date"
	}
	if r == nil {
		out.Value = newCardValues[f.name]
	}
	return p.keepForeign(out)
}

// newCardValues are what a new card begins with.
var newCardValues = map[string]string{
	"ASSIGNED_BY_ID": "1", "CURRENCY_ID": "RUB", "TYPE_ID": "", "OPENED": "Y", "IS_MANUAL_OPPORTUNITY": "N",
}

// keepForeign adds the present value to a select that does not offer it, so that saving the card does not lose it.
func (p *Portal) keepForeign(f cardField) cardField {
	if f.Options == nil || f.Value == "" {
		return f
	}
	for _, o := range f.Options {
		if o.Code == f.Value {
			return f
		}
	}
	f.Options = append(f.Options, option{Code: f.Value, Name: f.Value})
	return f
}

// inputText is a value as an input shows it.
func (p *Portal) inputText(f *field, v any) string {
	if at, ok := v.(time.Time); ok {
		if f.class == classDate {
			return at.Format("2006-01-02")
		}
		return at.In(p.zone).Format("2006-01-02T15:04:05-07:00")
	}
	if v == int64(0) && f.class == classInteger {
		return ""
	}
	return php.String(v)
}

// phoneTypes and emailTypes are the choices of VALUE_TYPE.
var (
	phoneTypes = []option{
		{Code: "WORK", Name: "Рабочий"},
		{Code: "MOBILE", Name: "Мобильный"},
		{Code: "FAX", Name: "Факс"},
		{Code: "HOME", Name: "Домашний"},
		{Code: "PAGER", Name: "Пейджер"},
		{Code: "MAILING", Name: "Для рассылок"},
		{Code: "OTHER", Name: "Другой"},
	}
	emailTypes = []option{
		{Code: "WORK", Name: "Рабочий"},
		{Code: "HOME", Name: "Частный"},
		{Code: "MAILING", Name: "Для рассылок"},
		{Code: "OTHER", Name: "Другой"},
	}
)

// cardMultis are the phones and addresses of a card, with an empty line for one more of each.
func cardMultis(r *record) []cardMulti {
	var out []cardMulti
	for _, kind := range []struct {
		code, label, first string
		types              []option
	}{{"PHONE", "Телефон", "MOBILE", phoneTypes}, {"EMAIL", "E-mail", "HOME", emailTypes}} {
		n := 0
		add := func(m multifield) {
			out = append(out, cardMulti{
				Label: kind.label, Kind: kind.code, Value: m.text, Type: m.sort, Key: n, ID: m.id, Types: kind.types,
			})
			n++
		}
		if r != nil {
			for _, m := range r.multi {
				if m.kind == kind.code {
					add(m)
				}
			}
		}
		add(multifield{sort: kind.first})
	}
	return out
}
