package emulator

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A call is one run of a method, alone or inside a batch.
type call struct {
	*Portal
	hook    *Inbound
	scopes  []string // of the webhook, unless a fault takes some away
	params  *php.Array
	total   int
	next    int64
	counted bool // total is answered
}

// actor is the employee on whose behalf the call runs.
func (c *call) actor() actor { return actor{c.Portal, c.hook.UserID} }

// An answer of one call, before it is encoded.
type answer struct {
	result  any
	err     error
	call    *call
	time    *php.Array
	seconds float64
}

// serveREST is /rest/<user>/<code>/<method>[.json][/].
func (p *Portal) serveREST(w http.ResponseWriter, r *http.Request) {
	req, err := p.readRequest(r)
	p.mu.Lock()
	p.stats.Requests++
	hit := p.faults.take(req)
	req.hit = hit
	p.mu.Unlock()
	entry := logEntry{At: p.now(), Source: req.source, Method: req.method, Commands: req.commands}

	if !p.before(w, r, hit) {
		entry.Answer = hit.name()
		p.record(entry)
		return
	}
	if hit.late != nil {
		hangUp(w)
		p.background(hit.late.delay(), func() { p.answer(req, nil) })
		entry.Answer = "late"
		p.record(entry)
		return
	}
	status, body := p.answer(req, err)
	entry.Status, entry.Took = status, p.now().Sub(entry.At)
	p.record(entry)
	p.deliver(w, status, body, hit)
}

// answer runs a request and encodes what it came to.
func (p *Portal) answer(req *request, readErr error) (int, []byte) {
	started := p.now()
	a := p.execute(req, readErr)
	if a.err != nil {
		return p.encodeError(a.err)
	}
	body := php.Map("result", a.result)
	if a.call != nil {
		if a.call.counted && a.call.next > 0 {
			body.Set("next", a.call.next)
		}
		if a.call.counted {
			body.Set("total", int64(a.call.total))
		}
	}
	if a.time == nil {
		a.time = p.times(started, 0, time.Time{})
	}
	body.Set("time", a.time)
	return http.StatusOK, php.AppendJSON(nil, body)
}

// encodeError returns the status and body of an error. What is no restError is an internal error.
func (p *Portal) encodeError(err error) (int, []byte) {
	e, ok := errors.AsType[*restError](err)
	if !ok {
		e = errInternal
	}
	return e.status, php.AppendJSON(nil, php.Map("error", e.code, "error_description", e.description))
}

// execute makes the checks of REST.md section 22.1 in their order, then runs the method.
func (p *Portal) execute(req *request, readErr error) answer {
	p.mu.Lock()
	m, hook, err := p.admit(req)
	if err == nil && readErr != nil {
		err = errBody
	}
	p.mu.Unlock()
	if err != nil {
		return p.refused(err)
	}
	if m.name == "batch" {
		return p.batch(req, hook)
	}
	return p.run(req, m, hook, req.params, false)
}

// admit counts the request, and finds its method and its webhook. Behaviour says in which order it checks.
func (p *Portal) admit(req *request) (*method, *Inbound, error) {
	limit := func() bool {
		return p.behaviour.RateLimit && !p.limits.admit(req.source, p.now(), &p.behaviour)
	}
	if p.behaviour.BucketFirst && limit() {
		return nil, nil, errQueryLimit
	}
	if p.behaviour.RequireHTTPS && !req.tls {
		return nil, nil, errHTTPS
	}
	m := p.methods.find(req.method)
	if m == nil && p.behaviour.MethodBeforeCredentials {
		return nil, nil, errMethodNotFound
	}
	hook, err := p.authorize(req)
	switch {
	case err != nil:
		return nil, nil, err
	case m == nil:
		return nil, nil, errMethodNotFound
	case !p.behaviour.BucketFirst && limit():
		return nil, nil, errQueryLimit
	}
	return m, hook, nil
}

// authorize finds the webhook that the address names. Its owner must be an active employee.
func (p *Portal) authorize(req *request) (*Inbound, error) {
	if req.user == 0 || req.code == "" {
		return nil, errNoAuth
	}
	i := slices.IndexFunc(p.inbound, func(h *Inbound) bool { return h.UserID == req.user && h.Code == req.code })
	if i < 0 || !p.inbound[i].Expires.IsZero() && p.now().After(p.inbound[i].Expires) {
		e := *errCredentials
		e.status, e.code = p.behaviour.WrongCodeStatus, p.behaviour.WrongCodeError
		return nil, &e
	}
	if u := p.users.rows[req.user]; u == nil || p.users.text(u, "ACTIVE") != "Y" {
		return nil, errDismissed
	}
	return p.inbound[i], nil
}

// refused counts an error and is its answer.
func (p *Portal) refused(err error) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.countRefusal(err)
	return answer{err: err}
}

// countRefusal counts an error by its code.
func (p *Portal) countRefusal(err error) {
	if e, ok := errors.AsType[*restError](err); ok {
		p.stats.Refused[php.String(e.code)]++
	}
}

// run runs one method: scope, operating time, the work itself. It takes the portal's lock, so that the commands of
// several batches interleave as they do on a real portal.
func (p *Portal) run(req *request, m *method, hook *Inbound, params *php.Array, inBatch bool) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	started := p.now()
	p.stats.Commands[m.name]++
	if m.app {
		p.countRefusal(errWrongAuthType)
		return answer{err: errWrongAuthType}
	}
	if !allows(req.scopes(hook), m.scope) {
		p.countRefusal(errScope)
		if inBatch {
			return answer{err: &restError{status: http.StatusForbidden, code: "insufficient_scope"}}
		}
		return answer{err: errScope}
	}
	key := strconv.FormatInt(hook.ID, 10) + " " + m.name
	used, _ := p.limits.used(key, started)
	if p.behaviour.OperatingLimit && used >= p.behaviour.OperatingSeconds || req.hit.blocks(m.name) {
		p.countRefusal(errOperatingLimit)
		return answer{err: errOperatingLimit}
	}
	c := &call{Portal: p, hook: hook, scopes: req.scopes(hook), params: params}
	result, err := c.perform(m)
	seconds := p.behaviour.cost(m.name, params)
	var resetAt time.Time
	if used = 0; p.behaviour.OperatingLimit {
		p.limits.spend(key, seconds, started)
		used, resetAt = p.limits.used(key, started)
	}
	return answer{result: result, err: err, call: c, time: p.times(started, used, resetAt), seconds: seconds}
}

// perform does the work, if the webhook's owner may.
func (c *call) perform(m *method) (any, error) {
	if m.scope != "crm" || c.behaviour.CRMRights {
		return m.run(c)
	}
	switch family, _ := splitName(m.name); family {
	case "crm.item", "crm.item.productrow", "crm.category":
		return nil, failed("ACCESS_DENIED", "Access denied")
	case "crm.requisite.preset":
		return nil, &restError{status: http.StatusBadRequest, code: int64(0), description: errAccess.description}
	}
	return nil, errAccess
}

// times is the member time of a success.
func (p *Portal) times(started time.Time, operating float64, resetAt time.Time) *php.Array {
	finished := p.now()
	t := php.Map(
		"start", seconds(started), "finish", seconds(finished), "duration", finished.Sub(started).Seconds(),
		"processing", finished.Sub(started).Seconds(),
		"date_start", p.showTime(started), "date_finish", p.showTime(finished),
	)
	if !resetAt.IsZero() {
		t.Set("operating_reset_at", resetAt.Unix())
	}
	t.Set("operating", operating)
	return t
}

// seconds is an instant as PHP's microtime(true) writes it.
func seconds(at time.Time) float64 {
	return float64(at.UnixMicro()) / 1e6
}
