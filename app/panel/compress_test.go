package panel_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
)

// TestCompressed says what goes out compressed, and that unpacked it is what was written.
func TestCompressed(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Визитки, 100 шт. ", 200)
	blob := func(kind, body string) echo.HandlerFunc {
		return func(c echo.Context) error { return c.Blob(http.StatusOK, kind, []byte(body)) }
	}
	s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		s.api.GET("/long", blob("text/html; charset=utf-8", long))
		s.api.GET("/json", blob("application/json", long))
		s.api.GET("/short", blob("text/html; charset=utf-8", "short"))
		s.api.GET("/layout", blob("application/octet-stream", long))
		s.api.GET("/packed", func(c echo.Context) error {
			c.Response().Header().Set("Content-Encoding", "br")
			return blob("text/plain", long)(c)
		})
		s.api.GET("/empty", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
		s.api.GET("/broken", func(echo.Context) error { return errors.New("broken") })
		s.api.GET("/stream", func(c echo.Context) error {
			c.Response().Header().Set("Content-Type", "text/csv")
			for line := range strings.SplitAfterSeq(long, ". ") {
				if _, err := io.WriteString(c.Response(), line); err != nil {
					return err
				}
				c.Response().Flush()
			}
			return nil
		})
	})
	for _, c := range []struct{ name, path, takes, site, encoding, want string }{
		{name: "a long page", path: "/api/long", takes: "br;q=1.0, gzip;q=0.8", encoding: "gzip", want: long},
		{name: "in a window of ours", path: "/api/long", takes: "gzip", site: "same-origin", encoding: "gzip", want: long},
		{name: "because of another site", path: "/api/long", takes: "gzip", site: "cross-site", want: long},
		{name: "because of a neighbour", path: "/api/long", takes: "gzip", site: "same-site", want: long},
		{name: "to who does not take it", path: "/api/long", takes: "br", want: long},
		{name: "to who refuses it", path: "/api/long", takes: "gzip;q=0.0", want: long},
		{name: "what an API answers", path: "/api/json", takes: "gzip", encoding: "gzip", want: long},
		{name: "a short page", path: "/api/short", takes: "gzip", want: "short"},
		{name: "a layout", path: "/api/layout", takes: "gzip", want: long},
		{name: "what is packed already", path: "/api/packed", takes: "gzip", encoding: "br", want: long},
		{name: "nothing", path: "/api/empty", takes: "gzip"},
		{name: "a failure", path: "/api/broken", takes: "gzip", want: `{"Error":{"Code":"InternalServerError",` +
			`"Message":"Ошибка на сервере"}}` + "\n"},
		{name: "a long download, piece by piece", path: "/api/stream", takes: "gzip", encoding: "gzip", want: long},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.getAs(c.path, c.takes, c.site)
			if encoding := got.header.Get("Content-Encoding"); encoding != c.encoding {
				t.Errorf("Content-Encoding = %q, want %q", encoding, c.encoding)
			}
			if !strings.Contains(got.header.Get("Vary"), "Accept-Encoding") {
				t.Errorf("Vary = %q", got.header.Get("Vary"))
			}
			if text := unpacked(t, got); text != c.want {
				t.Errorf("body = %.100q, want %.100q", text, c.want)
			}
		})
	}
}

// TestStaticFiles_compressed says that a file is compressed on its way, and still the same to who has it already.
func TestStaticFiles_compressed(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), nil)
	const file = "/static/panel/panel.css"
	packed, plain := s.getAs(file, "gzip", "same-origin"), s.getAs(file, "identity", "")
	if packed.header.Get("Content-Encoding") != "gzip" || 2*len(packed.body) > len(plain.body) {
		t.Errorf("%d bytes of %d, %v", len(packed.body), len(plain.body), packed.header)
	}
	if unpacked(t, packed) != plain.body {
		t.Error("unpacked it is another file")
	}
	if tag := packed.header.Get("Etag"); tag == "" || tag != plain.header.Get("Etag") {
		t.Errorf("Etag = %q compressed, %q plain", tag, plain.header.Get("Etag"))
	}
}

// getAs opens a page as a browser that says what it takes, and because of which site it asks.
func (s *site) getAs(path, takes, because string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", takes) // which keeps the client from unpacking
	if because != "" {
		r.Header.Set("Sec-Fetch-Site", because)
	}
	return s.do(r)
}

func unpacked(t *testing.T, a answer) string {
	t.Helper()
	if a.header.Get("Content-Encoding") != "gzip" {
		return a.body
	}
	r, err := gzip.NewReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
