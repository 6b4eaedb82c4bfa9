package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// dealWait is how long after a conversion a deal may take to appear. After that, the person chose to have none.
const dealWait = 15 * time.Minute

// convertedField keeps when we first saw that a lead is converted (RFC 3339).
const convertedField = "converted"

// leadConverted links order, client and organization to the deal, contact and company that a person made of the lead.
// While the deal is waited for, the order's link stays as it is. The client's other orders that are in open leads get
// his contact and company, so that the dialog of their conversion offers them.
func leadConverted(f LeadFacts) Plan {
	p := Plan{Now: convertedContact(f).and(convertedCompany(f))}
	for _, l := range f.Links {
		if l.State == Converted {
			p.Now.Links = append(p.Now.Links, l) // seen again, or reconciliation would take it for news every time
			continue
		}
		if l.Local == Order {
			deal := convertedDeal(f, l)
			p.Now = p.Now.and(deal.Now)
			if deal.Failure != nil {
				p.Failure = deal.Failure
				return p
			}
		}
		l = l.copy()
		l.State, l.Stage = Converted, string(f.Lead.StageID)
		p.Now.Links = append(p.Now.Links, l)
		p.Now.Lines = append(p.Now.Lines, inward(f.about(l), "Лид переведён в качественный"))
	}
	for _, id := range f.InLeads {
		if l := f.known(Order, id, Lead); l != nil && l.State == Linked && l.RemoteID != f.ID {
			p.Now.Follow = append(p.Now.Follow, push(Order, id))
		}
	}
	return p
}

// StandsFor returns the client and the organization that a lead stands for; 0: none. They are those of the lead itself
// or of its order. Without an organization, it is the one that the client may order for.
func (f LeadFacts) StandsFor() (client, organization int64) {
	for _, l := range f.Links {
		o := f.Orders[l.LocalID]
		switch {
		case l.Local == Client:
			client = l.LocalID
		case l.Local == Organization:
			organization = l.LocalID
		case o != nil:
			client, organization = o.ClientID, lo.CoalesceOrEmpty(lo.FromPtr(o.OrganizationID), organization)
		}
	}
	for _, employer := range f.Employers {
		if organization == 0 && employer.MayOrder(client) {
			organization = employer.ID
		}
	}
	return client, organization
}

// ContactID is the number of the contact that was made of the lead, or chosen for it; 0: none.
func (f LeadFacts) ContactID() int64 {
	return lo.CoalesceOrEmpty(f.Lead.ContactID.Int64(), lo.FirstOrEmpty(f.Contacts))
}

// CompanyID is the number of the company that was made of the lead, or chosen for it; 0: none.
func (f LeadFacts) CompanyID() int64 {
	return lo.CoalesceOrEmpty(f.Lead.CompanyID.Int64(), lo.FirstOrEmpty(f.Companies))
}

// wasSeen reports whether an earlier look found the lead converted, and warned of what was odd about that.
func (f LeadFacts) wasSeen() bool {
	return slices.ContainsFunc(f.Links, func(l *Link) bool {
		return l.State == Converted || l.Agreed[convertedField].Ours != ""
	})
}

// odd warns, at the first look, of a contact or company that is not taken.
func (f LeadFacts) odd(about Note, text string) Changes {
	if f.wasSeen() {
		return Changes{}
	}
	return Changes{Lines: []Line{refused(about, text)}}
}

// convertedContact links the client to the contact of the lead. A client who has a contact already keeps that.
func convertedContact(f LeadFacts) Changes {
	client, _ := f.StandsFor()
	id := f.ContactID()
	if id == 0 || client == 0 {
		return Changes{}
	}
	about := About(Client, client, Contact, id)
	known := f.known(Client, client, Contact)
	switch {
	case known != nil && known.RemoteID == id:
		return Changes{}
	case known != nil:
		text := fmt.Sprintf("Лид %d переведён в другой контакт: у клиента остаётся контакт %d", f.ID, known.RemoteID)
		return f.odd(about, text)
	case f.isTaken(Client, Contact, id):
		return f.odd(about, fmt.Sprintf("Лид %d переведён в контакт, который уже связан с другим клиентом", f.ID))
	}
	l := f.newLink(Client, client, Contact, id, nil)
	if slices.Contains(f.Contacts, id) {
		l.Agreed = f.saidOfContact()
	}
	return Changes{Links: []*Link{l}, Follow: []Job{push(Client, client)}}
}

// convertedCompany links the organization to the company of the lead. If there is none, the next push finds or creates
// one. That push also closes the organization's own lead.
func convertedCompany(f LeadFacts) Changes {
	_, organization := f.StandsFor()
	if organization == 0 {
		return Changes{}
	}
	id := f.CompanyID()
	now := Changes{Follow: []Job{push(Organization, organization)}}
	switch {
	case f.known(Organization, organization, Company) != nil:
	case id == 0:
		now.Choices = []Chosen{{Record{Organization, organization}, ChoiceSend}}
	case f.isTaken(Organization, Company, id):
		text := fmt.Sprintf("Лид %d переведён в компанию, которая уже связана с другой организацией", f.ID)
		return f.odd(About(Organization, organization, Company, id), text)
	default:
		l := f.newLink(Organization, organization, Company, id, nil)
		if slices.Contains(f.Companies, id) {
			l.Agreed = f.saidOfCompany(organization)
		}
		now.Links = []*Link{l}
	}
	return now
}

// convertedDeal links the order of a link to the deal that was made of the lead, the oldest of several.
func convertedDeal(f LeadFacts, of *Link) Plan {
	if f.known(Order, of.LocalID, Deal) != nil {
		return Plan{}
	}
	if len(f.Deals) == 0 {
		return awaitDeal(f, of)
	}
	deal := slices.MinFunc(f.Deals, func(a, b rest.Deal) int { return int(a.ID - b.ID) })
	title := string(f.Lead.Title)
	if said, known := f.said(TitleField); known && said.Theirs == string(deal.Title) {
		title = said.Theirs // the lead was given another title after its conversion
	}
	l := f.newLink(Order, of.LocalID, Deal, deal.ID.Int64(), mapping.Agreed{
		// The order's status decides about the stage. Its title replaces the lead's, unless a person changed that.
		StageField: {Theirs: string(deal.StageID)},
		TitleField: {Theirs: title},
	})
	l.See(&deal)
	about := About(Order, of.LocalID, Deal, l.RemoteID)
	return Plan{Now: Changes{
		Links:       []*Link{l},
		RowsUnknown: []int64{of.LocalID}, // the portal has copied the lead's rows: the next push finds ours among them
		Lines:       []Line{inward(about, fmt.Sprintf("Лид %d стал сделкой, заказ связан с ней", f.ID))},
		Follow:      []Job{push(Order, of.LocalID)},
	}}
}

// awaitDeal has the lead looked at again while no deal has come of it. After dealWait the order's push creates the deal
// and ties it to the lead.
func awaitDeal(f LeadFacts, of *Link) Plan {
	var p Plan
	seen, err := time.Parse(time.RFC3339, of.Agreed[convertedField].Ours)
	if err != nil {
		seen = f.Now
		l := of.copy()
		l.Agreed[convertedField] = mapping.Pair{Ours: seen.Format(time.RFC3339)}
		p.Now.Links = []*Link{l}
	}
	left := seen.Add(dealWait).Sub(f.Now)
	if left <= 0 {
		return Plan{Now: Changes{Follow: []Job{push(Order, of.LocalID)}}}
	}
	p.Failure = &Wait{For: min(left, 20*time.Second), Why: "лид переведён в качественный, ждём сделку"}
	return p
}
