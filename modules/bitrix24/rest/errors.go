package rest

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Error is a refusal in the portal's own words. Returned by Client.Do it concerns the exchange as a whole, found in a
// Result it concerns one command. Method is "batch" for the former.
type Error struct {
	Method      string
	Code        string // may be "", a number or a sentence: old methods have no codes
	Description string // one line, without HTML
	Status      int    // HTTP; 200 for a command of a batch
	RetryAfter  time.Duration
}

// BatchMethod is the Method of errors that concern the whole exchange.
const BatchMethod = "batch"

func (e *Error) Error() string {
	text := e.Method + ": " + e.Description
	if e.Description == "" {
		text = e.Method + ": refused"
	}
	if e.Code != "" {
		return fmt.Sprintf("%s (%s, status %d)", text, e.Code, e.Status)
	}
	return fmt.Sprintf("%s (status %d)", text, e.Status)
}

// Codes of the vendor's «error-codes» and «limits» pages.
const (
	codeQueryLimit    = "QUERY_LIMIT_EXCEEDED"
	codeOperating     = "OPERATION_TIME_LIMIT"
	codeOverload      = "OVERLOAD_LIMIT"
	codePortalDeleted = "PORTAL_DELETED"
	codeNoMethod      = "ERROR_METHOD_NOT_FOUND"
	codeScope         = "INSUFFICIENT_SCOPE"
	codeAccessDenied  = "ACCESS_DENIED"
)

func (e *Error) code(codes ...string) bool {
	for _, code := range codes {
		if strings.EqualFold(e.Code, code) {
			return true
		}
	}
	return false
}

// Temporary says that the same may succeed later without anybody doing anything.
func (e *Error) Temporary() bool {
	switch {
	case e.QueryLimit(), e.OperatingLimit(), e.Unknown():
		return true
	case e.Overload(), e.PortalDeleted():
		return false
	}
	return e.Status == 429 || e.Status == 408 || e.Status >= 500
}

// Unknown says that the portal may have done the work all the same: it failed while or after doing it.
func (e *Error) Unknown() bool {
	if e.code("INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER", "WRONG_ENCODING") {
		return true
	}
	refusedBefore := e.QueryLimit() || e.OperatingLimit() || e.Overload() || e.PortalDeleted() || e.Credentials() ||
		e.Scope() || e.Plan() || e.NoMethod()
	return e.Status >= 500 && !refusedBefore
}

// QueryLimit is too many requests; nothing was executed.
func (e *Error) QueryLimit() bool { return e.code(codeQueryLimit) }

// OperatingLimit is a method that has used up its time; RetryAfter tells how long, where that is known.
func (e *Error) OperatingLimit() bool { return e.code(codeOperating) }

// Overload is the vendor's own block by hand: a person must ask them.
func (e *Error) Overload() bool { return e.code(codeOverload) }

// PortalDeleted is a portal that was closed.
func (e *Error) PortalDeleted() bool { return e.code(codePortalDeleted) }

// Credentials is a wrong, expired or deleted webhook, or an owner who has left.
func (e *Error) Credentials() bool {
	return e.code("INVALID_CREDENTIALS", "NO_AUTH_FOUND", "expired_token", "invalid_token", "authorization_error")
}

// Scope is a right that isn't ticked in the webhook.
func (e *Error) Scope() bool { return e.code(codeScope) }

var commercialPlans = regexp.MustCompile(`(?i)commercial plan|коммерческ\S* тариф|subscription|подписк`)

// Plan is a portal whose tariff has no REST. Its code is that of missing rights, but a batch as a whole needs none.
func (e *Error) Plan() bool {
	return e.code(codeAccessDenied) && (e.Method == BatchMethod || commercialPlans.MatchString(e.Description))
}

// NoMethod is a method the portal does not have.
func (e *Error) NoMethod() bool { return e.code(codeNoMethod) }

// WrongAuth is a method that is for applications only, not for webhooks.
func (e *Error) WrongAuth() bool { return e.code("WRONG_AUTH_TYPE") }

// HTTPSRequired is a portal that was called without encryption.
func (e *Error) HTTPSRequired() bool {
	return e.code("INVALID_REQUEST") && strings.Contains(strings.ToLower(e.Description), "https")
}

var (
	accessDenied = regexp.MustCompile(`(?i)^(access (is )?denied|доступ запрещ[её]н)`)
	notFound     = regexp.MustCompile(`(?i)(^|\s)(not found|не найден[аоы]?)[.!]?$`)
	fieldMissing = regexp.MustCompile(`(?i)^(the )?'?\S*'? ?(field|поле)`) // "The 'FIELD_NAME' field is not found."
)

// textual says that the code tells nothing, so the description must.
func (e *Error) textual() bool { return e.code("", "0", "ERROR_CORE") }

// AccessDenied is a right in CRM that the webhook's owner lacks.
func (e *Error) AccessDenied() bool {
	if e.code(codeAccessDenied, "ERROR_ACCESS_DENIED", "allowed_only_intranet_user", "user_access_error") {
		return !e.Plan()
	}
	return accessDenied.MatchString(e.Description) && (e.textual() || e.Status == 403)
}

// NotFound is a record that does not exist, or one that its owner is unknown of. Old methods say so with status 400 and
// words alone.
func (e *Error) NotFound() bool {
	if e.code("NOT_FOUND", "ERROR_NOT_FOUND", "OWNER_NOT_FOUND") {
		return true
	}
	return e.textual() && notFound.MatchString(e.Description) && !fieldMissing.MatchString(e.Description)
}

// RequestError is an exchange without an answer that could be read: no connection, a timeout, a proxy's page, half a
// body. Found in a Result it is one command whose outcome isn't there.
type RequestError struct {
	Method string // "batch", or that of the command
	Sent   bool   // whether the request may have reached the portal
	Status int    // HTTP; 0 if no answer came
	Err    error
}

func (e *RequestError) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("%s: status %d: %v", e.Method, e.Status, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Method, e.Err)
}

func (e *RequestError) Unwrap() error { return e.Err }

// Unknown says that the portal may have done the work.
func (e *RequestError) Unknown() bool { return e.Sent }

// Temporary is true but for an address that may not be called, or is none.
func (e *RequestError) Temporary() bool {
	return !errors.Is(e.Err, ErrAddress) && !errors.Is(e.Err, ErrWebhook) && !errors.Is(e.Err, ErrPortal)
}

// MovedError is a portal that has another address now, at which the same request failed too: Err says how.
type MovedError struct {
	Portal *url.URL // the new address, scheme and host
	Err    error
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("the portal has moved to %s: %v", e.Portal.Host, e.Err)
}

func (e *MovedError) Unwrap() error { return e.Err }

// ErrHalted is a command that was not run since an earlier one failed.
var ErrHalted = errors.New("not run, an earlier command failed")

// Unknown says that what was asked may have been done although it failed: look before doing it again. False is certain:
// nothing was done.
func Unknown(err error) bool {
	var outcome interface{ Unknown() bool }
	return errors.As(err, &outcome) && outcome.Unknown()
}

// Temporary says that the same may succeed later without anybody doing anything.
func Temporary(err error) bool {
	var outcome interface{ Temporary() bool }
	return errors.As(err, &outcome) && outcome.Temporary()
}

var htmlTag = regexp.MustCompile(`<[^<>]*>`)

// oneLine makes a description fit for a log line: they come with HTML, newlines and any length.
func oneLine(text string) string {
	const limit = 500
	text = strings.Join(strings.Fields(htmlTag.ReplaceAllString(text, " ")), " ")
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "…"
	}
	return text
}
