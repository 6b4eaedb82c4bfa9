package bitrix24test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// EventsPath is where the portal sends its events.
const EventsPath = "/api/bitrix/events"

// Event posts what a portal, or somebody who would like to be one, sends.
func (x *Pair) Event(contentType, body string) int {
	x.T.Helper()
	r, err := http.NewRequestWithContext(x.T.Context(), http.MethodPost, x.URL+EventsPath, strings.NewReader(body))
	x.Must(err)
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	x.Must(err)
	x.Must(resp.Body.Close())
	return resp.StatusCode
}

// AsForm is the content type of the portal's events.
const AsForm = "application/x-www-form-urlencoded"

// FormEvent is an event as the portal encodes it.
func FormEvent(name string, id int64, token string) string {
	return url.Values{
		"event": {name}, "data[FIELDS][ID]": {fmt.Sprint(id)}, "ts": {"1700000000"}, "auth[domain]": {"x.bitrix24.ru"},
		"auth[application_token]": {token},
	}.Encode()
}

// Reconcile has the recurring look at what no event told happen now.
func (x *Pair) Reconcile() {
	x.T.Helper()
	x.Must(x.Host().DB.From(x.T.Context()).
		Exec("UPDATE jobs SET run_at = ? WHERE state = 'waiting' AND kind = 'bitrix24.reconcile'", Now()).Error)
	x.Drain()
}
