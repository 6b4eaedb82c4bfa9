package rest

import (
	"errors"
	"fmt"
	"testing"
)

func TestError_ofACommand(t *testing.T) {
	t.Parallel()
	type kinds struct{ notFound, accessDenied, plan, scope, temporary, unknown bool }
	tests := []struct {
		code, description string
		want              kinds
	}{
		{"", "Not found", kinds{notFound: true}},
		{"", "Not found.", kinds{notFound: true}},
		{"", "Contact is not found", kinds{notFound: true}},
		{"", "Company is not found", kinds{notFound: true}},
		{"", "The Requisite with ID '27' is not found", kinds{notFound: true}},
		{"", "Entity not found.", kinds{notFound: true}},
		{"", "Контакт не найден", kinds{notFound: true}},
		{"NOT_FOUND", "Element not found", kinds{notFound: true}},
		{"not_found", "", kinds{notFound: true}},
		{"OWNER_NOT_FOUND", "Owner was not found", kinds{notFound: true}},
		{"ERROR_CORE", "Deal not found", kinds{notFound: true}},
		{"ERROR_CORE", "The 'FIELD_NAME' field is not found.", kinds{}},
		{"", "The 'USER_TYPE_ID' field is not found.", kinds{}},
		{"ERROR_CORE", "Could not find line reg000000", kinds{}},
		{"ERROR_CORE", "The field Work e-mail contains an invalid address", kinds{}},
		{"", "Access denied.", kinds{accessDenied: true}},
		{"", "access denied", kinds{accessDenied: true}},
		{"0", "Access denied.", kinds{accessDenied: true}},
		{"", "Доступ запрещён", kinds{accessDenied: true}},
		{"ACCESS_DENIED", "Access denied!", kinds{accessDenied: true}},
		{"allowed_only_intranet_user", "Action is allowed only to intranet users", kinds{accessDenied: true}},
		{"ACCESS_DENIED", "REST API is available only on commercial plans", kinds{plan: true}},
		{"insufficient_scope", "", kinds{scope: true}},
		{"WRONG_AUTH_TYPE", "Current authorization type is denied for this method", kinds{}},
		{"100", "Could not find value for parameter {fields}", kinds{}},
		{"INVALID_ARG_VALUE", "Invalid filter: field 'X' is not allowed in filter", kinds{}},
		{"ENTITY_TYPE_NOT_SUPPORTED", "", kinds{}},
		{"CRM_FIELD_ERROR_VALUE_NOT_VALID", "", kinds{}},
		{"ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", kinds{}},
		{"", "Parameter 'fields' must be array.", kinds{}},
		{"", "ID is not defined or invalid.", kinds{}},
		{"Communication type is not defined", "", kinds{}},
		{"OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", kinds{temporary: true}},
		{"INTERNAL_SERVER_ERROR", "Internal server error", kinds{temporary: true, unknown: true}},
		{"ERROR_UNEXPECTED_ANSWER", "", kinds{temporary: true, unknown: true}},
	}
	for _, tt := range tests {
		e := &Error{Method: "crm.x", Code: tt.code, Description: tt.description, Status: 200}
		got := kinds{e.NotFound(), e.AccessDenied(), e.Plan(), e.Scope(), e.Temporary(), e.Unknown()}
		if got != tt.want {
			t.Errorf("%v: got %+v, want %+v", e, got, tt.want)
		}
	}
}

func TestUnknownAndTemporary_lookThroughWrapping(t *testing.T) {
	t.Parallel()
	lost := fmt.Errorf("push order 42: %w", &MovedError{
		Portal: hookOf(t, "https://x.ru").Portal,
		Err:    &RequestError{Sent: true, Err: errors.New("x")},
	})
	if !Unknown(lost) || !Temporary(lost) {
		t.Errorf("Unknown, Temporary = %v, %v; want true, true", Unknown(lost), Temporary(lost))
	}
	for _, certain := range []error{nil, ErrHalted, errors.New("x"), &Error{Code: "NOT_FOUND", Status: 200}} {
		if Unknown(certain) || Temporary(certain) {
			t.Errorf("%v: Unknown, Temporary = %v, %v; want false, false", certain, Unknown(certain), Temporary(certain))
		}
	}
}
