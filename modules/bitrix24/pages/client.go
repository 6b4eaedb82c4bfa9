package pages

import (
	"context"
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
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
	l, err := x.portals.Book(s.PortalID).Link(ctx, records.Client, records.Contact, c.ID)
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
			found := fmt.Sprintf("Контакт %d в Битрикс24: %s", contactID, name)
			field.Help(found)
			f.Remarks = append(f.Remarks, found)
		}
		return err
	}
	f.Save = func(ctx context.Context, tx *db.Tx) error {
		return x.saveContactID(ctx, tx, s, c.ID, l, contactID, checked)
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
	if refused, ok := portal.AsRefusal(err); ok && refused.NotFound() {
		return found, false, form.FieldError{Name: "contact_id", Message: fmt.Sprintf("В Битрикс24 нет контакта %d", id)}
	}
	return item.Item, err == nil, nil
}

// saveContactID links, relinks or unlinks, in the transaction in which the client is saved.
func (x *Pages) saveContactID(ctx context.Context, tx *db.Tx, s portal.Settings, clientID int64, l *records.Link, contactID int64, checked bool) error {
	switch {
	case l == nil && contactID == 0, l != nil && l.RemoteID == contactID:
		return nil
	case contactID == 0:
		return records.Unlink(tx, l)
	}
	others, err := x.portals.Book(s.PortalID).LinksTo(ctx, records.Contact, []int64{contactID})
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.Local == records.Client && other.LocalID != clientID {
			name := fmt.Sprintf("№ %d", other.LocalID)
			if c, err := x.Clients.Find(ctx, other.LocalID); err == nil {
				name = c.Name()
			}
			return form.FieldError{Name: "contact_id", Message: fmt.Sprintf("Контакт %d уже привязан к клиенту %s", contactID, name)}
		}
	}
	if l != nil {
		if err := records.Unlink(tx, l); err != nil {
			return err
		}
	}
	l = &records.Link{PortalID: s.PortalID, Local: records.Client, LocalID: clientID, Entity: records.Contact, RemoteID: contactID, Checked: checked}
	if err := records.SaveLink(tx, l); err != nil {
		return err
	}
	return x.Jobs.Enqueue(tx, exchange.PushClient{ID: clientID})
}

// SendClient is «Отправить в Битрикс24» in a client's menu, there while the client has no contact.
func (x *Pages) SendClient() panel.Action[*clients.Client] {
	return panel.Action[*clients.Client]{
		Name: "bitrix24.send", Label: "Отправить в Битрикс24", Icon: "send",
		Visible: func(ctx context.Context, c *clients.Client) (bool, error) {
			return x.unknown(ctx, records.Client, records.Contact, c.ID)
		},
		Do: func(ctx context.Context, c *clients.Client) (string, error) {
			s, err := x.portals.Current(ctx)
			if err != nil {
				return "", err
			}
			return x.sendNow(ctx, s, records.Client, c.ID, exchange.PushClient{ID: c.ID}, "Контакт клиента", records.Contact)
		},
	}
}

// unknown reports whether the exchange is on and the portal has no record of this one, as far as the panel knows.
func (x *Pages) unknown(ctx context.Context, kind records.Local, e records.Entity, id int64) (bool, error) {
	s, why, err := x.portals.Active(ctx)
	if err != nil || why != "" {
		return false, err
	}
	l, err := x.portals.Book(s.PortalID).Link(ctx, kind, e, id)
	return l == nil, err
}
