package bitrix24test

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
	WebhookCode = "wh00kc0desecretZ9"
	PortalToken = "outb0undtokensecretQ7"
)

// Pair is a panel and a portal that are connected in both directions.
type Pair struct {
	*apptest.Panel
	Portal    *emulator.Portal
	PortalURL string
	Module    *bitrix24.Module
	Poison    *atomic.Value // a text that the portal does not survive, see poisoned
	T         testing.TB
}

// Arranged is what a test may have otherwise than the others.
type Arranged struct {
	Options bitrix24.Options
	Portal  emulator.Options
	Only    db.Dialect // leaves the other database out
}

// quick are the module's options for tests: nobody waits for anything, except where the test is about that.
func quick() bitrix24.Options {
	return bitrix24.Options{
		Timeout: 10 * time.Second, AwaitStaff: 20 * time.Second, AwaitSite: 20 * time.Second, ReconcileEvery: time.Hour,
		ReconcileOverlap: 3 * time.Minute, PauseMax: time.Minute, AllowPrivate: true,
	}
}

// Hasten makes the time of the portal's limits pass faster, on a clock that the portal has too.
func Hasten(o *bitrix24.Options, factor float64, clock func() time.Time) {
	o.Limits, o.Clock = rest.Limits{Rate: 2 * factor}, clock
}

// Each runs a scenario on both databases, with a panel and a portal of their own.
func Each(t *testing.T, scenario func(t *testing.T, x *Pair), changes ...func(a *Arranged)) {
	t.Helper()
	t.Parallel()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			scenario(t, Connected(t, dialect, changes...))
		})
	}
}

// Connected is a panel whose administrator has connected it to a portal.
func Connected(t testing.TB, dialect db.Dialect, changes ...func(a *Arranged)) *Pair {
	t.Helper()
	x := Apart(t, dialect, changes...)
	x.Must(x.Module.Connect(t.Context(), x.Webhook(), PortalToken))
	x.Drain()
	x.Portal.Flush(t.Context())
	return x
}

// Apart is a panel and a portal that do not know each other yet.
func Apart(t testing.TB, dialect db.Dialect, changes ...func(a *Arranged)) *Pair {
	t.Helper()
	a := Arranged{
		Options: quick(),
		Portal:  emulator.Options{UserID: 1, Code: WebhookCode, Token: PortalToken, Control: true, Seed: 1},
	}
	for _, change := range changes {
		change(&a)
	}
	if a.Only != "" && a.Only != dialect {
		t.Skipf("on %s only", a.Only)
	}
	x := &Pair{Module: bitrix24.New(a.Options), Poison: &atomic.Value{}, T: t}
	x.Panel = apptest.New(t, dialect, x.Module)
	a.Portal.EventsURL = x.URL + "/api/bitrix/events"
	x.Portal = emulator.New(a.Portal)
	server := httptest.NewServer(x.poisoned(x.Portal))
	x.PortalURL = server.URL
	t.Cleanup(func() {
		server.Close()
		_ = x.Portal.Close()
		server, x = nil, nil // a parallel test keeps its cleanups, and what they refer to, until the last test has ended
	})
	return x
}

// poisoned breaks down before any work when a request holds the poison, as a portal may do on some record.
func (x *Pair) poisoned(portal http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if poison, _ := x.Poison.Load().(string); err != nil || poison != "" && strings.Contains(string(body), poison) {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		portal.ServeHTTP(w, r)
	})
}

// Webhook is the portal's inbound webhook.
func (x *Pair) Webhook() rest.Webhook {
	x.T.Helper()
	address, err := rest.ParsePortal(x.PortalURL)
	x.Must(err)
	return rest.Webhook{Portal: address, UserID: 1, Code: WebhookCode}
}

// Must ends the test at an error.
func (x *Pair) Must(err error) {
	x.T.Helper()
	if err != nil {
		x.T.Fatal(err)
	}
}

// Settle lets both sides come to rest: events are delivered, and jobs done, until neither brings anything new.
func (x *Pair) Settle() {
	x.T.Helper()
	for range 3 {
		x.Must(x.Portal.Flush(x.T.Context()))
		x.Drain()
	}
}

// Recover lets time pass until everything is delivered that was put off: what waits for another attempt is due at
// once.
func (x *Pair) Recover() {
	x.T.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		x.Hurry()
		x.Settle()
		state, err := x.Host().Jobs.Lane(x.T.Context(), "bitrix24")
		x.Must(err)
		if !state.Paused && x.Unsent() == 0 {
			return
		}
		if time.Now().After(deadline) {
			x.T.Fatalf("the exchange does not recover: paused %v (%s), %d waiting, %d failed", state.Paused, state.Reason,
				state.Waiting, state.Failed)
		}
		time.Sleep(5 * time.Millisecond) // the settling time passes by the clock
	}
}

// Unsent counts the jobs that are due, run, or wait for another attempt; recurring ones that wait for their hour are
// none.
func (x *Pair) Unsent() int64 {
	x.T.Helper()
	var n int64
	err := x.Host().DB.From(x.T.Context()).Table("jobs").
		Where("state = 'running' OR state = 'waiting' AND (last_error <> '' OR run_at <= ?)", db.Now()).Count(&n).Error
	x.Must(err)
	return n
}

// Fail puts a fault on the portal.
func (x *Pair) Fail(f emulator.Fault) {
	x.T.Helper()
	x.Must(x.Portal.Fail(f))
}

// Do does what a person would do in the portal.
func (x *Pair) Do(deed string, args emulator.Args) emulator.Made {
	x.T.Helper()
	made, err := x.Portal.Do(deed, args)
	x.Must(err)
	return made
}

// Requests counts the portal's requests that fn causes.
func (x *Pair) Requests(fn func()) int {
	x.T.Helper()
	before := x.Portal.Stats().Requests
	fn()
	return x.Portal.Stats().Requests - before
}

// Draft is the customer and the cart of most scenarios: 5 × 18,00 + 810,00 − 50,50 + 300,25 = 1149,75.
func Draft() apptest.JSON {
	return apptest.JSON{
		"Client": apptest.JSON{
			"FirstName": "Мария", "LastName": "Соколова", "SecondName": "Игоревна",
			"Email": "sokolova@example.ru", "Phone": "8 (912) 345-67-01",
		},
		"Items": []apptest.JSON{
			{
				"MaterialId": 7, "Name": "Фотографии (9x13 см)", "Quantity": 5, "ItemPrice": 18,
				"Options": []apptest.JSON{{"Title": "тип бумаги", "Description": "матовая"}},
			},
			{"MaterialId": 8, "Name": "Фотопостер (30x40 см)", "Quantity": 1, "ItemPrice": "810.00"},
		},
		"DiscountPrice": "50.50", "DeliveryPrice": 300.25,
		"Shipping": apptest.JSON{"Id": 8106, "Title": "Офис компании на Белинского", "Type": "Point"},
		"Comment":  "Позвоните, когда будет готово", "PaymentMethod": "Online",
		"Utm": apptest.JSON{"source": "yandex", "campaign": "autumn"},
	}
}

// Place orders draft, changed, over the public API.
func (x *Pair) Place(change ...func(d apptest.JSON)) int64 {
	x.T.Helper()
	d := Draft()
	for _, fn := range change {
		fn(d)
	}
	return x.Call("POST", "/api/orders", d).Want(x.T, http.StatusCreated).ID()
}

// By has somebody else order.
func By(clientID int64) func(d apptest.JSON) {
	return func(d apptest.JSON) {
		delete(d, "Client")
		d["UserId"] = clientID
	}
}

// Set changes one field of what is ordered.
func Set(name string, value any) func(d apptest.JSON) {
	return func(d apptest.JSON) { d[name] = value }
}

// Order reads an order over the public API.
func (x *Pair) Order(id int64) apptest.Reply {
	x.T.Helper()
	return x.Call("GET", fmt.Sprintf("/api/orders/%d", id), nil).Want(x.T, http.StatusOK)
}

// SetStatus changes an order's status over the public API.
func (x *Pair) SetStatus(id int64, status orders.Status) {
	x.T.Helper()
	x.Call("POST", fmt.Sprintf("/api/orders/%d/status", id), apptest.JSON{"Status": status}).Want(x.T, http.StatusOK)
}

// Page is an order's page in the panel.
func Page(id int64) string { return fmt.Sprintf("/admin/orders/%d", id) }

// State is everything in the portal, as /control/state shows it.
func (x *Pair) State() PortalState {
	x.T.Helper()
	var s PortalState
	x.Must(json.Unmarshal(x.Portal.State(), &s))
	return s
}

// PortalState is the part of /control/state that scenarios look at.
type PortalState struct {
	Deals, Leads, Contacts, Companies, Requisites, Bankdetails []map[string]any
	Addresses, Products, Comments, Userfields                  []map[string]any
	Rows                                                       map[string][]map[string]any
	Links                                                      struct {
		DealContacts    map[string][]string `json:"deal_contacts"`
		CompanyContacts map[string][]string `json:"company_contacts"`
		LeadContacts    map[string][]string `json:"lead_contacts"`
	}
}

// DealsOf are the deals whose external key is the order's.
func (x *Pair) DealsOf(order int64) []map[string]any {
	x.T.Helper()
	var found []map[string]any
	for _, d := range x.State().Deals {
		if d["ORIGIN_ID"] == fmt.Sprintf("order:%d", order) {
			found = append(found, d)
		}
	}
	return found
}

// Deal is the one deal of an order, with its number.
func (x *Pair) Deal(order int64) (int64, emulator.Record) {
	x.T.Helper()
	found := x.DealsOf(order)
	if len(found) != 1 {
		x.T.Fatalf("order %d has %d deals, want 1", order, len(found))
	}
	var id int64
	if _, err := fmt.Sscan(fmt.Sprint(found[0]["ID"]), &id); err != nil {
		x.T.Fatal(err)
	}
	record, _ := x.Portal.Deal(id)
	return id, record
}

// Kopecks reads an amount of the portal: "1149.75", or "1149.750000".
func Kopecks(t testing.TB, text string) orders.Money {
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

// RowsSum is what the rows of a deal add up to.
func (x *Pair) RowsSum(deal int64) orders.Money {
	x.T.Helper()
	var sum orders.Money
	for _, row := range x.Portal.Rows(deal) {
		var quantity int64
		if _, err := fmt.Sscan(strings.SplitN(row["QUANTITY"], ".", 2)[0], &quantity); err != nil {
			x.T.Fatal(err)
		}
		sum += Kopecks(x.T, row["PRICE"]) * orders.Money(quantity)
	}
	return sum
}

// Equal compares a field of the portal with what it should be.
func Equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s = %q, want %q", what, fmt.Sprint(got), fmt.Sprint(want))
	}
}

// Contains looks for words in a text.
func Contains(t testing.TB, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s lacks %q: %.2000s", what, w, text)
		}
	}
}

// SaveSettings saves the settings form as an administrator would: what it shows, with some fields changed.
func (x *Pair) SaveSettings(changes ...string) apptest.Answer {
	x.T.Helper()
	answer := x.PostSettings(changes...)
	return answer.Want(x.T, http.StatusSeeOther)
}

// PostSettings posts the settings form as the page shows it, with some fields changed; "-" leaves a field out.
func (x *Pair) PostSettings(changes ...string) apptest.Answer {
	x.T.Helper()
	admin := x.As(staff.Administrator)
	values := apptest.Fields(admin.Get(SettingsPage).Want(x.T, http.StatusOK).Text, "bitrix24.")
	for i := 0; i+1 < len(changes); i += 2 {
		values.Del("bitrix24." + changes[i])
		if changes[i+1] != "-" {
			values.Set("bitrix24."+changes[i], changes[i+1])
		}
	}
	return admin.Submit(SettingsPage+"/bitrix24", values)
}

// SettingsPage is the address of «Выгрузка заказов», where the module's settings are.
const SettingsPage = "/admin/orders/settings/export"

// JournalHas counts the lines of «Журнал обмена» with some words.
func (x *Pair) JournalHas(words string, want int64) {
	x.T.Helper()
	var n int64
	x.Must(x.Host().DB.From(x.T.Context()).Table("bitrix24_journal").Where("text LIKE ?", "%"+words+"%").Count(&n).Error)
	if n != want {
		x.T.Errorf("%d lines of the journal say %q, want %d", n, words, want)
	}
}

// Minute is a minute.
const Minute = time.Minute

// Now is the time as the database keeps it.
func Now() time.Time { return db.Now() }

// Another is a second process of the same panel, on the same database and portal.
func (x *Pair) Another() *Pair {
	x.T.Helper()
	y := *x
	y.Module = bitrix24.New(quick())
	y.Panel = apptest.Open(x.T, x.Database, y.Module)
	return &y
}
