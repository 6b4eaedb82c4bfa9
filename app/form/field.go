package form

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pixlpark/panel/app/pasted"
	"github.com/pixlpark/panel/app/refusal"
)

// Kind says how a field is drawn and read.
type Kind string

// The kinds. The templates draw each of them in templates/form/field.html.
const (
	KindText     Kind = "text"
	KindTextarea Kind = "textarea"
	KindSecret   Kind = "secret"
	KindNumber   Kind = "number"
	KindMoney    Kind = "money"
	KindToggle   Kind = "toggle"
	KindSelect   Kind = "select"
	KindHidden   Kind = "hidden"
	KindStatic   Kind = "static"
	KindTable    Kind = "table"
	KindGroup    Kind = "group"
)

// complaint is what a field says to the person who filled it in. The sentences are keys of translation.
type complaint string

func (c complaint) Error() string { return string(c) }

const (
	required  complaint = "Заполните поле"
	tooLong   complaint = "Слишком длинное значение"
	badText   complaint = "В тексте есть недопустимые знаки"
	badNumber complaint = "Введите целое число"
	badMoney  complaint = "Введите сумму, не больше двух знаков после запятой"
	badOption complaint = "Выберите значение из списка"
)

// Field is one line of a form. Make it with Text, Secret, Number, Toggle, Select and their like; the methods that
// return *Field refine it in place.
type Field struct {
	Kind        Kind
	Name        string // unique in the form; may hold dots and colons ("stage.C1:NEW.status")
	Label       string
	Caption     string // what a screen reader says for a cell of a table without a label
	Hint        string // a line below the field
	Placeholder string
	InputMode   string // which keyboard a phone shows: "email", "tel", "numeric", "url"
	Wide        bool   // takes the whole width instead of one of the two columns
	Locked      string // why the field cannot be changed now; Bind ignores what was submitted for it
	Mandatory   bool
	Copy        bool // a static value with a button that copies it
	Folded      bool // a group that is shown closed
	Error       string

	Fields []*Field // of a group
	Head   []string // of a table
	Rows   []Row    // of a table

	checks   []func(string) error
	limit    int                // longest value, in characters
	show     func() string      // the variable's value as text
	store    func(string) error // parses and sets the variable; nil for fields without a value
	choices  []Choice
	unlisted bool // a value outside choices is accepted

	typed     string // what was submitted
	submitted bool
	sealed    string // a secret that was typed, sealed for the next attempt
}

// Required makes an empty value an error.
func (f *Field) Required() *Field {
	f.Mandatory = true
	return f
}

// Check adds a condition on a value that is not empty; the error's text, a Russian sentence, is shown at the field.
func (f *Field) Check(fn func(string) error) *Field {
	f.checks = append(f.checks, fn)
	return f
}

// Help sets the line below the field.
func (f *Field) Help(hint string) *Field {
	f.Hint = hint
	return f
}

// Example sets what an empty field shows in grey.
func (f *Field) Example(text string) *Field {
	f.Placeholder = text
	return f
}

// Keyboard sets which keyboard a phone offers: "email", "tel", "numeric", "url".
func (f *Field) Keyboard(mode string) *Field {
	f.InputMode = mode
	return f
}

// Max sets the longest value accepted, in characters.
func (f *Field) Max(characters int) *Field {
	f.limit = characters
	return f
}

// FullWidth gives the field the whole row.
func (f *Field) FullWidth() *Field {
	f.Wide = true
	return f
}

// Lock shows the field but refuses to change it; an empty reason leaves it open.
func (f *Field) Lock(reason string) *Field {
	f.Locked = reason
	return f
}

// Copyable adds a button that copies the value.
func (f *Field) Copyable() *Field {
	f.Copy = true
	return f
}

// Value is the text to show: what was typed, else the variable's value. A secret never has one.
func (f *Field) Value() string {
	if f.Kind == KindSecret || f.show == nil {
		return ""
	}
	if f.submitted && f.Error != "" {
		return f.typed
	}
	return f.show()
}

// On reports whether a toggle is on.
func (f *Field) On() bool { return f.Kind == KindToggle && f.show() == on }

// Stored reports whether a secret has a value already.
func (f *Field) Stored() bool { return f.Kind == KindSecret && f.show() != "" }

// Sealed is a typed and refused secret, sealed for the next attempt.
func (f *Field) Sealed() string { return f.sealed }

// Broken reports whether a group or table holds a field with an error, which is why it has to be shown open.
func (f *Field) Broken() bool {
	broken := false
	f.walk(func(leaf *Field) bool {
		broken = broken || leaf.Error != ""
		return !broken
	})
	return broken
}

// walk calls yield for the field or for the fields inside it.
func (f *Field) walk(yield func(*Field) bool) bool {
	switch f.Kind {
	case KindGroup:
		for _, inner := range f.Fields {
			if !inner.walk(yield) {
				return false
			}
		}
		return true
	case KindTable:
		for _, row := range f.Rows {
			for _, cell := range row.Cells {
				if !cell.walk(yield) {
					return false
				}
			}
		}
		return true
	default:
		return yield(f)
	}
}

// bind reads the field's own value. demand says whether an empty value of a mandatory field is an error.
func (f *Field) bind(form *Form, values url.Values, demand bool) {
	if f.store == nil || f.Locked != "" {
		return
	}
	name := form.FullName(f)
	texts, submitted := values[name]
	switch {
	case f.Kind == KindToggle:
		text := ""
		if submitted {
			text = texts[len(texts)-1]
		}
		_ = f.store(text)
		return
	case f.Kind == KindSecret:
		f.bindSecret(form, values.Get(name), values.Get(name+sealedSuffix), demand)
		return
	case submitted:
		f.typed, f.submitted = clean(texts[0], f.Kind), true
	default:
		f.typed = f.show()
	}
	if f.typed == "" && f.Mandatory && demand {
		f.fail(required)
		return
	}
	if f.submitted {
		f.accept(f.typed)
	}
}

// fail shows an error at the field, as a sentence: errors begin with a small letter, sentences do not.
func (f *Field) fail(err error) {
	message := err.Error()
	if refused, ok := refusal.From(err); ok {
		message = refused.Message
	}
	first, size := utf8.DecodeRuneInString(message)
	f.Error = string(unicode.ToUpper(first)) + message[size:]
}

// accept checks a value and stores it.
func (f *Field) accept(text string) {
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, forbidden):
		f.typed = strings.ToValidUTF8(strings.Map(dropForbidden, text), "")
		f.fail(badText)
		return
	case f.limit > 0 && utf8.RuneCountInString(text) > f.limit:
		f.fail(tooLong)
		return
	}
	if text != "" {
		for _, check := range f.checks {
			if err := check(text); err != nil {
				f.fail(err)
				return
			}
		}
	}
	if err := f.store(text); err != nil {
		f.fail(err)
	}
}

// clean removes what people paste without seeing it from one line. A text of several lines stays as it was typed, and so
// does a secret, which may be a password.
func clean(text string, kind Kind) string {
	switch {
	case !utf8.ValidString(text): // refused in accept
		return strings.TrimSpace(text)
	case kind == KindTextarea:
		return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	case kind == KindSecret:
		return strings.TrimSpace(text)
	case kind == KindNumber, kind == KindMoney:
		return pasted.Plain(text)
	default:
		return pasted.Line(text)
	}
}

// forbidden reports control characters, which neither database nor people want inside a text.
func forbidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t'
}

func dropForbidden(r rune) rune {
	if forbidden(r) {
		return -1
	}
	return r
}
