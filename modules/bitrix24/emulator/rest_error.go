package emulator

import (
	"net/http"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A restError is an answer that is not a success. Code is text, or a number where the portal answers a number.
type restError struct {
	status      int
	code        any
	description string
}

// Error is the code and the description.
func (e *restError) Error() string {
	return php.String(e.code) + ": " + e.description
}

// refuse makes an error of the REST module itself. Such errors are counted in /control/stats as refused.
func refuse(status int, code, description string) *restError {
	return &restError{status: status, code: code, description: description}
}

// failed makes an error of a method. Its status is 400, as of every method error without a status of its own.
func failed(code, description string) *restError {
	return &restError{status: http.StatusBadRequest, code: code, description: description}
}

// The messages of REST.md section 4 that more than one method answers.
var (
	errMethodNotFound = refuse(http.StatusNotFound, "ERROR_METHOD_NOT_FOUND", "Method not found!")
	errNoAuth         = refuse(http.StatusUnauthorized, "NO_AUTH_FOUND", "Wrong authorization data")
	errCredentials    = refuse(http.StatusUnauthorized, "INVALID_CREDENTIALS", "Invalid request credentials")
	errDismissed      = refuse(http.StatusUnauthorized, "authorization_error", "Unable to authorize user")
	errScope          = refuse(
		http.StatusForbidden, "insufficient_scope",
		"The request requires higher privileges than provided by the webhook token",
	)
	errPlan          = refuse(http.StatusForbidden, "ACCESS_DENIED", "REST API is available only on commercial plans")
	errWrongAuthType = refuse(
		http.StatusForbidden, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method",
	)
	errQueryLimit     = refuse(http.StatusServiceUnavailable, "QUERY_LIMIT_EXCEEDED", "Too many requests")
	errOperatingLimit = refuse(
		http.StatusTooManyRequests, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.",
	)
	errBatchMethod = refuse(
		http.StatusMethodNotAllowed, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage",
	)
	errBatchLength = refuse(http.StatusBadRequest, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
	errHTTPS       = refuse(http.StatusBadRequest, "INVALID_REQUEST", "Https required")
	errBody        = refuse(http.StatusBadRequest, "INVALID_REQUEST", "The request body could not be read")
	errInternal    = refuse(http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", "Internal server error")

	errID            = failed("", "ID is not defined or invalid.")
	errNotFound      = failed("", "Not found")
	errAccess        = failed("", "Access denied.")
	errOwnerID       = failed("", "The parameter ownerEntityID is invalid or not defined.")
	errItems         = failed("", "The parameter items must be array.")
	errItemNotFound  = failed("NOT_FOUND", "Item not found")
	errElement       = failed("NOT_FOUND", "Element not found")
	errSmartProcess  = failed("NOT_FOUND", "Smart process not found")
	errOwnerNotFound = failed("OWNER_NOT_FOUND", "Owner was not found")
)

// mustBeArray is the old methods' complaint about a parameter of the wrong shape.
func mustBeArray(name string) *restError {
	return failed("", "Parameter '"+name+"' must be array.")
}

// missing is the newer methods' complaint about a parameter that is not there.
func missing(name string) *restError {
	return failed("100", "Could not find value for parameter {"+name+"}")
}
