package exchange

import (
	"context"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// leadContent is what a lead says of a client or an organization.
type leadContent struct {
	fields       rest.Params // all but phone and e-mail
	phone, email string
	agreed       mapping.Agreed // what both sides have agreed on of phone and e-mail once the lead has them
}

// leadsOn reports whether new clients become leads: the switch is on, and the portal has leads at all.
func (c *Connection) leadsOn() bool {
	return c.Current.Leads && c.Lists.Mode != rest.ModeSimple
}

// createPartyLead adds the command that creates the lead of a client or an organization (crm.item.add). If an earlier
// attempt created the lead and its answer was lost, the command brings that lead up to date instead.
func (r *run) createPartyLead(w partyWork) {
	p := w.base()
	id, found := p.lead.found.oldestByKey()
	if !found {
		if p.err = r.unsettled(p.lead.intent); p.err != nil {
			return
		}
	}
	content := w.leadContent()
	fields := mapping.NewLead(content.fields, p.leadKey(), content.phone, content.email, r.Current.Rules, r.Origin)
	link := r.Book.NewLink(p.kind, p.id, plan.Lead, 0, content.agreed)
	store := func(tx *db.Tx, lead *rest.Lead) error {
		link.RemoteID, link.Stage = lead.ID.Int64(), string(lead.StageID)
		agreed := lo.Assign(mapping.Agreed{}, content.agreed)
		agreed.Agree(content.fields)
		link.Agreed = agreed
		return records.SaveLink(tx, link)
	}
	t := task{
		name:   p.leadTaskName(),
		entity: plan.Lead,
		key:    p.leadKey(),
		note:   plan.About(p.kind, p.id, plan.Lead, 0),
	}
	p.lead.create = addItem(t, rest.TypeLead, leadNumber, always(fields), store)
	if found {
		p.lead.create = updateItem(
			t, rest.TypeLead, func() any { return id }, leadNumber, always(content.fields), store,
		)
	}
	r.enlist(p.lead.create)
}

// changePartyLead sends to an open lead what the panel knows better.
func (r *run) changePartyLead(ctx context.Context, w partyWork) (err error) {
	p := w.base()
	if w.leadChanged() {
		p.change, err = r.mergeLead(ctx, p, w.leadContent())
	}
	p.done = err == nil && p.change == nil
	return err
}

// readPartyLeads reads the open leads of parties whole (crm.item.list). Values of multifields are changed by their
// numbers, and what people changed in a lead stays.
func (r *run) readPartyLeads(list []*party) {
	ReadByID(
		&r.questions,
		rest.TypeLead,
		[]string{"*"},
		leadNumber,
		lo.Map(list, func(p *party, _ int) Sought[rest.Lead] {
			return Sought[rest.Lead]{
				ID:   p.lead.link.RemoteID,
				Take: func(lead *rest.Lead) { p.lead.read = lead },
				Err:  &p.err,
			}
		}),
	)
}

// mergeLead returns the command that sends what the panel has changed, or nil when nothing of it is to be sent. A lead
// that could not be read gets the changed fields as they are.
func (r *run) mergeLead(ctx context.Context, p *party, content leadContent) (*task, error) {
	link := p.lead.link
	if p.lead.read == nil {
		return r.changeLead(p.leadTaskName(), link, content.fields, nil), nil
	}
	send, after := mapping.MergeLead(link.Agreed, content.fields, content.phone, content.email, *p.lead.read)
	if len(send) > 0 {
		all := func(plan.Answer) mapping.Agreed { return after }
		return r.enlist(r.commandTask(plan.SendLead(p.leadTaskName(), link, send, all))), nil
	}
	return nil, r.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		link.Agreed = after
		return records.SaveLink(tx, link)
	})
}

// changeLead adds the command that sends the fields which changed since they were last sent, if there are any.
func (r *run) changeLead(name string, link *plan.Link, fields rest.Params, read *rest.Lead) *task {
	c := plan.ChangeLead(name, link, fields, read)
	if c == nil {
		return nil
	}
	return r.enlist(r.commandTask(c))
}
