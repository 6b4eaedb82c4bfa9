package form

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pixlpark/panel/app/money"
)

// on is the submitted value of a toggle that is on.
const on = "on"

// Text edits a line of text. Spaces around it are dropped.
func Text(name, label string, p *string) *Field {
	return &Field{
		Kind: KindText, Name: name, Label: label, limit: 1000,
		show: func() string { return *p },
		store: func(s string) error {
			if strings.ContainsAny(s, "\r\n") {
				return badText
			}
			*p = s
			return nil
		},
	}
}

// Textarea edits several lines of text.
func Textarea(name, label string, p *string) *Field {
	return &Field{
		Kind: KindTextarea, Name: name, Label: label, Wide: true, limit: 20_000,
		show:  func() string { return *p },
		store: func(s string) error { *p = s; return nil },
	}
}

// Hidden carries a text through the page. Whoever reads it must not trust it.
func Hidden(name string, p *string) *Field {
	f := Text(name, "", p)
	f.Kind = KindHidden
	return f
}

// Number edits a whole number that is not negative. Zero is shown as an empty field and an empty field is zero.
func Number(name, label string, p *int64) *Field {
	return &Field{
		Kind: KindNumber, Name: name, Label: label, InputMode: "numeric", limit: 20,
		show: func() string {
			if *p == 0 {
				return ""
			}
			return strconv.FormatInt(*p, 10)
		},
		store: func(s string) error {
			if s == "" {
				*p = 0
				return nil
			}
			n, err := strconv.ParseUint(s, 10, 63)
			if err != nil {
				return badNumber
			}
			*p = int64(n)
			return nil
		},
	}
}

// Money edits an amount in kopecks: "1 700,5" is 170050. No more than two decimals, never negative.
func Money[T ~int64](name, label string, p *T) *Field {
	return &Field{
		Kind: KindMoney, Name: name, Label: label, InputMode: "decimal", limit: 24,
		show: func() string { return fmt.Sprintf("%d,%02d", *p/100, *p%100) }, // ungrouped: it is to be edited
		store: func(s string) error {
			var kopecks int64
			if s != "" {
				var ok bool
				if kopecks, ok = money.Parse(s); !ok || kopecks < 0 {
					return badMoney
				}
			}
			*p = T(kopecks)
			return nil
		},
	}
}

// Toggle edits a yes or no. Any submitted value but "", "0", "false", "off" and "no" is yes.
func Toggle(name, label string, p *bool) *Field {
	return &Field{
		Kind: KindToggle, Name: name, Label: label, Wide: true,
		show: func() string {
			if *p {
				return on
			}
			return ""
		},
		store: func(s string) error {
			switch strings.ToLower(s) {
			case "", "0", "false", "off", "no":
				*p = false
			default:
				*p = true
			}
			return nil
		},
	}
}

// Option is one line of a selection.
type Option[T ~string] struct {
	Value T
	Label string
}

// Choice is an option as the templates draw it.
type Choice struct {
	Value, Label string
	Selected     bool
}

// Select edits one value out of a list. A stored value that the list lacks (the other side could not be asked) is
// offered as well, so that saving never loses it; anything else outside the list is refused.
func Select[T ~string](name, label string, p *T, options []Option[T]) *Field {
	f := &Field{Kind: KindSelect, Name: name, Label: label, show: func() string { return string(*p) }}
	known := false
	for _, o := range options {
		f.choices = append(f.choices, Choice{Value: string(o.Value), Label: o.Label})
		known = known || o.Value == *p
	}
	if !known && *p != "" {
		f.choices = append(f.choices, Choice{Value: string(*p), Label: string(*p)})
	}
	f.store = func(s string) error {
		for _, c := range f.choices {
			if c.Value == s {
				*p = T(s)
				return nil
			}
		}
		if f.unlisted {
			f.choices = append(f.choices, Choice{Value: s, Label: s})
			*p = T(s)
			return nil
		}
		if s == "" && !f.Mandatory && *p == "" {
			return nil
		}
		return badOption
	}
	return f
}

// Unlisted lets a selection accept a value outside its list. The form's Check must judge it: the list is another
// system's and may not have been read yet.
func (f *Field) Unlisted() *Field {
	f.unlisted = true
	return f
}

// Choices are the options of a selection with the present one marked.
func (f *Field) Choices() []Choice {
	value := f.Value()
	marked := make([]Choice, len(f.choices))
	for i, c := range f.choices {
		c.Selected = c.Value == value
		marked[i] = c
	}
	return marked
}

// Static shows a value that cannot be edited here.
func Static(label, value string) *Field {
	return &Field{Kind: KindStatic, Label: label, show: func() string { return value }}
}

// Group puts fields under a heading of their own.
func Group(label string, fields ...*Field) *Field {
	return &Field{Kind: KindGroup, Label: label, Fields: fields, Wide: true}
}

// Folded is a group that stays closed until somebody opens it or one of its fields has an error.
func Folded(label string, fields ...*Field) *Field {
	g := Group(label, fields...)
	g.Folded = true
	return g
}

// Row is one line of a table: what it is about, and a field for each further column.
type Row struct {
	Label string
	Hint  string // in grey below the label
	Cells []*Field
}

// Table shows rows of fields under column heads; the first head is the rows' labels.
func Table(head []string, rows []Row) *Field {
	for _, row := range rows {
		for i, cell := range row.Cells {
			if cell.Label == "" && i+1 < len(head) {
				cell.Caption = row.Label + ": " + head[i+1]
			}
		}
	}
	return &Field{Kind: KindTable, Head: head, Rows: rows}
}
