package exchange

import (
	"context"
	"fmt"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// organizationLead is the same for an organization.
type organizationLead struct {
	wanted bool
	link   *records.Link
	intent *records.Intent
	found  candidates
	there  *rest.Lead // as read, when it is to be changed
	make   *task
}

// leadsOn reports whether new clients become leads: the switch is on and the portal has leads at all.
func (c *Connection) leadsOn() bool {
	return c.Current.Leads && c.Lists.Mode != rest.ModeSimple
}

// makeClientLead makes the lead of a client whom the portal does not know, or adopts one whose answer was lost.
func (r *Run) makeClientLead(w *clientWork) {
	key, fields := mapping.ClientLeadKey(w.id), mapping.ClientLead(w.client, w.lead.company)
	made := mapping.NewLead(fields, key, w.client.PhoneText(), w.client.EmailText(), r.Current.Rules, r.Origin)
	link := &records.Link{PortalID: r.Portal.ID, Local: records.Client, LocalID: w.id, Entity: records.Lead, Checked: true, Agreed: mapping.SentContact(w.client)}
	w.lead.make = r.leadTask(fmt.Sprintf("lead_client%d", w.id), key, link, made, fields, w.lead.found, w.lead.intent, &w.err)
	if w.lead.make == nil {
		w.done = w.err == nil
	}
}

// makeOrganizationLead does the same for an organization.
func (r *Run) makeOrganizationLead(w *organizationWork) {
	key, fields := mapping.OrganizationLeadKey(w.id), mapping.OrganizationLead(w.organization)
	made := mapping.NewLead(fields, key, w.organization.Phone, w.organization.Email, r.Current.Rules, r.Origin)
	link := &records.Link{
		PortalID: r.Portal.ID, Local: records.Organization, LocalID: w.id, Entity: records.Lead, Checked: true,
		Agreed: mapping.SentValues(w.organization.Phone, w.organization.Email),
	}
	w.lead.make = r.leadTask(fmt.Sprintf("lead_organization%d", w.id), key, link, made, fields, w.lead.found, w.lead.intent, &w.err)
	if w.lead.make == nil {
		w.done = w.err == nil
	}
}

// leadTask makes a lead and links it. A lead that an earlier attempt made turns the making into an update of itself.
func (r *Run) leadTask(
	name, key string, link *records.Link, made, fields rest.Params, found candidates, open *records.Intent, failure *error,
) *task {
	if open != nil && len(found.byKey) == 0 {
		if wait := r.waitToSettle(*open); wait > 0 {
			*failure = settling(wait)
			return nil
		}
	}
	store := func(tx *db.Tx, lead *rest.Lead) error {
		link.RemoteID, link.Stage = lead.ID.Int64(), string(lead.StageID)
		agreed := lo.Assign(mapping.Agreed{}, link.Agreed)
		agreed.Agree(fields)
		link.Agreed = agreed
		return records.SaveLink(tx, link)
	}
	of := task{name: name, entity: records.Lead, key: key, note: records.About(link.Local, link.LocalID, records.Lead, 0)}
	t := addItem(of, rest.TypeLead, leadNumber, always(made), store)
	if len(found.byKey) > 0 {
		t = updateItem(of, rest.TypeLead, func() any { return slices.Min(found.byKey) }, leadNumber, always(fields), store)
	}
	r.tasks = append(r.tasks, t)
	return t
}

const titleField = "title"

// changeLead sends the fields that changed since they were last sent; nil when there are none. What people put into the
// lead, if it was read, stays beside our links and the client's contact.
func (r *Run) changeLead(name string, link *records.Link, fields rest.Params, there *rest.Lead) *task {
	changed := rest.Params(link.Agreed.Changed(fields))
	if ours, changes := changed[commentsField].(string); changes {
		changed[commentsField] = mendComment(string(there.Comments), ours)
	}
	if there != nil {
		keepContacts(changed, there.ContactIDs, link.Agreed)
	}
	if len(changed) == 0 {
		return nil
	}
	return r.sendLead(name, link, changed, func() { link.Agreed.Agree(fields) })
}

// loadOrganizationLeads finds the organizations' open leads, and which are to become one. While its lead is open an
// organization gets no company: that is made when an employee's lead is converted.
func (r *Run) loadOrganizationLeads(ctx context.Context, ids []int64) error {
	leads, err := r.Book.Links(ctx, records.Organization, records.Lead, ids)
	if err != nil {
		return err
	}
	open, err := r.Book.Intents(ctx, records.Lead, lo.Map(ids, func(id int64, _ int) string { return mapping.OrganizationLeadKey(id) }))
	if err != nil {
		return err
	}
	for _, id := range ids {
		w := r.organizations[id]
		if w.organization == nil {
			continue
		}
		l := leads[id]
		switch {
		case l != nil && l.State == records.Linked:
			w.lead.link, w.lead.wanted = l, true
		case w.link != nil:
			continue
		case l == nil && w.chosen == records.ChoiceLead:
			w.lead.wanted = r.leadsOn() && r.Current.OrderTypes != portal.Persons
		}
		if i, lost := open[mapping.OrganizationLeadKey(id)]; lost && l == nil {
			w.lead.wanted = w.lead.wanted || w.link == nil
			w.lead.intent = &i
			r.askByKey(rest.TypeLead, mapping.OrganizationLeadKey(id), &w.lead.found, &w.err)
		}
	}
	return nil
}

// closeLead closes an organization's own lead once its company is known: «лид компании обрабатывается автоматически».
func (r *Run) closeLead(w *organizationWork) {
	lead := w.lead.link
	t := task{name: fmt.Sprintf("close_lead%d", w.id), note: records.About(records.Organization, w.id, records.Lead, lead.RemoteID)}
	fields := func() rest.Params { return rest.Params{"companyId": w.link.RemoteID, "stageId": rest.LeadConverted} }
	r.detail(w, updateItem(t, rest.TypeLead, lead.Target, leadNumber, fields, func(tx *db.Tx, _ *rest.Lead) error {
		lead.State, lead.Stage = records.Converted, rest.LeadConverted
		return records.SaveLink(tx, lead)
	}))
}
