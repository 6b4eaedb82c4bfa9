package plan

import (
	"fmt"
	"maps"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// newDeal links the deal that an attempt created whose answer was lost, or else creates the deal with its rows.
func newDeal(f OrderFacts) Plan {
	if id, found := oldest(withoutCopies(f.ByKey, f.Copies)); found {
		return adoptDeal(f, id)
	}
	if wait := f.unsettled(f.Open); wait != nil {
		return Plan{Failure: wait}
	}
	if f.Input.Order.Status == orders.Deleted {
		return Plan{Now: Changes{Settled: []Open{{Deal, f.key()}}}} // what was begun was never carried out
	}
	deal := createDeal(f)
	p := Plan{Commands: []*Command{deal}}
	if len(f.Wanted) > 0 {
		p.Commands = append(p.Commands, setRows(f, deal))
	}
	return p
}

// customer are the deal's contact and company, as numbers or as references to the commands that create them.
func (f OrderFacts) customer() rest.Params { return mapping.DealClient(f.Contact.ID, f.Company.ID) }

// creating are the commands of this group that create the deal's contact and company.
func (f OrderFacts) creating() []string {
	return append(f.Contact.after(), f.Company.after()...)
}

// known is the customer with the numbers that references stand for by now.
func (f OrderFacts) known(a Answer) rest.Params {
	number := func(id any) any {
		if id == nil {
			return nil
		}
		return a.Number(id)
	}
	return mapping.DealClient(number(f.Contact.ID), number(f.Company.ID))
}

// createDeal is the command that creates the order's deal (crm.item.add). Deals of an export are imported
// (crm.item.batchImport, crm.item.import). The answer to an import holds only the deal's number, so what the link keeps is taken from
// what was sent.
func createDeal(f OrderFacts) *Command {
	o := f.Input.Order
	sent := mapping.Agreed{
		StageField:  {Ours: f.statusOfNew(), Theirs: f.stageOfNew()},
		OriginField: {Ours: "Y"},
	}
	sent.Agree(mapping.DealFields(f.Input))
	sent.Agree(rest.Params{commentsField: mapping.Comment(f.Input)})
	fields := mapping.NewDeal(f.Input, f.Contact.ID, f.Company.ID)
	if f.FromLead != 0 {
		fields["leadId"] = f.FromLead
	}
	c := Command{
		Name: fmt.Sprintf("deal%d", o.ID), After: f.creating(), About: About(Order, o.ID, Deal, 0),
		Intent: &Sending{Entity: Deal, Key: f.key(), Agreed: sent},
	}
	imports := f.imports()
	deal := addItem(c, fields, func(a Answer, made *rest.Deal) Changes {
		if imports {
			made.CategoryID, made.Opportunity = rest.ID(f.Rules.CategoryID), rest.Money(o.Total)
			made.StageID = rest.Text(f.stageOfNew())
		}
		agreed := maps.Clone(sent)
		agreed.Agree(f.known(a))
		done := Changes{Dropped: forgetDropped(agreed, fields, made.Custom)}
		if stage, sent := fields[StageField]; !sent {
			agreed[StageField] = mapping.Pair{Ours: f.statusOfNew(), Theirs: string(made.StageID)}
		} else if stage != string(made.StageID) { // a robot moved it at once: that is the portal's own change
			done.Follow = []Job{look(Deal, made.ID.Int64())}
		}
		l := f.newLink(Order, o.ID, Deal, made.ID.Int64(), agreed)
		l.See(made)
		done.Links = []*Link{l}
		return done
	})
	switch {
	case imports && f.ImportSingly:
		deal.Method = ImportOneMethod
	case imports:
		deal.Method, deal.Params = ImportMethod, rest.Params{"fields": fields}
	}
	return deal
}

// imports reports whether a new deal of the order is imported.
func (f OrderFacts) imports() bool { return f.Import && f.FromLead == 0 }

// stageOfNew is the stage at which a new deal begins: that of the order's status, else the first of its funnel.
func (f OrderFacts) stageOfNew() string {
	if stage, ok := f.Rules.Stage(f.Rules.CategoryID, "", f.Input.Order.Status); ok {
		return stage
	}
	return f.Stages.FirstStage(f.Rules.CategoryID)
}

// statusOfNew is the status that a new deal stands for: the order's, or none while no stage can stand for that. Then the
// deal follows as soon as there is one.
func (f OrderFacts) statusOfNew() string {
	if f.Rules.Waits(f.Rules.CategoryID, f.Input.Order.Status) {
		return ""
	}
	return string(f.Input.Order.Status)
}

// adoptDeal links a deal that an earlier attempt created.
func adoptDeal(f OrderFacts, id int64) Plan {
	l := f.newLink(Order, f.number(), Deal, id, mapping.Agreed{OriginField: {Ours: "Y"}})
	return Plan{Now: adopted(l, f.Open, f.Created[id])}
}

// adopted links a deal or lead that an earlier attempt created. What was sent then is what both sides have agreed on;
// whatever has changed since, on either side, is settled by the next push. Of an attempt in hours that this database lost
// nothing is known: then the panel's own fields are sent, and both sides agree on nothing else.
func adopted(l *Link, open *Intent, created rest.Time) Changes {
	text := map[Entity]string{
		Deal: "Сделка уже есть в Битрикс24: найдена по внешнему ключу и связана, второй не будет",
		Lead: "Лид уже есть в Битрикс24: найден по внешнему ключу и связан, второго не будет",
	}[l.Entity]
	if open != nil {
		maps.Copy(l.Agreed, open.Agreed)
		text = map[Entity]string{
			Deal: "Сделка уже создана прошлой попыткой, ответ которой потерялся: связана, второй не будет",
			Lead: "Лид уже создан прошлой попыткой, ответ которой потерялся: связан, второго не будет",
		}[l.Entity]
	}
	l.Agreed[createdField] = mapping.Pair{}
	l.seeCreated(created) // people may delete and restore it before it is read
	now := Changes{
		Links: []*Link{l}, Lines: []Line{inward(About(l.Local, l.LocalID, l.Entity, l.RemoteID), text)},
		// Events about it were dropped so far, since nobody knew whose it is. People may have moved it meanwhile.
		Follow: []Job{look(l.Entity, l.RemoteID), push(l.Local, l.LocalID)},
	}
	if l.Local == Order {
		now.RowsUnknown = []int64{l.LocalID} // they left with it, or they did not
	}
	return now
}

// linkedDeal moves the deal or takes its stage over, and sends the fields and rows that changed.
func linkedDeal(f OrderFacts) Plan {
	stage := settleStage(f)
	if stage.Failure != nil || stage.Again {
		return Plan{Now: stage.Now, Again: stage.Again, Failure: stage.Failure}
	}
	if len(stage.Now.Links) > 0 {
		f.Link = stage.Now.Links[0] // as it is once that is stored
	}
	stage.Now.Follow = append(stage.Now.Follow, f.leaveContact(f.Deal != nil)...)
	before := f.Link.Agreed
	fields, agreed := rest.Params{}, maps.Clone(before)
	if stage.Send != "" {
		fields[StageField], agreed[StageField] = stage.Send, stage.Agreed
	}
	sent := maps.Clone(mapping.DealFields(f.Input))
	creating := f.creating()
	maps.Copy(sent, f.customer())
	changed := agreed.Changed(sent)
	if f.Deal != nil && agreed[OriginField].Ours == "" {
		// A person made this deal of the order's lead, or it was found by its key. It still lacks what a new deal gets.
		maps.Copy(changed, mapping.ConvertedDeal(f.Input, string(f.Deal.Title), agreed[TitleField].Theirs))
		agreed[OriginField] = mapping.Pair{Ours: "Y"}
	}
	if comment := mapping.Comment(f.Input); f.Deal != nil && agreed[commentsField].Ours != mapping.Print(comment) {
		changed[commentsField] = withOurLinks(string(f.Deal.Comments), comment)
		agreed.Agree(rest.Params{commentsField: comment})
	}
	if f.Deal != nil {
		keepContacts(changed, f.Deal.ContactIDs, before)
	}
	fixAmount(changed, sent)
	maps.Copy(fields, changed)
	agreed.Agree(mapping.DealFields(f.Input))
	p := Plan{Now: stage.Now}
	if len(fields) > 0 || len(creating) > 0 {
		p.Commands = append(p.Commands, updateDeal(f, fields, agreed))
	}
	return besideFields(f, p)
}

// fixAmount sends amount and fixedField together, if either has changed: an amount that is not fixed is what the rows come
// to, whatever it was when it was read.
func fixAmount(changed, fields rest.Params) {
	if changed[amountField] != nil || changed[fixedField] != nil {
		changed[amountField], changed[fixedField] = fields[amountField], fields[fixedField]
	}
}

// updateDeal is the command that sends the fields which changed (crm.item.update), with a contact or company that is
// created in the same group.
func updateDeal(f OrderFacts, fields rest.Params, agreed mapping.Agreed) *Command {
	after := maps.Clone(agreed)
	after.Agree(f.customer())
	c := Command{
		Name: fmt.Sprintf("deal%d", f.number()), After: f.creating(), About: f.about(), Missing: f.lookAtTarget(),
		Intent: &Sending{Entity: Deal, Key: ChangeKey(f.key()), Agreed: changeAgreed(f.Link.Agreed, after)},
	}
	return updateItem(c, f.Link.RemoteID, fields, func(a Answer, changed *rest.Deal) Changes {
		now := maps.Clone(agreed)
		now.Agree(f.known(a))
		dropped := forgetDropped(now, fields, changed.Custom)
		done := Changes{Agree: []Agreement{{Link: f.Link, Fields: now, Seen: changed}}, Dropped: dropped}
		if string(changed.StageID) != agreed[StageField].Theirs { // somebody moved it, and no event has told of that yet
			done.Follow = append(done.Follow, look(Deal, f.Link.RemoteID))
		}
		return done
	})
}

// lookAtTarget is what follows when the order's deal or lead turns out to be missing: a look at it. There is none for a
// deal that was read a moment ago and is there, since whatever refused its change would refuse it after a look, too.
func (f OrderFacts) lookAtTarget() *Changes {
	if f.Deal != nil {
		return nil
	}
	return &Changes{Follow: []Job{look(f.Target, f.Link.RemoteID)}}
}

// ChangeKey is the key of the intent to change a record. The intent to create it has the record's own key.
func ChangeKey(key string) string { return "change " + key }

// withOurLinks puts our links at the top of a comment, in place of our old ones. What a manager wrote stays below.
func withOurLinks(theirs, ours string) string {
	lines := strings.Split(theirs, "\n")
	kept := lo.Reject(lines, func(line string, _ int) bool {
		isLink := strings.HasPrefix(line, "[URL=")
		return isLink &&
			(strings.HasSuffix(line, "в панели управления[/URL]") || strings.HasSuffix(line, "Архив заказа[/URL]"))
	})
	return strings.TrimSpace(strings.Join(append([]string{ours}, kept...), "\n"))
}

// keepContacts adds the contacts that a record has to the client's contact in fields, if there is one. The client's
// contact takes the place of the contact that was given before. If it is there already, it stays where a manager put
// it.
func keepContacts(fields rest.Params, there []rest.ID, before mapping.Agreed) {
	given, gives := fields[contactsField].([]any)
	if !gives {
		return
	}
	list, added := []any{}, false
	for _, id := range there {
		former := before[contactsField].Ours == mapping.Print([]any{id.Int64()})
		switch same := fmt.Sprint(given[0]) == fmt.Sprint(id.Int64()); {
		case same || former && !added:
			if !added {
				list = append(list, given[0])
			}
			added = true
		case !former:
			list = append(list, id.Int64())
		}
	}
	if !added {
		list = append([]any{given[0]}, list...)
	}
	fields[contactsField] = list
}

// leaveContact takes a new contact out of the facts if the deal or lead was not read: the client got the contact in this
// very run, by a conversion, and what managers have added is not known. The jobs that follow read it, and give it then.
func (f *OrderFacts) leaveContact(read bool) []Job {
	if read || !GivesContact(f.Link, f.Contact.ID) {
		return nil
	}
	f.Contact = Customer{}
	return []Job{look(f.Target, f.Link.RemoteID), push(Order, f.number())}
}

// GivesContact reports whether a deal or lead is to get a contact that it was not given yet. It goes by what is known
// before the portal has answered. The field contactIds replaces all contacts that are there, and a manager may have
// added some, so the record is read then.
func GivesContact(l *Link, contact any) bool {
	return len(l.Agreed.Changed(mapping.DealClient(contact, nil))) > 0
}

// MustReadDeal reports whether the deal has to be read before anything is written: it may have moved, the order has,
// or it is unknown what became of an earlier command. Rows that cannot be read may be those of a deal that is gone,
// and only the deal itself tells.
func (f OrderFacts) MustReadDeal() bool {
	moved := string(f.Input.Order.Status) != f.Link.Agreed[StageField].Ours
	return moved || f.ChangeOpen != nil || f.RowsOpen != nil || f.NoteOpen != nil
}

// Complete reports whether a deal has everything that a new deal gets. One that a person made of a lead, or that was
// found by its key, has not.
func (l *Link) Complete() bool { return l.Agreed[OriginField].Ours != "" }

// LacksComment reports whether our links have yet to go into the comment of the deal or lead.
func (f OrderFacts) LacksComment(in mapping.OrderInput) bool {
	return f.Link.Agreed[commentsField].Ours != mapping.Print(mapping.Comment(in))
}

// noteKey is the key of the intent to leave the note of a deleted order.
func (f OrderFacts) noteKey() string { return NoteKey(f.key()) }

// NoteKey is the key of the intent to leave the note of a deleted order, by the key of its deal or lead.
func NoteKey(key string) string { return key + "/deleted" }

// noteField is agreed once the deal's timeline says that the order was deleted.
const noteField = "deleted"

// DeletedNote is what the timeline of a deleted order's deal says; the deal itself stays as it is.
func DeletedNote(order int64) string {
	return fmt.Sprintf("Заказ № %d удалён в панели управления", order)
}

// WantsNote reports whether the timeline is to get the note of a deleted order.
func (f OrderFacts) WantsNote() bool {
	return f.Input.Order.Status == orders.Deleted && f.Link.Agreed[noteField].Ours == ""
}

// deletedNote leaves the note of a deleted order, once (crm.timeline.comment.add). A comment has no external key. After
// a lost answer the timeline is read, and its texts are compared.
func deletedNote(f OrderFacts) Plan {
	if !f.WantsNote() {
		return Plan{}
	}
	noted := []Agreement{{Link: f.Link, Fields: mapping.Agreed{noteField: {Ours: "Y"}}}}
	if f.NoteThere {
		return Plan{Now: Changes{Agree: noted, Settled: []Open{{Comment, f.noteKey()}}}}
	}
	if wait := f.unsettled(f.NoteOpen); wait != nil {
		return Plan{Failure: wait}
	}
	return Plan{Commands: []*Command{{
		Name: fmt.Sprintf("note%d", f.number()), Method: "crm.timeline.comment.add", About: f.about(),
		Intent: &Sending{Entity: Comment, Key: f.noteKey()}, Missing: f.lookAtTarget(),
		Params: rest.Params{"fields": rest.Params{
			"ENTITY_ID": f.Link.RemoteID, "ENTITY_TYPE": string(f.Target), "COMMENT": DeletedNote(f.number()),
		}},
		Then: func(a Answer) (int64, Changes, error) {
			var made rest.ID
			return f.Link.RemoteID, Changes{Agree: noted}, a.Decode(&made)
		},
	}}}
}
