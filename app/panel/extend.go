package panel

import (
	"context"
	"fmt"
	"html/template"
	"runtime/debug"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// Fields opens a form that a module adds to the host's form of a record. It is called on each request, reads what the
// form shows and returns a fresh form bound to fresh variables; nil adds nothing. Its Save runs in the transaction in
// which the record is saved.
type Fields[T any] func(ctx context.Context, entity T) (*form.Form, error)

// Action is something an employee can do with a record: a button on its page and a line of its «…» menu, posted to
// <record>/actions/<Name>.
type Action[T any] struct {
	Name, Label string     // Name is unique: "<module>.<verb>"
	Icon        string     // name in static/icons.svg, optional
	Role        staff.Role // who may; default: operators and up
	// Visible says whether the action makes sense for the record now; nil: always. It is asked again before Do.
	Visible func(ctx context.Context, entity T) (bool, error)
	// Do performs the action; notice is shown on the next page. A refusal.Error is shown there as well.
	Do func(ctx context.Context, entity T) (notice string, err error)
}

// Widget is a box that a module adds to the page of a record. Template is "<module>/<file>"; Data returns what it is
// executed with, or nil to leave the box out.
type Widget[T any] struct {
	Title, Template string
	Data            func(ctx context.Context, entity T) (any, error)
}

// Extensions holds what modules add to the pages of one kind of record. Services embed it; the zero value is ready.
// Adding belongs to registration at start, before the first request.
type Extensions[T any] struct {
	actions []Action[T]
	widgets []Widget[T]
}

// FormExtensions are the Extensions of a record with one form of its own, to which modules add fields. An order has
// none: it is edited in small forms of one matter each.
type FormExtensions[T any] struct {
	Extensions[T]
	fields []Fields[T]
}

// AddAction adds an action. A second one of the same name is a mistake of the program.
func (x *Extensions[T]) AddAction(a Action[T]) {
	if slices.ContainsFunc(x.actions, func(b Action[T]) bool { return a.Name == b.Name }) {
		panic("panel: action " + a.Name + " added twice")
	}
	if a.Role == "" {
		a.Role = staff.Operator
	}
	x.actions = append(x.actions, a)
}

// AddFields adds fields to the record's form.
func (x *FormExtensions[T]) AddFields(fn Fields[T]) { x.fields = append(x.fields, fn) }

// AddWidget adds a box to the record's page.
func (x *Extensions[T]) AddWidget(w Widget[T]) { x.widgets = append(x.widgets, w) }

// ActionLink is an action as templates draw it.
type ActionLink struct{ Name, Label, Icon string }

// Actions are those the signed-in employee may perform on the record now. One that cannot say is logged and left out.
func (x *Extensions[T]) Actions(c echo.Context, p *Panel, entity T) []ActionLink {
	ctx := c.Request().Context()
	var shown []ActionLink
	for _, a := range x.actions {
		visible, err := a.visible(ctx, entity)
		if err != nil {
			p.Log.WithError(err).WithField("action", a.Name).Error("action left out") // its name begins with the module's
			continue
		}
		if visible && staff.EmployeeFrom(ctx).May(a.Role) {
			shown = append(shown, ActionLink{Name: a.Name, Label: a.Label, Icon: a.Icon})
		}
	}
	return shown
}

// Act performs the action of a name and answers with a redirect back to the record, where its notice or its refusal is
// shown. Unknown names are 404, a role that may not is 403.
func (x *Extensions[T]) Act(c echo.Context, p *Panel, entity T, name, back string) error {
	ctx := c.Request().Context()
	i := slices.IndexFunc(x.actions, func(a Action[T]) bool { return a.Name == name })
	if i < 0 {
		return refusal.Unknown("Такого действия нет")
	}
	a := x.actions[i]
	if !staff.EmployeeFrom(ctx).May(a.Role) {
		return refusal.Denied("Ваша роль не позволяет это действие")
	}
	visible, err := a.visible(ctx, entity)
	if err != nil {
		return fmt.Errorf("action %s: %w", name, err)
	}
	if !visible {
		p.Flash(c, Info, "Действие уже выполнено или больше не нужно")
		return SeeOther(c, back)
	}
	notice, err := a.Do(ctx, entity)
	if refused, ok := refusal.From(err); ok {
		p.Flash(c, Bad, refused.Message)
		return SeeOther(c, back)
	}
	if err != nil {
		return fmt.Errorf("action %s: %w", name, err)
	}
	if notice != "" {
		p.Flash(c, Good, notice)
	}
	return SeeOther(c, back)
}

func (a Action[T]) visible(ctx context.Context, entity T) (bool, error) {
	if a.Visible == nil {
		return true, nil
	}
	return slot(func() (bool, error) { return a.Visible(ctx, entity) })
}

// Forms opens what modules add to the record's form. One that cannot be opened is logged and becomes a remark, so that
// the record can still be edited.
func (x *FormExtensions[T]) Forms(c echo.Context, p *Panel, entity T) form.Forms {
	var forms form.Forms
	for _, open := range x.fields {
		f, err := slot(func() (*form.Form, error) { return open(c.Request().Context(), entity) })
		if err != nil {
			p.Log.WithError(err).WithField("module", moduleOf(open)).Error("fields of a module left out")
			f = &form.Form{Notice: "Часть полей сейчас недоступна; остальное можно сохранить"}
		}
		if f != nil {
			forms = append(forms, f)
		}
	}
	return forms
}

// Box is a widget that has been rendered.
type Box struct {
	Title  string
	HTML   template.HTML
	Failed bool // the box shows a note instead; the page itself is fine
}

// Widgets renders the boxes of a record's page. A failing one is logged and says so in its own box.
func (x *Extensions[T]) Widgets(c echo.Context, p *Panel, entity T) []Box {
	ctx := c.Request().Context()
	var boxes []Box
	for _, w := range x.widgets {
		html, shown, err := w.render(ctx, p, entity)
		if err != nil {
			p.Log.WithError(err).WithField("widget", w.Template).Error("widget failed")
		}
		if shown || err != nil {
			boxes = append(boxes, Box{Title: w.Title, HTML: html, Failed: err != nil})
		}
	}
	return boxes
}

// render is one widget; a panic in it is an error of its own.
func (w Widget[T]) render(ctx context.Context, p *Panel, entity T) (html template.HTML, shown bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	data, err := w.Data(ctx, entity)
	if err != nil || data == nil {
		return "", false, err
	}
	html, err = p.Fragment(ctx, w.Template, data)
	return html, err == nil, err
}
