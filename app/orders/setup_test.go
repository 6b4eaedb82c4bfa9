package orders_test

import (
	"testing"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/app/staff"
)

// account is the service alone, without pages, with a site and a client.
type account struct {
	*orders.Service
	t             testing.TB
	db            *db.DB
	site          *sites.Site
	client        *clients.Client
	clients       *clients.Service
	organizations *organizations.Service
}

func newAccount(t testing.TB, d *db.DB) *account {
	t.Helper()
	a := &account{t: t, db: d, clients: clients.New(d)}
	a.organizations = organizations.New(d, a.clients)
	shops := sites.New(d)
	a.Service = orders.New(d, shops, a.clients, a.organizations)
	var err error
	if a.site, _, err = shops.Add(t.Context(), "Печатный двор", "https://shop.example", ""); err != nil {
		t.Fatal(err)
	}
	a.client = a.register("Иван", "Ёлкин", "ivan@example.ru")
	return a
}

func (a *account) register(first, last, email string) *clients.Client {
	a.t.Helper()
	c, err := a.clients.Register(a.t.Context(), staff.Site(),
		clients.Client{FirstName: first, LastName: last, Email: &email})
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

// draft is an order of the account's client; without items it gets one for 900 roubles.
func (a *account) draft(items ...orders.Item) orders.Draft {
	if len(items) == 0 {
		items = []orders.Item{{MaterialID: 7, Name: "Визитки", Quantity: 2, Price: 450_00}}
	}
	return orders.Draft{By: staff.Site(), SiteID: a.site.ID, ClientID: a.client.ID, Items: items}
}

func (a *account) place(d orders.Draft) *orders.Order {
	a.t.Helper()
	o, err := a.Place(a.t.Context(), d)
	if err != nil {
		a.t.Fatal(err)
	}
	return o
}

// change is Change that must succeed.
func (a *account) change(id int64, change func(o *orders.Order)) *orders.Order {
	a.t.Helper()
	o, err := a.Change(a.t.Context(), id, staff.Site(), func(o *orders.Order) error { change(o); return nil })
	if err != nil {
		a.t.Fatal(err)
	}
	return o
}

// look reads an order back.
func (a *account) look(id int64) *orders.Order {
	a.t.Helper()
	o, err := a.Find(a.t.Context(), id)
	if err != nil {
		a.t.Fatal(err)
	}
	return o
}

// told is the texts of an order's history.
func (a *account) told(id int64) []string {
	a.t.Helper()
	events, err := a.History(a.t.Context(), id)
	if err != nil {
		a.t.Fatal(err)
	}
	texts := make([]string, len(events))
	for i, e := range events {
		texts[i] = e.Text
	}
	return texts
}
