package bitrix24

import (
	"context"
	"fmt"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// clientLead is how a client stands with leads: he registered while new clients were passed on as leads, and no
// person has converted his yet.
type clientLead struct {
	wanted  bool   // he is to be a lead, unless a contact of his is found
	link    *Link  // his open lead
	company string // the organization he is an employee of
	intent  *intent
	found   candidates
	busy    bool       // an order is in the lead already: the next gets a lead of its own
	there   *rest.Lead // as read, when it is to be changed
	make    *task
}

// organizationLead is the same for an organization.
type organizationLead struct {
	wanted bool
	link   *Link
	intent *intent
	found  candidates
	there  *rest.Lead // as read, when it is to be changed
	make   *task
}

// leadsOn reports whether new clients become leads: the switch is on and the portal has leads at all.
func (c *connection) leadsOn() bool {
	return c.settings.Leads && c.lists.Mode != rest.ModeSimple
}

// loadClientLeads finds the clients' open leads, and who is to become one.
func (r *run) loadClientLeads(ctx context.Context, ids []int64) error {
	leads, err := r.links(ctx, r.portal.ID, aClient, aLead, ids)
	if err != nil {
		return err
	}
	open, err := r.intents(ctx, r.portal.ID, aLead, lo.Map(ids, func(id int64, _ int) string { return mapping.ClientLeadKey(id) }))
	if err != nil {
		return err
	}
	var leading []int64
	for _, id := range ids {
		w := r.clients[id]
		if w.client == nil {
			continue
		}
		l := leads[id]
		if l != nil && l.State == linked {
			w.lead.link = l
		}
		if w.link == nil && (w.lead.link != nil || l == nil && w.chosen == choiceLead) {
			leading = append(leading, id)
		}
	}
	employers, err := r.Organizations.OfMany(ctx, leading)
	if err != nil {
		return err
	}
	for _, id := range leading {
		w := r.clients[id]
		mayOrder := r.employer(w, employers[id])
		i, lost := open[mapping.ClientLeadKey(id)] // what was begun is brought to an end
		w.lead.wanted = w.lead.link != nil || lost || r.leadsOn() && mayOrder
		if lost && w.lead.link == nil {
			w.lead.intent = &i
			r.askByKey(rest.TypeLead, mapping.ClientLeadKey(id), &w.lead.found, &w.err)
		}
	}
	return r.markBusyLeads(ctx)
}

// employer notes which of his organizations a client orders for. It reports false for a guest, who is not sent, and for whomever
// «Типы отправляемых заказов» leave out.
func (r *run) employer(w *clientWork, list []*organizations.Organization) (sent bool) {
	orders, _ := lo.Find(list, func(o *organizations.Organization) bool { return o.MayOrder(w.id) })
	switch {
	case orders != nil:
		w.lead.company = orders.Name
		return r.settings.OrderTypes != Persons
	case len(list) > 0:
		return false // a guest everywhere
	}
	return r.settings.OrderTypes != Organizations
}

// markBusyLeads notes which of the leads carry an order already.
func (r *run) markBusyLeads(ctx context.Context) error {
	var ids []int64
	for _, w := range r.clients {
		if w.lead.link != nil {
			ids = append(ids, w.lead.link.RemoteID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	links, err := r.linksTo(ctx, r.portal.ID, aLead, ids)
	if err != nil {
		return err
	}
	for _, w := range r.clients {
		w.lead.busy = w.lead.link != nil && slices.ContainsFunc(links, func(l *Link) bool {
			return l.Local == anOrder && l.RemoteID == w.lead.link.RemoteID
		})
	}
	return nil
}

// makeClientLead makes the lead of a client whom the portal does not know, or adopts one whose answer was lost.
func (r *run) makeClientLead(w *clientWork) {
	key, fields := mapping.ClientLeadKey(w.id), mapping.ClientLead(w.client, w.lead.company)
	made := mapping.NewLead(fields, key, w.client.PhoneText(), w.client.EmailText(), r.settings.Rules, r.origin)
	link := &Link{PortalID: r.portal.ID, Local: aClient, LocalID: w.id, Entity: aLead, Checked: true, Agreed: mapping.SentContact(w.client)}
	w.lead.make = r.leadTask(fmt.Sprintf("lead_client%d", w.id), key, link, made, fields, w.lead.found, w.lead.intent, &w.err)
	if w.lead.make == nil {
		w.done = w.err == nil
	}
}

// makeOrganizationLead does the same for an organization.
func (r *run) makeOrganizationLead(w *organizationWork) {
	key, fields := mapping.OrganizationLeadKey(w.id), mapping.OrganizationLead(w.organization)
	made := mapping.NewLead(fields, key, w.organization.Phone, w.organization.Email, r.settings.Rules, r.origin)
	link := &Link{
		PortalID: r.portal.ID, Local: anOrganization, LocalID: w.id, Entity: aLead, Checked: true,
		Agreed: mapping.SentValues(w.organization.Phone, w.organization.Email),
	}
	w.lead.make = r.leadTask(fmt.Sprintf("lead_organization%d", w.id), key, link, made, fields, w.lead.found, w.lead.intent, &w.err)
	if w.lead.make == nil {
		w.done = w.err == nil
	}
}

// leadTask makes a lead and links it. A lead that an earlier attempt made turns the making into an update of itself.
func (r *run) leadTask(
	name, key string, link *Link, made, fields rest.Params, found candidates, open *intent, failure *error,
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
		return r.saveLink(tx, link)
	}
	of := task{name: name, entity: aLead, key: key, note: note{link.Local, link.LocalID, aLead, 0}}
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
func (r *run) changeLead(name string, link *Link, fields rest.Params, there *rest.Lead) *task {
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
func (r *run) loadOrganizationLeads(ctx context.Context, ids []int64) error {
	leads, err := r.links(ctx, r.portal.ID, anOrganization, aLead, ids)
	if err != nil {
		return err
	}
	open, err := r.intents(ctx, r.portal.ID, aLead, lo.Map(ids, func(id int64, _ int) string { return mapping.OrganizationLeadKey(id) }))
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
		case l != nil && l.State == linked:
			w.lead.link, w.lead.wanted = l, true
		case w.link != nil:
			continue
		case l == nil && w.chosen == choiceLead:
			w.lead.wanted = r.leadsOn() && r.settings.OrderTypes != Persons
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
func (r *run) closeLead(w *organizationWork) {
	lead := w.lead.link
	t := task{name: fmt.Sprintf("close_lead%d", w.id), note: note{anOrganization, w.id, aLead, lead.RemoteID}}
	fields := func() rest.Params { return rest.Params{"companyId": w.link.RemoteID, "stageId": rest.LeadConverted} }
	r.detail(w, updateItem(t, rest.TypeLead, lead.id, leadNumber, fields, func(tx *db.Tx, _ *rest.Lead) error {
		lead.State, lead.Stage = converted, rest.LeadConverted
		return r.saveLink(tx, lead)
	}))
}
