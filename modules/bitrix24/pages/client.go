package pages

import (
	"context"
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// ClientFields adds «Bitrix Contact ID» to the form of a client while the module is on.
func (x *Pages) ClientFields(ctx context.Context, c *clients.Client) (*form.Form, error) {
	s, err := x.portals.Current(ctx)
	if err != nil || !s.Connected() || c.ID == 0 {
		return nil, err
	}
	l, err := x.portals.Book(s.PortalID).Link(ctx, plan.Client, plan.Contact, c.ID)
	if err != nil {
		return nil, err
	}
	var contactID int64
	if l != nil {
		contactID = l.RemoteID
	}
	field := form.Number("contact_id", "Bitrix Contact ID", &contactID)
	if l != nil && !l.Checked {
		field.Help("Не проверен: портал не отвечал. Номер будет проверен перед использованием")
	}
	f := &form.Form{Section: portal.Name, Fields: []*form.Field{field}}
	checked := true
	f.Check = func(ctx context.Context) error {
		if contactID == 0 || l != nil && l.RemoteID == contactID {
			return nil
		}
		found, known, err := x.findContact(ctx, contactID)
		if checked = known; known {
			name := strings.Join(lo.Compact([]string{string(found.Name), string(found.LastName)}), " ")
			text := fmt.Sprintf("Контакт %d в Битрикс24: %s", contactID, name)
			field.Help(text)
			f.Remarks = append(f.Remarks, text)
		}
		return err
	}
	f.Save = func(ctx context.Context, tx *db.Tx) error {
		return x.linkContact(ctx, tx, l, plan.Link{
			PortalID: s.PortalID, Local: plan.Client, LocalID: c.ID,
			Entity: plan.Contact, RemoteID: contactID, Checked: checked,
		})
	}
	return f, nil
}

// findContact asks the portal for a contact typed by hand (crm.item.get). While the portal does not answer nothing is
// known of it, which is no error.
func (x *Pages) findContact(ctx context.Context, id int64) (found rest.Contact, known bool, err error) {
	c, err := x.exchange.Connect(ctx)
	if err != nil {
		return found, false, nil //nolint:nilerr // the exchange is off or paused: checked before use
	}
	batch := rest.Batch{Class: rest.People}
	batch.Add("contact", "crm.item.get", rest.Params{"entityTypeId": rest.TypeContact, "id": id})
	ctx, cancel := context.WithTimeout(ctx, x.portals.Options.AwaitStaff)
	defer cancel()
	result, err := c.Client.Do(ctx, &batch)
	var item rest.Item[rest.Contact]
	if err == nil {
		err = exchange.ReadNumbered(result, "contact", &item, &item.Item.ID)
	}
	if refused, ok := rest.AsRefusal(err); ok && refused.NotFound() {
		message := fmt.Sprintf("В Битрикс24 нет контакта %d", id)
		return found, false, form.FieldError{Name: "contact_id", Message: message}
	}
	return item.Item, err == nil, nil
}

// linkContact links a client to the contact that was typed, in the transaction in which the client is saved. Before is
// the link so far; without a number it is removed.
func (x *Pages) linkContact(ctx context.Context, tx *db.Tx, before *plan.Link, link plan.Link) error {
	contactID := link.RemoteID
	switch {
	case before == nil && contactID == 0, before != nil && before.RemoteID == contactID:
		return nil
	case contactID == 0:
		return records.Unlink(tx, before)
	}
	others, err := x.portals.Book(link.PortalID).LinksTo(ctx, plan.Contact, []int64{contactID})
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.Local == plan.Client && other.LocalID != link.LocalID {
			name := fmt.Sprintf("№ %d", other.LocalID)
			if c, err := x.Clients.Find(ctx, other.LocalID); err == nil {
				name = c.Name()
			}
			message := fmt.Sprintf("Контакт %d уже привязан к клиенту %s", contactID, name)
			return form.FieldError{Name: "contact_id", Message: message}
		}
	}
	if before != nil {
		if err := records.Unlink(tx, before); err != nil {
			return err
		}
	}
	if err := records.SaveLink(tx, &link); err != nil {
		return err
	}
	return x.Jobs.Enqueue(tx, exchange.PushClient{ID: link.LocalID})
}
