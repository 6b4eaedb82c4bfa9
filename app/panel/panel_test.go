package panel_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/static"
	"github.com/pixlpark/panel/templates"
)

const password = "correct horse"

// site is a panel on a test server with a browser in front of it.
type site struct {
	*panel.Panel
	t      *testing.T
	admin  *echo.Group
	api    *echo.Group
	url    string
	client *http.Client
}

// newSite starts a panel; routes adds to it before the templates are parsed.
func newSite(t *testing.T, d *db.DB, routes func(s *site)) *site {
	t.Helper()
	e := echo.New()
	address := paneltest.Serve(t, e)
	public, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p, err := panel.New(panel.Options{
		DB: d, Staff: staff.New(d, staff.TestCost), Log: dbtest.Silent(), Templates: templates.FS, Static: static.FS,
		PublicURL: public, SecretKey: []byte(strings.Repeat("k", 32)),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Panel: p, t: t, url: address}
	s.client = s.browser()
	s.admin, s.api = p.Attach(e)
	if routes != nil {
		routes(s)
	}
	if err := p.Parse(); err != nil {
		t.Fatal(err)
	}
	return s
}

// browser is a client with cookies of its own that does not follow redirects.
func (s *site) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// employee adds somebody with the usual password.
func (s *site) employee(email string, role staff.Role) *staff.Employee {
	s.t.Helper()
	e, err := s.Staff.Create(s.t.Context(), staff.NewEmployee{
		Email: email, Name: "Анна " + email,
		Role: role, Password: password,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// signedIn adds somebody and signs the browser in.
func (s *site) signedIn(role staff.Role) *staff.Employee {
	s.t.Helper()
	e := s.employee(string(role)+"@demo", role)
	if got := s.post("/login", "email", e.Email, "password", password); got.status != http.StatusSeeOther {
		s.t.Fatalf("sign-in: status = %d, want 303", got.status)
	}
	return e
}

// answer is a response that has been read.
type answer struct {
	status   int
	body     string
	location string
	header   http.Header
}

func (s *site) get(path string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do(r)
}

// post submits a form of name, value, name, value.
func (s *site) post(path string, pairs ...string) answer {
	s.t.Helper()
	return s.do(s.postRequest(path, pairs...))
}

func (s *site) postRequest(path string, pairs ...string) *http.Request {
	s.t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(values.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func (s *site) do(r *http.Request) answer {
	s.t.Helper()
	resp, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{status: resp.StatusCode, body: string(body), location: resp.Header.Get("Location"), header: resp.Header}
}

func (a answer) want(t *testing.T, status int, words ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status = %d, want %d; body: %.600s", a.status, status, a.body)
	}
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			t.Errorf("page lacks %q; body: %.3000s", w, a.body)
		}
	}
}

func (a answer) lacks(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(a.body, w) {
			t.Errorf("page has %q", w)
		}
	}
}

func files(pairs ...string) fs.FS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

func TestStaffPages_scenario(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, nil)
		me := s.signedIn(staff.Administrator)
		s.get("/admin/settings/staff").want(t, 200, "Сотрудники", me.Email, "Администратор", "Сбросить кеш сайта")
		s.get("/admin/settings/staff/new").want(t, 200, "Новый сотрудник", `name="email"`)

		got := s.post("/admin/settings/staff/new", "name", "", "email", "oleg@demo", "role", "operator", "password", "short")
		got.want(t, 422, "Заполните поле", "Пароль должен быть не короче", `value="oleg@demo"`)
		got.lacks(t, "short")
		got = s.post("/admin/settings/staff/new", "name", "Олег", "email", "oleg@demo", "role", "operator",
			"password", "long enough")
		got.want(t, 303)
		s.get(got.location).want(t, 200, "Сотрудник добавлен", "Олег")
		s.get(got.location).lacks(t, "Сотрудник добавлен") // a flash is shown once

		got = s.post("/admin/settings/staff/new", "name", "Другой", "email", "OLEG@demo", "role", "operator",
			"password", "long enough")
		got.want(t, 422, "Сотрудник с этой почтой уже есть")
	})
}

func TestRender_failingTemplateLeavesNoHalfPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		s.Mount("shop", files("templates/broken.html", `{{define "content"}}half a page {{.Missing.Field}}{{end}}`))
		s.admin.GET("/broken", func(c echo.Context) error { return s.Render(c, "shop/broken", panel.Page{Title: "Х"}) })
	})
	s.signedIn(staff.Operator)
	got := s.get("/admin/broken")
	got.want(t, 500, "Ошибка на сервере")
	got.lacks(t, "half a page", "Missing")
}

func TestParse_refusesTemplatesThatCannotWork(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	for name, text := range map[string]string{
		"syntax":           `{{define "content"}}{{if}}{{end}}`,
		"unknown function": `{{define "content"}}{{nonsense}}{{end}}`,
		"unsafe place":     `{{define "content"}}<a href={{if .X}}"{{end}}>{{end}}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, d, nil)
			s.Mount("shop", files("templates/page.html", text))
			if err := s.Parse(); err == nil || !strings.Contains(err.Error(), "shop/page") {
				t.Errorf("Parse() = %v, want an error that names shop/page", err)
			}
		})
	}
}

func TestBanner_onlyForAdministratorsAndNeverFatal(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	s := newSite(t, d, func(s *site) {
		s.AddBanner(func(context.Context) ([]panel.Banner, error) {
			return []panel.Banner{{Tone: panel.Warning, Text: "Портал не отвечает", Action: "Посмотреть", URL: "/admin/x"}}, nil
		})
		s.AddBanner(func(context.Context) ([]panel.Banner, error) { return nil, errors.New("broken") })
		s.AddBanner(func(context.Context) ([]panel.Banner, error) { panic("a mistake of a module") })
	})
	s.signedIn(staff.Administrator)
	s.get("/admin/password").want(t, 200, "Портал не отвечает", "Посмотреть")
	s.client = s.browser()
	s.signedIn(staff.Supervisor)
	s.get("/admin/password").lacks(t, "Портал не отвечает")
}
