package emulator

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A Fault is something that goes wrong: for a number of requests, by chance, or until it is ended. Its JSON is the
// body of POST /control/faults.
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

// delay is DelayMS as a duration.
func (f *Fault) delay() time.Duration { return time.Duration(f.DelayMS) * time.Millisecond }

// requestFaults concern requests, eventFaults the outgoing queue. Beside them there is "clock", which sets the
// portal's clock OffsetS seconds off, and "none", which ends all faults.
var (
	requestFaults = []string{
		"down", "slow", "lost_response", "late", "error_500", "html_502", "half_body", "limit", "operating", "revoked",
		"plan", "scope", "moved",
		"overload", "unexpected", "portal_deleted",
	}
	eventFaults = []string{"drop_events", "double_events", "shuffle_events", "delay_events"}
)

// FaultNames returns the names of all faults, "none" left out.
func FaultNames() []string { return slices.Concat(requestFaults, eventFaults, []string{"clock"}) }

// faults are those that are not over, with the chance by which some of them strike.
type faults struct {
	active []*Fault
	random *rand.Rand
}

// maxDelayMS and maxOffsetS are one day and one year.
const (
	maxDelayMS = 24 * 60 * 60 * 1000
	maxOffsetS = 366 * 24 * 60 * 60
)

// Fail adds a fault, as POST /control/faults does; {Fault: "none"} ends all of them. It returns an error for a fault
// that is not known or lacks what it needs.
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

// Faults returns the faults that are not over.
func (p *Portal) Faults() []Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []Fault{}
	for _, f := range p.faults.active {
		out = append(out, *f)
	}
	return out
}

// check refuses a fault that could never happen or lacks what it needs.
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
	if to, err := url.Parse(f.To); f.Fault == "moved" &&
		(err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https") {
		return errors.New(`fault moved needs the new address: "to":"https://new.example"`)
	}
	return nil
}

// strike reports whether the fault happens this time, and uses up one of its count.
func (f *faults) strike(x *Fault) bool {
	if x.Count > 0 && x.left == 0 || x.Probability > 0 && f.random.Float64() >= x.Probability {
		return false
	}
	if x.Count > 0 {
		x.left--
	}
	return true
}
