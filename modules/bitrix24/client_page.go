package bitrix24

import (
	"context"
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// clientFields adds «Bitrix Contact ID» to the form of a client while the module is on.
func (m *Module) clientFields(ctx context.Context, c *clients.Client) (*form.Form, error) {
	s, err := m.settings(ctx)
	if err != nil || !s.connected() || c.ID == 0 {
		return nil, err
	}
	l, err := m.link(ctx, s.PortalID, aClient, aContact, c.ID)
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
	f := &form.Form{Section: m.Name(), Fields: []*form.Field{field}}
	checked := true
	f.Check = func(ctx context.Context) error {
		if contactID == 0 || l != nil && l.RemoteID == contactID {
			return nil
		}
		found, known, err := m.findContact(ctx, contactID)
		if checked = known; known {
			name := strings.Join(lo.Compact([]string{string(found.Name), string(found.LastName)}), " ")
			found := fmt.Sprintf("Контакт %d в Битрикс24: %s", contactID, name)
			field.Help(found)
			f.Remarks = append(f.Remarks, found)
		}
		return err
	}
	f.Save = func(ctx context.Context, tx *db.Tx) error {
		return m.saveContactID(ctx, tx, s, c.ID, l, contactID, checked)
	}
	return f, nil
}

// findContact asks the portal for a contact typed by hand (crm.item.get). While the portal does not answer nothing is
// known of it, which is no error.
func (m *Module) findContact(ctx context.Context, id int64) (found rest.Contact, known bool, err error) {
	c, err := m.connect(ctx)
	if err != nil {
		return found, false, nil //nolint:nilerr // the exchange is off or paused: checked before use
	}
	batch := rest.Batch{Class: rest.People}
	batch.Add("contact", "crm.item.get", rest.Params{"entityTypeId": rest.TypeContact, "id": id})
	ctx, cancel := context.WithTimeout(ctx, m.opts.AwaitStaff)
	defer cancel()
	result, err := c.client.Do(ctx, &batch)
	var item rest.Item[rest.Contact]
	if err == nil {
		err = readNumbered(result, "contact", &item, &item.Item.ID)
	}
	if refused, ok := asRefusal(err); ok && refused.NotFound() {
		return found, false, form.FieldError{Name: "contact_id", Message: fmt.Sprintf("В Битрикс24 нет контакта %d", id)}
	}
	return item.Item, err == nil, nil
}

// saveContactID links, relinks or unlinks, in the transaction in which the client is saved.
func (m *Module) saveContactID(ctx context.Context, tx *db.Tx, s Settings, clientID int64, l *Link, contactID int64, checked bool) error {
	switch {
	case l == nil && contactID == 0, l != nil && l.RemoteID == contactID:
		return nil
	case contactID == 0:
		return m.unlink(tx, l)
	}
	others, err := m.linksTo(ctx, s.PortalID, aContact, []int64{contactID})
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.Local == aClient && other.LocalID != clientID {
			name := fmt.Sprintf("№ %d", other.LocalID)
			if c, err := m.Clients.Find(ctx, other.LocalID); err == nil {
				name = c.Name()
			}
			return form.FieldError{Name: "contact_id", Message: fmt.Sprintf("Контакт %d уже привязан к клиенту %s", contactID, name)}
		}
	}
	if l != nil {
		if err := m.unlink(tx, l); err != nil {
			return err
		}
	}
	l = &Link{PortalID: s.PortalID, Local: aClient, LocalID: clientID, Entity: aContact, RemoteID: contactID, Checked: checked}
	if err := m.saveLink(tx, l); err != nil {
		return err
	}
	return m.Jobs.Enqueue(tx, pushClient{ID: clientID})
}

// sendClient is «Отправить в Битрикс24» in a client's menu, there while the client has no contact.
func (m *Module) sendClient() panel.Action[*clients.Client] {
	return panel.Action[*clients.Client]{
		Name: "bitrix24.send", Label: "Отправить в Битрикс24", Icon: "send",
		Visible: func(ctx context.Context, c *clients.Client) (bool, error) {
			return m.unknown(ctx, aClient, aContact, c.ID)
		},
		Do: func(ctx context.Context, c *clients.Client) (string, error) {
			s, err := m.settings(ctx)
			if err != nil {
				return "", err
			}
			return m.sendNow(ctx, s, aClient, c.ID, pushClient{ID: c.ID}, "Контакт клиента", aContact)
		},
	}
}

// unknown reports whether the exchange is on and the portal has no record of this one, as far as the panel knows.
func (m *Module) unknown(ctx context.Context, kind local, e entity, id int64) (bool, error) {
	s, why, err := m.active(ctx)
	if err != nil || why != "" {
		return false, err
	}
	l, err := m.link(ctx, s.PortalID, kind, e, id)
	return l == nil, err
}
