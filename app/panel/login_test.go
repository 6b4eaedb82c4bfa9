package panel_test

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
)

func TestModels_fitTheTables(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Check(t.Context(), panel.Models()...); err != nil {
			t.Error(err)
		}
	})
}

func TestLogin_scenario(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, func(s *site) {
			s.admin.GET("/orders", func(c echo.Context) error { return s.Render(c, "panel/home", panel.Page{Title: "Заказы"}) })
		})
		e := s.employee("anna@demo", staff.Operator)

		got := s.get("/admin/orders?group=work")
		got.want(t, http.StatusSeeOther)
		if want := "/login?next=" + url.QueryEscape("/admin/orders?group=work"); got.location != want {
			t.Fatalf("a stranger is sent to %q, want %q", got.location, want)
		}
		s.get(got.location).want(t, 200, "Вход в панель управления", `value="/admin/orders?group=work"`)

		got = s.post("/login", "email", e.Email, "password", "a wrong one", "next", "/admin/orders")
		got.want(t, http.StatusUnprocessableEntity, "Неверная почта или пароль", e.Email)
		got.lacks(t, "a wrong one")
		s.get("/admin/orders").want(t, http.StatusSeeOther)
		var long string // and such as no index takes
		for len(long) < 8000 {
			long += rand.Text()
		}
		for _, nobody := range []string{"anna\x00@demo", "anna\xff@demo", long} {
			s.post("/login", "email", nobody, "password", password).want(t, http.StatusUnprocessableEntity,
				"Неверная почта или пароль")
		}

		got = s.post("/login", "email", e.Email, "password", password, "next", "/admin/orders?group=work")
		got.want(t, http.StatusSeeOther)
		if got.location != "/admin/orders?group=work" {
			t.Errorf("signed in, one goes to %q", got.location)
		}
		cookie := sessionCookie(got)
		for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
			if !strings.Contains(cookie, want) {
				t.Errorf("cookie %q lacks %s", cookie, want)
			}
		}
		token := regexp.MustCompile(`panel_session=([^;]+)`).FindStringSubmatch(cookie)
		var stored int64
		if err := d.From(t.Context()).Table("sessions").Where("token = ?", token[1]).Count(&stored).Error; err != nil ||
			stored != 0 {
			t.Errorf("the cookie's token is stored as it is (%d rows, %v), want it hashed", stored, err)
		}
		s.get("/admin/orders").want(t, 200, "Заказы", e.Name, "Оператор")
		s.get("/login").want(t, http.StatusSeeOther)

		s.post("/logout").want(t, http.StatusSeeOther)
		s.get("/admin/orders").want(t, http.StatusSeeOther)
	})
}

func TestLogin_renewsTheSessionToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		s.api.GET("/plain", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
	})
	s.signedIn(staff.Operator)
	first := sessionCookie(s.post("/logout"))
	again := sessionCookie(s.post("/login", "email", "operator@demo", "password", password))
	if first == again {
		t.Error("two sign-ins share a session token")
	}
	if got := s.get("/api/plain").header.Get("Set-Cookie"); got != "" {
		t.Errorf("the API sets cookie %q, want none", got)
	}
}

func sessionCookie(a answer) string {
	for _, cookie := range a.header.Values("Set-Cookie") {
		if strings.HasPrefix(cookie, "panel_session=") {
			return cookie
		}
	}
	return ""
}

func TestLogin_goesOnlyWithinThePanel(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	s := newSite(t, d, nil)
	e := s.employee("anna@demo", staff.Operator)
	for next, want := range map[string]string{
		"":                           "/admin",
		"/admin/orders?group=1":      "/admin/orders?group=1",
		"//evil.example/x":           "/x",
		"https://evil.example":       "/admin",
		"https://evil.example/admin": "/admin",
		`/\evil.example`:             "/admin",
		"javascript:alert(1)":        "/admin",
		"/%2F/evil.example":          "/admin",
		"/%5Cevil.example":           "/admin",
	} {
		s.client = s.browser()
		if got := s.post("/login", "email", e.Email, "password", password, "next", next); got.location != want {
			t.Errorf("next %q leads to %q, want %q", next, got.location, want)
		}
	}
}

func TestLogin_tooManyAttempts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, nil)
		e := s.employee("anna@demo", staff.Operator)
		for range 5 {
			s.post("/login", "email", e.Email, "password", "wrong").want(t, http.StatusUnprocessableEntity)
		}
		got := s.post("/login", "email", e.Email, "password", password)
		got.want(t, http.StatusTooManyRequests, "Слишком много попыток", "15\u00a0минут")
		if got.header.Get("Retry-After") == "" {
			t.Error("Retry-After is missing")
		}
	})
}

func TestSession_endsWithTheEmployee(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	s := newSite(t, d, nil)
	e := s.signedIn(staff.Operator)
	mine := s.client
	s.client = s.browser()
	s.post("/login", "email", e.Email, "password", password).want(t, http.StatusSeeOther)
	other := s.client

	s.client = mine
	s.post("/admin/password", "present", "wrong", "password", "a fresh one").want(t, 422, "Это не нынешний пароль")
	s.post("/admin/password", "present", password, "password", "a fresh one").want(t, http.StatusSeeOther)
	s.get("/admin/password").want(t, 200)
	s.client = other
	s.get("/admin/password").want(t, http.StatusSeeOther) // signed out by the new password

	s.client = mine
	if _, err := s.Staff.Change(t.Context(), e.ID,
		func(e *staff.Employee) error { e.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	s.get("/admin/password").want(t, http.StatusSeeOther)
}

func TestRequire(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	s := newSite(t, d, func(s *site) {
		ok := func(c echo.Context) error { return c.String(200, "in") }
		s.admin.POST("/orders", ok, panel.Require(staff.Operator))
		s.admin.POST("/payments", ok, panel.Require(staff.Operator, staff.Accountant))
		s.admin.POST("/secrets", ok, panel.Require(staff.Administrator))
		s.admin.POST("/read", ok)
	})
	want := map[staff.Role]string{
		staff.Administrator: "/orders /payments /secrets /read",
		staff.Supervisor:    "/orders /payments /read",
		staff.Operator:      "/orders /payments /read",
		staff.Accountant:    "/payments /read",
	}
	for role, may := range want {
		s.client = s.browser()
		s.signedIn(role)
		for _, path := range []string{"/orders", "/payments", "/secrets", "/read"} {
			status := http.StatusForbidden
			if strings.Contains(may, path) {
				status = http.StatusOK
			}
			if got := s.post("/admin" + path); got.status != status {
				t.Errorf("%s on %s: status = %d, want %d", role, path, got.status, status)
			}
		}
		administrator := role == staff.Administrator
		if got := s.get("/admin/settings/staff"); (got.status == 200) != administrator {
			t.Errorf("%s on the staff page: status = %d", role, got.status)
		}
		if got := s.post("/admin/cache/reset"); (got.status == 303) != administrator {
			t.Errorf("%s resets the cache: status = %d", role, got.status)
		}
	}
	s.client = s.browser()
	s.post("/admin/read").want(t, http.StatusSeeOther)
	s.get("/admin/nowhere").want(t, http.StatusSeeOther) // a stranger learns nothing about what is there
}

func TestSetup_firstAdministrator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, nil)
		log, lines := record()
		s.Log = log
		if err := s.Invite(t.Context()); err != nil {
			t.Fatal(err)
		}
		link := regexp.MustCompile(`http[^" ]+/setup\?token=\w+`).FindString(lines.String())
		path := strings.TrimPrefix(link, s.url)
		if link == "" || path == link {
			t.Fatalf("log %q lacks a link to this panel", lines.String())
		}
		token := strings.TrimPrefix(path, "/setup?token=")

		s.get("/setup?token=guessed").want(t, http.StatusNotFound, "Ссылка уже использована или устарела")
		s.get(path).want(t, 200, "Первый администратор", token)
		got := s.post("/setup", "token", token, "name", "Анна", "email", "admin@demo", "password", "short")
		got.want(t, 422, "Пароль должен быть не короче восьми знаков", `value="Анна"`)
		s.post("/setup", "token", "guessed", "name", "Анна", "email", "admin@demo", "password", "long enough").
			want(t, http.StatusNotFound)
		s.post("/setup", "token", token, "name", "Анна", "email", "admin@demo", "password", "long enough").
			want(t, http.StatusSeeOther)
		s.get("/admin/settings/staff").want(t, 200, "admin@demo", "Администратор") // signed in at once
		s.get(path).want(t, http.StatusNotFound)

		lines.Reset()
		if err := s.Invite(t.Context()); err != nil || lines.Len() > 0 {
			t.Errorf("Invite() logs %q, %v; want nothing while somebody works here", lines.String(), err)
		}
	})
}
