package bitrix24_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// The secrets of the test's portal. They are unlike anything else, so that a text can be searched for them.
const (
	webhookCode = "wh00kc0desecretZ9"
	portalToken = "outb0undtokensecretQ7"
)

// exchange is a panel and a portal that are connected in both directions.
type exchange struct {
	*apptest.Panel
	portal    *emulator.Portal
	portalURL string
	module    *bitrix24.Module
	poison    *atomic.Value // a text that the portal does not survive, see poisoned
	t         testing.TB
}

// arranged is what a test may have otherwise than the others.
type arranged struct {
	options bitrix24.Options
	portal  emulator.Options
	only    db.Dialect // leaves the other database out
}

// quick are the module's options for tests: nobody waits for anything, except where the test is about that.
func quick() bitrix24.Options {
	return bitrix24.Options{
		Timeout: 10 * time.Second, AwaitStaff: 20 * time.Second, AwaitSite: 20 * time.Second, ReconcileEvery: time.Hour,
		ReconcileOverlap: 3 * time.Minute, PauseMax: time.Minute, AllowPrivate: true,
	}
}

// hasten makes the time of the portal's limits pass faster, on a clock that the portal has too.
func hasten(o *bitrix24.Options, factor float64, clock func() time.Time) {
	o.Limits, o.Clock = rest.Limits{Rate: 2 * factor}, clock
}

// each runs a scenario on both databases, with a panel and a portal of their own.
func each(t *testing.T, scenario func(t *testing.T, x *exchange), changes ...func(a *arranged)) {
	t.Helper()
	t.Parallel()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			scenario(t, connected(t, dialect, changes...))
		})
	}
}

// connected is a panel whose administrator has connected it to a portal.
func connected(t testing.TB, dialect db.Dialect, changes ...func(a *arranged)) *exchange {
	t.Helper()
	x := apart(t, dialect, changes...)
	x.must(x.module.Connect(t.Context(), x.webhook(), portalToken))
	x.Drain()
	x.portal.Flush(t.Context())
	return x
}

// apart is a panel and a portal that do not know each other yet.
func apart(t testing.TB, dialect db.Dialect, changes ...func(a *arranged)) *exchange {
	t.Helper()
	a := arranged{options: quick(), portal: emulator.Options{UserID: 1, Code: webhookCode, Token: portalToken, Control: true, Seed: 1}}
	for _, change := range changes {
		change(&a)
	}
	if a.only != "" && a.only != dialect {
		t.Skipf("on %s only", a.only)
	}
	x := &exchange{module: bitrix24.New(a.options), poison: &atomic.Value{}, t: t}
	x.Panel = apptest.New(t, dialect, x.module)
	a.portal.EventsURL = x.URL + "/api/bitrix/events"
	x.portal = emulator.New(a.portal)
	server := httptest.NewServer(x.poisoned(x.portal))
	x.portalURL = server.URL
	t.Cleanup(func() {
		server.Close()
		_ = x.portal.Close()
	})
	return x
}

// poisoned breaks down before any work when a request holds the poison, as a portal may do on some record.
func (x *exchange) poisoned(portal http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if poison, _ := x.poison.Load().(string); err != nil || poison != "" && strings.Contains(string(body), poison) {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		portal.ServeHTTP(w, r)
	})
}

// webhook is the portal's inbound webhook.
func (x *exchange) webhook() rest.Webhook {
	x.t.Helper()
	address, err := rest.ParsePortal(x.portalURL)
	x.must(err)
	return rest.Webhook{Portal: address, UserID: 1, Code: webhookCode}
}

func (x *exchange) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

// settle lets both sides come to rest: events are delivered, and jobs done, until neither brings anything new.
func (x *exchange) settle() {
	x.t.Helper()
	for range 3 {
		x.must(x.portal.Flush(x.t.Context()))
		x.Drain()
	}
}

// recover lets time pass until everything is delivered that was put off: what waits for another attempt is due at once.
func (x *exchange) recover() {
	x.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		x.Hurry()
		x.settle()
		state, err := x.Host().Jobs.Lane(x.t.Context(), "bitrix24")
		x.must(err)
		if !state.Paused && x.unsent() == 0 {
			return
		}
		if time.Now().After(deadline) {
			x.t.Fatalf("the exchange does not recover: paused %v (%s), %d waiting, %d failed", state.Paused, state.Reason, state.Waiting, state.Failed)
		}
		time.Sleep(5 * time.Millisecond) // the settling time passes by the clock
	}
}

// unsent counts the jobs that are due, run, or wait for another attempt; recurring ones that wait for their hour are none.
func (x *exchange) unsent() int64 {
	x.t.Helper()
	var n int64
	err := x.Host().DB.From(x.t.Context()).Table("jobs").
		Where("state = 'running' OR state = 'waiting' AND (last_error <> '' OR run_at <= ?)", db.Now()).Count(&n).Error
	x.must(err)
	return n
}

// fail puts a fault on the portal.
func (x *exchange) fail(f emulator.Fault) {
	x.t.Helper()
	x.must(x.portal.Fail(f))
}

// do does what a person would do in the portal.
func (x *exchange) do(deed string, args emulator.Args) emulator.Made {
	x.t.Helper()
	made, err := x.portal.Do(deed, args)
	x.must(err)
	return made
}

// requests counts the portal's requests that fn causes.
func (x *exchange) requests(fn func()) int {
	x.t.Helper()
	before := x.portal.Stats().Requests
	fn()
	return x.portal.Stats().Requests - before
}

// The customer and the cart of most scenarios: 5 × 18,00 + 810,00 − 50,50 + 300,25 = 1149,75.
func draft() apptest.JSON {
	return apptest.JSON{
		"Client": apptest.JSON{"FirstName": "Мария", "LastName": "Соколова", "SecondName": "Игоревна", "Email": "sokolova@example.ru", "Phone": "8 (912) 345-67-01"},
		"Items": []apptest.JSON{
			{"MaterialId": 7, "Name": "Фотографии (9x13 см)", "Quantity": 5, "ItemPrice": 18, "Options": []apptest.JSON{{"Title": "тип бумаги", "Description": "матовая"}}},
			{"MaterialId": 8, "Name": "Фотопостер (30x40 см)", "Quantity": 1, "ItemPrice": "810.00"},
		},
		"DiscountPrice": "50.50", "DeliveryPrice": 300.25,
		"Shipping": apptest.JSON{"Id": 8106, "Title": "Офис компании на Белинского", "Type": "Point"},
		"Comment":  "Позвоните, когда будет готово", "PaymentMethod": "Online",
		"Utm": apptest.JSON{"source": "yandex", "campaign": "autumn"},
	}
}

// place orders draft, changed, over the public API.
func (x *exchange) place(change ...func(d apptest.JSON)) int64 {
	x.t.Helper()
	d := draft()
	for _, fn := range change {
		fn(d)
	}
	return x.Call("POST", "/api/orders", d).Want(x.t, http.StatusCreated).ID()
}

// by has somebody else order.
func by(clientID int64) func(d apptest.JSON) {
	return func(d apptest.JSON) {
		delete(d, "Client")
		d["UserId"] = clientID
	}
}

// set changes one field of what is ordered.
func set(name string, value any) func(d apptest.JSON) {
	return func(d apptest.JSON) { d[name] = value }
}

// order reads an order over the public API.
func (x *exchange) order(id int64) apptest.Reply {
	x.t.Helper()
	return x.Call("GET", fmt.Sprintf("/api/orders/%d", id), nil).Want(x.t, http.StatusOK)
}

// setStatus changes an order's status over the public API.
func (x *exchange) setStatus(id int64, status orders.Status) {
	x.t.Helper()
	x.Call("POST", fmt.Sprintf("/api/orders/%d/status", id), apptest.JSON{"Status": status}).Want(x.t, http.StatusOK)
}

// page is an order's page in the panel.
func page(id int64) string { return fmt.Sprintf("/admin/orders/%d", id) }

// state is everything in the portal, as /control/state shows it.
func (x *exchange) state() portalState {
	x.t.Helper()
	var s portalState
	x.must(json.Unmarshal(x.portal.State(), &s))
	return s
}

// portalState is the part of /control/state that scenarios look at.
type portalState struct {
	Deals, Leads, Contacts, Companies, Requisites, Bankdetails, Addresses, Products, Comments, Userfields []map[string]any
	Rows                                                                                                  map[string][]map[string]any
	Links                                                                                                 struct {
		DealContacts    map[string][]string `json:"deal_contacts"`
		CompanyContacts map[string][]string `json:"company_contacts"`
		LeadContacts    map[string][]string `json:"lead_contacts"`
	}
}

// dealsOf are the deals whose external key is the order's.
func (x *exchange) dealsOf(order int64) []map[string]any {
	x.t.Helper()
	var found []map[string]any
	for _, d := range x.state().Deals {
		if d["ORIGIN_ID"] == fmt.Sprintf("order:%d", order) {
			found = append(found, d)
		}
	}
	return found
}

// deal is the one deal of an order, with its number.
func (x *exchange) deal(order int64) (int64, emulator.Record) {
	x.t.Helper()
	found := x.dealsOf(order)
	if len(found) != 1 {
		x.t.Fatalf("order %d has %d deals, want 1", order, len(found))
	}
	var id int64
	if _, err := fmt.Sscan(fmt.Sprint(found[0]["ID"]), &id); err != nil {
		x.t.Fatal(err)
	}
	record, _ := x.portal.Deal(id)
	return id, record
}

// kopecks reads an amount of the portal: "1149.75", or "1149.750000".
func kopecks(t testing.TB, text string) orders.Money {
	t.Helper()
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > 2 {
		t.Fatalf("amount %q has more than two decimals", text)
	}
	var rubles, cents int64
	if _, err := fmt.Sscan(whole, &rubles); err != nil {
		t.Fatalf("amount %q: %v", text, err)
	}
	if fraction != "" {
		if _, err := fmt.Sscan(strings.TrimLeft(fraction+strings.Repeat("0", 2-len(fraction)), "0")+"", &cents); err != nil {
			cents = 0
		}
	}
	return orders.Money(rubles*100 + cents)
}

// rowsSum is what the rows of a deal add up to.
func (x *exchange) rowsSum(deal int64) orders.Money {
	x.t.Helper()
	var sum orders.Money
	for _, row := range x.portal.Rows(deal) {
		var quantity int64
		if _, err := fmt.Sscan(strings.SplitN(row["QUANTITY"], ".", 2)[0], &quantity); err != nil {
			x.t.Fatal(err)
		}
		sum += kopecks(x.t, row["PRICE"]) * orders.Money(quantity)
	}
	return sum
}

// equal compares a field of the portal with what it should be.
func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s = %q, want %q", what, fmt.Sprint(got), fmt.Sprint(want))
	}
}

// contains looks for words in a text.
func contains(t testing.TB, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s lacks %q: %.2000s", what, w, text)
		}
	}
}

// saveSettings saves the settings form as an administrator would: what it shows, with some fields changed.
func (x *exchange) saveSettings(changes ...string) apptest.Answer {
	x.t.Helper()
	answer := x.postSettings(changes...)
	return answer.Want(x.t, http.StatusSeeOther)
}

// postSettings posts the settings form as the page shows it, with some fields changed; "-" leaves a field out.
func (x *exchange) postSettings(changes ...string) apptest.Answer {
	x.t.Helper()
	admin := x.As(staff.Administrator)
	values := apptest.Fields(admin.Get(settingsPage).Want(x.t, http.StatusOK).Text, "bitrix24.")
	for i := 0; i+1 < len(changes); i += 2 {
		values.Del("bitrix24." + changes[i])
		if changes[i+1] != "-" {
			values.Set("bitrix24."+changes[i], changes[i+1])
		}
	}
	return admin.Submit(settingsPage+"/bitrix24", values)
}

const settingsPage = "/admin/orders/settings/export"

// journalHas counts the lines of «Журнал обмена» with some words.
func (x *exchange) journalHas(words string, want int64) {
	x.t.Helper()
	var n int64
	x.must(x.Host().DB.From(x.t.Context()).Table("bitrix24_journal").Where("text LIKE ?", "%"+words+"%").Count(&n).Error)
	if n != want {
		x.t.Errorf("%d lines of the journal say %q, want %d", n, words, want)
	}
}

const minute = time.Minute

func now() time.Time { return db.Now() }

// another is a second process of the same panel, on the same database and portal.
func (x *exchange) another() *exchange {
	x.t.Helper()
	y := *x
	y.module = bitrix24.New(quick())
	y.Panel = apptest.Open(x.t, x.Database, y.module)
	return &y
}
