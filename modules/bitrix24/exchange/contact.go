package exchange

import (
	"context"
	"fmt"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
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

func (w *clientWork) wasRead() bool { return w.contact != nil }

func (w *clientWork) tasks() []*task { return w.partyTasks() }

func (w *clientWork) failure() error { return firstFailure(&w.err, w.tasks()) }

func (w *clientWork) complete() bool { return w.err != nil || w.done || finished(w.tasks()) }

// workOnClient returns the run's work on a client, new or begun.
func (r *run) workOnClient(id int64) *clientWork {
	if r.clients[id] == nil {
		r.clients[id] = &clientWork{party: party{kind: plan.Client, entity: plan.Contact, id: id}}
	}
	return r.clients[id]
}

// loadClients reads what the panel knows of the clients and asks the portal for the rest.
func (r *run) loadClients(ctx context.Context) error {
	if len(r.clients) == 0 {
		return nil
	}
	works := inOrder(r.clients)
	ids := lo.Map(works, func(w *clientWork, _ int) int64 { return w.id })
	found, err := r.Clients.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	for _, w := range works {
		w.client = found[w.id]
	}
	if err := r.loadParties(ctx, parties(works)); err != nil {
		return err
	}
	if err := r.chooseClientLeads(ctx, works); err != nil {
		return err
	}
	if err := r.leaveOutClientEmails(ctx, ids); err != nil {
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
	r.askByKey(rest.TypeContact, w.key(), &w.found.byKey, &w.err)
	r.askByComm(rest.Phone, w.client.PhoneText(), "CONTACT", &w.found.byPhone, &w.err)
	r.askByComm(rest.Email, w.client.EmailText(), "CONTACT", &w.found.byEmail, &w.err)
}

func (r *run) settleClients(ctx context.Context) error { return settleParties(ctx, r, r.clients) }

// createRecord returns the command that creates the client's contact (crm.item.add).
func (w *clientWork) createRecord(r *run) *task {
	t := task{
		name: w.taskName(), note: w.note(),
		entity: plan.Contact, key: w.key(), agreed: mapping.SentContact(w.client),
	}
	fields := func() rest.Params { return mapping.NewContact(w.client, r.Origin) }
	return addItem(t, rest.TypeContact, contactNumber, fields, func(tx *db.Tx, created *rest.Contact) error {
		merged := mapping.MergeContact(nil, w.client, *created, r.Origin)
		l := r.Book.NewLink(plan.Client, w.id, plan.Contact, created.ID.Int64(), merged.Agreed)
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
		if err := w.afterLink(tx, r); err != nil {
			return err
		}
		return r.compareLater(tx, w)
	})
}

// compareLater enqueues a push of a client who was changed while his contact was being created: whoever changed him
// saw no link yet, and enqueued nothing. The row is locked, so that a change that is just being made is seen as well.
func (r *run) compareLater(tx *db.Tx, w *clientWork) error {
	var now clients.Client
	err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Select("id", "revision").First(&now, w.id).Error
	if err != nil {
		return fmt.Errorf("read client %d again: %w", w.id, err)
	}
	if now.Revision == w.client.Revision {
		return nil
	}
	return r.Jobs.Enqueue(tx, PushClient{ID: w.id})
}

// compareFields compares both sides field by field. What the portal changed is taken over now; what the panel changed
// leaves with the other commands of the run.
func (w *clientWork) compareFields(ctx context.Context, r *run) error {
	if err := r.settleChange(ctx, w.link, w.changeIntent, mapping.PresentContact(*w.contact)); err != nil {
		return putOff(err, &w.err)
	}
	before := w.link.Agreed
	merged := fieldMerge(mapping.MergeContact(before, w.client, *w.contact, r.Origin))
	w.link.Checked = true
	if len(merged.Take) > 0 || len(merged.Send) == 0 {
		change := func(ctx context.Context, field, value string) (string, error) {
			_, err := r.Clients.Change(ctx, w.id, portal.Actor, func(c *clients.Client) error {
				return mapping.TakeContact(c, field, value)
			})
			return merged.Agreed[field].Ours, err
		}
		if err := r.takeFields(ctx, w, merged, mapping.ContactFields(w.client), change); err != nil {
			return err
		}
	}
	if w.lead.link != nil {
		w.lead.create = r.changeLead(
			w.leadTaskName(), w.lead.link, mapping.DealClient(w.link.RemoteID, nil), w.lead.read,
		)
	}
	if len(merged.Send) == 0 {
		w.done = w.lead.create == nil
		return nil
	}
	updateParty(&w.party, rest.TypeContact, contactNumber, merged, before)
	r.enlist(w.change)
	return nil
}

// loadEmployers notes which companies are to get the contacts of clients who have no contact yet.
func (r *run) loadEmployers(ctx context.Context, sought []*clientWork) error {
	if len(sought) == 0 {
		return nil
	}
	employers, err := r.Organizations.OfMany(ctx, lo.Map(sought, func(w *clientWork, _ int) int64 { return w.id }))
	if err != nil {
		return err
	}
	ids := lo.Map(lo.Flatten(lo.Values(employers)), func(o *organizations.Organization, _ int) int64 { return o.ID })
	companies, err := r.Book.Links(ctx, plan.Organization, plan.Company, ids)
	if err != nil {
		return err
	}
	for _, w := range sought {
		for _, o := range employers[w.id] {
			if companies[o.ID] != nil && o.MayOrder(w.id) {
				w.worksIn = append(w.worksIn, o.ID)
			}
		}
	}
	return nil
}

// afterLink enqueues pushes of the organizations that the client works in, which add his contact to their companies.
// An organization of this run does so anyway.
func (w *clientWork) afterLink(tx *db.Tx, r *run) error {
	var push []jobs.Args
	for _, id := range w.worksIn {
		if o := r.organizations[id]; o == nil || !lo.Contains(o.employees, w) {
			push = append(push, PushOrganization{ID: id})
		}
	}
	if len(push) == 0 {
		return nil
	}
	return r.Jobs.EnqueueAll(tx, push, r.follow()...)
}
