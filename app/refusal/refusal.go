// Package refusal holds the one error with which the panel's services say no: what is wrong, in which field, in the
// words of the person who typed it. Pages turn it into a status and a marked field, the public API into its JSON.
// Every other error is an accident: it is logged once and answered without details.
package refusal

import (
	"errors"
	"fmt"
)

// Kind says what sort of no it is; the web layers turn it into an HTTP status.
type Kind string

// The kinds and their statuses.
const (
	Invalid   Kind = "invalid"   // 422: a value cannot be accepted
	NotFound  Kind = "not_found" // 404: unknown, or not for this caller
	Conflict  Kind = "conflict"  // 409: another record holds the value, or the request is still in progress
	Forbidden Kind = "forbidden" // 403: the signed-in employee may not
)

// Error is a refusal. Message is a Russian sentence for people; Field is the name the public API and the forms use.
type Error struct {
	Kind    Kind
	Field   string
	Message string
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// Value refuses a value of a field: 422.
func Value(field, format string, args ...any) error {
	return &Error{Kind: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Taken refuses a value that another record holds: 409.
func Taken(field, format string, args ...any) error {
	return &Error{Kind: Conflict, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Unknown says that a record is not there, or not for this caller: 404.
func Unknown(format string, args ...any) error {
	return &Error{Kind: NotFound, Message: fmt.Sprintf(format, args...)}
}

// Denied says that the employee's role does not allow it: 403.
func Denied(format string, args ...any) error {
	return &Error{Kind: Forbidden, Message: fmt.Sprintf(format, args...)}
}

// From returns the refusal in err's chain, if there is one.
func From(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// In prefixes the field of a refusal with the place it was found in: "Items[2]" and "Quantity" make
// "Items[2].Quantity".
func In(place string, err error) error {
	e, ok := From(err)
	if !ok {
		return err
	}
	field := place
	if e.Field != "" {
		field += "." + e.Field
	}
	return &Error{Kind: e.Kind, Field: field, Message: e.Message}
}
