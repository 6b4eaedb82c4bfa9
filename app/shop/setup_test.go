package shop_test

import (
	"bytes"
	"crypto/rand"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/app/shop"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/static"
	"github.com/pixlpark/panel/templates"
)

// world is the shop on a test server.
type world struct {
	url           string
	orders        *orders.Service
	clients       *clients.Service
	organizations *organizations.Service
	sites         *sites.Service
}

func open(t *testing.T, d *db.DB) *world {
	t.Helper()
	e := echo.New()
	w := &world{url: paneltest.Serve(t, e), sites: sites.New(d), clients: clients.New(d)}
	public, err := url.Parse(w.url)
	must(t, err)
	w.organizations = organizations.New(d, w.clients)
	w.orders = orders.New(d, w.sites, w.clients, w.organizations)
	employees := staff.New(d, staff.TestCost)
	p, err := panel.New(panel.Options{
		DB: d, Staff: employees, Log: dbtest.Silent(), Templates: templates.FS, Static: static.FS, PublicURL: public,
		Location: time.FixedZone("", 3*60*60), SecretKey: bytes.Repeat([]byte("k"), 32),
	})
	must(t, err)
	p.Attach(e)
	shop.Register(e, shop.Deps{
		Panel: p, Sites: w.sites, Clients: w.clients, Organizations: w.organizations, Orders: w.orders,
	})
	w.orders.ServeArchive(e, time.UTC, dbtest.Silent())
	must(t, p.Parse())
	for _, name := range []string{"Печатный двор", "Второй магазин"} {
		_, _, err := w.sites.Add(t.Context(), name, "https://shop.example", "")
		must(t, err)
	}
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// browser is a visitor with cookies of his own.
type browser struct {
	t      *testing.T
	url    string
	client *http.Client
}

func (w *world) visitor(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{t, w.url, &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// seen is an answer as a person meets it.
type seen struct {
	t        *testing.T
	status   int
	location string
	text     string
}

func (b *browser) send(r *http.Request) seen {
	b.t.Helper()
	answer, err := b.client.Do(r)
	must(b.t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	must(b.t, err)
	return seen{b.t, answer.StatusCode, answer.Header.Get("Location"), html.UnescapeString(string(body))}
}

func (b *browser) get(path string) seen {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	must(b.t, err)
	return b.send(r)
}

// post sends a form of names and values, one after the other.
func (b *browser) post(path string, pairs ...string) seen {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	must(b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r)
}

type upload struct {
	field, name string
	content     []byte
}

// upload sends a form with files.
func (b *browser) upload(path string, files []upload, pairs ...string) seen {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(pairs); i += 2 {
		if !slices.Contains(pairs[i+2:], pairs[i]) { // the last one counts
			must(b.t, form.WriteField(pairs[i], pairs[i+1]))
		}
	}
	for _, f := range files {
		part, err := form.CreateFormFile(f.field, f.name)
		must(b.t, err)
		_, err = part.Write(f.content)
		must(b.t, err)
	}
	must(b.t, form.Close())
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, &body)
	must(b.t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.send(r)
}

// want checks status and words of an answer; a word beginning with "!" must not be there.
func (s seen) want(status int, words ...string) {
	s.t.Helper()
	if s.status != status {
		s.t.Fatalf("status = %d, want %d:\n%s", s.status, status, s.text)
	}
	for _, word := range words {
		not, unwanted := strings.CutPrefix(word, "!")
		if unwanted == strings.Contains(s.text, not) {
			s.t.Errorf("page with %q: %v\n%s", not, unwanted, s.text)
		}
	}
}

func (s seen) to(location string) {
	s.t.Helper()
	s.want(http.StatusSeeOther)
	if s.location != location {
		s.t.Errorf("leads to %s, want %s", s.location, location)
	}
}

// cards puts 200 business cards for 1 720,00 руб. into the cart.
func (b *browser) cards() {
	b.t.Helper()
	b.post("/site/products/cards", "format", "90×50 мм", "run", "200", "coat", "matt", "corners", "no", "design", "own").
		to("/site/cart")
}

const anna = "anna@example.ru"

func (b *browser) registers(pairs ...string) seen {
	b.t.Helper()
	all := append([]string{
		"as", "person", "FirstName", "Анна", "LastName", "Смирнова", "Email", anna, "Phone",
		"89123456789", "password", "correct horse",
	}, pairs...)
	return b.post("/site/register", all...)
}

func (b *browser) checksOut(files []upload, pairs ...string) seen {
	b.t.Helper()
	all := append([]string{"key", rand.Text(), "payer", "me", "delivery", "office", "PaymentMethod", "Cash"}, pairs...)
	return b.upload("/site/checkout", files, all...)
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, open(t, d)) })
}
