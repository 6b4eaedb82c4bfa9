package rest

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strconv"
	"strings"
	"time"
)

// Event is what an outbound webhook tells: something happened to a record («events/index.md»). It carries no values,
// only where to look. It may come twice, late, out of order or not at all.
type Event struct {
	Name     string    // upper case: ONCRMDEALUPDATE
	RecordID int64     // 0 if the event names none
	Token    string    // application_token, the one proof of origin: see Signed
	Domain   string    // the portal's host
	MemberID string    // the portal's number, which stays when its host changes
	TS       time.Time // when the portal queued it, in whole seconds; events may come in another order
}

// String names the event without its token.
func (e Event) String() string { return fmt.Sprintf("%s %d of %s", e.Name, e.RecordID, e.Domain) }

// Format makes every verb print String.
func (e Event) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.String()) }

// Signed reports whether the event's token is this one, in constant time. No event is signed by an empty token.
func (e Event) Signed(token string) bool {
	got, want := sha256.Sum256([]byte(e.Token)), sha256.Sum256([]byte(token))
	return token != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// ErrNoEvent says that a request is well-formed and names no event. ParseEvent returns the Event all the same, so that
// its token can be checked first.
var ErrNoEvent = errors.New("no event named")

// ParseEvent reads the body of a portal's request: a form, as outbound webhooks send it, or JSON with the same names
// nested. The error is ErrForm for what cannot be read, or ErrNoEvent. It checks no token: see Event.Signed.
func ParseEvent(contentType string, body []byte) (Event, error) {
	var values map[string]any
	var err error
	if mediaType, _, _ := mime.ParseMediaType(contentType); mediaType == "application/json" {
		values, err = parseJSON(body)
	} else {
		values, err = ParseForm(body)
	}
	if err != nil {
		return Event{}, fmt.Errorf("event: %w", err)
	}
	e := Event{
		Name:     strings.ToUpper(text(values, "event")),
		RecordID: number(values, "data", "FIELDS", "ID"),
		Token:    text(values, "auth", "application_token"),
		Domain:   strings.ToLower(text(values, "auth", "domain")),
		MemberID: text(values, "auth", "member_id"),
	}
	if e.RecordID == 0 {
		e.RecordID = number(values, "data", "ID") // events of timeline comments
	}
	if seconds := number(values, "ts"); seconds > 0 && seconds <= latest {
		e.TS = time.Unix(seconds, 0).UTC()
	}
	if e.Name == "" {
		return e, ErrNoEvent
	}
	return e, nil
}

func parseJSON(body []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var values map[string]any
	if err := d.Decode(&values); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	if d.More() {
		return nil, fmt.Errorf("%w: more than one value", ErrForm)
	}
	return values, nil
}

// text is the string or number at the end of the path; "" if there is none.
func text(values map[string]any, path ...string) string {
	for _, step := range path[:len(path)-1] {
		values, _ = values[step].(map[string]any)
	}
	switch v := values[path[len(path)-1]].(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// number is a positive whole number at the end of the path; 0 if there is none.
func number(values map[string]any, path ...string) int64 {
	n, err := strconv.ParseInt(text(values, path...), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
