package emulator

import (
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A selection is the wanted columns of a list; nil means all of them.
type selection struct {
	names map[string]bool
	all   bool // "*": every simple field
	uf    bool // "UF_*": every custom field
	multi bool // get shows multifields without being asked
}

// oldSelection reads select; none means all simple and custom fields. A multifield must be named and brings ID along.
func oldSelection(columns *php.Array) *selection {
	s := &selection{names: map[string]bool{}}
	for _, v := range columns.All() {
		switch name := strings.ToUpper(php.String(v)); name {
		case "*":
			s.all = true
		case "UF_*":
			s.uf = true
		default:
			s.names[name] = true
			if isMulti(name) {
				s.names["ID"] = true
			}
		}
	}
	if !s.all && !s.uf && len(s.names) == 0 {
		s.all, s.uf = true, true
	}
	return s
}

// has reports whether a column of the old family is wanted.
func (s *selection) has(name string) bool {
	if s == nil {
		return true
	}
	if len(name) > 3 && name[:3] == "UF_" {
		return s.uf || s.names[name]
	}
	return s.all || s.names[name]
}

// hasMulti reports whether multifields of that kind are wanted.
func (s *selection) hasMulti(kind string) bool {
	return s == nil || s.multi || s.names[kind]
}

// itemSelection reads select of crm.item.list; nil means everything, fm included.
func itemSelection(columns *php.Array) *selection {
	s := &selection{names: map[string]bool{"id": true}}
	for _, v := range columns.All() {
		if php.String(v) == "*" {
			return nil
		}
		s.names[php.String(v)] = true
	}
	if len(s.names) == 1 && columns.Len() == 0 {
		return nil
	}
	return s
}

// hasItem reports whether a member of an item is wanted. original is the upper-case name, by which a custom field may
// be asked for as well.
func (s *selection) hasItem(name, original string) bool {
	return s == nil || s.names[name] ||
		strings.HasPrefix(original, "UF_") && (s.names[original] || s.names["UF_*"] || s.names["uf_*"])
}
