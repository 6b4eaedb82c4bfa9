package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// lead is a lead. Orders are put into it as into a deal, and who the person is it says as a contact does.
type lead struct {
	deal
	person contact
	state  plan.LinkState  // what people made of it
	chosen int64           // the contact that it was converted into
	byHand map[string]bool // what managers have written about the person
}

// stagesOfLeads are where a lead stands that people have done something with.
var stagesOfLeads = map[plan.LinkState]string{
	plan.Linked: "IN_PROCESS", plan.Converted: rest.LeadConverted, plan.Rejected: rest.LeadJunk,
}

// lead finds a lead; nil if it is not there.
func (p *portal) lead(id int64) *lead {
	for _, l := range p.leads {
		if l.id == id && !l.gone {
			return l
		}
	}
	return nil
}

// leadsBy are the leads that carry one of the keys.
func (p *portal) leadsBy(keys ...string) []*lead {
	return lo.Filter(p.leads, func(l *lead, _ int) bool { return !l.gone && slices.Contains(keys, l.key) })
}

// newLead creates a lead as crm.item.add is told to.
func (w *world) newLead(fields rest.Params) *lead {
	l := &lead{deal: deal{entity: plan.Lead, id: w.number(), created: w.clock(), stage: "NEW"}, byHand: map[string]bool{}}
	w.leads = append(w.leads, l)
	w.set(&l.deal, fields)
	w.fill(&l.person, fields)
	w.touched(&l.deal)
	return l
}

// updateLead changes a lead as crm.item.update is told to. What changes nothing is not saved.
func (w *world) updateLead(l *lead, fields rest.Params) {
	before := l.answer()
	changes := w.set(&l.deal, fields)
	w.fill(&l.person, fields)
	if after := l.answer(); changes || fmt.Sprint(before) != fmt.Sprint(after) {
		w.touched(&l.deal)
	}
}

// answer is the lead as crm.item.* answers with it.
func (l *lead) answer() rest.Lead {
	d := l.deal.answer()
	a := rest.Lead{
		ID: d.ID, Title: d.Title, StageID: d.StageID, Opportunity: d.Opportunity, Comments: d.Comments,
		ContactID: rest.ID(l.chosen), ContactIDs: d.ContactIDs, Changes: d.Changes, MovedTime: d.MovedTime,
		Name: l.person.Name, SecondName: l.person.SecondName, LastName: l.person.LastName,
		Multifields: slices.Clone(l.person.Multifields), StageSemanticID: "P",
	}
	switch l.state {
	case plan.Converted:
		a.StageSemanticID = rest.Success
	case plan.Rejected:
		a.StageSemanticID = rest.Failure
	}
	return a
}

// becomes moves a lead to where people want it.
func (w *world) becomes(l *lead, state plan.LinkState) {
	l.state, l.stage, l.moved = state, stagesOfLeads[state], w.clock()
	w.touched(&l.deal)
}

// someLead is the lead in one of the states that a step is about; nil if there is none.
func (w *world) someLead(n int, states ...plan.LinkState) *lead {
	there := lo.Filter(w.leads, func(l *lead, _ int) bool { return !l.gone && slices.Contains(states, l.state) })
	if len(there) == 0 {
		return nil
	}
	return there[n%len(there)]
}

// convertLead is «Качественный лид», with what a manager chooses in its dialog: a deal or none, and a new contact, one
// that is there, or none. The deal may take its time.
func (w *world) convertLead(s step) {
	l := w.someLead(s.Who, plan.Linked)
	if l == nil {
		return
	}
	deal := s.A%4 > 0
	l.chosen, _ = lo.Find(l.contacts, func(id int64) bool { return w.contact(id) != nil })
	switch known := w.someContact(s.B); {
	case known != nil && s.A/4%3 == 0:
		w.choose(l, known)
	case l.chosen == 0 && (s.A/4%3 == 1 || !deal):
		l.chosen = w.contactOf(l).ID.Int64()
	}
	w.tell("lead %d is converted: contact %d, deal %t", l.id, l.chosen, deal)
	if deal && s.B%4 == 0 {
		w.later(time.Duration(s.cut)*time.Second, func() { w.dealOf(l, s) })
	} else if deal {
		w.dealOf(l, s)
	}
	w.becomes(l, plan.Converted)
}

// choose gives a lead a contact that is there. One without a key gets that of the lead, on some portals.
func (w *world) choose(l *lead, c *contact) {
	l.chosen = c.ID.Int64()
	if w.CopiesKeys && c.OriginID == "" {
		c.OriginatorID, c.OriginID = "panel", rest.Text(l.key)
		w.contactTouched(c)
	}
}

// contactOf makes a contact of a lead.
func (w *world) contactOf(l *lead) *contact {
	c := &contact{Contact: l.person.Contact, lead: l.id}
	c.ID, c.Multifields = rest.ID(w.number()), nil
	c.OriginatorID, c.OriginID = "", ""
	if w.CopiesKeys {
		c.OriginatorID, c.OriginID = "panel", rest.Text(l.key)
	}
	if c.Name == "" && c.LastName == "" {
		c.Name = rest.Text(l.title)
	}
	for _, m := range l.person.Multifields {
		w.setValue(c, "n", string(m.TypeID), string(m.ValueType), string(m.Value))
	}
	w.contacts = append(w.contacts, c)
	w.contactTouched(c)
	return c
}

// dealOf makes a deal of a lead, with rows of its own and the contact that was chosen.
func (w *world) dealOf(l *lead, s step) {
	if l.gone {
		return
	}
	d := l.deal
	d.entity, d.id, d.lead, d.key, d.former = plan.Deal, w.number(), l.id, "", nil
	if w.CopiesKeys {
		d.key = l.key
	}
	d.category = []int64{0, 0, 9}[s.B/4%3]
	d.stage = rules.Funnels[d.category].Stages[0].StageID
	d.created, d.moved = w.clock(), w.clock()
	d.contacts, d.merged, d.guests, d.main = nil, nil, nil, 0
	if l.chosen != 0 && w.isThere(l.chosen) {
		d.contacts, d.merged = []int64{l.chosen}, []int64{l.chosen}
	}
	d.notes, d.ownTitle, d.payment, d.isCopy = nil, "", "", false
	w.tell("  lead %d becomes deal %d", l.id, d.id)
	w.takeIn(&d, true)
}

func (w *world) rejectLead(s step) {
	if l := w.someLead(s.Who, plan.Linked); l != nil {
		w.tell("lead %d is rejected", l.id)
		w.becomes(l, plan.Rejected)
	}
}

func (w *world) reopenLead(s step) {
	if l := w.someLead(s.Who, plan.Rejected); l != nil {
		w.tell("lead %d is open again", l.id)
		w.becomes(l, plan.Linked)
	}
}

func (w *world) deleteLead(s step) {
	if l := w.someLead(s.Who, plan.Linked, plan.Rejected, plan.Converted); l != nil {
		w.tell("lead %d is deleted", l.id)
		l.gone = true
		w.tellEvent(plan.Lead, l.id)
	}
}

// restoreLead brings a deleted lead back. It gets a new number, by which what was made of it knows it, too.
func (w *world) restoreLead(step) {
	i := slices.IndexFunc(w.leads, func(l *lead) bool { return l.gone })
	if i < 0 {
		return
	}
	l := *w.leads[i]
	w.leads = slices.Delete(slices.Clone(w.leads), i, i+1)
	w.tell("lead %d is restored as %d", l.id, w.last+1)
	l.isCopy = l.isCopy || len(w.linksTo(plan.Lead, l.id)) == 0
	l.former = append(slices.Clone(l.former), l.id)
	l.id, l.gone = w.number(), false
	w.leads = append(w.leads, &l)
	for _, d := range w.deals {
		if former := l.former[len(l.former)-1]; d.lead == former {
			d.lead = l.id
		}
	}
	for _, c := range w.contacts {
		if former := l.former[len(l.former)-1]; c.lead == former {
			c.lead = l.id
		}
	}
	w.touched(&l.deal)
}

// editLead changes by hand who a lead is about.
func (w *world) editLead(s step) {
	l := w.someLead(s.Who, plan.Linked)
	if l == nil {
		return
	}
	if s.A%2 == 0 {
		l.person.LastName, l.byHand["lastName"] = rest.Text(lastNames[s.B%len(lastNames)]), true
	} else {
		l.byHand["phone"] = true
		w.setKind(&l.person, "n0", rest.Phone, rest.Mobile, phones[s.B%len(phones)])
	}
	w.tell("a manager changes lead %d: %s", l.id, mapping.PresentContact(l.person.Contact))
	w.touched(&l.deal)
}

// leadKeys are the keys that the leads of some links may carry. An order may be in the lead of its client, whose own
// link is dropped when the lead is deleted.
func (w *world) leadKeys(links ...*plan.Link) []string {
	keys := map[string]bool{}
	for _, l := range links {
		keys[w.key(l.Local, plan.Lead, l.LocalID)] = true
		if l.Local == plan.Order {
			keys[w.key(plan.Client, plan.Lead, w.order(l.LocalID).ClientID)] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// leadTwins are the leads that carry one of the keys.
func (w *world) leadTwins(keys ...string) []plan.Twin {
	return lo.Map(w.leadsBy(keys...), func(l *lead, _ int) plan.Twin { return plan.Twin{ID: l.id, Created: l.created} })
}
