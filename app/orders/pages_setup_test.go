package orders_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/sirupsen/logrus"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/static"
	"github.com/pixlpark/panel/templates"
)

const password = "correct horse"

var moscow = time.FixedZone("MSK", 3*60*60)

// shop is the panel with its orders on a test server, a site, a client, an organization, and a browser in front of it.
type shop struct {
	t             testing.TB
	db            *db.DB
	panel         *panel.Panel
	staff         *staff.Service
	orders        *orders.Service
	clients       *clients.Service
	organizations *organizations.Service
	site          *sites.Site
	client        *clients.Client
	organization  *organizations.Organization
	employee      *staff.Employee
	url           string
	browser       *http.Client
}

// open starts the panel and signs an employee of the role in; extend adds what a module would.
func open(t testing.TB, d *db.DB, role staff.Role, extend ...func(s *shop)) *shop {
	t.Helper()
	e := echo.New()
	s := &shop{t: t, db: d, url: paneltest.Serve(t, e), staff: staff.New(d, staff.TestCost), clients: clients.New(d)}
	s.organizations = organizations.New(d, s.clients)
	shops := sites.New(d)
	s.orders = orders.New(d, shops, s.clients, s.organizations)
	public, err := url.Parse(s.url)
	must(t, err)
	s.panel, err = panel.New(panel.Options{
		DB: d, Staff: s.staff, Log: logTo(t), Templates: templates.FS, Static: static.FS,
		PublicURL: public, Location: moscow, SecretKey: []byte(strings.Repeat("k", 32)),
	})
	must(t, err)
	admin, _ := s.panel.Attach(e)
	s.orders.Pages(s.panel, admin, s.staff)
	for _, fn := range extend {
		fn(s)
	}
	must(t, s.panel.Parse())

	ctx := t.Context()
	s.site, _, err = shops.Add(ctx, "Печать на Белинского", "https://shop.example.ru", "")
	must(t, err)
	email, phone := "ivan@example.ru", "+79123456789"
	s.client, err = s.clients.Register(ctx, staff.Site(), clients.Client{
		FirstName: "Иван", LastName: "Ёлкин",
		Email: &email, Phone: &phone,
	})
	must(t, err)
	s.organization, err = s.organizations.Register(ctx, staff.Site(), organizations.Organization{
		Name:          "Настольный теннис",
		LegalEntities: []organizations.LegalEntity{{Name: "ООО «Ракетка»", INN: "7707083893"}},
		Employees:     []organizations.Employee{{ClientID: s.client.ID, Role: organizations.Manager}},
	})
	must(t, err)
	s.signIn(role)
	return s
}

// signIn gives the browser to a new employee of the role.
func (s *shop) signIn(role staff.Role) {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	s.browser = &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	s.employee, err = s.staff.Create(s.t.Context(), staff.NewEmployee{
		Email: string(role) + "@demo", Name: "Анна " + role.Title(), Role: role, Password: password,
	})
	must(s.t, err)
	s.post("/login", "email", s.employee.Email, "password", password).want(303)
}

// place places an order of two items, 1 700,00 руб. in all, and lets the draft be changed first.
func (s *shop) place(change ...func(d *orders.Draft)) *orders.Order {
	s.t.Helper()
	d := orders.Draft{
		By: staff.Site(), SiteID: s.site.ID, ClientID: s.client.ID, PaymentMethod: orders.BankTransfer,
		Items: []orders.Item{
			{
				MaterialID: 17, Name: "Штендер арочный", Description: "Тип: 120x60 см", Quantity: 1, Price: 850_00,
				Options: []orders.Option{{Title: "Конструкция", Description: "не нужна"}},
			},
			{Name: "Штендер прямоугольный", Quantity: 2, Price: 425_00, Comment: "Без полей"},
		},
		Shipping: orders.Shipping{Type: orders.Point, Title: "Офис на Белинского", Number: 8106},
		Address:  orders.Address{City: "Томск", Line1: "Белинского, 18", FullName: "Пётр Ёлкин", Phone: "+79120000001"},
		Comment:  "Позвоните заранее",
	}
	for _, fn := range change {
		fn(&d)
	}
	o, err := s.orders.Place(s.t.Context(), d)
	must(s.t, err)
	return o
}

// find reads an order as it is stored now.
func (s *shop) find(id int64) *orders.Order {
	s.t.Helper()
	o, err := s.orders.Find(s.t.Context(), id)
	must(s.t, err)
	return o
}

// page is the address of an order's page or of what hangs on it.
func page(o *orders.Order, rest ...string) string {
	return fmt.Sprintf("/admin/orders/%d%s", o.ID, strings.Join(rest, ""))
}

func revision(o *orders.Order) string { return fmt.Sprint(o.Revision) }

// answer is a response that has been read; its text has no character references.
type answer struct {
	t        testing.TB
	status   int
	text     string
	location string
	header   http.Header
}

func (s *shop) get(path string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	must(s.t, err)
	return s.do(r)
}

// post submits a form of name, value, name, value.
func (s *shop) post(path string, pairs ...string) answer {
	s.t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(values.Encode()))
	must(s.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.do(r)
}

func (s *shop) do(r *http.Request) answer {
	s.t.Helper()
	resp, err := s.browser.Do(r)
	must(s.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	must(s.t, err)
	return answer{s.t, resp.StatusCode, html.UnescapeString(string(body)), resp.Header.Get("Location"), resp.Header}
}

// want checks the status and what a person reads; spaces that do not break are spaces.
func (a answer) want(status int, words ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Errorf("status = %d, want %d", a.status, status)
	}
	text := strings.ReplaceAll(a.text, "\u00a0", " ")
	for _, w := range words {
		if !strings.Contains(text, w) {
			a.t.Errorf("page lacks %q", w)
		}
	}
	if a.t.Failed() {
		if _, main, ok := strings.Cut(text, "<main"); ok {
			text = main
		}
		a.t.Fatalf("the page:\n%.8000s", text)
	}
	return a
}

func (a answer) lacks(words ...string) {
	a.t.Helper()
	for _, w := range words {
		if strings.Contains(a.text, w) {
			a.t.Errorf("page has %q", w)
		}
	}
}

// logTo shows with a failing test what the panel logged.
func logTo(t testing.TB) *logrus.Entry {
	log := logrus.New()
	log.SetOutput(t.Output())
	return logrus.NewEntry(log)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
