package exchange

import (
	"context"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// chooseClientLeads decides which of the clients are to be leads: those who are in an open lead, and those who
// registered while new clients were passed on as leads and have neither lead nor contact.
func (r *run) chooseClientLeads(ctx context.Context, works []*clientWork) error {
	leading := lo.Filter(works, func(w *clientWork, _ int) bool {
		isNew := w.lead.former == nil && w.chosen == plan.ChoiceLead
		return w.client != nil && w.link == nil && (w.lead.link != nil || isNew)
	})
	employers, err := r.Organizations.OfMany(ctx, lo.Map(leading, func(w *clientWork, _ int) int64 { return w.id }))
	if err != nil {
		return err
	}
	for _, w := range leading {
		mayOrder := r.noteEmployer(w, employers[w.id])
		begun := w.lead.intent != nil // what was begun is brought to an end
		w.lead.wanted = w.lead.link != nil || begun || r.leadsOn() && mayOrder
		if begun && w.lead.link == nil {
			r.askByKey(rest.TypeLead, w.leadKey(), &w.lead.found.byKey, &w.err)
		}
	}
	return r.markBusyLeads(ctx, works)
}

// noteEmployer notes which of his organizations a client orders for. It reports whether he is sent at all: guests are
// not, nor are those whom «Типы отправляемых заказов» leave out.
func (r *run) noteEmployer(w *clientWork, list []*organizations.Organization) (sent bool) {
	employer, _ := lo.Find(list, func(o *organizations.Organization) bool { return o.MayOrder(w.id) })
	switch {
	case employer != nil:
		w.lead.company = employer.Name
		return r.Current.OrderTypes != portal.Persons
	case len(list) > 0:
		return false // a guest of every organization
	}
	return r.Current.OrderTypes != portal.Organizations
}

// markBusyLeads notes which of the open leads carry an order already.
func (r *run) markBusyLeads(ctx context.Context, works []*clientWork) error {
	works = lo.Filter(works, func(w *clientWork, _ int) bool { return w.lead.link != nil })
	if len(works) == 0 {
		return nil
	}
	ids := lo.Map(works, func(w *clientWork, _ int) int64 { return w.lead.link.RemoteID })
	links, err := r.Book.LinksTo(ctx, plan.Lead, ids)
	if err != nil {
		return err
	}
	for _, w := range works {
		w.lead.busy = slices.ContainsFunc(links, func(l *plan.Link) bool {
			return l.Local == plan.Order && l.RemoteID == w.lead.link.RemoteID
		})
	}
	return nil
}

// leadContent returns what the client's lead says.
func (w *clientWork) leadContent() leadContent {
	return leadContent{
		fields: mapping.ClientLead(w.client, w.lead.company),
		phone:  w.client.PhoneText(), email: w.client.EmailText(),
		agreed: mapping.SentContact(w.client),
	}
}

// leadChanged reports whether the client's open lead lacks something. Once he has a contact that is the contact alone;
// before, it is what has changed since the lead was last sent.
func (w *clientWork) leadChanged() bool {
	if w.link != nil {
		return len(w.lead.link.Agreed.Changed(mapping.DealClient(w.link.RemoteID, nil))) > 0
	}
	content := w.leadContent()
	return w.compare && w.lead.link.Agreed.LeadChanged(content.fields, content.phone, content.email)
}
