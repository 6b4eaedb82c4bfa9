package plan

import (
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// ClientFacts are what decides about a client and his contact, or the lead that he is in.
type ClientFacts struct {
	Party
	Client  *clients.Client // as he is sent: see ClientWithout
	Contact *rest.Contact   // nil while it was not read, or when it is not there
	WorksIn []int64         // organizations whose companies a new contact of his is to be added to by their own pushes
}

// ForClient decides about a client: to link or to create his contact or lead, or to compare the two.
func ForClient(f ClientFacts) Plan {
	switch {
	case (f.InLead() || f.Contact != nil) && f.LeadUnsettled():
		return f.settleLead()
	case f.InLead() && f.LeadChanged():
		return f.changeLead(f.leadContent())
	case f.InLead():
		return Plan{}
	case f.Link == nil:
		return f.findOrCreate(createContact(f), f.leadContent(), f.pushEmployers())
	case f.Gone:
		return f.forget()
	case f.Contact != nil:
		return compareContact(f)
	}
	return Plan{}
}

// ClientWithout is the client without an e-mail that the portal has refused. Instead he has the e-mail that the portal
// took last, by the first link that exists, so that nothing about it is sent.
func ClientWithout(c *clients.Client, refused string, links ...*Link) *clients.Client {
	if refused == "" || c.EmailText() != refused {
		return c
	}
	without := *c
	without.Email = lo.EmptyableToPtr(acceptedEmail(links))
	return &without
}

// acceptedEmail is the e-mail that the portal took last, by the first link that exists.
func acceptedEmail(links []*Link) string {
	for _, l := range links {
		if l != nil {
			return l.Agreed.Email()
		}
	}
	return ""
}

// leadContent is what the client's lead says.
func (f ClientFacts) leadContent() leadContent {
	return leadContent{
		fields: mapping.ClientLead(f.Client, f.Lead.Company),
		phone:  f.Client.PhoneText(), email: f.Client.EmailText(),
		agreed: mapping.SentContact(f.Client),
	}
}

// LeadChanged reports whether the client's open lead lacks something. Once he has a contact that is the contact alone;
// before, it is what has changed since the lead was last sent.
func (f ClientFacts) LeadChanged() bool {
	if f.Link != nil {
		return GivesContact(f.Lead.Link, f.Link.RemoteID)
	}
	return f.Compare && f.leadContent().changed(f.Lead.Link)
}

// createContact is the command that creates the client's contact (crm.item.add).
func createContact(f ClientFacts) *Command {
	fields := mapping.NewContact(f.Client, f.Origin)
	return addItem(f.creating(mapping.SentContact(f.Client)), fields, func(_ Answer, made *rest.Contact) Changes {
		agreed := mapping.MergeContact(nil, f.Client, *made, f.Origin).Agreed
		return Changes{
			Links:  []*Link{f.newLink(Client, f.ID, Contact, made.ID.Int64(), agreed)},
			Follow: f.pushEmployers(),
			Sent:   &SentClient{ID: f.ID, Revision: f.Client.Revision},
		}
	})
}

// pushEmployers are the pushes of the organizations that the client works in, which add his contact to their companies.
func (f ClientFacts) pushEmployers() []Job {
	return lo.Map(f.WorksIn, func(id int64, _ int) Job { return push(Organization, id) })
}

// compareContact compares both sides field by field. What the portal changed is taken over first; then what the panel
// changed is sent, and the client's open lead gets his contact.
func compareContact(f ClientFacts) Plan {
	if f.ChangeOpen != nil {
		return settleChange(f.Frame, f.Link, f.ChangeOpen, mapping.PresentContact(*f.Contact))
	}
	m := fieldMerge(mapping.MergeContact(f.Link.Agreed, f.Client, *f.Contact, f.Origin))
	p, l := f.agree(m, mapping.ContactFields(f.Client))
	if p.Again {
		return p
	}
	if f.Lead.Link != nil {
		contact := mapping.DealClient(l.RemoteID, nil)
		p.Commands = command(changeLead(f.leadCommand(), f.LeadKey(), f.Lead.Link, contact, f.Lead.Read)).Commands
	}
	if len(m.Send) > 0 {
		p.Commands = append(p.Commands, sendFields[rest.Contact](f.Party, l, m))
	}
	return p
}
