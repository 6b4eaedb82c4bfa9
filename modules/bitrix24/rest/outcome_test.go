package rest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// hijack answers with bytes of its own and closes the connection.
func hijack(t *testing.T, raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, raw)
		_ = conn.Close()
	}
}

func TestDo_noReadableAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		status  int
		handler http.HandlerFunc
	}{
		{"a proxy's page", 502, answers(502, "<html><h1>502 Bad Gateway</h1></html>")},
		{"a page with status 200", 200, answers(200, "<!DOCTYPE html><title>Вход</title>")},
		{"a page with status 403", 403, answers(403, "<html>Forbidden</html>")},
		{"nothing", 504, answers(504, "")},
		{"nothing with status 200", 200, answers(200, "  ")},
		{"half a body", 200, answers(200, `{"result":{"result":{"deal":{"item":{"id":1`)},
		{"two bodies", 200, answers(200, `{"result":{"result":{"deal":1}}}{}`)},
		{"an array", 200, answers(200, `[]`)},
		{"null", 200, answers(200, `null`)},
		{"no result", 200, answers(200, `{}`)},
		{"an empty result", 200, answers(200, `{"result":[]}`)},
		{"a result of a single call", 200, answers(200, `{"result":true}`)},
		{"results of another shape", 200, answers(200, `{"result":{"result":5,"result_error":[]}}`)},
		{"errors of another shape", 200, answers(200, `{"result":{"result":[],"result_error":{"deal":[[1]]}}}`)},
		{"failure without an error", 500, answers(500, `{"message":"oops"}`)},
		{"an error of another shape", 400, answers(400, `{"error":{"code":[1]}}`)},
		{"a connection closed after sending", 0, hijack(t, "")},
		{"a connection closed in the middle", 200, hijack(t, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"result\":")},
		{"no HTTP", 0, hijack(t, "220 smtp ready\r\n")},
		{"bad gzip", 200, hijack(t, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain")},
		{"too much", 200, answers(200, `{"result":"`+strings.Repeat("x", 2000)+`"}`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var observed atomic.Int32
			c := setup(t, Options{MaxAnswer: 1000, Observe: func(context.Context, Exchange) { observed.Add(1) }}, tt.handler)
			_, err := c.Do(t.Context(), oneDeal())
			var e *RequestError
			if !errors.As(err, &e) || e.Status != tt.status || !Unknown(err) || !Temporary(err) {
				t.Errorf("error = %#v, want a RequestError with status %d, unknown and temporary", err, tt.status)
			}
			if observed.Load() != 1 {
				t.Errorf("observed %d times, want once", observed.Load())
			}
		})
	}
}

// The portal reads the request and never answers. Time passes only when nobody has anything left to do, so the request
// is always sent first.
func TestDo_timeoutAfterSendingIsUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, portals := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, portals) }()
		c := New(hookOf(t, "http://portal.example"), Options{AllowPrivate: true})
		c.transport = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return ours, nil }}
		start := time.Now()
		_, err := c.Do(t.Context(), oneDeal())
		if !errors.Is(err, context.DeadlineExceeded) || !Unknown(err) || !Temporary(err) {
			t.Errorf("error = %v (unknown %v), want a deadline with an unknown outcome", err, Unknown(err))
		}
		if waited := time.Since(start); waited != 65*time.Second {
			t.Errorf("waited %v, want 65s: the portal gives up at 60", waited)
		}
	})
}

func TestDo_cancelledAfterSendingIsUnknown(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	c := setup(t, Options{}, func(http.ResponseWriter, *http.Request) { cancel(); <-release })
	t.Cleanup(func() { close(release) })
	if _, err := c.Do(ctx, oneDeal()); !errors.Is(err, context.Canceled) || !Unknown(err) {
		t.Errorf("error = %v (unknown %v), want cancelled with an unknown outcome", err, Unknown(err))
	}
}

func TestDo_certainlyNotSent(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	_ = closed.Close()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for name, try := range map[string]func() error{
		"connection refused": func() error {
			_, err := New(hookOf(t, "http://"+address), Options{AllowPrivate: true}).Do(t.Context(), oneDeal())
			return err
		},
		"no TLS there": func() error {
			c := setup(t, Options{}, answers(200, ""))
			c.hook.Portal.Scheme = "https"
			_, err := c.Do(t.Context(), oneDeal())
			return err
		},
		"cancelled before": func() error {
			_, err := setup(t, Options{}, func(http.ResponseWriter, *http.Request) { t.Error("asked") }).Do(over, oneDeal())
			return err
		},
		"cancelled while waiting for the limiter": func() error {
			limiter := NewLimiter(LimiterOptions{Take: func(context.Context, Class) (time.Duration, error) { return time.Hour, nil }})
			c := setup(t, Options{Limiter: limiter}, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
			_, err := c.Do(over, oneDeal())
			return err
		},
	} {
		err := try()
		var e *RequestError
		if !errors.As(err, &e) || Unknown(err) || !Temporary(err) {
			t.Errorf("%s: %#v (unknown %v, temporary %v), want certain and temporary", name, err, Unknown(err), Temporary(err))
		}
	}
}
