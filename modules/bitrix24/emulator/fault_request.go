package emulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A hit is what one request meets: the faults that strike it.
type hit struct {
	slow      time.Duration
	first     *Fault // answers instead of the portal
	late      *Fault
	after     string // lost_response or half_body
	operating []string
	scoped    []string
	hasScopes bool
}

// take lets the faults that concern a request strike, and forgets those that are used up.
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

// name is that of the fault that answers instead of the portal, "" when none does.
func (h *hit) name() string {
	if h.first == nil {
		return ""
	}
	return h.first.Fault
}

// blocks reports whether a fault takes away the method's operating time.
func (h *hit) blocks(name string) bool {
	return slices.ContainsFunc(h.operating, func(m string) bool { return m == "" || strings.EqualFold(m, name) })
}

// scopes are those of the webhook, unless a fault takes some away.
func (r *request) scopes(hook *Inbound) []string {
	if r.hit.hasScopes {
		return r.hit.scoped
	}
	return hook.Scopes
}

// before lets those faults happen that come before any work. It reports whether the request goes on; if not, the
// answer is written.
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

// faultErrors are the faults whose effect is an error answer.
var faultErrors = map[string]*restError{
	"error_500": errInternal, "limit": errQueryLimit, "revoked": errCredentials, "plan": errPlan,
	"overload": refuse(http.StatusServiceUnavailable, "OVERLOAD_LIMIT", "REST API is blocked due to overload"),
	"unexpected": refuse(
		http.StatusInternalServerError, "ERROR_UNEXPECTED_ANSWER", "Server returned an unexpected response",
	),
	"portal_deleted": refuse(http.StatusInternalServerError, "PORTAL_DELETED", "Portal was deleted"),
}

// sleep waits. It returns false when the client or the portal is gone before the time is over.
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

// writeError answers with an error and counts it as refused.
func (p *Portal) writeError(w http.ResponseWriter, err *restError) {
	a := p.refused(err)
	status, body := p.encodeError(a.err)
	writeJSON(w, status, body)
}

// deliver writes the answer, or only half of it or nothing when a fault says so.
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

// writeJSON answers with a body that is JSON already.
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
