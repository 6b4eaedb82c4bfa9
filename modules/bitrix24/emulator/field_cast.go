package emulator

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// cast turns what a client sent into what the field keeps. ok is false for what the field cannot take at all, such as
// a list for a single text or a date that is none. The old methods then leave the field alone.
func (p *Portal) cast(f *field, v any) (out any, ok bool) {
	if f.multiple && f.custom != nil {
		return p.castList(f, v)
	}
	return p.castOne(f, v)
}

// castList casts every element of a multiple custom field. A scalar is taken for a list of one.
func (p *Portal) castList(f *field, v any) (any, bool) {
	list, isList := v.(*php.Array)
	if !isList {
		list = &php.Array{}
		if php.Bool(v) {
			list.Append(v)
		}
	}
	out := &php.Array{}
	for _, el := range list.All() {
		if one, ok := p.castOne(f, el); ok && one != nil && one != "" {
			out.Append(one)
		}
	}
	return out, true
}

// castOne casts one value to the field's class.
func (p *Portal) castOne(f *field, v any) (any, bool) {
	if v == nil {
		return nil, true
	}
	list, isList := v.(*php.Array)
	switch f.class {
	case classText:
		if isList {
			return nil, false
		}
		return p.fit(f, php.String(v)), true
	case classInteger:
		if v == "" || v == false {
			if f.kind == "integer" {
				return nil, true
			}
			return int64(0), true
		}
		return php.Int(v), true
	case classDouble:
		if isList {
			return nil, false
		}
		if v == "" {
			return nil, true
		}
		return php.Float(v), true
	case classFlag:
		if f.kind == "boolean" {
			return flag(php.Bool(v) && php.String(v) != "N"), true
		}
		return flag(v == true || php.String(v) == "Y" || php.String(v) == "1"), true
	case classDate, classDatetime:
		if !php.Bool(v) {
			return nil, true
		}
		at, ok := p.parseTime(php.String(v))
		if ok && f.class == classDate {
			at = dayOf(at, p.zone)
		}
		return at, ok
	}
	if f.kind == "file" && isList {
		return p.keepFile(list), true
	}
	return v, true
}

// fit shortens a text to its column, as the emulator assumes the portal does (OPEN.md C1).
func (p *Portal) fit(f *field, s string) string {
	if f.size == 0 || utf8.RuneCountInString(s) <= f.size {
		return s
	}
	return string([]rune(s)[:f.size])
}

// flag is "Y" or "N".
func flag(v bool) string {
	if v {
		return "Y"
	}
	return "N"
}

// dayOf is the calendar day of an instant in the given zone, kept as the midnight of that day in UTC.
func dayOf(at time.Time, zone *time.Location) time.Time {
	year, month, day := at.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// timeLayouts are the ways in which a client may write a time.
var timeLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02",
	"02.01.2006 15:04:05", "02.01.2006 15:04", "02.01.2006", "2006-01-02T15:04:05-0700",
}

// parseTime reads ISO 8601 and the Russian format of dates. A time without an offset is one of the portal's zone.
func (p *Portal) parseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range timeLayouts {
		if at, err := time.ParseInLocation(layout, s, p.zone); err == nil {
			return at.UTC().Truncate(time.Second), true
		}
	}
	return time.Time{}, false
}

// sameValue reports whether two stored values are equal. No value, "" and 0 are equal to each other.
func sameValue(a, b any) bool {
	if x, ok := a.(time.Time); ok {
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	}
	_, aList := a.(*php.Array)
	_, bList := b.(*php.Array)
	if aList || bList {
		return string(php.AppendJSON(nil, a)) == string(php.AppendJSON(nil, b))
	}
	if x, ok := a.(float64); ok {
		y, ok := b.(float64)
		return ok && x == y
	}
	if _, ok := b.(time.Time); ok {
		return false
	}
	empty := func(v any) bool { return v == nil || v == "" || v == int64(0) }
	return a == b || empty(a) && empty(b)
}
