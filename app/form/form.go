// Package form holds fields bound to the variables they edit, in the manner of the standard library's flag: name,
// label and destination on one line, no struct tags and no second copy of the field list in HTML. The host's templates
// (templates/form) draw any form; a page opens it, binds what was posted and saves:
//
//	f := &form.Form{Section: "shop", Fields: []*form.Field{
//		form.Text("name", "Название", &s.Name).Required(),
//		form.Toggle("open", "Принимать заказы", &s.Open),
//	}}
//	if f.Bind(values) { ... f.Save(ctx, tx) ... } // otherwise show the same form again, with status 422
//
// It knows neither HTTP nor HTML. Begin with Form.Bind, then field.go.
package form

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"strings"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
)

// Form is a list of fields; the templates render it and Bind reads it back. One Form serves one request: open a fresh
// one, bound to fresh variables, each time.
type Form struct {
	// Section prefixes every field's name in HTML: field "portal_url" of section "shop" is posted as "shop.portal_url",
	// so that forms of several modules on one page never collide. Empty: names as they are.
	Section string
	Switch  *Field // optional: the toggle in the heading that folds the rest
	Fields  []*Field
	Notice  string   // a remark above the fields, e.g. that a list is shown as it was last read
	Buttons []Button // further buttons beside «Сохранить»; see Button
	Submit  string   // label of the button that saves; default «Сохранить»

	// Sealer lets a secret that was typed survive a refused submission, sealed inside the page. Without it people type
	// the secret again. Set by the page that shows the form.
	Sealer *Sealer

	// Rewrite sees what was submitted, under full names, before it is bound, and may change it: an address pasted whole
	// into one field is spread over several.
	Rewrite func(values url.Values)

	// Check runs once every field has accepted its value and before the transaction of Save opens: the place for requests
	// to other systems. It refuses in the same way as Save.
	Check func(ctx context.Context) error

	// Save stores what Bind put into the variables, in the transaction of the page. It may return a FieldError (or
	// several, joined) or a refusal.Error: the page then shows the form again with that field marked.
	Save func(ctx context.Context, tx *db.Tx) error

	// Remarks are shown after a successful save, beside the words that it is saved. Check adds to them: it was stored,
	// yet the other side could not be asked.
	Remarks []string

	Error string // what is wrong with the form as a whole
}

// Button posts the whole form to another address: «Проверить подключение» with the values just typed.
type Button struct {
	Label, Action string
}

// FieldError refuses one field from inside Save; Name is the field's name, with or without the section.
type FieldError struct {
	Name, Message string
}

func (e FieldError) Error() string { return e.Name + ": " + e.Message }

// Bind reads the submitted values into the variables and reports whether every field accepted its value. A field that
// refuses keeps what was typed and carries the reason; its variable is left alone. A text, number or selection that
// was not submitted at all keeps its value; a toggle that was not submitted is off. While Switch is off nothing is
// required.
func (f *Form) Bind(values url.Values) bool {
	if f.Rewrite != nil {
		f.Rewrite(values)
	}
	off := false
	if f.Switch != nil {
		f.Switch.bind(f, values, false)
		off = !f.Switch.On()
	}
	for field := range f.leaves() {
		if field != f.Switch {
			field.bind(f, values, !off)
		}
	}
	return !f.Failed()
}

// Failed reports whether the form or any of its fields carries an error.
func (f *Form) Failed() bool {
	if f.Error != "" {
		return true
	}
	for field := range f.leaves() {
		if field.Error != "" {
			return true
		}
	}
	return false
}

// Fail marks a field with a message; a name that no field has marks the form as a whole.
func (f *Form) Fail(name, message string) {
	if field := f.Field(name); field != nil {
		field.Error = message
		return
	}
	f.Error = message
}

// Reject marks the fields that err is about and reports whether err was of that kind. Everything else is an accident
// that the caller returns; with one among several errors nothing is marked.
func (f *Form) Reject(err error) bool {
	refused, ok := refusals(err)
	for _, r := range refused {
		f.Fail(r.Name, r.Message)
	}
	return ok
}

// refusals takes err apart into fields and messages; false, and none, when there is anything else in it.
func refusals(err error) ([]FieldError, bool) {
	if joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok {
		var all []FieldError
		for _, e := range joined.Unwrap() {
			some, ok := refusals(e)
			if !ok {
				return nil, false
			}
			all = append(all, some...)
		}
		return all, true
	}
	if e, ok := errors.AsType[FieldError](err); ok {
		return []FieldError{e}, true
	}
	if e, ok := refusal.From(err); ok && (e.Kind == refusal.Invalid || e.Kind == refusal.Conflict) {
		return []FieldError{{Name: e.Field, Message: e.Message}}, true
	}
	return nil, false
}

// Field returns the field of that name, with or without the section, or nil.
func (f *Form) Field(name string) *Field {
	short := strings.TrimPrefix(name, f.Section+".")
	for field := range f.leaves() {
		if field.Name != "" && (field.Name == name || field.Name == short) {
			return field
		}
	}
	return nil
}

// Folded reports whether the switch hides the fields now: it is off and nothing below is wrong.
func (f *Form) Folded() bool {
	return f.Switch != nil && !f.Switch.On() && !f.Failed()
}

// FullName is the name of a field in HTML.
func (f *Form) FullName(field *Field) string {
	if f.Section == "" {
		return field.Name
	}
	return f.Section + "." + field.Name
}

// leaves yields every field that holds a value: the switch, the fields, those inside groups and tables.
func (f *Form) leaves() iter.Seq[*Field] {
	return func(yield func(*Field) bool) {
		if f.Switch != nil && !f.Switch.walk(yield) {
			return
		}
		for _, field := range f.Fields {
			if !field.walk(yield) {
				return
			}
		}
	}
}

// Forms are the forms that several contributors add to one page, saved together with it.
type Forms []*Form

// Bind binds every form and reports whether all accepted their values.
func (fs Forms) Bind(values url.Values) bool {
	ok := true
	for _, f := range fs {
		ok = f.Bind(values) && ok
	}
	return ok
}

// Check asks every form, in order, until one refuses. A refusal marks the form it came from.
func (fs Forms) Check(ctx context.Context) error {
	for _, f := range fs {
		if f.Check == nil {
			continue
		}
		if err := f.Check(ctx); err != nil {
			f.Reject(err)
			return err
		}
	}
	return nil
}

// Save saves every form in the transaction. A refusal marks the form it came from.
func (fs Forms) Save(ctx context.Context, tx *db.Tx) error {
	for _, f := range fs {
		if f.Save == nil {
			continue
		}
		if err := f.Save(ctx, tx); err != nil {
			f.Reject(err)
			return err
		}
	}
	return nil
}

// Failed reports whether any of the forms carries an error.
func (fs Forms) Failed() bool {
	for _, f := range fs {
		if f.Failed() {
			return true
		}
	}
	return false
}
