package panel_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/sirupsen/logrus"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/templates"
)

// record is a log and what was written to it.
func record() (*logrus.Entry, *bytes.Buffer) {
	var lines bytes.Buffer
	log := logrus.New()
	log.SetOutput(&lines)
	return logrus.NewEntry(log), &lines
}

// inline finds what the content security policy forbids: scripts, styles and handlers inside a page.
var inline = regexp.MustCompile(`(?i)<style|\sstyle\s*=|<script(?:\s[^>]*)?>\s*[^<\s]|<script>|\son[a-z]+\s*=|javascript:`)

func TestInlinePattern_findsWhatIsForbidden(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`<p style="color:red">`:          true,
		`<style>p{}</style>`:             true,
		`<script>alert(1)</script>`:      true,
		`<script defer>alert(1)`:         true,
		`<button onclick="x()">`:         true,
		`<a href="javascript:x()">`:      true,
		`<script src="/a.js"></script>`:  false,
		`<p class="style">on = off</p>`:  false,
		`<input type="checkbox" name=x>`: false,
	} {
		if got := inline.MatchString(text); got != want {
			t.Errorf("%s: found = %v, want %v", text, got, want)
		}
	}
}

func TestTemplates_haveNothingInline(t *testing.T) {
	t.Parallel()
	read := 0
	err := fs.WalkDir(templates.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".html") {
			return err
		}
		text, err := fs.ReadFile(templates.FS, name)
		if found := inline.Find(text); found != nil {
			t.Errorf("%s has %q, which the content security policy forbids", name, found)
		}
		read++
		return err
	})
	if err != nil || read < 10 {
		t.Errorf("read %d templates, %v", read, err)
	}
}

func TestSecurityHeaders_onEveryAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		s.api.GET("/plain", func(c echo.Context) error { return c.NoContent(204) })
		s.admin.GET("/broken", func(echo.Context) error { panic("boom") })
	})
	s.signedIn(staff.Operator)
	for _, path := range []string{
		"/login", "/admin/password", "/admin/broken", "/admin/nowhere", "/nowhere",
		"/api/plain", "/static/panel/panel.css",
	} {
		h := s.get(path).header
		if got := h.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'self'") ||
			!strings.Contains(got, "frame-ancestors 'none'") || strings.Contains(got, "unsafe") {
			t.Errorf("%s: Content-Security-Policy = %q", path, got)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" {
			t.Errorf("%s lacks headers: %v", path, h)
		}
	}
	if got := s.get("/admin/password").header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a page has Cache-Control %q, want no-store", got)
	}
}

func TestSameOrigin(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		s.admin.POST("/save", func(c echo.Context) error { return c.String(200, "saved") })
		s.api.POST("/events", func(c echo.Context) error { return c.String(200, "taken") })
	})
	s.signedIn(staff.Operator)
	tests := []struct {
		name, path, header, value string
		want                      int
	}{
		{"another site's form", "/admin/save", "Sec-Fetch-Site", "cross-site", 403},
		{"a neighbouring subdomain", "/admin/save", "Sec-Fetch-Site", "same-site", 403},
		{"the panel's own form", "/admin/save", "Sec-Fetch-Site", "same-origin", 200},
		{"an old browser on another site", "/admin/save", "Origin", "https://evil.example", 403},
		{"an old browser on the panel", "/admin/save", "Origin", s.url, 200},
		{"a script without a browser", "/admin/save", "X-Nothing", "x", 200},
		{"signing somebody in from elsewhere", "/login", "Sec-Fetch-Site", "cross-site", 403},
		{"the API checks its callers itself", "/api/events", "Sec-Fetch-Site", "cross-site", 200},
	}
	for _, tt := range tests {
		r := s.postRequest(tt.path)
		r.Header.Set(tt.header, tt.value)
		if got := s.do(r); got.status != tt.want {
			t.Errorf("%s: status = %d, want %d", tt.name, got.status, tt.want)
		}
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		take := func(c echo.Context) error {
			values, err := panel.Values(c)
			if err != nil {
				return err
			}
			return c.String(200, values.Get("a")[:1])
		}
		s.admin.POST("/small", take)
		s.admin.POST("/large", take, panel.BodyLimit(4<<20))
		s.admin.POST("/tiny", take, panel.BodyLimit(10))
	})
	s.signedIn(staff.Operator)
	much := strings.Repeat("x", 2<<20)
	s.post("/admin/small", "a", "y").want(t, 200)
	s.post("/admin/small", "a", much).want(t, http.StatusRequestEntityTooLarge, "Слишком много данных")
	s.post("/admin/large", "a", much).want(t, 200)
	s.post("/admin/tiny", "a", "0123456789").want(t, http.StatusRequestEntityTooLarge)
	s.post("/login", "email", much).want(t, http.StatusRequestEntityTooLarge)

	r := s.postRequest("/admin/small", "a", "y")
	r.Header.Set("Content-Type", "multipart/form-data") // without a boundary
	s.client.CheckRedirect = nil
	if got := s.do(r); got.status != http.StatusBadRequest {
		t.Errorf("unreadable body: status = %d, want 400", got.status)
	}
}

func TestErrors_becomeAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		err    error
		status int
		page   string
		api    string
		logged bool
	}{
		{"unknown", refusal.Unknown("Заказ 7 не найден"), 404, "Заказ 7 не найден", `"Code":"NotFound"`, false},
		{"denied", refusal.Denied("Нельзя"), 403, "Нельзя", `"Code":"Forbidden"`, false},
		{"taken", refusal.Taken("Email", "Почта занята"), 409, "Почта занята", `"Field":"Email"`, false},
		{"invalid", refusal.Value("Phone", "Телефон"), 422, "Телефон", `"Message":"Телефон"`, false},
		{"not allowed", echo.ErrMethodNotAllowed, 405, "Так страницу открыть нельзя", `"Code":"MethodNotAllowed"`, false},
		{"an accident", errors.New("dial tcp 10.0.0.1: s3cret"), 500, "Что-то пошло не так", `"Code":"InternalServerError"`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
				s.admin.GET("/fail", func(echo.Context) error { return tt.err })
				s.api.GET("/fail", func(echo.Context) error { return tt.err })
			})
			s.signedIn(staff.Operator)
			log, lines := record()
			s.Log = log
			got := s.get("/admin/fail")
			got.want(t, tt.status, tt.page, "На главную")
			got.lacks(t, "s3cret")
			if logged := strings.Count(lines.String(), "request failed"); (logged == 1) != tt.logged || logged > 1 {
				t.Errorf("logged %d times, want %v: %s", logged, tt.logged, lines)
			}
			got = s.get("/api/fail")
			got.want(t, tt.status, tt.api)
			got.lacks(t, "s3cret", "<html")
		})
	}
}

func TestErrors_aPanicIsLoggedOnceAndAnswered(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		s.admin.GET("/panics", func(echo.Context) error { panic("boom") })
	})
	s.signedIn(staff.Operator)
	log, lines := record()
	s.Log = log
	got := s.get("/admin/panics")
	got.want(t, 500, "Ошибка на сервере")
	got.lacks(t, "boom")
	if strings.Count(lines.String(), "level=error") != 1 || !strings.Contains(lines.String(), "guard_test.go") {
		t.Errorf("log = %s, want one entry with the stack", lines)
	}
}

func TestErrors_anAbandonedRequestIsNoAccident(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		s.admin.GET("/gone", func(echo.Context) error { return context.Canceled })
	})
	s.signedIn(staff.Operator)
	log, lines := record()
	s.Log = log
	s.get("/admin/gone")
	if lines.Len() > 0 {
		t.Errorf("logged %s", lines)
	}
}
