package rest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// movesTo redirects to an address, the path with the code kept, and counts.
func movesTo(status int, address func() string, count *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		w.Header().Set("Location", address()+r.URL.Path)
		w.WriteHeader(status)
	}
}

func TestDo_portalHasMoved(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 307, 308} {
		var old, next atomic.Int32
		moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.Add(1)
			body, _ := io.ReadAll(r.Body)
			if r.Method != http.MethodPost || !strings.Contains(string(body), `"deal":"crm.item.add?`) {
				t.Errorf("%d: the new address got %s %s", status, r.Method, body)
			}
			answers(200, `{"result":{"result":{"deal":{"item":{"id":9}}}}}`)(w, r)
		}))
		t.Cleanup(moved.Close)
		c := setup(t, Options{}, movesTo(status, func() string { return moved.URL }, &old))
		result, err := c.Do(t.Context(), oneDeal())
		if err != nil {
			t.Fatalf("%d: %v", status, err)
		}
		if result.Moved == nil || result.Moved.String() != moved.URL {
			t.Errorf("%d: Moved = %v, want %s", status, result.Moved, moved.URL)
		}
		if old.Load() != 1 || next.Load() != 1 {
			t.Errorf("%d: asked %d and %d times, want once each", status, old.Load(), next.Load())
		}
	}
}

func TestDo_movedAndFailing(t *testing.T) {
	t.Parallel()
	moved := httptest.NewServer(answers(502, "<html>"))
	t.Cleanup(moved.Close)
	var count atomic.Int32
	c := setup(t, Options{}, movesTo(302, func() string { return moved.URL }, &count))
	_, err := c.Do(t.Context(), oneDeal())
	var e *MovedError
	if !errors.As(err, &e) || e.Portal.String() != moved.URL || !Unknown(err) || !Temporary(err) {
		t.Errorf("error = %v, want the new address and an unknown outcome", err)
	}
}

func TestDo_movesForEver(t *testing.T) {
	t.Parallel()
	var first, second *httptest.Server
	var count atomic.Int32
	first = httptest.NewServer(movesTo(302, func() string { return second.URL }, &count))
	t.Cleanup(first.Close)
	second = httptest.NewServer(movesTo(302, func() string { return first.URL }, &count))
	t.Cleanup(second.Close)
	_, err := New(hookOf(t, first.URL), Options{AllowPrivate: true}).Do(t.Context(), oneDeal())
	var e *MovedError
	if !errors.As(err, &e) || Unknown(err) {
		t.Errorf("error = %v, want a MovedError, nothing done", err)
	}
	if count.Load() != 2 {
		t.Errorf("%d requests, want 2", count.Load())
	}
}

func TestDo_redirectsThatAreNoMove(t *testing.T) {
	t.Parallel()
	for name, location := range map[string]string{
		"nowhere":            "",
		"a path":             "/auth/?backurl=" + secret,
		"another scheme":     "ftp://x.bitrix24.ru/",
		"no host":            "https:///rest/",
		"rubbish":            "http://%zz/" + secret,
		"with a user's name": "javascript:alert(1)",
	} {
		var count atomic.Int32
		c := setup(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
			count.Add(1)
			w.Header().Set("Location", location)
			w.WriteHeader(302)
		})
		_, err := c.Do(t.Context(), oneDeal())
		var e *RequestError
		if !errors.As(err, &e) || e.Status != 302 || Unknown(err) || count.Load() != 1 ||
			strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v after %d requests, want a refusal to follow", name, err, count.Load())
		}
	}
}

func TestReadRedirect_addressRules(t *testing.T) {
	t.Parallel()
	c := New(Webhook{Portal: &url.URL{Scheme: "https", Host: "old.bitrix24.ru"}, UserID: 1, Code: secret}, Options{})
	var moved *redirect
	err := c.readRedirect(c.hook.Portal, 302,
		http.Header{"Location": {"https://New.bitrix24.ru/rest/1/" + secret + "/batch.json"}})
	if !errors.As(err, &moved) || moved.to.String() != "https://new.bitrix24.ru" {
		t.Fatalf("got %v, want the new address without its path", err)
	}
	err = c.readRedirect(c.hook.Portal, 302, http.Header{"Location": {"http://new.bitrix24.ru/"}})
	if errors.As(err, &moved) {
		t.Errorf("followed from https to http: %v", err)
	}
	// A private address is refused where it is called.
	_, err = c.post(t.Context(), &url.URL{Scheme: "https", Host: "169.254.169.254"}, oneDeal())
	if !errors.Is(err, ErrAddress) || Unknown(err) {
		t.Errorf("error = %v, want ErrAddress", err)
	}
}
