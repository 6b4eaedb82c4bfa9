package api

import (
	"context"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// clientView is a client as the API shows one.
type clientView struct {
	ID         int64 `json:"Id"`
	FirstName  string
	LastName   string
	SecondName string
	Email      string
	Phone      string
	Status     clients.Status
}

func viewClient(c *clients.Client) clientView {
	return clientView{
		ID: c.ID, FirstName: c.FirstName, LastName: c.LastName, SecondName: c.SecondName,
		Email: c.EmailText(), Phone: c.PhoneText(), Status: c.Status,
	}
}

// readClient takes over the fields that are given.
func readClient(o *object, c *clients.Client) {
	o.text("FirstName", &c.FirstName)
	o.text("LastName", &c.LastName)
	o.text("SecondName", &c.SecondName)
	if o.given("Email") {
		var typed string
		o.text("Email", &typed)
		o.check(c.SetEmail(typed))
	}
	if o.given("Phone") {
		var typed string
		o.text("Phone", &typed)
		o.check(c.SetPhone(typed))
	}
}

func (a *api) registerClient(ctx context.Context, c *call) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	var client clients.Client
	readClient(body, &client)
	if err := body.err(); err != nil {
		return nil, err
	}
	registered, err := a.Clients.Register(ctx, staff.Site(), client)
	if err != nil {
		return nil, err
	}
	return viewClient(registered), nil
}

func (a *api) client(ctx context.Context, c *call) (any, error) {
	client, err := a.Clients.Find(ctx, c.id)
	if err != nil {
		return nil, err
	}
	return viewClient(client), nil
}

func (a *api) changeClient(ctx context.Context, c *call) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	client, err := a.Clients.Change(ctx, c.id, staff.Site(), func(client *clients.Client) error {
		readClient(body, client)
		return body.err()
	})
	if err != nil {
		return nil, err
	}
	return viewClient(client), nil
}

// customer finds the client who is meant by e-mail, else by phone, else registers him. When the e-mail is one client's
// and the phone another's, the e-mail decides.
func (a *api) customer(ctx context.Context, given clients.Client) (*clients.Client, error) {
	client, err := a.findCustomer(ctx, given)
	if err != nil || client != nil {
		return client, err
	}
	client, err = a.Clients.Register(ctx, staff.Site(), given)
	if e, ok := refusal.From(err); ok && e.Kind == refusal.Conflict {
		// Somebody registered him in this very moment.
		if client, again := a.findCustomer(ctx, given); again != nil || client != nil {
			return client, again
		}
	}
	return client, refusal.In("Client", err)
}

func (a *api) findCustomer(ctx context.Context, given clients.Client) (*clients.Client, error) {
	for _, key := range []struct {
		value string
		find  func(context.Context, string) (*clients.Client, error)
	}{{given.EmailText(), a.Clients.ByEmail}, {given.PhoneText(), a.Clients.ByPhone}} {
		if key.value == "" {
			continue
		}
		client, err := key.find(ctx, key.value)
		if err == nil {
			return client, nil
		}
		if e, ok := refusal.From(err); !ok || e.Kind != refusal.NotFound {
			return nil, err
		}
	}
	return nil, nil
}
