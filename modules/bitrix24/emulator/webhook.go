package emulator

import (
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Inbound webhook lets a program call the REST API on behalf of the employee who made it. Expires is the zero time
// for one that does not.
type Inbound struct {
	ID      int64     `json:"id"`
	Title   string    `json:"title"`
	UserID  int64     `json:"user_id"`
	Code    string    `json:"code"`
	Scopes  []string  `json:"scopes"`
	Expires time.Time `json:"expires,omitzero"`
}

// An Outbound webhook posts events to an address (REST.md 20). Events are the subscribed codes, each with the number
// of its handler.
type Outbound struct {
	ID     int64            `json:"id"`
	Title  string           `json:"title"`
	URL    string           `json:"url"`
	Token  string           `json:"token"`
	Events map[string]int64 `json:"events"`
}

// Webhook returns the path of the first inbound webhook, /rest/1/secret, to be put behind the portal's address.
func (p *Portal) Webhook() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return "/rest/" + strconv.FormatInt(p.inbound[0].UserID, 10) + "/" + p.inbound[0].Code
}

// Subscribe makes an outbound webhook, or replaces the one with that address. Without events it subscribes to the nine
// of ManualEvents. A demo calls it once it knows the panel's address.
func (p *Portal) Subscribe(url, token string, events ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(events) == 0 {
		events = ManualEvents()
	}
	p.outbound = slices.DeleteFunc(p.outbound, func(o *Outbound) bool { return o.URL == url })
	p.addOutbound(&Outbound{Title: "Исходящий вебхук", URL: url, Token: token}, events)
	p.save()
}

// addOutbound numbers a webhook and its subscriptions.
func (p *Portal) addOutbound(o *Outbound, events []string) {
	if o.ID == 0 {
		for _, other := range p.outbound {
			o.ID = max(o.ID, other.ID)
		}
		o.ID++
	}
	if o.Token == "" {
		o.Token = randomCode(32)
	}
	p.tick(o, events)
	p.outbound = append(p.outbound, o)
}

// tick sets the events of a webhook; what is no event is left out.
func (p *Portal) tick(o *Outbound, events []string) {
	o.Events = map[string]int64{}
	for i, e := range eventKinds {
		if slices.ContainsFunc(events, func(code string) bool { return strings.EqualFold(code, e.Code) }) {
			o.Events[e.Code] = o.ID*100 + int64(i) + 1
		}
	}
}

// randomCode is a new secret: small letters and digits.
func randomCode(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}
