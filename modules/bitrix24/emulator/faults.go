package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Fault is something that goes wrong, for a number of requests, by chance, or until it is ended. Its JSON is the body of
// POST /control/faults. Method limits it to requests that call that method (events of that code).
type Fault struct {
	Fault       string   `json:"fault"`
	Method      string   `json:"method,omitempty"`
	Count       int      `json:"count,omitempty"`
	Probability float64  `json:"probability,omitempty"`
	DelayMS     int      `json:"delay_ms,omitempty"`
	Scopes      []string `json:"scopes,omitempty"`
	To          string   `json:"to,omitempty"`
	OffsetS     float64  `json:"offset_s,omitempty"`

	left int
}

func (f *Fault) delay() time.Duration { return time.Duration(f.DelayMS) * time.Millisecond }

// requestFaults concern requests, eventFaults the outgoing queue. Beside them there is "clock", which puts the portal's
// clock OffsetS seconds off, and "none", which ends everything.
var (
	requestFaults = []string{
		"down", "slow", "lost_response", "late", "error_500", "html_502", "half_body", "limit", "operating", "revoked", "plan", "scope", "moved",
		"overload", "unexpected", "portal_deleted",
	}
	eventFaults = []string{"drop_events", "double_events", "shuffle_events", "delay_events"}
)

// FaultNames are the faults that there are.
func FaultNames() []string { return slices.Concat(requestFaults, eventFaults, []string{"clock"}) }

type faults struct {
	active []*Fault
	random *rand.Rand
}

const (
	maxDelayMS = 24 * 60 * 60 * 1000
	maxOffsetS = 366 * 24 * 60 * 60
)

// Fail adds a fault, as POST /control/faults does; {Fault: "none"} ends all of them.
func (p *Portal) Fail(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch f.Fault {
	case "none":
		p.faults.active, p.offset = nil, 0
	case "clock":
		p.offset = time.Duration(f.OffsetS * float64(time.Second))
	default:
		f.left = f.Count
		p.faults.active = append(p.faults.active, &f)
	}
	return nil
}

func (f *Fault) check() error {
	switch {
	case f.Fault != "none" && !slices.Contains(FaultNames(), f.Fault):
		return fmt.Errorf("fault %q is not known; there are %s, and none", f.Fault, strings.Join(FaultNames(), ", "))
	case f.Count < 0:
		return errors.New("count is how often the fault happens; without it, it lasts")
	case f.Probability < 0 || f.Probability > 1:
		return errors.New("probability is a number from 0 to 1")
	case f.DelayMS < 0 || f.DelayMS > maxDelayMS:
		return fmt.Errorf("delay_ms is a number from 0 to %d", maxDelayMS)
	case math.Abs(f.OffsetS) > maxOffsetS:
		return fmt.Errorf("offset_s is at most %d, either way", maxOffsetS)
	case f.Fault == "scope" && f.Scopes == nil:
		return errors.New(`fault scope needs the scopes that are left: "scopes":["telephony"], or [] for none`)
	}
	if to, err := url.Parse(f.To); f.Fault == "moved" && (err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https") {
		return errors.New(`fault moved needs the new address: "to":"https://new.example"`)
	}
	return nil
}

// strike says whether the fault happens this time, and uses up one of its count.
func (f *faults) strike(x *Fault) bool {
	if x.Count > 0 && x.left == 0 || x.Probability > 0 && f.random.Float64() >= x.Probability {
		return false
	}
	if x.Count > 0 {
		x.left--
	}
	return true
}

// A hit is what one request meets: the faults of it that struck.
type hit struct {
	slow      time.Duration
	first     *Fault // answers instead of the portal
	late      *Fault
	after     string // lost_response or half_body
	operating []string
	scoped    []string
	hasScopes bool
}

func (f *faults) take(req *request) *hit {
	h := &hit{}
	for _, x := range f.active {
		if !slices.Contains(requestFaults, x.Fault) || x.Method != "" && !req.holds(x.Method) || !f.strike(x) {
			continue
		}
		switch x.Fault {
		case "slow":
			h.slow += x.delay()
		case "late":
			h.late = x
		case "lost_response", "half_body":
			h.after = x.Fault
		case "operating":
			h.operating = append(h.operating, x.Method)
		case "scope":
			h.scoped, h.hasScopes = x.Scopes, true
		default:
			if h.first == nil || x.Fault == "down" {
				h.first = x
			}
		}
	}
	f.active = slices.DeleteFunc(f.active, func(x *Fault) bool { return x.Count > 0 && x.left == 0 })
	return h
}

func (h *hit) name() string {
	if h.first == nil {
		return ""
	}
	return h.first.Fault
}

// blocks says whether a method is out of operating time by decree.
func (h *hit) blocks(name string) bool {
	return slices.ContainsFunc(h.operating, func(m string) bool { return m == "" || strings.EqualFold(m, name) })
}

func (r *request) scopes(hook *Inbound) []string {
	if r.hit.hasScopes {
		return r.hit.scoped
	}
	return hook.Scopes
}

// before lets the faults happen that come before any work; it says whether the request goes on.
func (p *Portal) before(w http.ResponseWriter, r *http.Request, h *hit) bool {
	if h.first != nil && h.first.Fault == "down" {
		p.refused(refuse(0, "down", ""))
		hangUp(w)
		return false
	}
	p.mu.Lock()
	limit := time.Duration(p.behaviour.RequestSeconds * float64(time.Second))
	p.mu.Unlock()
	if h.slow > 0 && !p.sleep(r, min(h.slow, cmp.Or(limit, h.slow))) {
		return false
	}
	if limit > 0 && h.slow > limit {
		writeHTML(w, http.StatusGatewayTimeout, "504 Gateway Time-out")
		return false
	}
	if h.first == nil {
		return true
	}
	switch h.first.Fault {
	case "html_502":
		writeHTML(w, http.StatusBadGateway, "502 Bad Gateway")
	case "moved":
		w.Header().Set("Location", strings.TrimRight(h.first.To, "/")+r.URL.RequestURI())
		w.WriteHeader(http.StatusFound)
	default:
		p.writeError(w, faultErrors[h.first.Fault])
	}
	return false
}

// faultErrors are the faults that are an answer of the REST module.
var faultErrors = map[string]*restError{
	"error_500": errInternal, "limit": errQueryLimit, "revoked": errCredentials, "plan": errPlan,
	"overload":       refuse(http.StatusServiceUnavailable, "OVERLOAD_LIMIT", "REST API is blocked due to overload"),
	"unexpected":     refuse(http.StatusInternalServerError, "ERROR_UNEXPECTED_ANSWER", "Server returned an unexpected response"),
	"portal_deleted": refuse(http.StatusInternalServerError, "PORTAL_DELETED", "Portal was deleted"),
}

// sleep waits that long, or until the client or the portal is gone.
func (p *Portal) sleep(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-p.closed:
	}
	return false
}

func (p *Portal) writeError(w http.ResponseWriter, err *restError) {
	a := p.refused(err)
	status, body := p.encodeError(a.err)
	writeJSON(w, status, body)
}

// deliver writes the answer, or loses it or half of it on the way.
func (p *Portal) deliver(w http.ResponseWriter, status int, body []byte, h *hit) {
	switch h.after {
	case "lost_response":
		hangUp(w)
	case "half_body":
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		writeJSON(w, status, body[:len(body)/2])
		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}
		hangUp(w)
	default:
		writeJSON(w, status, body)
	}
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// writeHTML answers as the proxy in front of the portal does.
func writeHTML(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<html><head><title>%s</title></head><body><center><h1>%s</h1></center></body></html>\n", title, title)
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler) // HTTP/2, or the headers are out already
}
