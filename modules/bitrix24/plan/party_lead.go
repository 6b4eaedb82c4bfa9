package plan

import (
	"fmt"
	"maps"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// PartyLead is how a client or an organization stands with leads: it was registered while new ones were passed on as
// leads, and no person has converted its lead yet.
type PartyLead struct {
	Wanted  bool       // it is to be a lead, unless the portal knows it already
	Former  *Link      // to its lead, in whatever state that is
	Link    *Link      // to its lead, while that is open
	Open    *Intent    // to create the lead; its outcome is unknown
	Change  *Intent    // to change it, likewise
	ByKey   []int64    // leads that carry its key, read with Open
	Read    *rest.Lead // read when the lead is to be changed
	Company string     // of a client: the organization he orders for
}

// LeadKey is the external key of the party's lead.
func (f Party) LeadKey() string { return Key(f.Kind, Lead, f.ID, f.Token) }

// leadCommand names a command that creates or changes the lead: "lead_client42".
func (f Party) leadCommand() string { return fmt.Sprintf("lead_%s%d", f.Kind, f.ID) }

// Employer is the organization that a client orders for, of those that he is an employee of; empty of a person. sent
// reports whether he is sent at all: guests are not, nor are those whom «Типы отправляемых заказов» leave out.
func (f Frame) Employer(client int64, list []*organizations.Organization) (name string, sent bool) {
	employer, found := lo.Find(list, func(o *organizations.Organization) bool { return o.MayOrder(client) })
	if found {
		return employer.Name, f.Organizations
	}
	return "", len(list) == 0 && f.Persons
}

// MayBeLead reports whether a client is in an open lead, or registered while new clients were passed on as leads and
// has neither lead nor contact.
func (f Party) MayBeLead() bool {
	return f.Link == nil && (f.Lead.Link != nil || f.Lead.Former == nil && f.Chosen == ChoiceLead)
}

// WantsClientLead reports whether a client who may be a lead is to be one. sent is that of Employer.
func (f Party) WantsClientLead(sent bool) bool {
	begun := f.Lead.Open != nil // what was begun is brought to an end
	return f.Lead.Link != nil || begun || f.Leads && sent
}

// WantsOrganizationLead reports whether an organization is to be a lead. While its lead is open an organization gets no
// company: that is created when an employee's lead is converted.
func (f Party) WantsOrganizationLead() bool {
	switch {
	case f.Lead.Link != nil:
		return true
	case f.Link != nil || f.Lead.Former != nil:
		return false
	case f.Lead.Open != nil: // what was begun is brought to an end
		return true
	}
	return f.Chosen == ChoiceLead && f.Leads && f.Organizations
}

// leadContent is what a lead says of a client or an organization.
type leadContent struct {
	fields       rest.Params // all but phone and e-mail
	phone, email string
	agreed       mapping.Agreed // what both sides have agreed on of phone and e-mail once the lead has them
}

// changed reports whether an open lead lacks something of the content.
func (c leadContent) changed(l *Link) bool { return l.Agreed.LeadChanged(c.fields, c.phone, c.email) }

// createLead creates the party's lead (crm.item.add), or links the one that an earlier attempt created.
func (f Party) createLead(content leadContent) Plan {
	if id, found := oldest(f.Lead.ByKey); found {
		return Plan{Now: adopted(f.newLink(f.Kind, f.ID, Lead, id, nil), f.Lead.Open, rest.Time{})}
	}
	if wait := f.unsettled(f.Lead.Open); wait != nil {
		return Plan{Failure: wait}
	}
	sent := lo.Assign(mapping.Agreed{}, content.agreed)
	sent.Agree(content.fields)
	c := Command{
		Name: f.leadCommand(), About: About(f.Kind, f.ID, Lead, 0),
		Intent: &Sending{Entity: Lead, Key: f.LeadKey(), Agreed: sent},
	}
	fields := mapping.NewLead(content.fields, f.LeadKey(), content.phone, content.email, f.Rules, f.Origin)
	create := addItem(c, fields, func(_ Answer, lead *rest.Lead) Changes {
		l := f.newLink(f.Kind, f.ID, Lead, lead.ID.Int64(), sent)
		l.Stage = string(lead.StageID)
		l.seeCreated(lead.CreatedTime)
		return Changes{Links: []*Link{l}, Follow: meanwhile(l, lead)}
	})
	return Plan{Commands: []*Command{create}, CreatesLead: create.Name}
}

// LeadUnsettled reports whether it is unknown what became of an earlier change of the party's open lead.
func (f Party) LeadUnsettled() bool { return f.Lead.Link != nil && f.Lead.Change != nil }

// settleLead finds out what became of it. A lead that could not be read is looked at first.
func (f Party) settleLead() Plan {
	lead := f.Lead.Link.RemoteID
	if f.Lead.Read == nil {
		return Plan{Now: Changes{Follow: []Job{look(Lead, lead), push(f.Kind, f.ID)}}}
	}
	present := mapping.PresentLead(*f.Lead.Read)
	f.Lead.Change.findContact(present, f.Lead.Read.ContactIDs)
	return settleChange(f.Frame, f.Lead.Link, f.Lead.Change, present)
}

// changeLead sends to an open lead what the panel knows better. A lead that could not be read gets the changed fields
// as they are. One that turns out not to be open any more is looked at instead: what it said last is what was made of it.
func (f Party) changeLead(content leadContent) Plan {
	l := f.Lead.Link
	if f.Lead.Read != nil && LeadState(f.Lead.Read) != Linked {
		return Plan{Now: Changes{Follow: []Job{look(Lead, l.RemoteID)}}}
	}
	if f.Lead.Read == nil {
		return command(changeLead(f.leadCommand(), f.LeadKey(), l, content.fields, nil))
	}
	send, after := mapping.MergeLead(l.Agreed, content.fields, content.phone, content.email, *f.Lead.Read)
	if len(send) > 0 {
		return command(sendLead(f.leadCommand(), f.LeadKey(), l, send, after, func(Answer) mapping.Agreed { return after }))
	}
	agreed := l.copy()
	maps.Copy(agreed.Agreed, after)
	return Plan{Now: Changes{Links: []*Link{agreed}}}
}

// command is the plan that sends one command, or does nothing if there is none.
func command(c *Command) Plan { return Plan{Commands: lo.Compact([]*Command{c})} }
