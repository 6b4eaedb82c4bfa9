// Package paneltest puts pages on a real panel, on a test server and a test database, with a browser in front of it:
//
//	s := paneltest.New(t, d, func(s *paneltest.Site) { shops.Pages(s.Panel, s.Admin) })
//	s.SignIn(staff.Operator)
//	s.Get("/admin/shops").Want(t, 200, "Печать на Белинского")
package paneltest

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/static"
	"github.com/pixlpark/panel/templates"
)

const password = "correct horse"

// Site is a panel with the host's templates and a browser that keeps cookies and follows no redirects.
type Site struct {
	Panel *panel.Panel
	Staff *staff.Service
	Admin *echo.Group // signed in
	API   *echo.Group

	t       testing.TB
	url     string
	browser *http.Client
}

// New starts a panel in Moscow's time zone; add puts pages and what a module would bring on it, before the templates
// are parsed.
func New(t testing.TB, d *db.DB, add func(s *Site)) *Site {
	t.Helper()
	e := echo.New()
	s := &Site{t: t, url: Serve(t, e), Staff: staff.New(d, staff.TestCost)}
	public, err := url.Parse(s.url)
	Must(t, err)
	s.Panel, err = panel.New(panel.Options{
		DB: d, Staff: s.Staff, Log: dbtest.Silent(), Templates: templates.FS, Static: static.FS,
		PublicURL: public, Location: time.FixedZone("MSK", 3*60*60), SecretKey: []byte(strings.Repeat("k", 32)),
	})
	Must(t, err)
	s.Admin, s.API = s.Panel.Attach(e)
	add(s)
	Must(t, s.Panel.Parse())
	s.SignOut()
	return s
}

// Serve puts a handler on a server that ends with the test, and returns its address.
func Serve(t testing.TB, handler http.Handler) string {
	server := httptest.NewServer(handler)
	address := server.URL
	t.Cleanup(func() {
		server.Close()
		server = nil // a parallel test keeps its cleanups, and what they refer to, until the last test has ended
	})
	return address
}

// SignIn gives the browser to a new employee of the role: «Анна Оператор».
func (s *Site) SignIn(role staff.Role) *staff.Employee {
	s.t.Helper()
	s.SignOut()
	e, err := s.Staff.Create(s.t.Context(), staff.NewEmployee{
		Email: string(role) + "@demo", Name: "Анна " + role.Title(), Role: role, Password: password,
	})
	Must(s.t, err)
	s.Post("/login", "email", e.Email, "password", password).Want(s.t, http.StatusSeeOther)
	return e
}

// SignOut takes a browser that nobody has used yet.
func (s *Site) SignOut() {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	Must(s.t, err)
	s.browser = &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Answer is a response that has been read. Its text has no character references and only plain spaces.
type Answer struct {
	Status   int
	Text     string
	Location string
	Header   http.Header
}

// Get opens a page.
func (s *Site) Get(path string) Answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	Must(s.t, err)
	return s.Do(r)
}

// Post submits a form of name, value, name, value.
func (s *Site) Post(path string, pairs ...string) Answer {
	s.t.Helper()
	return s.Do(s.PostRequest(path, pairs...))
}

// PostRequest is what Post sends.
func (s *Site) PostRequest(path string, pairs ...string) *http.Request {
	s.t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(values.Encode()))
	Must(s.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// Do sends a request of the browser.
func (s *Site) Do(r *http.Request) Answer {
	s.t.Helper()
	answer, err := Read(s.browser.Do(r))
	Must(s.t, err)
	return answer
}

// Read reads a response to its end.
func Read(resp *http.Response, err error) (Answer, error) {
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return Answer{
		Status: resp.StatusCode, Text: strings.ReplaceAll(html.UnescapeString(string(body)), "\u00a0", " "),
		Location: resp.Header.Get("Location"), Header: resp.Header,
	}, err
}

// Want checks the status and what a person reads.
func (a Answer) Want(t testing.TB, status int, words ...string) Answer {
	t.Helper()
	if a.Status != status {
		t.Errorf("status = %d, want %d; page: %.3000s", a.Status, status, a.main())
	}
	for _, w := range words {
		if !strings.Contains(a.Text, w) {
			t.Errorf("page lacks %q; page: %.6000s", w, a.main())
		}
	}
	return a
}

// main is the part of a page that is about something.
func (a Answer) main() string {
	if _, main, ok := strings.Cut(a.Text, "<main"); ok {
		return "<main" + main
	}
	return a.Text
}

// Lacks checks what a person does not read.
func (a Answer) Lacks(t testing.TB, words ...string) Answer {
	t.Helper()
	for _, w := range words {
		if strings.Contains(a.Text, w) {
			t.Errorf("page has %q", w)
		}
	}
	return a
}

// Must ends the test on an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
