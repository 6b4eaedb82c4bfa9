package plan_test

import (
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// clientWork brings a client and his contact together.
type clientWork struct {
	plan.ClientFacts
	attempt
	creates, createsLead string
	begun                int64 // the order that may be on its way into his lead
	joined               bool  // an order may go into his lead
	busy                 bool  // his lead carries an order already
}

// asLead is the client as an order gets him that goes into a lead.
func (c *clientWork) asLead() plan.ClientLead {
	return plan.ClientLead{
		Client: c.Client, Company: c.Lead.Company, Known: c.Link != nil, Link: c.Lead.Link, Read: c.Lead.Read,
		Creating: c.createsLead, Busy: c.busy, Begun: c.begun,
	}
}

// customer is the contact as a deal gets it.
func (c *clientWork) customer() plan.Customer {
	switch {
	case c.Link != nil:
		return plan.Customer{ID: c.Link.RemoteID}
	case c.creates != "":
		return plan.Customer{ID: plan.Ref{Command: c.creates, Path: "item.id"}, Creating: c.creates}
	}
	return plan.Customer{}
}

// loadClient reads what the panel knows of a client, and what the portal says.
func (w *world) loadClient(c *clientWork) {
	c.Frame, c.Client = w.frame(), copyOfClient(w.client(c.ID))
	c.Token, c.Chosen = c.Client.Token, w.choices[plan.Record{Kind: plan.Client, ID: c.ID}]
	c.Link = copyOf(w.links[contactOf(c.ID)])
	c.Open, c.ChangeOpen = w.open(plan.Contact, c.Key()), w.open(plan.Contact, plan.ChangeKey(c.Key()))
	c.Needed = c.Needed || c.Chosen == plan.ChoiceSend || c.Open != nil
	w.loadClientLead(c)
	switch {
	case c.Link == nil && !c.Needed && !c.Lead.Wanted:
		c.done = true
	case c.InLead():
		w.readClientLead(c)
	case c.Link == nil:
		c.Found = plan.Candidates{
			ByKey:   w.contactsByKey(c.Key()),
			ByPhone: w.contactsBy(rest.Phone, c.Client.PhoneText()),
			ByEmail: w.contactsBy(rest.Email, c.Client.EmailText()),
		}
	case !c.Compare && c.Link.Checked:
		c.done = true
	default:
		if there := w.contact(c.Link.RemoteID); there != nil {
			c.Contact = lo.ToPtr(there.answer())
		}
		c.Gone = c.Contact == nil
		w.readClientLead(c)
	}
}

// planClient plans a client, anew as long as the plan changes what it was made of.
func (w *world) planClient(c *clientWork) {
	if c.done {
		return
	}
	for _, id := range c.Found.All() {
		if l := w.linkTo(plan.Contact, id); l != nil && l.LocalID != c.ID {
			c.Found.Taken = append(c.Found.Taken, id)
		}
	}
	for range 5 {
		p := plan.ForClient(c.ClientFacts)
		w.told(p, nil)
		links := p.Now.Links
		if p.Now.Party != nil {
			links = w.takeParty(p.Now.Party)
			c.Client = copyOfClient(w.client(c.ID))
		}
		if err := w.store(p.Now); err != nil {
			w.fail("the plan of client %d is not stored: %v", c.ID, err)
		}
		for _, l := range links {
			if l.Entity == plan.Lead {
				c.Lead.Link = copyOf(l)
			} else {
				c.Link = copyOf(l)
			}
		}
		for _, open := range p.Now.Settled {
			if open.Entity == plan.Lead {
				c.Lead.Change = nil
			} else {
				c.ChangeOpen = nil
			}
		}
		if !p.Again {
			c.failure, c.commands = p.Failure, p.Commands
			c.creates, c.createsLead = p.Creates, p.CreatesLead
			return
		}
	}
	w.fail("client %d is planned again and again", c.ID)
}

// takeParty changes a client to what his contact says, field by field. It returns his link as it is then.
func (w *world) takeParty(take *plan.PartyTake) []*plan.Link {
	w.saveLink(take.Link)
	var values []plan.Taken
	for _, field := range slices.Sorted(maps.Keys(take.Fields)) {
		changed := copyOfClient(w.client(take.Link.LocalID))
		value := plan.Taken{Field: field}
		if no, refused := refusal.From(w.saveClient(changed, mapping.TakeContact(changed, field, take.Fields[field]))); refused {
			value.Refused = no.Message
		}
		value.Now = mapping.ContactFields(w.client(changed.ID))[field]
		values = append(values, value)
	}
	became := take.Became(values)
	if err := w.store(became); err != nil {
		w.fail("what became of client %d is not stored: %v", take.Link.LocalID, err)
	}
	return became.Links
}
