package jobs

import (
	"errors"
	"time"
)

// Permanent says that repeating cannot mend it: the job fails at once and waits for a person.
func Permanent(err error) error { return &permanent{err} }

// RetryAfter asks for another attempt when wait is over. It burns no attempt: the other side has said when, or we know
// ourselves that it is too early.
func RetryAfter(wait time.Duration, err error) error { return &retryAfter{wait, err} }

// PauseLane says that the other side is unreachable or refuses us altogether: the whole lane is held, with the reason
// for people to read, and no job burns an attempt. Pauses in a row grow from a second to the lane's PauseMax; wait is
// the least this one takes, and may be zero.
func PauseLane(wait time.Duration, reason error) error { return &pauseLane{wait, reason} }

type permanent struct{ error }

func (e *permanent) Unwrap() error { return e.error }

type retryAfter struct {
	wait time.Duration
	error
}

func (e *retryAfter) Unwrap() error { return e.error }

type pauseLane struct {
	wait time.Duration
	error
}

func (e *pauseLane) Unwrap() error { return e.error }

// IsPermanent says that err was made by Permanent.
func IsPermanent(err error) bool {
	var e *permanent
	return errors.As(err, &e)
}

// Pauses says that err was made by PauseLane.
func Pauses(err error) bool {
	var e *pauseLane
	return errors.As(err, &e)
}
