package panel

import (
	"fmt"
	"html/template"
	"reflect"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/money"
	"github.com/pixlpark/panel/app/phone"
)

const nbsp = "\u00a0"

// funcs are what templates may call, in one language and one time zone. They know nothing of a single panel, for
// several share what was parsed with them (load.go).
//
//	t "Заказы"                              the words in the page's language; with arguments as fmt.Sprintf
//	plural .N "заказ" "заказа" "заказов"    5 заказов
//	money .Total  |  money .Total "EUR"     1 700,00 руб. (kopecks of any integer type; not broken across lines)
//	amount .Total                           1 700,00
//	date .At | day .At | moment .At         01.04.2022, 7:11 | 01.04.2022 | 9 мая, 2022, 10:56 ("" for no time)
//	phone .Phone | dial .Phone              +73432001020 доб. 101 | +73432001020;ext=101, to stand after "tel:"
//	asset "panel/panel.css"                 address with the content's hash, cached for ever
//	icon "users"                            an <svg> out of static/icons.svg
//	field $form .                           what form/field is executed with
func funcs(lang Language, zone *time.Location, words dictionary, files *assets) template.FuncMap {
	t := func(russian string, args ...any) string {
		text := words.translate(lang, russian)
		if len(args) > 0 {
			text = fmt.Sprintf(text, args...)
		}
		return text
	}
	return template.FuncMap{
		"t":      t,
		"amount": amount,
		"money": func(kopecks any, currency ...string) string {
			unit := t("руб.")
			if len(currency) > 0 && currency[0] != "" && currency[0] != "RUB" {
				unit = currency[0]
			}
			return amount(kopecks) + nbsp + unit
		},
		"plural": func(n any, one, few, many string) string {
			count := reflect.ValueOf(n).Int()
			return money.Group(count) + nbsp + t(pluralForm(lang, count, one, few, many))
		},
		"date":   func(at any) string { return format(at, zone, "02.01.2006, 15:04", lang) },
		"day":    func(at any) string { return format(at, zone, "02.01.2006", lang) },
		"moment": func(at any) string { return format(at, zone, "2 January, 2006, 15:04", lang) },
		"phone":  phone.Words,
		"dial":   phone.Dial,
		"asset":  files.address,
		"icon": func(name string) (template.HTML, error) {
			sprite, err := files.address(hostOwner + "/icons.svg")
			return template.HTML(`<svg class="icon" aria-hidden="true"><use href="` +
				template.HTMLEscapeString(sprite+"#"+name) + `"/></svg>`), err
		},
		"field": func(f *form.Form, field *form.Field) formField { return formField{Form: f, Field: field} },
	}
}

// formField is a field and the form it belongs to, which knows its full name.
type formField struct {
	Form *form.Form
	*form.Field
}

// FullName is the field's name in HTML.
func (f formField) FullName() string { return f.Form.FullName(f.Field) }

// amount writes kopecks as roubles, with the minus that books have: 1 700,00.
func amount(kopecks any) string {
	return strings.Replace(money.Format(reflect.ValueOf(kopecks).Int()), "-", "−", 1)
}

// pluralForm picks the Russian form by the last digits, the English one by one or many.
func pluralForm(lang Language, n int64, one, few, many string) string {
	if lang == English {
		if n == 1 {
			return one
		}
		return many
	}
	n = max(n, -n)
	switch last, teens := n%10, n%100 >= 11 && n%100 <= 14; {
	case last == 1 && !teens:
		return one
	case last >= 2 && last <= 4 && !teens:
		return few
	default:
		return many
	}
}

var months = strings.NewReplacer("January", "января", "February", "февраля", "March", "марта", "April", "апреля",
	"May", "мая", "June", "июня", "July", "июля", "August", "августа", "September", "сентября", "October", "октября",
	"November", "ноября", "December", "декабря")

// format writes an instant in the account's time zone; hours have no leading zero: 01.04.2022, 7:11.
func format(at any, zone *time.Location, layout string, lang Language) string {
	var instant time.Time
	switch at := at.(type) {
	case time.Time:
		instant = at
	case *time.Time:
		if at != nil {
			instant = *at
		}
	}
	if instant.IsZero() {
		return ""
	}
	text := strings.Replace(instant.In(zone).Format(layout), ", 0", ", ", 1)
	if lang == Russian {
		text = months.Replace(text)
	}
	return text
}
