package emulator

import (
	"strconv"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A class is how the values of a field are kept and compared.
type class int

// The classes of fields, with the Go type of a value that is not nil.
const (
	classText     class = iota // string
	classInteger               // int64
	classDouble                // float64
	classFlag                  // "Y" or "N"
	classDate                  // time.Time, midnight UTC of that day
	classDatetime              // time.Time
	classAny                   // *Array or whatever was sent
)

// A field of a record, under its name in both method families.
type field struct {
	name     string // STAGE_ID
	item     string // stageId; "" when crm.item.* does not show it
	kind     string // the type name that *.fields shows
	class    class
	title    string
	size     int    // longest text, 0 = any
	status   string // directory of a crm_status field
	readOnly bool
	onAdd    bool // may be set when adding only (isImmutable)
	required bool
	multiple bool
	noField  bool // not among *.fields
	outdated bool // isDeprecated
	hidden   bool // a value the portal keeps for itself: not in rows of the old family either
	blank    bool // "no value" reads as "" in the old family, not null
	money    bool // two decimals in the old family
	zero     bool // "no value" reads as 0 in crm.item.*
	custom   *php.Array
	settings *php.Array
}

// A schema is the list of fields of one kind of record. Custom fields are added at the end while the portal runs.
type schema struct {
	fields []*field
	byName map[string]int
	byItem map[string]int
	multi  bool // PHONE, EMAIL and so on
}

// classes are those of the type names that *.fields shows; any other name is a text.
var classes = map[string]class{
	"integer": classInteger, "user": classInteger, "employee": classInteger, "crm_company": classInteger,
	"crm_contact": classInteger,
	"crm_lead":    classInteger, "crm_quote": classInteger, "crm_category": classInteger, "crm_entity": classInteger,
	"double": classDouble, "char": classFlag, "date": classDate, "datetime": classDatetime, "boolean": classFlag,
	"any": classAny, "file": classAny,
}

// parseSchema reads a table of fields, one a line: NAME TYPE[:directory] [marks...] | title. The marks are ro
// (read-only), add (set when adding only), req (required), mul (multiple), dep (deprecated), int (the portal's own),
// nof (not among *.fields), blank, money and zero (see field), a number (size), and item=name for the name in
// crm.item.*, where item=- means none.
func parseSchema(table string) *schema {
	s := &schema{byName: map[string]int{}, byItem: map[string]int{}}
	for line := range strings.Lines(table) {
		head, title, _ := strings.Cut(line, "|")
		words := strings.Fields(head)
		if len(words) == 0 {
			continue
		}
		f := &field{name: words[0], item: camel(words[0]), title: strings.TrimSpace(title)}
		f.kind, f.status, _ = strings.Cut(words[1], ":")
		f.class = classes[f.kind]
		for _, mark := range words[2:] {
			switch mark {
			case "ro":
				f.readOnly = true
			case "add":
				f.onAdd = true
			case "req":
				f.required = true
			case "mul":
				f.multiple = true
			case "dep":
				f.outdated = true
			case "int":
				f.noField, f.hidden, f.readOnly = true, true, true
			case "nof":
				f.noField, f.readOnly = true, true
			case "blank":
				f.blank = true
			case "money":
				f.money = true
			case "zero":
				f.zero = true
			default:
				if name, ok := strings.CutPrefix(mark, "item="); ok {
					f.item = strings.TrimPrefix(name, "-")
				} else {
					f.size, _ = strconv.Atoi(mark)
				}
			}
		}
		s.add(f)
	}
	return s
}

// add appends a field.
func (s *schema) add(f *field) {
	s.byName[f.name] = len(s.fields)
	if f.item != "" {
		s.byItem[f.item] = len(s.fields)
	}
	s.fields = append(s.fields, f)
}

// drop hides a custom field. Its place stays, since values are kept by the places of their fields.
func (s *schema) drop(name string) {
	i := s.byName[name]
	delete(s.byName, name)
	delete(s.byItem, s.fields[i].item)
	s.fields[i] = &field{noField: true, hidden: true}
}

// at returns the place of a field. A field that is not there is a mistake in the program, and panics.
func (s *schema) at(name string) int {
	i, ok := s.byName[name]
	if !ok {
		panic("emulator: no field " + name)
	}
	return i
}

// camel turns STAGE_ID into stageId and UF_CRM_1721244707107 into ufCrm_1721244707107: in the name of a custom field a
// part that begins with a digit keeps its underscore.
func camel(name string) string {
	parts := strings.Split(strings.ToLower(name), "_")
	var b strings.Builder
	for i, part := range parts {
		switch {
		case part == "":
			continue
		case i == 0:
			b.WriteString(part)
		case part[0] >= '0' && part[0] <= '9':
			if parts[0] == "uf" {
				b.WriteByte('_')
			}
			b.WriteString(part)
		default:
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}
