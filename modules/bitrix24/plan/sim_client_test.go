package plan_test

import (
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// client is what a group of orders knows of the client whose they are. He has a contact, or gets one by a command that
// the orders share. It stands in for what plans about clients decide.
type client struct {
	customer plan.Customer
	create   *plan.Command
	wait     error // no deal is created without its contact
}

// readClient finds the client's contact, by its key if the answer to its creation was lost.
func (w *world) readClient(works []*work) *client {
	open := plan.Open{Entity: plan.Contact, Key: mapping.ClientKey(1, "")}
	if intent := w.intents[open]; intent != nil && w.contact == 0 {
		for _, c := range w.portal.contacts {
			if c.key == open.Key {
				w.saveLink(&plan.Link{Local: plan.Client, LocalID: 1, Entity: plan.Contact, RemoteID: c.id})
			}
		}
		if wait := intent.SentAt.Add(settle).Sub(w.now); w.contact == 0 && wait > 0 {
			return &client{wait: &plan.Wait{For: wait, Why: "the contact may still be created"}}
		}
	}
	if w.contact != 0 {
		return &client{customer: plan.Customer{ID: w.contact}}
	}
	needed := false
	for _, work := range works {
		l := w.links[work.id]
		begun := w.intents[plan.Open{Entity: plan.Deal, Key: mapping.OrderKey(work.id, "")}] != nil
		isNew := l == nil && (begun || w.order(work.id).Status != orders.Deleted)
		needed = needed || isNew || l != nil && l.State == plan.Linked && l.Agreed["originId"].Ours == ""
	}
	if !needed {
		return &client{}
	}
	create := &plan.Command{
		Name: "contact1", Method: "crm.item.add", Intent: &plan.Sending{Entity: open.Entity, Key: open.Key},
		Params: rest.Params{"entityTypeId": rest.TypeContact, "fields": rest.Params{"originId": open.Key}},
		Then: func(a plan.Answer) (int64, plan.Changes, error) {
			var made rest.Item[rest.Contact]
			err := a.Decode(&made)
			id := made.Item.ID.Int64()
			link := &plan.Link{Local: plan.Client, LocalID: 1, Entity: plan.Contact, RemoteID: id}
			return id, plan.Changes{Links: []*plan.Link{link}}, err
		},
	}
	customer := plan.Customer{ID: plan.Ref{Command: create.Name, Path: "item.id"}, Creating: create.Name}
	return &client{customer: customer, create: create}
}
