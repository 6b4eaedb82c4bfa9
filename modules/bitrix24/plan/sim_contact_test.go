package plan_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// contact is a contact of the portal.
type contact struct {
	rest.Contact
	lead int64 // that it was made of
	gone bool
}

// contact finds a contact; nil if it is not there.
func (p *portal) contact(id int64) *contact {
	for _, c := range p.contacts {
		if c.ID.Int64() == id && !c.gone {
			return c
		}
	}
	return nil
}

// isThere reports whether a deal may have a contact: the portal drops those that were deleted.
func (p *portal) isThere(id int64) bool {
	return !slices.ContainsFunc(p.contacts, func(c *contact) bool { return c.ID.Int64() == id && c.gone })
}

// answer is the contact as crm.item.* answers with it.
func (c *contact) answer() rest.Contact {
	a := c.Contact
	a.Multifields = slices.Clone(c.Multifields)
	return a
}

// newContact creates a contact as crm.item.add is told to.
func (w *world) newContact(fields rest.Params) *contact {
	c := &contact{Contact: rest.Contact{ID: rest.ID(w.number())}}
	w.contacts = append(w.contacts, c)
	w.setContact(c, fields)
	return c
}

// setContact writes fields into a contact.
func (w *world) setContact(c *contact, fields rest.Params) {
	w.fill(c, fields)
	w.contactTouched(c)
}

// fill writes into a contact or a lead who the person is.
func (w *world) fill(c *contact, fields rest.Params) {
	for name, into := range map[string]*rest.Text{
		"name": &c.Name, "lastName": &c.LastName, "secondName": &c.SecondName, "originId": &c.OriginID, "originatorId": &c.OriginatorID,
	} {
		if value, given := fields[name].(string); given {
			*into = rest.Text(value)
		}
	}
	values, _ := fields["fm"].(map[string]any)
	for key, value := range values {
		v := value.(map[string]any)
		w.setValue(c, key, v["typeId"].(string), v["valueType"].(string), v["value"].(string))
	}
}

// setValue changes the phone or e-mail of that number; an empty value deletes it. Another key adds one.
func (w *world) setValue(c *contact, key, typeID, valueType, value string) {
	i := slices.IndexFunc(c.Multifields, func(m rest.Multifield) bool { return fmt.Sprint(m.ID) == key })
	switch {
	case i < 0 && value != "":
		c.Multifields = append(c.Multifields, rest.Multifield{
			ID: rest.ID(w.number()), TypeID: rest.Text(typeID), ValueType: rest.Text(valueType), Value: rest.Text(value),
		})
	case i >= 0 && value != "":
		c.Multifields[i].Value = rest.Text(value)
	case i >= 0:
		c.Multifields = slices.Delete(slices.Clone(c.Multifields), i, i+1)
	}
}

// many reports whether a contact has several values of a field.
func (c *contact) many(field string) bool { return len(c.Multifields.Of(strings.ToUpper(field))) > 1 }

// contactTouched notes that a contact was saved, and tells of it.
func (w *world) contactTouched(c *contact) {
	c.UpdatedTime.At = w.clock()
	w.tellEvent(plan.Contact, c.ID.Int64())
}

// contactsBy are the contacts with a value, as crm.duplicate.findbycomm finds them: it compares the digits of phones.
func (w *world) contactsBy(typeID, value string) (ids []int64) {
	wanted := plainValue(typeID, value)
	for _, c := range w.contacts {
		isSame := func(m rest.Multifield) bool {
			return string(m.TypeID) == typeID && plainValue(typeID, string(m.Value)) == wanted
		}
		if value != "" && !c.gone && slices.ContainsFunc(c.Multifields, isSame) {
			ids = append(ids, c.ID.Int64())
		}
	}
	return ids
}

// plainValue is a phone or e-mail without what differs between two spellings of it.
func plainValue(typeID, value string) string {
	if typeID == rest.Phone && strings.HasPrefix(value, "8") {
		return "+7" + value[1:]
	}
	return strings.ToLower(value)
}

// contactsByKey are the contacts that carry an external key.
func (w *world) contactsByKey(key string) (ids []int64) {
	for _, c := range w.contacts {
		if !c.gone && string(c.OriginID) == key {
			ids = append(ids, c.ID.Int64())
		}
	}
	return ids
}

// someContact is the contact that a step is about; nil if there is none.
func (w *world) someContact(n int) *contact {
	there := lo.Filter(w.contacts, func(c *contact, _ int) bool { return !c.gone })
	if len(there) == 0 {
		return nil
	}
	return there[n%len(there)]
}

// walkIn is a person whom a manager types in, since he has called.
func (w *world) walkIn(s step) {
	if len(w.contacts) > 5 {
		return
	}
	c := &contact{Contact: rest.Contact{ID: rest.ID(w.number()), Name: "Звонок", LastName: rest.Text(lastNames[s.A%len(lastNames)])}}
	w.contacts = append(w.contacts, c)
	if s.B%3 > 0 {
		w.setValue(c, "n0", rest.Phone, rest.Mobile, "8"+phones[s.B/3%len(phones)][2:])
	}
	if s.B%3 < 2 {
		w.setValue(c, "n1", rest.Email, rest.Home, emails[s.A/3%len(emails)])
	}
	w.tell("a manager adds contact %d: %s", c.ID, mapping.PresentContact(c.Contact))
	w.contactTouched(c)
}

// editContact changes a contact by hand.
func (w *world) editContact(s step) {
	c := w.someContact(s.Who)
	if c == nil {
		return
	}
	before := mapping.PresentContact(c.Contact)
	w.listenToContact(c.ID.Int64())
	switch s.A % 3 {
	case 0:
		c.LastName = rest.Text(lastNames[s.B%len(lastNames)])
	case 1:
		w.setKind(c, "n0", rest.Phone, rest.Mobile, phones[s.B%len(phones)])
	default:
		w.setKind(c, "n1", rest.Email, rest.Home, emails[s.B%len(emails)])
	}
	w.tell("a manager changes contact %d: %s", c.ID, mapping.PresentContact(c.Contact))
	w.contactSays(c, before)
	w.contactTouched(c)
}

// setKind changes the contact's phone or e-mail, or adds one.
func (w *world) setKind(c *contact, fresh, typeID, valueType, value string) {
	key := fresh
	if m, found := c.Multifields.First(typeID, valueType); found {
		key = fmt.Sprint(m.ID)
	}
	w.setValue(c, key, typeID, valueType, value)
}

// deleteContact deletes a contact. Its deals lose it.
func (w *world) deleteContact(s step) {
	if c := w.someContact(s.Who); c != nil {
		w.tell("contact %d is deleted", c.ID)
		w.removeContact(c, 0)
	}
}

// removeContact takes a contact from the portal. Its deals get the other one instead; 0: none.
func (w *world) removeContact(c *contact, instead int64) {
	c.gone = true
	for _, d := range w.cards() {
		i := slices.Index(d.contacts, c.ID.Int64())
		switch {
		case i < 0:
			continue
		case instead != 0 && !slices.Contains(d.contacts, instead):
			d.contacts = slices.Clone(d.contacts)
			d.contacts[i] = instead
		default:
			d.contacts = slices.Delete(slices.Clone(d.contacts), i, i+1)
		}
		if instead != 0 {
			d.merged = append(slices.Clone(d.merged), instead)
		}
		d.main = 0 // which contact comes first once the client has another is not said
	}
	w.tellEvent(plan.Contact, c.ID.Int64())
}

// mergeContacts joins a contact into another one, which gets what it lacks.
func (w *world) mergeContacts(s step) {
	keep, drop := w.someContact(s.Who), w.someContact(s.Who+1+s.A%3)
	if keep == nil || keep == drop {
		return
	}
	before := mapping.PresentContact(keep.Contact)
	w.listenToContact(keep.ID.Int64())
	if keep.LastName == "" {
		keep.LastName = drop.LastName
	}
	for _, m := range drop.Multifields {
		if !slices.ContainsFunc(keep.Multifields, func(other rest.Multifield) bool {
			kind := string(m.TypeID)
			return other.TypeID == m.TypeID && plainValue(kind, string(other.Value)) == plainValue(kind, string(m.Value))
		}) {
			w.setValue(keep, "new", string(m.TypeID), string(m.ValueType), string(m.Value))
		}
	}
	w.tell("contact %d is merged into contact %d: %s", drop.ID, keep.ID, mapping.PresentContact(keep.Contact))
	w.removeContact(drop, keep.ID.Int64())
	w.contactSays(keep, before)
	if l := w.linkTo(plan.Contact, keep.ID.Int64()); l != nil {
		w.saidOf(l.LocalID, "phone").many = keep.many("phone")
		w.saidOf(l.LocalID, "email").many = keep.many("email")
	}
	w.contactTouched(keep)
}
