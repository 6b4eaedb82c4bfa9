package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

// verbs are the ways in which a value gets into a log or a page.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"}

func TestWebhook_isNeverPrinted(t *testing.T) {
	t.Parallel()
	hook := hookOf(t, "https://x.bitrix24.ru")
	client := New(hook, Options{})
	type wrapper struct{ Hook Webhook }
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "hook", hook, "in", wrapper{hook}, "client", client)
	asJSON, err := json.Marshal(map[string]any{"hook": hook, "pointer": &hook, "in": wrapper{hook}, "client": client})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{log.String(), string(asJSON), hook.String(), client.String()}
	for _, verb := range verbs {
		for _, value := range []any{hook, &hook, wrapper{hook}, []Webhook{hook}, client} {
			texts = append(texts, fmt.Sprintf(verb, value))
		}
	}
	for _, text := range texts {
		if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
			t.Errorf("the code is in %s", text)
		}
	}
	if got := hook.String(); got != "https://x.bitrix24.ru/rest/11/***/" {
		t.Errorf("String() = %s", got)
	}
}

// Whatever the other side does with the address it was asked at, nothing that leaves this package holds the code.
func TestDo_codeIsInNoErrorAndNoExchange(t *testing.T) {
	t.Parallel()
	echo := func(status int, format string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, format, r.URL.Path)
		}
	}
	raw := func(format string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = fmt.Fprintf(conn, format, r.URL.Path)
			_ = conn.Close()
		}
	}
	handlers := map[string]http.HandlerFunc{
		"a refusal":             echo(400, `{"error":"x","error_description":"no access to %s"}`),
		"a code":                echo(400, `{"error":"%s"}`),
		"a page":                echo(502, `<html>%s</html>`),
		"no JSON":               echo(200, `%s`),
		"a failed command":      echo(200, `{"result":{"result":[],"result_error":{"deal":{"error":"%[1]s","error_description":"%[1]s"}}}}`),
		"a bare failed command": echo(200, `{"result":{"result":[],"result_error":{"deal":"%s"}}}`),
		"a wrong result":        echo(200, `{"result":{"result":{"deal":{"item":{"id":"%s"}}}}}`),
		"a wrong key":           echo(200, `{"result":{"result":{"%s":[}}}`),
		"a wrong error":         echo(200, `{"result":{"result":[],"result_error":{"%s":{"error":[5]}}}}`),
		"no HTTP":               raw("%s is no HTTP\r\n"),
		"a bad header":          raw("HTTP/1.1 200 OK\r\n%s\r\n\r\n"),
		"a bad status":          raw("HTTP/1.1 %s\r\n\r\n"),
		"a bad length":          raw("HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n"),
		"a bad encoding":        raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n"),
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:1"+r.URL.Path)
			w.WriteHeader(302)
			_, _ = io.WriteString(w, r.URL.Path)
		},
		"a redirect within": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", r.URL.Path+"?"+secret)
			w.WriteHeader(307)
		},
		"a redirect to itself": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://"+secret+".example.invalid\x7f/")
			w.WriteHeader(307)
		},
		"a code at the cut of the excerpt": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat(secret+" ", 3000)+strings.Repeat("x", answerExcerpt-3000*4-5)+secret)
		},
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var exchanges []Exchange
			c := setup(t, Options{Observe: func(_ context.Context, e Exchange) { exchanges = append(exchanges, e) }}, handler)
			result, err := c.Do(t.Context(), oneDeal())
			if err == nil {
				err = result.Decode("deal", new(Item[Deal]))
			}
			if err == nil {
				t.Fatal("no error to look into")
			}
			if len(exchanges) == 0 {
				t.Fatal("nothing observed")
			}
			var texts []string
			for e := err; e != nil; e = errors.Unwrap(e) {
				for _, verb := range verbs[:5] {
					texts = append(texts, fmt.Sprintf(verb, e))
				}
			}
			for _, e := range exchanges {
				texts = append(texts, fmt.Sprintf("%+v", e))
			}
			for _, text := range texts {
				// Half of the code is too much, too.
				if strings.Contains(text, secret[:len(secret)/2]) {
					t.Errorf("the code is in %.300s", text)
				}
			}
		})
	}
}
