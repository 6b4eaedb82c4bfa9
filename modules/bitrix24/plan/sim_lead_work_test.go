package plan_test

import (
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// leadWork looks at a lead of ours.
type leadWork struct {
	plan.LeadFacts
	attempt
}

// lead returns the work on a lead, new or begun.
func (g *group) lead(id int64) *leadWork {
	i := slices.IndexFunc(g.leads, func(known *leadWork) bool { return known.ID == id })
	if i < 0 {
		g.leads = append(g.leads, &leadWork{LeadFacts: plan.LeadFacts{ID: id}})
		return g.leads[len(g.leads)-1]
	}
	return g.leads[i]
}

// loadLead reads a lead, and what came of it.
func (w *world) loadLead(work *leadWork) {
	work.Frame, work.Links = w.frame(), w.linksTo(plan.Lead, work.ID)
	l := w.lead(work.ID)
	if l == nil {
		work.Gone, work.Twins = true, w.leadTwins(w.leadKeys(work.Links...)...)
		return
	}
	work.Lead = lo.ToPtr(l.answer())
	if l.state != plan.Converted {
		return
	}
	for _, d := range w.deals {
		if d.lead == l.id && !d.gone {
			work.Deals = append(work.Deals, d.answer())
		}
	}
	for _, c := range w.contacts {
		if c.lead == l.id && !c.gone {
			work.Contacts = append(work.Contacts, c.ID.Int64())
		}
	}
}

// planLead finds out what people have done with a lead, and tells those whose works of the group were begun before that
// was known.
func (w *world) planLead(g *group, work *leadWork) {
	work.Orders = map[int64]*orders.Order{}
	for _, l := range work.Links {
		if l.Local == plan.Order {
			work.Orders[l.LocalID] = w.order(l.LocalID)
		}
	}
	if id, _ := work.StandsFor(); id != 0 {
		work.Client = copyOfClient(w.client(id))
		for _, o := range w.orders {
			l := w.links[leadOf(plan.Order, o.ID)]
			if o.ClientID == id && l != nil && l.State == plan.Linked && o.Status != orders.Deleted {
				work.InLeads = append(work.InLeads, o.ID)
			}
		}
	}
	for _, l := range w.allLinks() {
		work.Known = append(work.Known, copyOf(l))
	}
	p := plan.ForLead(work.LeadFacts)
	w.told(p, w.store(p.Now))
	work.failure = p.Failure
	for _, l := range append(p.Now.Links, p.Now.Unlink...) {
		g.takeOver(l, slices.Contains(p.Now.Unlink, l))
	}
}

// takeOver takes over into works of the group what became of a lead.
func (g *group) takeOver(l *plan.Link, isGone bool) {
	for _, o := range g.orders {
		if l.Local == plan.Order && o.id == l.LocalID && o.facts.Link != nil && o.facts.Link.ID == l.ID {
			o.facts.Link = copyOf(l)
			o.done = o.done || o.facts.Idle()
		}
	}
	for _, c := range g.clients {
		switch {
		case l.Local != plan.Client || c.ID != l.LocalID:
		case l.Entity == plan.Contact:
			c.Link = copyOf(l)
		case isGone || l.State != plan.Linked:
			c.done, c.Lead.Link = c.done || c.InLead(), nil
		case c.Lead.Link != nil:
			c.done = c.done || c.InLead() && c.Lead.Link.RemoteID != l.RemoteID
			c.Lead.Link = copyOf(l)
		}
	}
}

// isLead reports whether a client is a lead.
func (w *world) isLead(id int64) bool {
	begun := w.open(plan.Lead, w.key(plan.Client, plan.Lead, id)) != nil
	about := plan.Record{Kind: plan.Client, ID: id}
	return w.frame().IsLead(id, w.links[contactOf(id)], w.links[leadOf(plan.Client, id)], begun, w.choices[about], nil)
}

// loadClientLead reads how a client stands with leads.
func (w *world) loadClientLead(c *clientWork) {
	c.Lead.Former = copyOf(w.links[leadOf(plan.Client, c.ID)])
	c.Lead.Open, c.Lead.Change = w.open(plan.Lead, c.LeadKey()), w.open(plan.Lead, plan.ChangeKey(c.LeadKey()))
	if l := c.Lead.Former; l != nil && l.State == plan.Linked {
		c.Lead.Link = l
		c.busy = slices.ContainsFunc(w.linksTo(plan.Lead, l.RemoteID), func(other *plan.Link) bool { return other.Local == plan.Order })
	}
	if !c.MayBeLead() {
		return
	}
	for _, o := range w.orders {
		if o.ClientID == c.ID && w.open(plan.Lead, plan.ChangeKey(w.key(plan.Order, plan.Lead, o.ID))) != nil {
			c.begun = o.ID
		}
	}
	var sent bool
	c.Lead.Company, sent = c.Employer(c.ID, nil)
	c.Lead.Wanted = c.WantsClientLead(sent)
	if c.Lead.Wanted && c.Lead.Open != nil && c.Lead.Link == nil {
		c.Lead.ByKey = w.leadNumbers(c.LeadKey())
	}
}

// readClientLead reads a client's lead that lacks something.
func (w *world) readClientLead(c *clientWork) {
	if !c.LeadUnsettled() && (c.Lead.Link == nil || !c.joined && !c.LeadChanged()) {
		return
	}
	if l := w.lead(c.Lead.Link.RemoteID); l != nil {
		c.Lead.Read = lo.ToPtr(l.answer())
	}
}

// leadNumbers are the numbers of the leads with an external key.
func (p *portal) leadNumbers(key string) []int64 {
	return lo.Map(p.leadsBy(key), func(l *lead, _ int) int64 { return l.id })
}

// takeLeadTwin finds out about a lead that carries a key of ours and is linked to nothing.
func (w *world) takeLeadTwin(l *lead) {
	owner, as, token, ours := plan.KeyOf(l.key)
	isKnown := slices.ContainsFunc(w.linksTo(plan.Lead, l.id), func(l *plan.Link) bool { return l.State != plan.Deleted })
	if known, exists := w.token(owner); !ours || as != plan.Lead || isKnown || !exists || known != token {
		return
	}
	switch former := w.links[leadOf(owner.Kind, owner.ID)]; {
	case former != nil && (former.State == plan.Deleted || former.State != plan.Converted && w.lead(former.RemoteID) == nil):
		w.look(plan.Lead, former.RemoteID)
	case former == nil && owner.Kind != plan.Order:
		var deleted []*plan.Link
		for _, o := range w.orders {
			if l := w.links[leadOf(plan.Order, o.ID)]; o.ClientID == owner.ID && l != nil && l.State == plan.Deleted {
				deleted = append(deleted, copyOf(l))
			}
		}
		p := plan.ForUnlinkedLead(plan.UnlinkedLeadFacts{
			Frame: w.frame(), Lead: plan.Twin{ID: l.id, Created: l.created}, Owner: owner, Choice: w.choices[owner],
			Open: w.open(plan.Lead, l.key), Contact: copyOf(w.links[contactOf(owner.ID)]), Deleted: deleted,
		})
		w.told(p, w.store(p.Now))
	}
}
