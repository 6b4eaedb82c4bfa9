package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/refusal"
)

// object reads a JSON object field by field into variables, in the manner of package flag. A field that is absent
// leaves its variable alone, null empties it, names are read in any case, unknown ones are passed over, a name given
// twice is wrong. Of what is wrong the first is kept, with its place: err tells it.
type object struct {
	fields map[string]json.RawMessage
	place  string // "Items[2]"; empty for the body itself
	first  *error // of the whole body
}

// object reads the body. Anything but a JSON object is unreadable.
func (c *call) object() (*object, error) {
	if err := c.syntax(); err != nil {
		return nil, err
	}
	o := &object{first: new(error)}
	if !o.open(c.body) {
		return nil, unreadable("Тело запроса должно быть объектом JSON: {…}.")
	}
	return o, nil
}

// syntax says in words where the body stops being JSON.
func (c *call) syntax() error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return unreadable("Тело запроса пустое, а должно быть объектом JSON: {…}.")
	}
	if !utf8.Valid(c.body) { // which package json would mend into names full of question marks
		return unreadable("Тело запроса должно быть в кодировке UTF-8.")
	}
	if json.Valid(c.body) {
		return nil
	}
	var anything any
	err := json.Unmarshal(c.body, &anything)
	if e, ok := err.(*json.SyntaxError); ok { //nolint:errorlint // Unmarshal returns it bare
		return unreadable("Тело запроса не читается как JSON: ошибка у знака %d.", e.Offset)
	}
	return unreadable("Тело запроса не читается как JSON.")
}

func (o *object) open(data json.RawMessage) bool {
	if data = bytes.TrimSpace(data); len(data) == 0 || data[0] != '{' {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	_, err := decoder.Token() // the brace
	o.fields = map[string]json.RawMessage{}
	for err == nil && decoder.More() {
		var token json.Token
		if token, err = decoder.Token(); err != nil {
			break
		}
		name, _ := token.(string) // names are nothing else
		if o.given(name) {
			o.wrong(name, "Поле указано дважды.")
		}
		var value json.RawMessage
		err = decoder.Decode(&value)
		o.fields[strings.ToLower(name)] = value
	}
	return err == nil
}

// err is the first thing that was wrong in the whole body.
func (o *object) err() error { return *o.first }

// check keeps an error of this object.
func (o *object) check(err error) {
	if err == nil || *o.first != nil {
		return
	}
	if o.place != "" {
		err = refusal.In(o.place, err)
	}
	*o.first = err
}

func (o *object) wrong(name, format string, args ...any) {
	o.check(refusal.Value(name, format, args...))
}

// given reports whether the field is there at all.
func (o *object) given(name string) bool {
	_, ok := o.fields[strings.ToLower(name)]
	return ok
}

// value returns what a field holds, or nothing when it is absent.
func (o *object) value(name string) (data json.RawMessage, null bool) {
	data = o.fields[strings.ToLower(name)]
	return data, string(data) == "null"
}

func (o *object) text(name string, to *string) {
	switch data, null := o.value(name); {
	case data == nil:
	case null:
		*to = ""
	case json.Unmarshal(data, to) != nil:
		o.wrong(name, "Здесь должна быть строка.")
	}
}

// word reads a text that stands for one of a few values.
func word[T ~string](o *object, name string, to *T) {
	text := string(*to)
	o.text(name, &text)
	*to = T(text)
}

func (o *object) flag(name string, to *bool) {
	switch data, null := o.value(name); {
	case data == nil:
	case null:
		*to = false
	case json.Unmarshal(data, to) != nil:
		o.wrong(name, "Здесь должно быть true или false.")
	}
}

func (o *object) number(name string, to *int64) {
	data, null := o.value(name)
	if data == nil {
		return
	}
	if null {
		*to = 0
		return
	}
	n, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		o.wrong(name, "Здесь должно быть целое число.")
		return
	}
	*to = n
}

// optional reads a number of a record that may be named or not; null is none.
func (o *object) optional(name string, to **int64) {
	data, null := o.value(name)
	if data == nil || null {
		*to = nil
		return
	}
	var n int64
	o.number(name, &n)
	*to = &n
}

func (o *object) money(name string, to *orders.Money) {
	data, null := o.value(name)
	if data == nil {
		return
	}
	if null {
		*to = 0
		return
	}
	if json.Unmarshal(data, to) != nil {
		o.wrong(name, "Здесь должна быть сумма: число до ста миллиардов, в котором не больше двух знаков после запятой.")
	}
}

// inner reads an object inside; absent or null, read is not called.
func (o *object) inner(name string, read func(o *object)) {
	data, null := o.value(name)
	if data == nil || null {
		return
	}
	in := &object{place: o.at(name), first: o.first}
	if !in.open(data) {
		o.wrong(name, "Здесь должен быть объект: {…}.")
		return
	}
	read(in)
}

// list reads a list of objects, each with read.
func (o *object) list(name string, read func(o *object)) {
	if data, null := o.value(name); data != nil && !null {
		o.each(name, data, read)
	}
}

func (o *object) each(name string, data json.RawMessage, read func(o *object)) {
	var entries []json.RawMessage
	if json.Unmarshal(data, &entries) != nil {
		o.wrong(name, "Здесь должен быть список: […].")
		return
	}
	for i, entry := range entries {
		in := &object{place: fmt.Sprintf("%s[%d]", o.at(name), i), first: o.first}
		if !in.open(entry) {
			in.check(refusal.Value("", "Здесь должен быть объект: {…}."))
			return
		}
		read(in)
	}
}

func (o *object) at(name string) string {
	if o.place == "" {
		return name
	}
	return o.place + "." + name
}
