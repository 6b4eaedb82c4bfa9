package exchange

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// leadWork looks at one lead of ours.
type leadWork struct {
	plan.LeadFacts // what decides; the rest of it is filled in when everything has been read

	err  error
	done bool
	seen time.Time // the modification that was read; see Sought
}

func (w *leadWork) failure() error { return w.err }

func (w *leadWork) complete() bool { return w.err != nil || w.done }

// workOnLead returns the run's work on the lead of a link, new or begun.
func (r *run) workOnLead(l *plan.Link) *leadWork {
	w := r.leads[l.RemoteID]
	if w == nil {
		w = &leadWork{LeadFacts: plan.LeadFacts{ID: l.RemoteID}}
		r.leads[l.RemoteID] = w
	}
	if !slices.ContainsFunc(w.Links, func(other *plan.Link) bool { return other.ID == l.ID }) {
		w.Links = append(w.Links, l)
	}
	return w
}

// leadFields are the fields of a lead that say what became of it.
var leadFields = []string{
	"id", "title", "stageId", "stageSemanticId", "contactId", "companyId", "createdTime", "updatedTime",
}

// loadLeads asks the portal for the leads (crm.item.list), and for what became of those that are converted.
func (r *run) loadLeads(context.Context) error {
	works := inOrder(r.leads)
	ReadByID(&r.questions, rest.TypeLead, leadFields, leadNumber, lo.Map(works, func(w *leadWork, _ int) Sought[rest.Lead] {
		return Sought[rest.Lead]{ID: w.ID, Gone: &w.Gone, Err: &w.err, Seen: &w.seen, Take: func(lead *rest.Lead) {
			w.Lead = lead
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
			"filter": rest.Params{"=leadId": w.ID},
			"select": []string{"id", "title", "leadId", "stageId", "categoryId", "opportunity", "createdTime"},
		}
		askFor(&r.questions, "crm.item.list", params, &w.err, func(items rest.Items[rest.Deal]) {
			take(lo.Filter(items.Items, func(d rest.Deal, _ int) bool { return d.LeadID.Int64() == w.ID }))
		})
	}
	numbers := func(items []rest.Deal) []int64 {
		return lo.Map(items, func(d rest.Deal, _ int) int64 { return d.ID.Int64() })
	}
	ask(rest.TypeDeal, func(items []rest.Deal) { w.Deals = items })
	ask(rest.TypeContact, func(items []rest.Deal) { w.Contacts = numbers(items) })
	ask(rest.TypeCompany, func(items []rest.Deal) { w.Companies = numbers(items) })
}

// settleLeads carries out the plans of the leads. What follows from them on the portal is sent by further jobs.
func (r *run) settleLeads(ctx context.Context) error {
	works := lo.Filter(inOrder(r.leads), func(w *leadWork, _ int) bool { return w.err == nil && !w.done })
	known, err := r.loadConverted(ctx, lo.Filter(works, func(w *leadWork, _ int) bool {
		return w.Lead != nil && w.Lead.StageSemanticID == rest.Success
	}))
	if err != nil {
		return err
	}
	for _, w := range works {
		w.Frame, w.Known = r.frame(), known
		var p plan.Plan
		err := r.conclude(ctx, &w.done, func(ctx context.Context, tx *db.Tx) error {
			p = plan.ForLead(w.LeadFacts) // anew, since a transaction that is run again needs links that were not saved
			return r.store(tx, p.Now, w)
		})
		if err != nil {
			return err
		}
		w.err = p.Failure
		known = append(known, p.Now.Links...) // the next lead may be of the same people
		r.takeOver(p.Now.Links)
		for _, l := range p.Now.Unlink {
			if w := r.clients[l.LocalID]; l.Local == plan.Client && w != nil {
				w.inLead(nil)
			}
		}
	}
	return nil
}

// takeOver takes over into the works of the run what became of leads. The works were read before that was known, and
// would store their links as they were.
func (r *run) takeOver(links []*plan.Link) {
	for _, l := range links {
		if w := r.orders[l.LocalID]; l.Local == plan.Order && w != nil && w.Link != nil && w.Link.ID == l.ID {
			w.Link = l
			w.done = w.done || w.Idle()
		}
		w := r.clients[l.LocalID]
		switch {
		case l.Local != plan.Client || w == nil:
		case l.Entity == plan.Contact:
			w.Link = l
		case l.State != plan.Linked:
			w.inLead(nil)
		case w.Lead.Link != nil:
			w.inLead(l)
		}
	}
}

// inLead takes over which open lead the client is in by now; nil: none. If it is another than was read, nothing else is
// done about him in this run.
func (w *clientWork) inLead(l *plan.Link) {
	w.done = w.done || w.InLead() && l.Number() != w.Lead.Link.Number()
	w.Lead.Link = l
}

// loadConverted reads what the panel knows of the people of converted leads. It returns all their links that may
// matter.
func (r *run) loadConverted(ctx context.Context, works []*leadWork) (known []*plan.Link, err error) {
	if len(works) == 0 {
		return nil, nil
	}
	orderIDs := lo.FlatMap(works, func(w *leadWork, _ int) []int64 {
		ofOrders := lo.Filter(w.Links, func(l *plan.Link, _ int) bool { return l.Local == plan.Order })
		return lo.Map(ofOrders, func(l *plan.Link, _ int) int64 { return l.LocalID })
	})
	found, err := r.Orders.FindMany(ctx, orderIDs)
	if err != nil {
		return nil, err
	}
	clientIDs := lo.Map(works, func(w *leadWork, _ int) int64 {
		w.Orders = found
		client, _ := w.StandsFor()
		return client
	})
	employers, err := r.Organizations.OfMany(ctx, lo.Uniq(clientIDs))
	if err != nil {
		return nil, err
	}
	clients, err := r.Clients.FindMany(ctx, clientIDs)
	if err != nil {
		return nil, err
	}
	inLeads, err := r.ordersInLeads(ctx, clientIDs)
	if err != nil {
		return nil, err
	}
	var organizationIDs, contacts, companies []int64
	for i, w := range works {
		w.Client, w.Employers, w.InLeads = clients[clientIDs[i]], employers[clientIDs[i]], inLeads[clientIDs[i]]
		_, organization := w.StandsFor()
		organizationIDs = append(organizationIDs, organization)
		contacts, companies = append(contacts, w.ContactID()), append(companies, w.CompanyID())
	}
	err = r.DB.From(ctx).Where("portal_id = ?", r.Portal.ID).
		Where(r.DB.From(ctx).
			Where("local = 'client' AND entity = 'contact' AND local_id IN ?", clientIDs).
			Or("local = 'organization' AND entity = 'company' AND local_id IN ?", organizationIDs).
			Or("local = 'organization' AND entity = 'lead' AND local_id IN ?", organizationIDs).
			Or("local = 'order' AND entity = 'deal' AND local_id IN ?", orderIDs).
			Or("local = 'order' AND entity = 'lead' AND local_id IN ?", lo.Flatten(lo.Values(inLeads))).
			Or("entity = 'contact' AND remote_id IN ?", contacts).
			Or("entity = 'company' AND remote_id IN ?", companies)).
		Find(&known).Error
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	return known, nil
}

// ordersInLeads returns the numbers of clients' orders that are in open leads, by client. Deleted orders are left
// out.
func (r *run) ordersInLeads(ctx context.Context, clientIDs []int64) (map[int64][]int64, error) {
	var rows []struct{ ID, ClientID int64 }
	err := r.DB.From(ctx).
		Table("orders o").Select("o.id, o.client_id").
		Joins("JOIN bitrix24_links l ON l.local = ? AND l.local_id = o.id AND l.entity = ?", plan.Order, plan.Lead).
		Where("l.portal_id = ? AND l.state = ?", r.Portal.ID, plan.Linked).
		Where("o.client_id IN ? AND o.status <> ?", clientIDs, orders.Deleted).
		Order("o.id").
		Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read which orders are in leads: %w", err)
	}
	byClient := map[int64][]int64{}
	for _, row := range rows {
		byClient[row.ClientID] = append(byClient[row.ClientID], row.ID)
	}
	return byClient, nil
}
