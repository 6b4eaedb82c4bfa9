package plan

import (
	"fmt"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// Party are the facts that decide about a client and about an organization alike. A client stands for a contact, an
// organization for a company. Either may be in a lead first, and stays there until a person converts the lead.
type Party struct {
	Frame

	Kind   Local  // Client or Organization
	Entity Entity // Contact or Company
	ID     int64
	Token  string // of the panel's record

	Compare bool // one of the two sides may have changed
	Needed  bool // an order or an organization needs the record: find or create it
	Chosen  Choice
	Link    *Link

	// Intents whose outcomes are unknown: to create the record, to change it.
	Open, ChangeOpen *Intent

	Lead  PartyLead
	Gone  bool // the portal says that there is no such record
	Found Candidates
}

// Key is the external key of the contact or company.
func (f Party) Key() string { return Key(f.Kind, f.Entity, f.ID, f.Token) }

// InLead reports whether the party is in an open lead, which is all that the portal has of it for now.
func (f Party) InLead() bool { return f.Link == nil && f.Lead.Link != nil && !f.Needed }

// command names the command that creates or changes the record: "contact42".
func (f Party) command() string { return fmt.Sprintf("%s%d", f.Entity, f.ID) }

// about is what the journal's lines about the record refer to.
func (f Party) about() Note { return About(f.Kind, f.ID, f.Entity, f.Link.Number()) }

// partyTexts are the journal's sentences about one kind of record.
type partyTexts struct{ found, changed, gone, goneWhileNeeded string }

// texts returns the journal's sentences about the party's record.
func (f Party) texts() partyTexts {
	if f.Entity == Company {
		return partyTexts{
			found:           "Найдена компания организации, связана. ",
			changed:         "Компания изменена в Битрикс24, организация обновлена",
			gone:            "Компания удалена в Битрикс24, связь снята",
			goneWhileNeeded: "компания организации удалена в Битрикс24: ищем другую или создаём заново",
		}
	}
	return partyTexts{
		found:           "Найден контакт клиента, связан. ",
		changed:         "Контакт изменён в Битрикс24, клиент обновлён",
		gone:            "Контакт удалён в Битрикс24, связь снята",
		goneWhileNeeded: "контакт клиента удалён в Битрикс24: ищем другой или создаём заново",
	}
}

// findOrCreate links the record that was found, or creates one: the lead if the party is to be one, else the contact or
// company by the command create. follow is what a new link sets off, besides a push of the party itself.
func (f Party) findOrCreate(create *Command, lead leadContent, follow []Job) Plan {
	id, warning := f.Found.pick()
	wait := f.unsettled(f.Open)
	isOurs := slices.Contains(f.Found.ByKey, id)
	if wait != nil && !isOurs {
		return Plan{Failure: wait} // whatever else was found, ours may still be created
	}
	if id != 0 {
		// The next push fills what is empty and writes our key into the record.
		l := f.newLink(f.Kind, f.ID, f.Entity, id, f.Found.agreedWith(f.Open, id))
		return Plan{Now: Changes{
			Links: []*Link{l}, Lines: []Line{inward(f.about(), f.texts().found+warning)},
			Follow: append(slices.Clone(follow), push(f.Kind, f.ID)),
		}}
	}
	if f.Lead.Wanted && !f.Needed {
		return f.createLead(lead)
	}
	return Plan{Commands: []*Command{create}, Creates: create.Name}
}

// creating begins the command that creates the record. sent is what both sides have agreed on then.
func (f Party) creating(sent mapping.Agreed) Command {
	return Command{
		Name: f.command(), About: f.about(), Intent: &Sending{Entity: f.Entity, Key: f.Key(), Agreed: sent},
	}
}

// forget drops the link to a record that is gone. «Отправить в Битрикс24» is offered again. Before a new record is
// created the old one is looked for by its keys, since it may have been merged with another.
func (f Party) forget() Plan {
	p := Plan{Now: Changes{
		Unlink: []*Link{f.Link}, Caught: true, Lines: []Line{inward(f.about(), f.texts().gone)},
		Settled: []Open{{f.Entity, ChangeKey(f.Key())}}, // whatever was sent was sent to that record
	}}
	if f.Chosen == ChoiceSend { // the wish is fulfilled: nothing is created again unasked
		p.Now.Choices = []Chosen{{Record{f.Kind, f.ID}, ChoiceNone}}
	}
	if f.Needed {
		p.Failure = &Wait{Why: f.texts().goneWhileNeeded}
	}
	return p
}

// fieldMerge is what a comparison of a contact or company came to, field by field.
type fieldMerge mapping.ContactMerge

// agree stores what follows from a comparison before anything is sent: what both sides have agreed on, and what the
// panel takes over from the portal. ours are the panel's values. The link is the party's as it is from now on; fields
// that the panel sends are not agreed on until they have arrived.
func (f Party) agree(m fieldMerge, ours map[string]string) (Plan, *Link) {
	l, sends := f.Link.copy(), len(m.Send) > 0
	l.Checked = true
	for field, pair := range m.Agreed {
		if _, takes := m.Take[field]; takes || !sends {
			l.Agreed[field] = pair
		}
	}
	var now Changes
	switch {
	case len(m.Take) > 0:
		now.Party = &PartyTake{Link: l, Fields: m.Take, Ours: ours, Took: f.texts().changed}
		now.Caught = true
		for _, text := range m.Notes {
			now.Lines = append(now.Lines, inward(f.about(), text))
		}
	case !sends || !f.Link.Checked:
		now.Links = []*Link{l}
	}
	return Plan{Now: now, Again: now.Party != nil}, l
}

// Taken is what became of one value that the panel was to take over.
type Taken struct {
	Field   string
	Now     string // the panel's value then
	Refused string // why the panel refused it, in Russian; empty: it did not
}

// Became is what is stored once it is known what became of the values. A value that the panel refused is journalled
// once, and both sides keep their own: only another change will be looked at again.
func (t *PartyTake) Became(values []Taken) Changes {
	l := t.Link.copy()
	about := About(l.Local, l.LocalID, l.Entity, l.RemoteID)
	var lines []Line
	for _, v := range values {
		theirs := t.Fields[v.Field]
		switch {
		case v.Refused == "":
			lines = append(lines, inward(about, t.Took))
		case l.Refused[v.Field] != theirs:
			lines = append(lines, refused(about, "Значение с портала не принято: "+v.Refused))
			l.Refused = lo.Assign(l.Refused, map[string]string{v.Field: theirs})
		}
		ours := v.Now
		if v.Refused != "" {
			ours = t.Ours[v.Field]
		}
		l.Agreed[v.Field] = mapping.Pair{Ours: ours, Theirs: l.Agreed[v.Field].Theirs}
	}
	return Changes{Links: []*Link{l}, Lines: lines}
}

// sendFields is the command that sends the party's changed fields to its contact or company (crm.item.update).
func sendFields[T item](f Party, l *Link, m fieldMerge) *Command {
	c := Command{
		Name: f.command(), About: f.about(),
		Intent: &Sending{Entity: f.Entity, Key: ChangeKey(f.Key()), Agreed: changeAgreed(l.Agreed, m.Agreed)},
	}
	return updateItem(c, l.RemoteID, m.Send, func(Answer, *T) Changes {
		return Changes{Agree: []Agreement{{Link: l, Fields: m.Agreed}}}
	})
}
