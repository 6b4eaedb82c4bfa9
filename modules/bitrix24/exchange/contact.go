package exchange

import (
	"context"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// clientWork brings a client and his contact together.
type clientWork struct {
	party
	client  *clients.Client
	contact *rest.Contact // nil while it was not read, or when it is not there
	worksIn []int64       // organizations with a company that a new contact of his is to be added to
}

func (w *clientWork) exists() bool { return w.client != nil }

// sent is the client as the portal gets him.
func (w *clientWork) sent() *clients.Client {
	return plan.ClientWithout(w.client, w.refusedEmail, w.Link, w.Lead.Link)
}

// facts are what the plan of the client is made of.
func (w *clientWork) facts() plan.ClientFacts {
	return plan.ClientFacts{Party: w.Party, Client: w.sent(), Contact: w.contact, WorksIn: w.worksIn}
}

func (w *clientWork) plan() plan.Plan { return plan.ForClient(w.facts()) }

func (w *clientWork) leadChanged() bool { return w.facts().LeadChanged() }

// workOnClient returns the run's work on a client, new or begun.
func (r *run) workOnClient(id int64) *clientWork {
	if r.clients[id] == nil {
		r.clients[id] = &clientWork{party: newParty(plan.Client, plan.Contact, id)}
	}
	return r.clients[id]
}

// loadClients reads what the panel knows of the clients and asks the portal for the rest.
func (r *run) loadClients(ctx context.Context) error {
	if len(r.clients) == 0 {
		return nil
	}
	works := inOrder(r.clients)
	ids := lo.Map(works, func(w *clientWork, _ int) int64 { return w.ID })
	found, err := r.Clients.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	for _, w := range works {
		if w.client = found[w.ID]; w.client != nil {
			w.Token = w.client.Token
		}
	}
	if err := r.loadParties(ctx, parties(works)); err != nil {
		return err
	}
	if err := r.chooseClientLeads(ctx, works); err != nil {
		return err
	}
	if err := r.loadRefusedEmails(ctx, parties(works)); err != nil {
		return err
	}
	read, sought := askAboutParties(r, works)
	readParties(
		r, rest.TypeContact, contactNumber, parties(read),
		func(id int64, c *rest.Contact) { r.clients[id].contact = c },
	)
	return r.loadEmployers(ctx, sought)
}

// search asks for a client's contact by external key, phone and e-mail.
func (w *clientWork) search(r *run) {
	r.askByKey(rest.TypeContact, w.Key(), &w.Found.ByKey, &w.err)
	r.askByComm(rest.Phone, w.sent().PhoneText(), "CONTACT", &w.Found.ByPhone, &w.err)
	r.askByComm(rest.Email, w.sent().EmailText(), "CONTACT", &w.Found.ByEmail, &w.err)
}

func (r *run) settleClients(ctx context.Context) error { return settleParties(ctx, r, r.clients) }

// take changes one field of the client.
func (w *clientWork) take(ctx context.Context, r *run, field, value string) (string, error) {
	changed, err := r.Clients.Change(ctx, w.ID, portal.Actor, func(c *clients.Client) error {
		return mapping.TakeContact(c, field, value)
	})
	if err != nil {
		return "", err
	}
	w.client = changed
	return mapping.ContactFields(changed)[field], nil
}

// try changes fields of a copy of the client. What only the database can refuse, an e-mail of another client, it takes.
func (w *clientWork) try(fields map[string]string) (values []plan.Taken) {
	c := *w.client
	w.client = &c
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		value := plan.Taken{Field: field}
		if no, refused := refusal.From(mapping.TakeContact(&c, field, fields[field])); refused {
			value.Refused = no.Message
		}
		value.Now = mapping.ContactFields(&c)[field]
		values = append(values, value)
	}
	return values
}

// loadEmployers notes which companies are to get the contacts of clients who have no contact yet, by a push of their
// organization. An organization of this run does so anyway.
func (r *run) loadEmployers(ctx context.Context, sought []*clientWork) error {
	if len(sought) == 0 {
		return nil
	}
	employers, err := r.Organizations.OfMany(ctx, lo.Map(sought, func(w *clientWork, _ int) int64 { return w.ID }))
	if err != nil {
		return err
	}
	ids := lo.Map(lo.Flatten(lo.Values(employers)), func(o *organizations.Organization, _ int) int64 { return o.ID })
	companies, err := r.Book.Links(ctx, plan.Organization, plan.Company, ids)
	if err != nil {
		return err
	}
	for _, w := range sought {
		for _, o := range employers[w.ID] {
			inRun := r.organizations[o.ID] != nil && slices.Contains(r.organizations[o.ID].employees, w)
			if companies[o.ID] != nil && o.MayOrder(w.ID) && !inRun {
				w.worksIn = append(w.worksIn, o.ID)
			}
		}
	}
	return nil
}
