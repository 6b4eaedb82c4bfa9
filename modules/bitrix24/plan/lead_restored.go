package plan

import (
	"fmt"
	"slices"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// leadBack links client, organization and order to their lead again, which came out of the recycle bin under another
// number. The next look finds out where the lead stands.
func leadBack(links []*Link, id int64) Changes {
	now := Changes{Caught: true}
	for _, former := range links {
		l := former.copy()
		l.RemoteID = id
		if l.State == Deleted {
			l.State = Linked
		}
		now.Links = append(now.Links, l)
		if l.Local == Order {
			now.RowsUnknown = append(now.RowsUnknown, l.LocalID)
		}
		text := fmt.Sprintf("Лид %d снова в Битрикс24: связан по внешнему ключу", id)
		now.Lines = append(now.Lines, inward(About(l.Local, l.LocalID, Lead, id), text))
		now.Follow = append(now.Follow, push(l.Local, l.LocalID))
	}
	now.Follow = append([]Job{{Look: &Look{Lead, id}, Slow: true}}, now.Follow...)
	return now
}

// leadRestored is the number under which the lead is there again, if it came out of the recycle bin.
func (f LeadFacts) leadRestored() (id int64, found bool) {
	for _, l := range f.Links {
		if id, found := l.Restored(f.Twins, nil, f.ClockOffset); found {
			return id, true
		}
	}
	return 0, false
}

// Vanished reports whether the lead turns out to be gone, so that its links are to be dropped.
func (f LeadFacts) Vanished() bool {
	isNews := slices.ContainsFunc(f.Links, func(l *Link) bool { return l.State != Deleted })
	_, restored := f.leadRestored()
	return f.Gone && isNews && !restored
}

// UnlinkedLeadFacts are what decides about a lead that carries a key of ours and is linked to nothing.
type UnlinkedLeadFacts struct {
	Frame
	Lead    Twin
	Owner   Record  // whose key it carries, a record that the panel has
	Choice  Choice  // about the owner
	Open    *Intent // to create the owner's lead; its outcome is unknown
	Contact *Link   // to the owner's contact or company
	Former  *Link   // to the owner's lead
	Deleted []*Link // from orders of the owner to leads that were deleted
}

// ForUnlinkedLead links a client or an organization to the lead that carries its key, and the orders that were in it:
// the lead was deleted, and came out of the recycle bin. Whoever has a lead or a contact meanwhile keeps that.
func ForUnlinkedLead(f UnlinkedLeadFacts) Plan {
	if f.Open != nil {
		return Plan{} // as in ForUnlinked
	}
	var back []*Link
	isFree := f.Former == nil && f.Contact == nil
	if f.Owner.Kind != Order && isFree && f.Choice != ChoiceIgnore {
		back = append(back, f.newLink(f.Owner.Kind, f.Owner.ID, Lead, f.Lead.ID, mapping.Agreed{createdField: {}}))
	}
	for _, l := range f.Deleted {
		if _, isIt := l.Restored([]Twin{f.Lead}, nil, f.ClockOffset); isIt {
			back = append(back, l)
		}
	}
	if len(back) == 0 {
		return Plan{}
	}
	return Plan{Now: leadBack(back, f.Lead.ID)}
}
