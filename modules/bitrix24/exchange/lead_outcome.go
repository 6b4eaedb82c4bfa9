package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// leadWork looks at one lead of ours: a person may have converted, rejected or deleted it. Only people and the
// portal's robots convert leads. No REST method does.
type leadWork struct {
	id    int64
	links []*plan.Link // from the client, the organization and the order that are in it

	clientID, organizationID int64 // whom a converted lead stands for

	lead      *rest.Lead
	gone      bool
	seen      bool        // an earlier look found it converted, and warned of what was odd about that
	deals     []rest.Deal // that a conversion made of it
	contacts  []int64
	companies []int64
	err       error
	done      bool
}

func (w *leadWork) failure() error { return w.err }

func (w *leadWork) complete() bool { return w.err != nil || w.done }

// dealWait is how long after a conversion a deal may take to appear. After that, the person chose to have none.
const dealWait = 15 * time.Minute

// workOnLead returns the run's work on the lead of a link, new or begun.
func (r *run) workOnLead(l *plan.Link) *leadWork {
	w := r.leads[l.RemoteID]
	if w == nil {
		w = &leadWork{id: l.RemoteID}
		r.leads[l.RemoteID] = w
	}
	if !slices.ContainsFunc(w.links, func(other *plan.Link) bool { return other.ID == l.ID }) {
		w.links = append(w.links, l)
	}
	return w
}

// loadLeads asks the portal for the leads (crm.item.list), and for what became of those that are converted.
func (r *run) loadLeads(context.Context) error {
	fields := []string{"id", "title", "stageId", "stageSemanticId", "contactId", "companyId"}
	ids := slices.Sorted(maps.Keys(r.leads))
	ReadByID(&r.questions, rest.TypeLead, fields, leadNumber, lo.Map(ids, func(id int64, _ int) Sought[rest.Lead] {
		w := r.leads[id]
		return Sought[rest.Lead]{ID: id, Gone: &w.gone, Err: &w.err, Take: func(lead *rest.Lead) {
			w.lead = lead
			if lead.StageSemanticID == rest.Success {
				r.askConverted(w)
			}
		}}
	}))
	return nil
}

// askConverted asks for the deal, contact and company that a conversion made. They carry the lead's number
// (crm.item.list).
func (r *run) askConverted(w *leadWork) {
	ask := func(typeID int, take func(items []rest.Deal)) {
		params := rest.Params{
			"entityTypeId": typeID, "start": -1, "order": rest.Params{"id": "ASC"},
			"filter": rest.Params{"=leadId": w.id},
			"select": []string{"id", "title", "leadId", "stageId", "categoryId", "opportunity"},
		}
		askFor(&r.questions, "crm.item.list", params, &w.err, func(items rest.Items[rest.Deal]) {
			take(lo.Filter(items.Items, func(d rest.Deal, _ int) bool { return d.LeadID.Int64() == w.id }))
		})
	}
	numbers := func(items []rest.Deal) []int64 {
		return lo.Map(items, func(d rest.Deal, _ int) int64 { return d.ID.Int64() })
	}
	ask(rest.TypeDeal, func(items []rest.Deal) { w.deals = items })
	ask(rest.TypeContact, func(items []rest.Deal) { w.contacts = numbers(items) })
	ask(rest.TypeCompany, func(items []rest.Deal) { w.companies = numbers(items) })
}

// settleLeads stores what became of the leads. What follows from it on the portal is sent by further jobs.
func (r *run) settleLeads(ctx context.Context) error {
	if err := r.loadLeadOwners(ctx); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(r.leads)) {
		w := r.leads[id]
		if w.err != nil {
			continue
		}
		links := w.links
		err := r.conclude(ctx, &w.done, func(ctx context.Context, tx *db.Tx) error {
			w.err, w.links = nil, copies(links) // a transaction that is run again begins anew
			switch {
			case w.gone:
				return r.leadGone(tx, w)
			case w.lead.StageSemanticID == rest.Success:
				return r.leadConverted(ctx, tx, w)
			case w.lead.StageSemanticID == rest.Failure:
				return r.leadState(tx, w, plan.Rejected, "Лид отклонён в Битрикс24")
			default:
				return r.leadState(tx, w, plan.Linked, "Лид снова в работе в Битрикс24")
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// copies returns links that a transaction may change and be run again.
func copies(links []*plan.Link) []*plan.Link {
	return lo.Map(links, func(l *plan.Link, _ int) *plan.Link {
		c := *l
		c.Agreed = maps.Clone(l.Agreed)
		return &c
	})
}

// leadState notes that a lead was rejected, or is open again. A lead that is open again gets what has changed in the
// panel meanwhile.
func (r *run) leadState(tx *db.Tx, w *leadWork, state plan.LinkState, text string) error {
	for _, l := range w.links {
		changed := l.State != state
		l.State, l.Stage = state, string(w.lead.StageID)
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
		if !changed {
			continue
		}
		about := plan.About(l.Local, l.LocalID, plan.Lead, w.id)
		if err := r.Journal(tx, about, plan.Inward, text); err != nil {
			return err
		}
		if state != plan.Linked {
			continue
		}
		if err := r.Jobs.Enqueue(tx, PushOf(l.Local, l.LocalID)); err != nil {
			return err
		}
	}
	return nil
}

// leadGone notes that a lead was deleted. Nothing is created again unasked. The order's page says what happened, and a
// client or organization is offered «Отправить в Битрикс24» again.
func (r *run) leadGone(tx *db.Tx, w *leadWork) error {
	for _, l := range w.links {
		about := plan.About(l.Local, l.LocalID, plan.Lead, w.id)
		if err := r.Journal(tx, about, plan.Inward, "Лид удалён в Битрикс24"); err != nil {
			return err
		}
		if l.Local == plan.Order {
			l.State = plan.Deleted
			if err := records.SaveLink(tx, l); err != nil {
				return err
			}
			continue
		}
		if err := records.Unlink(tx, l); err != nil {
			return err
		}
		if err := r.Book.Choose(tx, l.Local, l.LocalID, plan.ChoiceNone, portal.Actor.Name); err != nil {
			return err
		}
	}
	return nil
}

// convertedField keeps when we first saw that a lead is converted (RFC 3339).
const convertedField = "converted"

// leadConverted links order, client and organization to the deal, contact and company that a person made of the lead.
func (r *run) leadConverted(ctx context.Context, tx *db.Tx, w *leadWork) error {
	w.seen = slices.ContainsFunc(w.links, func(l *plan.Link) bool {
		return l.State == plan.Converted || l.Agreed[convertedField].Ours != ""
	})
	if err := r.takeConvertedContact(ctx, tx, w, w.clientID); err != nil {
		return err
	}
	if err := r.takeConvertedCompany(ctx, tx, w, w.organizationID); err != nil {
		return err
	}
	for _, l := range w.links {
		if l.State == plan.Converted {
			continue
		}
		if l.Local == plan.Order {
			if err := r.takeConvertedDeal(ctx, tx, w, l); err != nil || w.err != nil {
				return err
			}
		}
		l.State, l.Stage = plan.Converted, string(w.lead.StageID)
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
		about := plan.About(l.Local, l.LocalID, plan.Lead, w.id)
		if err := r.Journal(tx, about, plan.Inward, "Лид переведён в качественный"); err != nil {
			return err
		}
	}
	return r.enqueueOtherLeads(ctx, tx, w.clientID)
}

// takeConvertedContact links the client to the contact that was made of the lead, or chosen for it. A client who has a
// contact already keeps that.
func (r *run) takeConvertedContact(ctx context.Context, tx *db.Tx, w *leadWork, clientID int64) error {
	contactID := w.lead.ContactID.Int64()
	if contactID == 0 && len(w.contacts) > 0 {
		contactID = w.contacts[0]
	}
	if contactID == 0 || clientID == 0 {
		return nil
	}
	known, err := r.Book.Link(ctx, plan.Client, plan.Contact, clientID)
	if err != nil {
		return err
	}
	about := plan.About(plan.Client, clientID, plan.Contact, contactID)
	taken, err := r.Book.LinksTo(ctx, plan.Contact, []int64{contactID})
	if err != nil {
		return err
	}
	switch {
	case known != nil && (known.RemoteID == contactID || w.seen):
		return nil
	case known != nil:
		text := fmt.Sprintf("Лид %d переведён в другой контакт: у клиента остаётся контакт %d", w.id, known.RemoteID)
		return r.journalFailure(tx, about, plan.Inward, text)
	case slices.ContainsFunc(taken, func(l *plan.Link) bool { return l.Local == plan.Client }):
		if w.seen {
			return nil
		}
		text := fmt.Sprintf("Лид %d переведён в контакт, который уже связан с другим клиентом", w.id)
		return r.journalFailure(tx, about, plan.Inward, text)
	}
	link := r.Book.NewLink(plan.Client, clientID, plan.Contact, contactID, nil)
	if slices.Contains(w.contacts, contactID) {
		if link.Agreed, err = r.changedWhileLead(ctx, w, clientID); err != nil {
			return err
		}
	}
	if err := records.SaveLink(tx, link); err != nil {
		return err
	}
	return r.Jobs.Enqueue(tx, PushClient{ID: clientID})
}

// changedWhileLead returns what the lead says of the client where he has changed since. The contact that was made of
// the lead says the same, and agreed on like that it will get the new values.
func (r *run) changedWhileLead(ctx context.Context, w *leadWork, clientID int64) (mapping.Agreed, error) {
	found, err := r.Clients.FindMany(ctx, []int64{clientID})
	if err != nil || found[clientID] == nil {
		return nil, err
	}
	changed := mapping.Agreed{}
	for _, l := range w.links {
		for field, ours := range mapping.ContactFields(found[clientID]) {
			if said, known := l.Agreed[field]; known && said.Ours != ours {
				changed[field] = said
			}
		}
	}
	return changed, nil
}

// takeConvertedCompany links the organization to the company that was made of the lead, or chosen for it. If there is
// none, the next push finds or creates one. That push also closes the organization's own lead.
func (r *run) takeConvertedCompany(ctx context.Context, tx *db.Tx, w *leadWork, organizationID int64) error {
	if organizationID == 0 {
		return nil
	}
	known, err := r.Book.Link(ctx, plan.Organization, plan.Company, organizationID)
	if err != nil {
		return err
	}
	companyID := w.lead.CompanyID.Int64()
	if companyID == 0 && len(w.companies) > 0 {
		companyID = w.companies[0]
	}
	switch {
	case known != nil:
	case companyID == 0:
		err := r.Book.Choose(tx, plan.Organization, organizationID, plan.ChoiceSend, portal.Actor.Name)
		if err != nil {
			return err
		}
	default:
		taken, err := r.Book.LinksTo(ctx, plan.Company, []int64{companyID})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(taken, func(l *plan.Link) bool { return l.Local == plan.Organization }) {
			if w.seen {
				return nil
			}
			text := fmt.Sprintf("Лид %d переведён в компанию, которая уже связана с другой организацией", w.id)
			return r.journalFailure(
				tx, plan.About(plan.Organization, organizationID, plan.Company, companyID),
				plan.Inward, text,
			)
		}
		l := r.Book.NewLink(plan.Organization, organizationID, plan.Company, companyID, nil)
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
	}
	return r.Jobs.Enqueue(tx, PushOrganization{ID: organizationID})
}

// takeConvertedDeal links the order to the deal that was made of the lead, the oldest of several. While there is none,
// the lead is looked at again. After dealWait the order's push creates the deal and ties it to the lead.
func (r *run) takeConvertedDeal(ctx context.Context, tx *db.Tx, w *leadWork, l *plan.Link) error {
	known, err := r.Book.Link(ctx, plan.Order, plan.Deal, l.LocalID)
	if err != nil || known != nil {
		return err
	}
	if len(w.deals) == 0 {
		seen, err := time.Parse(time.RFC3339, l.Agreed[convertedField].Ours)
		if err != nil {
			seen = db.Now()
			l.Agreed[convertedField] = mapping.Pair{Ours: seen.Format(time.RFC3339)}
			if err := records.SaveLink(tx, l); err != nil {
				return err
			}
		}
		if left := seen.Add(dealWait).Sub(db.Now()); left > 0 {
			w.err = &plan.Wait{For: min(left, 20*time.Second), Why: "лид переведён в качественный, ждём сделку"}
			return nil
		}
		return r.Jobs.Enqueue(tx, PushOrder{ID: l.LocalID})
	}
	deal := slices.MinFunc(w.deals, func(a, b rest.Deal) int { return int(a.ID - b.ID) })
	link := r.Book.NewLink(plan.Order, l.LocalID, plan.Deal, deal.ID.Int64(), mapping.Agreed{
		// The order's status decides about the stage. Its title replaces the lead's, unless a person changed that.
		plan.StageField: {Theirs: string(deal.StageID)},
		plan.TitleField: {Theirs: string(w.lead.Title)},
	})
	link.See(&deal)
	if err := records.SaveLink(tx, link); err != nil {
		return err
	}
	// The portal has copied the lead's rows: the next push finds out which of the deal's rows are ours.
	if err := r.exchange.RowsUnknown(tx, r.Portal.ID, l.LocalID); err != nil {
		return err
	}
	about := plan.About(plan.Order, l.LocalID, plan.Deal, link.RemoteID)
	text := fmt.Sprintf("Лид %d стал сделкой, заказ связан с ней", w.id)
	if err := r.Journal(tx, about, plan.Inward, text); err != nil {
		return err
	}
	return r.Jobs.Enqueue(tx, PushOrder{ID: l.LocalID})
}
