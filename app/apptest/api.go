package apptest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/pixlpark/panel/app"
)

// JSON is an object to send to the public API.
type JSON = map[string]any

// Reply is what the public API answered.
type Reply struct {
	Status int
	Text   string
	Body   JSON
}

// Call calls the public API as the demo's site. A body is sent as JSON; a string is sent as it is.
func (p *Panel) Call(method, path string, body any, headers ...string) Reply {
	p.t.Helper()
	var payload []byte
	switch body := body.(type) {
	case nil:
	case string:
		payload = []byte(body)
	default:
		var err error
		payload, err = json.Marshal(body)
		p.must(err)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.URL+path, bytes.NewReader(payload))
	p.must(err)
	r.Header.Set("Authorization", "Bearer "+app.DemoToken)
	if payload != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	p.must(err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	p.must(err)
	reply := Reply{Status: resp.StatusCode, Text: string(text)}
	if len(text) > 0 && text[0] == '{' {
		p.must(json.Unmarshal(text, &reply.Body))
	}
	return reply
}

// Want ends the test unless the call was answered with that status.
func (r Reply) Want(t testing.TB, status int) Reply {
	t.Helper()
	if r.Status != status {
		t.Fatalf("the API answered %d, want %d: %.2000s", r.Status, status, r.Text)
	}
	return r
}

// ID is the number of what was made or read.
func (r Reply) ID() int64 { return int64(r.Number("Id")) }

// Number is a number of the body, Text what stands there.
func (r Reply) Number(name string) float64 {
	n, _ := r.Body[name].(float64)
	return n
}

// Value is a field of the body as text; a whole number without a point.
func (r Reply) Value(name string) string {
	switch v := r.Body[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}
