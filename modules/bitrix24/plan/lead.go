package plan

import (
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// LeadFacts are what decides about a lead of ours: a person may have converted, rejected, reopened or deleted it. Only
// people and the portal's robots convert leads. No REST method does.
type LeadFacts struct {
	Frame

	ID    int64
	Links []*Link // from the client, the organization and the order that are in it

	// What the portal says.
	Lead *rest.Lead
	Gone bool // there is no such lead

	Twins []Twin // leads that carry the keys of those that are in it, asked for when it is gone

	// What the portal says came of a converted lead. All of it carries the lead's number.
	Deals               []rest.Deal
	Contacts, Companies []int64

	// What the panel knows of a converted lead's people.
	Orders    map[int64]*orders.Order       // those of Links
	Employers []*organizations.Organization // those that the client is an employee of, the oldest first
	Client    *clients.Client               // nil if there is none
	InLeads   []int64                       // the client's orders that are in open leads

	// Known are the links of client, organization and orders to contact, company and deals, everybody's links to the
	// contact and company that the lead was converted into, the organization's to its own lead, and those of InLeads to
	// their leads. Others do no harm. Of two of the same records the later counts.
	Known []*Link
}

// ForLead decides about a lead: what a person did with it becomes known here. What follows from it on the portal is
// left to further jobs.
func ForLead(f LeadFacts) Plan {
	switch {
	case f.Gone:
		return leadGone(f)
	case f.Lead.StageSemanticID == rest.Success:
		return leadConverted(f)
	case f.Lead.StageSemanticID == rest.Failure:
		return leadState(f, Rejected, "Лид отклонён в Битрикс24")
	}
	return leadState(f, Linked, "Лид снова в работе в Битрикс24")
}

// about is what the journal's lines refer to that are about a record in the lead.
func (f LeadFacts) about(l *Link) Note { return About(l.Local, l.LocalID, Lead, f.ID) }

// leadState notes that a lead was rejected, or is open again. A lead that is open again gets what has changed in the
// panel meanwhile.
func leadState(f LeadFacts, state LinkState, text string) Plan {
	var now Changes
	for _, former := range f.Links {
		l := former.copy()
		l.State, l.Stage = state, string(f.Lead.StageID)
		l.seeCreated(f.Lead.CreatedTime)
		now.Links = append(now.Links, l)
		if former.State == state {
			continue
		}
		now.Lines = append(now.Lines, inward(f.about(l), text))
		if state == Linked {
			now.Follow = append(now.Follow, push(l.Local, l.LocalID))
		}
	}
	return Plan{Now: now}
}

// leadGone links those who were in a lead to it again if it is there under another number, out of the recycle bin.
// Otherwise it notes that the lead was deleted. Nothing is created again unasked. The order's page says what happened, and a
// client or organization is offered «Отправить в Битрикс24» again.
func leadGone(f LeadFacts) Plan {
	if id, restored := f.leadRestored(); restored {
		return Plan{Now: leadBack(f.Links, id)}
	}
	var now Changes
	for _, l := range f.Links {
		if l.State == Deleted {
			continue // that is known
		}
		now.Lines = append(now.Lines, inward(f.about(l), "Лид удалён в Битрикс24"))
		if l.Local == Order {
			l = l.copy()
			l.State = Deleted
			now.Links = append(now.Links, l)
			continue
		}
		now.Unlink = append(now.Unlink, l)
		now.Choices = append(now.Choices, Chosen{Record{l.Local, l.LocalID}, ChoiceNone})
	}
	return Plan{Now: now}
}

// known returns the link of a record of the panel to a record of one kind on the portal, or nil.
func (f LeadFacts) known(kind Local, id int64, e Entity) *Link {
	l, _, _ := lo.FindLastIndexOf(f.Known, func(l *Link) bool {
		return l.Local == kind && l.LocalID == id && l.Entity == e
	})
	return l
}

// isTaken reports whether a contact is some client's, or a company some organization's.
func (f LeadFacts) isTaken(kind Local, e Entity, remoteID int64) bool {
	return slices.ContainsFunc(f.Known, func(l *Link) bool {
		return l.Local == kind && l.Entity == e && l.RemoteID == remoteID
	})
}
