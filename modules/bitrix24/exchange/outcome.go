package exchange

import (
	"errors"
	"time"

	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// errNextGroup puts off what one run does not take.
var errNextGroup = errors.New("отправляется следующей группой")

// IsPutOff reports whether a record was only put off, so that it has not failed.
func IsPutOff(cause error) bool {
	var wait *plan.Wait
	return errors.As(cause, &wait) || errors.Is(cause, errNextGroup)
}

// Pauses says what an error of the exchange as a whole means for the lane. If the portal or the way to it is to blame
// the lane pauses, and no job loses an attempt. Other errors are our own, of the database for instance, and every job
// is retried by itself.
func (x *Exchange) Pauses(err error) error {
	var refused *rest.Error
	var request *rest.RequestError
	var moved *rest.MovedError
	switch {
	case jobs.Pauses(err):
		return err
	case errors.Is(err, errForeignIntent):
		return jobs.RetryAfter(time.Second, errForeignIntent)
	case errors.As(err, &refused), errors.As(err, &moved), errors.As(err, &request):
		return jobs.PauseLane(0, errors.New(portal.Explain(err)))
	}
	return err
}

// unexplainedAttempts is how often a record is tried whose refusal says nothing: at once, and after 1, 4 and 9 minutes.
const unexplainedAttempts = 4

// outcome says what the failure of one record means for its job: whether it is tried again, and when. attempts are
// those that failed before.
func outcome(err error, attempts int) error {
	var wait *plan.Wait
	if errors.As(err, &wait) {
		return jobs.RetryAfter(wait.For, wait)
	}
	refused, isRefusal := rest.AsRefusal(err)
	switch {
	case isRefusal && refused.OperatingLimit():
		return jobs.RetryAfter(max(refused.RetryAfter, time.Second), errors.New(portal.Explain(err)))
	case isRefusal && refused.Unexplained() && attempts+1 < unexplainedAttempts:
		return errors.New(portal.Explain(err))
	case isRefusal && !refused.Temporary():
		return jobs.Permanent(errors.New(portal.Explain(err)))
	case isRefusal, rest.Unknown(err):
		return errors.New(portal.Explain(err))
	}
	return err
}
