package exchange

import (
	"context"
	"fmt"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// leadAsIs is an open lead of a client or an organization that is to be changed, and where it goes once it is read.
type leadAsIs struct {
	link  *records.Link
	there **rest.Lead
	err   *error
}

// readLeads reads leads whole: values of multifields are changed by their numbers, and what people changed there stays.
func (r *Run) readLeads(leads []leadAsIs) {
	ReadByID(&r.questions, rest.TypeLead, []string{"*"}, leadNumber, lo.Map(leads, func(l leadAsIs, _ int) Sought[rest.Lead] {
		return Sought[rest.Lead]{ID: l.link.RemoteID, Take: func(lead *rest.Lead) { *l.there = lead }, Err: l.err}
	}))
}

// leadChanges reports whether the client's open lead is to be told something.
func (w *clientWork) leadChanges() bool {
	if w.link != nil {
		return len(w.lead.link.Agreed.Changed(mapping.DealClient(w.link.RemoteID, nil))) > 0
	}
	return w.lead.link.Agreed.LeadChanged(mapping.ClientLead(w.client, w.lead.company), w.client.PhoneText(), w.client.EmailText())
}

// changeClientLead keeps an open lead like its client, as far as the panel knows better.
func (r *Run) changeClientLead(ctx context.Context, w *clientWork) (err error) {
	if w.compare && w.leadChanges() {
		fields := mapping.ClientLead(w.client, w.lead.company)
		w.change, err = r.mergeLead(ctx, fmt.Sprintf("lead_client%d", w.id), w.lead.link, fields, w.client.PhoneText(), w.client.EmailText(), w.lead.there)
	}
	w.done = err == nil && w.change == nil
	return err
}

// changeOrganizationLead keeps an organization's open lead like the organization.
func (r *Run) changeOrganizationLead(ctx context.Context, w *organizationWork) (err error) {
	o, l := w.organization, w.lead.link
	if fields := mapping.OrganizationLead(o); l.Agreed.LeadChanged(fields, o.Phone, o.Email) {
		w.lead.make, err = r.mergeLead(ctx, fmt.Sprintf("lead_organization%d", w.id), l, fields, o.Phone, o.Email, w.lead.there)
	}
	w.done = err == nil && w.lead.make == nil
	return err
}

// mergeLead sends what the panel has changed; nil when nothing of it is to be sent.
func (r *Run) mergeLead(
	ctx context.Context, name string, link *records.Link, fields rest.Params, phone, email string, there *rest.Lead,
) (*task, error) {
	if there == nil {
		return r.changeLead(name, link, fields, nil), nil
	}
	send, after := mapping.MergeLead(link.Agreed, fields, phone, email, *there)
	if len(send) > 0 {
		return r.sendLead(name, link, send, func() { link.Agreed = after }), nil
	}
	return nil, r.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		link.Agreed = after
		return records.SaveLink(tx, link)
	})
}

// sendLead changes fields of an open lead (crm.item.update), and notes what is agreed on then.
func (r *Run) sendLead(name string, link *records.Link, fields rest.Params, agree func()) *task {
	of := task{name: name, note: records.About(link.Local, link.LocalID, records.Lead, link.RemoteID), missing: r.lookFor(records.Lead, link.RemoteID)}
	t := updateItem(of, rest.TypeLead, link.Target, leadNumber, always(fields), func(tx *db.Tx, _ *rest.Lead) error {
		agree()
		return records.SaveLink(tx, link)
	})
	r.tasks = append(r.tasks, t)
	return t
}
