package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// ClientLead is where the client of an order stands who is in a lead, or is to be in one.
type ClientLead struct {
	Client   *clients.Client
	Company  string     // the organization he orders for
	Known    bool       // he has a contact after all
	Link     *Link      // to his open lead
	Read     *rest.Lead // that lead; nil: it is not there, or was found in this very run
	Creating string     // the command of this group that creates his lead
	Busy     bool       // his lead carries an order already, so this one gets a lead of its own
	Begun    int64      // the order that an attempt whose answer was lost was putting into his lead; 0: none
}

// IsLead reports whether a client is a lead: he has no contact, and has an open lead or is to have one. begun says that
// his lead may have been created by an attempt whose answer was lost. Somebody who is only a guest of organizations is
// none; if an employee sends his orders, he gets a contact and deals.
func (f Frame) IsLead(client int64, contact, lead *Link, begun bool, c Choice, employers []*organizations.Organization) bool {
	switch {
	case contact != nil:
		return false
	case lead != nil && lead.State == Linked, begun && lead == nil && c == ChoiceLead:
		return true
	case !f.Leads || c != ChoiceLead:
		return false
	}
	mayOrder := func(o *organizations.Organization) bool { return o.MayOrder(client) }
	return len(employers) == 0 || slices.ContainsFunc(employers, mayOrder)
}

// Place decides where an order without a deal goes: into the lead that it is in already, into one if its client is a
// lead himself, even if the switch is off by now, else into a deal. lead is the link to the lead it is in, or was; open
// is the intent to create a lead for it.
func (f *OrderFacts) Place(lead *Link, open *Intent, isLead bool) {
	switch {
	case lead != nil && lead.State == Converted:
		f.FromLead = lead.RemoteID // no deal came of the lead: it is created now
	case lead != nil || isLead || open != nil:
		f.Target, f.Link, f.Open = Lead, lead, open
		f.LeadUnsure = lead == nil && !isLead
	}
}

// newOrderLead puts an order into its client's lead. If another order is in there already, or the client's lead was
// rejected, the order gets a lead of its own.
func newOrderLead(f OrderFacts) Plan {
	if len(f.ByKey) == 0 && (f.Client.Known || f.LeadUnsure) {
		return dealInstead(f)
	}
	id, found := oldest(f.ByKey)
	wait := f.unsettled(f.Open)
	isFree := !f.Client.Busy && f.Open == nil && (f.Client.Begun == 0 || f.Client.Begun == f.number())
	switch client := f.Client; {
	case found:
		return Plan{Now: adopted(f.newLink(Order, f.number(), Lead, id, nil), f.Open, f.Created[id])}
	case wait != nil:
		return Plan{Failure: wait}
	case client.Creating != "" && isFree:
		return f.withRows(Plan{Commands: []*Command{f.intoLead(client.Creating)}, InClientLead: true})
	case client.Link != nil && isFree:
		return f.joinLead()
	}
	return f.withRows(Plan{Commands: []*Command{f.createLead()}})
}

// joinLead links an order to its client's lead, which is old: people may have written into it, and converted it. What the
// order has is sent by the next push, which reads the lead first.
func (f OrderFacts) joinLead() Plan {
	lead := f.Client.Link.RemoteID
	if f.Client.Read == nil || LeadState(f.Client.Read) != Linked {
		wait := &Wait{For: 10 * time.Second, Why: "проверяем, что стало с лидом клиента в Битрикс24"}
		return Plan{Now: Changes{Follow: []Job{look(Lead, lead)}}, Failure: wait}
	}
	l := f.newLink(Order, f.number(), Lead, lead, nil)
	l.seeCreated(f.Client.Read.CreatedTime)
	return Plan{InClientLead: true, Now: Changes{
		Links: []*Link{l}, RowsUnknown: []int64{f.number()}, Follow: []Job{push(Order, f.number())},
	}}
}

// withRows adds the command that puts the rows into the lead of the plan's command.
func (f OrderFacts) withRows(p Plan) Plan {
	if len(f.Wanted) > 0 {
		p.Commands = append(p.Commands, setRows(f, p.Commands[0]))
	}
	return p
}

// intoLead is the command that puts the order's fields into the lead that the command creating makes (crm.item.update).
func (f OrderFacts) intoLead(creating string) *Command {
	fields, sent := mapping.LeadOrder(f.Input), mapping.Agreed{}
	sent.Agree(fields)
	c := Command{
		Name: fmt.Sprintf("lead%d", f.number()), About: About(Order, f.number(), Lead, 0), After: []string{creating},
		Intent: &Sending{Entity: Lead, Key: ChangeKey(f.key()), Agreed: sent},
	}
	return updateItem(c, Ref{Command: creating, Path: "item.id"}, fields, func(_ Answer, lead *rest.Lead) Changes {
		return f.inLead(lead, fields, sent)
	})
}

// createLead is the command that creates a lead for the order alone (crm.item.add).
func (f OrderFacts) createLead() *Command {
	client, order := f.Client.Client, mapping.LeadOrder(f.Input)
	fields := mapping.NewLead(mapping.ClientLead(client, f.Client.Company), f.key(),
		client.PhoneText(), client.EmailText(), f.Rules, f.Origin)
	maps.Copy(fields, order)
	sent := mapping.SentContact(client) // see saidOfContact
	sent.Agree(order)
	c := Command{
		Name: fmt.Sprintf("lead%d", f.number()), About: About(Order, f.number(), Lead, 0),
		Intent: &Sending{Entity: Lead, Key: f.key(), Agreed: sent},
	}
	return addItem(c, fields, func(_ Answer, lead *rest.Lead) Changes { return f.inLead(lead, order, sent) })
}

// inLead links the order to the lead that has got its fields. agreed is what both sides have agreed on then.
func (f OrderFacts) inLead(lead *rest.Lead, fields rest.Params, agreed mapping.Agreed) Changes {
	l := f.newLink(Order, f.number(), Lead, lead.ID.Int64(), agreed)
	dropped := forgetDropped(l.Agreed, fields, lead.Custom)
	l.Stage, l.Amount = string(lead.StageID), orders.Money(lead.Opportunity)
	l.seeCreated(lead.CreatedTime)
	return Changes{Links: []*Link{l}, Dropped: dropped, Follow: meanwhile(l, lead)}
}

// meanwhile is what follows when a lead was created. Whoever has changed the record of the panel meanwhile saw no link
// yet, and enqueued nothing. A person may have converted or rejected the lead.
func meanwhile(l *Link, lead *rest.Lead) []Job {
	follow := []Job{push(l.Local, l.LocalID)}
	if LeadState(lead) != Linked {
		follow = append(follow, look(Lead, lead.ID.Int64()))
	}
	return follow
}

// dealInstead leaves it to the next run to create a deal, once it is certain that there is no lead. The portal knows
// the client after all, or he no longer is to become a lead.
func dealInstead(f OrderFacts) Plan {
	var p Plan
	if f.Open != nil {
		if p.Failure = f.unsettled(f.Open); p.Failure != nil {
			return p
		}
		p.Now.Settled = []Open{{Lead, f.key()}}
	}
	p.Failure = &Wait{Why: "у клиента нет открытого лида в Битрикс24: заказ станет сделкой"}
	return p
}

// openLead sends what changed in an order to its open lead. Contact and company go along as soon as there are any, so
// that the dialog of conversion offers them.
func openLead(f OrderFacts) Plan {
	if f.ChangeOpen != nil && f.Lead != nil {
		return settleTarget(f, map[string]string{amountField: f.Lead.Opportunity.String()}, f.Lead.ContactIDs)
	} else if f.ChangeOpen != nil { // it is not there
		return Plan{Now: Changes{Follow: []Job{look(Lead, f.Link.RemoteID)}}}
	}
	var p Plan
	p.Now.Follow = f.leaveContact(f.Lead != nil)
	fields := mapping.LeadOrder(f.Input)
	maps.Copy(fields, f.customer())
	if f.Lead == nil {
		delete(fields, commentsField) // written already
	}
	if c := changeLead(fmt.Sprintf("lead%d", f.number()), f.key(), f.Link, fields, f.Lead); c != nil {
		c.After = f.creating()
		p.Commands = []*Command{c}
	}
	return besideFields(f, p)
}

// changeLead is the command that sends the fields which changed since they were last sent, or nil when there are none.
// What people wrote into the lead's comment, and contacts they added, stay if the lead was read.
func changeLead(name, key string, l *Link, fields rest.Params, read *rest.Lead) *Command {
	changed := rest.Params(l.Agreed.Changed(fields))
	if ours, changes := changed[commentsField].(string); changes {
		changed[commentsField] = withOurLinks(string(read.Comments), ours)
	}
	fixAmount(changed, fields)
	if read != nil {
		keepContacts(changed, read.ContactIDs, l.Agreed)
	}
	if len(changed) == 0 {
		return nil
	}
	after := maps.Clone(l.Agreed)
	after.Agree(fields)
	return sendLead(name, key, l, changed, after, func(a Answer) mapping.Agreed {
		agreed := mapping.Agreed{}
		agreed.Agree(resolved(a, fields))
		return agreed
	})
}

// sendLead is the command that changes fields of an open lead (crm.item.update). key is that of the lead's record of the
// panel, and after what its intent keeps. agreed is what both sides have agreed on then, unless the lead turns out not to
// be open any more.
func sendLead(
	name, key string, l *Link, fields rest.Params, after mapping.Agreed, agreed func(a Answer) mapping.Agreed,
) *Command {
	c := Command{
		Name: name, About: About(l.Local, l.LocalID, Lead, l.RemoteID),
		Intent:  &Sending{Entity: Lead, Key: ChangeKey(key), Agreed: changeAgreed(l.Agreed, after)},
		Missing: &Changes{Follow: []Job{look(Lead, l.RemoteID)}},
	}
	return updateItem(c, l.RemoteID, fields, func(a Answer, changed *rest.Lead) Changes {
		if LeadState(changed) != Linked { // it came too late: what was made of the lead does not say so
			return Changes{Follow: []Job{look(Lead, l.RemoteID)}}
		}
		now := agreed(a)
		dropped := forgetDropped(now, fields, changed.Custom)
		return Changes{Agree: []Agreement{{Link: l, Fields: now}}, Dropped: dropped}
	})
}

// resolved are fields with the numbers that references stand for by now.
func resolved(a Answer, fields rest.Params) rest.Params {
	known := maps.Clone(fields)
	if list, ok := known[contactsField].([]any); ok && len(list) > 0 {
		known[contactsField] = []any{a.Number(list[0])}
	}
	return known
}
