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
	Code        string        // may be "", a number or a sentence: old methods have no codes
	Description string        // one line, without HTML
	Status      int           // HTTP; 200 for a command of a batch
	RetryAfter  time.Duration // how long to wait before asking again; 0 if nobody knows
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

// Temporary reports whether the same request may succeed later without anybody doing anything.
func (e *Error) Temporary() bool {
	switch {
	case e.QueryLimit(), e.OperatingLimit(), e.Unknown():
		return true
	case e.Overload(), e.PortalDeleted():
		return false
	}
	return e.Status == 429 || e.Status == 408 || e.Status >= 500
}

// Unknown reports whether the portal may have done the work all the same, having failed while or after doing it.
func (e *Error) Unknown() bool {
	if e.code("INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER", "WRONG_ENCODING") {
		return true
	}
	refusedBefore := e.QueryLimit() || e.OperatingLimit() || e.Overload() || e.PortalDeleted() || e.Credentials() ||
		e.Scope() || e.Plan() || e.NoMethod()
	return e.Status >= 500 && !refusedBefore
}

// QueryLimit reports too many requests a second (QUERY_LIMIT_EXCEEDED). Nothing was executed.
func (e *Error) QueryLimit() bool { return e.code(codeQueryLimit) }

// OperatingLimit reports a method that has used up its time within ten minutes (OPERATION_TIME_LIMIT). RetryAfter says
// how long to wait, if the client has an Operating.
func (e *Error) OperatingLimit() bool { return e.code(codeOperating) }

// Overload reports that the vendor has blocked the portal by hand (OVERLOAD_LIMIT): a person must ask their support.
func (e *Error) Overload() bool { return e.code(codeOverload) }

// PortalDeleted reports a portal that was closed (PORTAL_DELETED).
func (e *Error) PortalDeleted() bool { return e.code(codePortalDeleted) }

// Credentials reports a wrong, expired or deleted webhook, or one whose owner has left the company.
func (e *Error) Credentials() bool {
	return e.code("INVALID_CREDENTIALS", "NO_AUTH_FOUND", "expired_token", "invalid_token", "authorization_error")
}

// Scope reports a method whose scope is not ticked in the webhook (insufficient_scope).
func (e *Error) Scope() bool { return e.code(codeScope) }

var commercialPlans = regexp.MustCompile(`(?i)commercial plan|коммерческ\S* тариф|subscription|подписк`)

// Plan reports a portal whose tariff has no REST. The code is that of missing rights, which the method batch itself
// does not need.
func (e *Error) Plan() bool {
	return e.code(codeAccessDenied) && (e.Method == BatchMethod || commercialPlans.MatchString(e.Description))
}

// NoMethod reports a method that the portal does not have (ERROR_METHOD_NOT_FOUND).
func (e *Error) NoMethod() bool { return e.code(codeNoMethod) }

// WrongAuth reports a method that applications may call and webhooks may not (WRONG_AUTH_TYPE).
func (e *Error) WrongAuth() bool { return e.code("WRONG_AUTH_TYPE") }

// HTTPSRequired reports that the portal was called by plain http and wants https.
func (e *Error) HTTPSRequired() bool {
	return e.code("INVALID_REQUEST") && strings.Contains(strings.ToLower(e.Description), "https")
}

var (
	accessDenied = regexp.MustCompile(`(?i)^(access (is )?denied|доступ запрещ[её]н)|нет прав|недостаточно прав|insufficient permission`)
	notFound     = regexp.MustCompile(`(?i)(^|\s)(not found|не найден[аоы]?)[.!]?$`)
	fieldMissing = regexp.MustCompile(`(?i)^(the )?'?\S*'? ?(field|поле)`) // "The 'FIELD_NAME' field is not found."
)

// textual says that the code tells nothing, so the description must.
func (e *Error) textual() bool { return e.code("", "0", "ERROR_CORE") }

// AccessDenied reports that the webhook's owner lacks a right in the CRM.
func (e *Error) AccessDenied() bool {
	if e.code(codeAccessDenied, "ERROR_ACCESS_DENIED", "allowed_only_intranet_user", "user_access_error") {
		return !e.Plan()
	}
	return accessDenied.MatchString(e.Description) && (e.textual() || e.Status == 403)
}

// invalidEmail is how the portal words the refusal of an e-mail (ERROR_CORE of crm.item.*). It has no code of its own,
// and the whole record is refused with it.
var invalidEmail = regexp.MustCompile(
	`(?i)e-?mail.*(invalid|некоррект|неверн|недопустим)|(invalid|некоррект|неверн|недопустим).*e-?mail`)

// InvalidEmail reports that a record of crm.item.* was refused for its e-mail.
func (e *Error) InvalidEmail() bool {
	return strings.HasPrefix(e.Method, "crm.item.") && invalidEmail.MatchString(e.Description)
}

// WrongValue reports a field with a value that the portal does not take.
func (e *Error) WrongValue() bool {
	return e.code("CRM_FIELD_ERROR_VALUE_NOT_VALID", "CRM_FIELD_ERROR_REQUIRED")
}

// wrongCall reports a command that is wrong as it stands, by the codes of the vendor's newer methods.
func (e *Error) wrongCall() bool {
	return e.code("100", "ERROR_ARGUMENT", "INVALID_ARG_VALUE", "ENTITY_TYPE_NOT_SUPPORTED",
		"ERROR_BATCH_METHOD_NOT_ALLOWED", "ERROR_BATCH_LENGTH_EXCEEDED")
}

// Unexplained reports a refusal of one command whose code says nothing. The words are in the portal's language and
// may tell of a lasting fault as well as of one that passes, such as a lock in the portal's database. The work may even
// be done: a handler may fail that the portal calls afterwards. Repeat it a few times, and look for what it creates
// before it is created again; there is no answer to wait for.
func (e *Error) Unexplained() bool {
	known := e.QueryLimit() || e.OperatingLimit() || e.Overload() || e.PortalDeleted() || e.Credentials() || e.Scope() ||
		e.Plan() || e.NoMethod() || e.WrongAuth() || e.AccessDenied() || e.NotFound() || e.InvalidEmail() ||
		e.WrongValue() || e.wrongCall()
	return e.Method != BatchMethod && !known && !e.Temporary()
}

// AsRefusal returns the portal's refusal that err is or wraps. ok is false for all other errors, such as a lost
// connection.
func AsRefusal(err error) (refused *Error, ok bool) {
	ok = errors.As(err, &refused)
	return refused, ok
}

// NotFound reports a record that does not exist, or whose owner does not. Old methods have no code for it, only status
// 400 and a sentence.
func (e *Error) NotFound() bool {
	if e.code("NOT_FOUND", "ERROR_NOT_FOUND", "OWNER_NOT_FOUND") {
		return true
	}
	return e.textual() && notFound.MatchString(e.Description) && !fieldMissing.MatchString(e.Description)
}

// RequestError is a request without a readable answer: no connection, a timeout, a proxy's page, half a body. Found in
// a Result it concerns one command that the answer does not mention.
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

// Unknown reports whether the portal may have done the work.
func (e *RequestError) Unknown() bool { return e.Sent }

// Temporary is true but for an address that may not be called, or is none.
func (e *RequestError) Temporary() bool {
	return !errors.Is(e.Err, ErrAddress) && !errors.Is(e.Err, ErrWebhook) && !errors.Is(e.Err, ErrPortal)
}

// MovedError says that the portal has another address now, and that the request made there failed too. Err is that
// failure, so that Unknown and Temporary answer for it.
type MovedError struct {
	Portal *url.URL // the new address, scheme and host
	Err    error
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("the portal has moved to %s: %v", e.Portal.Host, e.Err)
}

func (e *MovedError) Unwrap() error { return e.Err }

// ErrHalted says that a command was not run, since an earlier one of its batch failed and the batch halts.
var ErrHalted = errors.New("not run, an earlier command failed")

// Unknown reports whether the work may have been done although the request failed: look before doing it again. False
// is certain: nothing was done.
func Unknown(err error) bool {
	var outcome interface{ Unknown() bool }
	return errors.As(err, &outcome) && outcome.Unknown()
}

// Temporary reports whether the same request may succeed later without anybody doing anything.
func Temporary(err error) bool {
	var outcome interface{ Temporary() bool }
	return errors.As(err, &outcome) && outcome.Temporary()
}

// Unexplained reports whether err is the refusal of a command that says neither whether the work was done nor whether
// repeating may help.
func Unexplained(err error) bool {
	refused, ok := AsRefusal(err)
	return ok && refused.Unexplained()
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
