package emulator

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// notInBatch are the methods that a batch refuses: itself, and those that transfer files.
var notInBatch = map[string]bool{
	"batch": true, "disk.folder.uploadfile": true, "disk.storage.uploadfile": true, "disk.file.uploadversion": true,
}

// batch runs the commands one after another (REST.md 3). It answers 200 whatever happens to them, unless the time of
// one request is over; what has run by then stays. Operating time is charged for the commands, not for the batch.
func (p *Portal) batch(req *request, hook *Inbound) answer {
	started := p.now()
	p.mu.Lock()
	p.stats.Commands["batch"]++
	size, limit, limited := p.behaviour.BatchSize, p.behaviour.RequestSeconds, p.behaviour.OperatingLimit
	container, vars := p.behaviour.FailedReference == "container", p.behaviour.MaxInputVars
	p.mu.Unlock()

	commands, _ := req.params.Get("cmd").(*php.Array)
	halt := php.Bool(req.params.Get("halt"))
	out := newBatchState(container)
	spent, n := 0.0, 0
	for id, v := range commands.All() {
		command, ok := v.(string)
		if !ok {
			continue // the portal skips what is not text without a trace
		}
		if n++; n > size {
			out.fail(p, id, errBatchLength)
			continue
		}
		if limited && limit > 0 && spent > limit {
			return answer{
				err: &restError{
					status: http.StatusGatewayTimeout, code: "ERROR_UNEXPECTED_ANSWER",
					description: "Server returned an unexpected response",
				},
			}
		}
		a := p.command(req, hook, command, out, vars)
		spent += a.seconds
		if a.err != nil {
			out.fail(p, id, a.err)
			if halt {
				break
			}
			continue
		}
		out.add(id, a)
	}
	return answer{result: out.body(), time: p.times(started, 0, time.Time{})}
}

// command runs one command of a batch: a method's name and its parameters as a query, in which references are replaced
// first.
func (p *Portal) command(req *request, hook *Inbound, command string, state *batchState, vars int) answer {
	command, _, _ = strings.Cut(command, "#") // what follows is a fragment of the URL
	path, query, _ := strings.Cut(command, "?")
	name := commandName(path)
	if notInBatch[strings.ToLower(name)] {
		return answer{err: errBatchMethod}
	}
	m := p.methods.find(name)
	if m == nil {
		return answer{err: errMethodNotFound}
	}
	params := php.ParseQuery(query, vars)
	state.resolve(params)
	return p.run(req, m, hook, params, true)
}

// commandName takes the method's name out of a command. It may be written crm.deal.get, /rest/crm.deal.get or
// crm.deal.get.json.
func commandName(path string) string {
	path = strings.Trim(path, "/ ")
	return strings.TrimSuffix(path[strings.LastIndex(path, "/")+1:], ".json")
}

// A batchState is the answer of a batch so far. References in later commands are looked up in it.
type batchState struct {
	result, errors, total, next, time *php.Array
	container                         bool
}

// newBatchState makes an empty answer. container is Behaviour.FailedReference read as a flag.
func newBatchState(container bool) *batchState {
	return &batchState{&php.Array{}, &php.Array{}, &php.Array{}, &php.Array{}, &php.Array{}, container}
}

// add notes the success of a command.
func (s *batchState) add(id string, a answer) {
	s.result.Set(id, a.result)
	if a.call.counted {
		s.total.Set(id, int64(a.call.total))
		if a.call.next > 0 {
			s.next.Set(id, a.call.next)
		}
	}
	s.time.Set(id, a.time)
}

// fail notes the error of a command. A refusal that is the batch's own is counted here, since no method ran.
func (s *batchState) fail(p *Portal, id string, err error) {
	e, ok := errors.AsType[*restError](err)
	if !ok {
		e = errInternal
	}
	if e == errBatchLength || e == errBatchMethod || e == errMethodNotFound {
		p.mu.Lock()
		p.countRefusal(e)
		p.mu.Unlock()
	}
	s.errors.Set(id, php.Map("error", e.code, "error_description", e.description))
}

// body is the member result of the answer (REST.md 3.4).
func (s *batchState) body() *php.Array {
	return php.Map(
		"result", s.result, "result_error", s.errors, "result_total", s.total, "result_next", s.next, "result_time", s.time,
	)
}
