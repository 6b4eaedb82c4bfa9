package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/api"
	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/sites"
)

// server is the public API on a database of its own, with two sites.
type server struct {
	http.Handler
	t      testing.TB
	db     *db.DB
	orders *orders.Service
}

func newServer(t testing.TB, d *db.DB) *server {
	t.Helper()
	for _, name := range []string{"first", "second"} {
		if _, _, err := sites.New(d).Add(t.Context(), name, "https://"+name+".example", name+"-token"); err != nil {
			t.Fatal(err)
		}
	}
	return newProcess(t, d)
}

// newProcess is a server on a database that has its sites already.
func newProcess(t testing.TB, d *db.DB) *server {
	t.Helper()
	s, c := sites.New(d), clients.New(d)
	o := organizations.New(d, c)
	placed := orders.New(d, s, c, o)
	e := echo.New()
	api.Register(e.Group("/api"), api.Deps{
		DB: d, Sites: s, Clients: c, Organizations: o, Orders: placed, PublicURL: "https://panel.example",
		Location: time.FixedZone("", 3*60*60), Log: dbtest.Silent(),
	})
	return &server{Handler: e, t: t, db: d, orders: placed}
}

// reply is what was answered. Body is the JSON as it was read.
type reply struct {
	Status int
	Header http.Header
	Text   string
	Body   map[string]any
}

// at follows names and numbers into the body: at("Items", 0, "Name").
func (r reply) at(path ...any) any {
	var value any = r.Body
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

// id is the number of what was answered.
func (r reply) id() int64 {
	n, _ := r.at("Id").(float64)
	return int64(n)
}

func (r reply) field() any { return r.at("Error", "Field") }

// call asks the first site's way. Headers go as "Name: value".
func (s *server) call(method, path, body string, headers ...string) reply {
	s.t.Helper()
	r := httptest.NewRequest(method, "/api"+path, strings.NewReader(body)).WithContext(s.t.Context())
	r.Header.Set("Authorization", "Bearer first-token")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	got := reply{Status: w.Code, Header: w.Header(), Text: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &got.Body); err != nil {
		s.t.Errorf("%s %s answered what is no JSON object: %s", method, path, got.Text)
	}
	return got
}

// must is call for what has to succeed.
func (s *server) must(status int, method, path, body string, headers ...string) reply {
	s.t.Helper()
	got := s.call(method, path, body, headers...)
	if got.Status != status {
		s.t.Fatalf("%s %s = %d %s, want %d", method, path, got.Status, got.Text, status)
	}
	return got
}

// client registers somebody.
func (s *server) client(email string) int64 {
	s.t.Helper()
	return s.must(201, "POST", "/clients", fmt.Sprintf(`{"FirstName":"Анна","Email":%q}`, email)).id()
}

// order places an order of two business cards for 900 roubles.
func (s *server) order(client int64) reply {
	s.t.Helper()
	return s.must(201, "POST", "/orders",
		fmt.Sprintf(`{"UserId":%d,"Items":[{"MaterialId":7,"Name":"Визитки","Quantity":2,"ItemPrice":450}]}`, client))
}

// rows counts what a table holds.
func (s *server) rows(table string) int64 {
	s.t.Helper()
	var n int64
	if err := s.db.From(s.t.Context()).Table(table).Count(&n).Error; err != nil {
		s.t.Fatal(err)
	}
	return n
}

// each runs a test on both databases.
func each(t *testing.T, fn func(t *testing.T, s *server)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newServer(t, d)) })
}

// expect compares what stands at a place of the answer.
func expect(t *testing.T, r reply, want any, path ...any) {
	t.Helper()
	got := r.at(path...)
	if n, ok := got.(float64); ok {
		got = strconv.FormatFloat(n, 'f', -1, 64)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v = %v, want %v", path, got, want)
	}
}
