package emulator

import (
	"slices"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// prepare checks a change and adds to it what follows from it, such as the meaning of a stage.
func (a actor) prepare(e *entity, r *record, ch *change) error {
	if at, ok := e.byName["CURRENCY_ID"]; ok {
		if v, given := ch.vals[at]; given && php.String(v) != "" && len(a.currencies.where("CURRENCY", v)) == 0 {
			return failed("", `Invalid value for the "Currency" field`)
		}
	}
	if err := a.known(e, ch); err != nil {
		return err
	}
	if err := a.mandatory(e, r, ch); err != nil {
		return err
	}
	switch e.typeID {
	case typeDeal:
		return a.prepareDeal(r, ch)
	case typeLead:
		return a.prepareLead(r, ch)
	case typeContact:
		return a.required(e, r, ch, "NAME", "LAST_NAME")
	}
	return a.required(e, r, ch, "TITLE")
}

// required refuses a record in which all of the named fields would be empty.
func (a actor) required(e *entity, r *record, ch *change, names ...string) error {
	touched := r == nil
	for _, name := range names {
		v, given := ch.vals[e.at(name)]
		touched = touched || given
		if !given && r != nil {
			v = e.value(r, name)
		}
		if php.String(v) != "" {
			return nil
		}
	}
	if !touched {
		return nil
	}
	title := e.fields[e.at(names[0])].title
	code := ""
	if ch.strict {
		code = "CRM_FIELD_ERROR_REQUIRED"
	}
	return failed(code, `The "`+title+`" field is required`)
}

// mandatory refuses a record without a mandatory custom field.
func (a actor) mandatory(e *entity, r *record, ch *change) error {
	if !ch.strict && !a.behaviour.OldRequiresCustom || ch.imported {
		return nil
	}
	for at, f := range e.fields {
		if f.custom == nil || !f.required || f.settings.Get("DEFAULT_VALUE") != nil && r == nil {
			continue
		}
		v, given := ch.vals[at]
		if !given && r != nil {
			continue
		}
		if list, ok := v.(*php.Array); v == nil || v == "" || ok && list.Len() == 0 {
			code := ""
			if ch.strict {
				code = "CRM_FIELD_ERROR_REQUIRED"
			}
			return failed(code, `The "`+f.title+`" field is required`)
		}
	}
	return nil
}

// known refuses a source, type or user that does not exist, and who was dismissed, if Behaviour.UnknownValues says so.
func (a actor) known(e *entity, ch *change) error {
	if a.behaviour.UnknownValues != "error" {
		return nil
	}
	for at, v := range ch.vals {
		f := e.fields[at]
		ok := true
		switch {
		case php.String(v) == "" || f.name == "STAGE_ID" || f.name == "STATUS_ID":
		case f.kind == "crm_status":
			ok = slices.ContainsFunc(a.statuses.where("ENTITY_ID", f.status), func(s *record) bool {
				return a.statuses.text(s, "STATUS_ID") == php.String(v)
			})
		case f.name == "ASSIGNED_BY_ID":
			u := a.users.rows[php.Int(v)]
			ok = u != nil && a.users.text(u, "ACTIVE") == "Y"
		}
		if !ok {
			return failed("CRM_FIELD_ERROR_VALUE_NOT_VALID", `Invalid value for field "`+f.title+`"`)
		}
	}
	return nil
}

// notValid refuses a value that a field cannot have.
func notValid(name string) error {
	return failed("CRM_FIELD_ERROR_VALUE_NOT_VALID", `Invalid value for field "`+name+`"`)
}

// defaults fills a new record with what it has when the client names nothing.
func (a actor) defaults(e *entity, r *record, ch *change, now time.Time) {
	set := func(name string, v any) { e.place(r, e.at(name), v) }
	base := a.baseCurrency()
	switch e.typeID {
	case typeDeal:
		today := dayOf(now, a.zone)
		set("TYPE_ID", a.firstStatus("DEAL_TYPE"))
		set("CATEGORY_ID", int64(0))
		set("SOURCE_ID", a.firstStatus("SOURCE"))
		set("BEGINDATE", today)
		set("CLOSEDATE", today.AddDate(0, 0, 7))
		set("OPPORTUNITY", 0.0)
		set("TAX_VALUE", 0.0)
		set("CURRENCY_ID", base)
		for _, name := range []string{
			"IS_MANUAL_OPPORTUNITY", "IS_RECURRING", "IS_RETURN_CUSTOMER", "IS_REPEATED_APPROACH",
		} {
			set(name, "N")
		}
	case typeLead:
		set("SOURCE_ID", a.firstStatus("SOURCE"))
		set("OPPORTUNITY", 0.0)
		set("CURRENCY_ID", base)
		set("IS_MANUAL_OPPORTUNITY", "N")
		set("IS_RETURN_CUSTOMER", "N")
	case typeContact:
		set("TYPE_ID", a.firstStatus("CONTACT_TYPE"))
		set("EXPORT", "Y")
	case typeCompany:
		set("COMPANY_TYPE", a.firstStatus("COMPANY_TYPE"))
		set("CURRENCY_ID", base)
		set("REVENUE", 0.0)
		set("IS_MY_COMPANY", "N")
	}
	if e.multi {
		for _, name := range []string{"HAS_PHONE", "HAS_EMAIL", "HAS_IMOL"} {
			set(name, "N")
		}
	}
	for i, f := range e.fields { // defaults of custom fields
		if v := f.settings.Get("DEFAULT_VALUE"); f.custom != nil && v != nil && v != "" {
			if out, ok := a.cast(f, v); ok && ch.vals[i] == nil {
				e.place(r, i, out)
			}
		}
	}
}
