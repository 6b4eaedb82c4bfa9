package plan_test

import (
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// What clients and contacts are called. There is little of it, so that many are alike.
var (
	lastNames = []string{"Иванова", "Петрова", ""}
	phones    = []string{"+79160000001", "+79160000002", "+79160000003"}
	emails    = []string{"anna@print.test", "vera@print.test", ""}
)

// mostClients is how many clients a world may have.
const mostClients = 2

// client returns a client by his number.
func (p *panel) client(id int64) *clients.Client { return p.clients[id-1] }

// someClient is the client that n is about. The next one registers if there are not all of them yet.
func (w *world) someClient(n int) *clients.Client {
	if len(w.clients) < mostClients && n%mostClients >= len(w.clients) || len(w.clients) == 0 {
		c := &clients.Client{ID: int64(len(w.clients) + 1), FirstName: "Анна", LastName: lastNames[n/2%len(lastNames)]}
		if n%5 > 0 {
			_ = c.SetPhone(phones[n/6%len(phones)])
		}
		if n%5 < 3 {
			_ = c.SetEmail(emails[n/3%len(emails)])
		}
		if w.isUnique(c) != nil {
			c.Phone, c.Email = nil, nil
		}
		w.clients = append(w.clients, c)
		w.tell("client %d registers: %s", c.ID, mapping.ContactFields(c))
		if w.Leads {
			w.choices[plan.Record{Kind: plan.Client, ID: c.ID}] = plan.ChoiceLead
			w.push(plan.Client, c.ID)
		}
	}
	return w.clients[n%len(w.clients)]
}

func copyOfClient(c *clients.Client) *clients.Client {
	clone := *c
	return &clone
}

// isUnique refuses a client with the phone or e-mail of another.
func (w *world) isUnique(c *clients.Client) error {
	for _, other := range w.clients {
		isTaken := c.PhoneText() != "" && c.PhoneText() == other.PhoneText() || c.EmailText() != "" && c.EmailText() == other.EmailText()
		if other.ID != c.ID && isTaken {
			return refusal.Value("Phone", "Телефон или почта другого клиента.")
		}
	}
	return nil
}

// saveClient saves a client, unless the change was refused or the panel refuses it.
func (w *world) saveClient(c *clients.Client, refused error) error {
	if refused == nil {
		refused = w.isUnique(c)
	}
	if refused != nil {
		return refused
	}
	c.Revision++
	w.clients[c.ID-1] = c
	if w.links[contactOf(c.ID)] != nil || w.links[leadOf(plan.Client, c.ID)] != nil {
		w.push(plan.Client, c.ID)
	}
	return nil
}

// editClient changes a client in the panel.
func (w *world) editClient(s step) {
	if len(w.clients) == 0 {
		return
	}
	before := w.clients[s.Who%len(w.clients)]
	c := copyOfClient(before)
	var refused error
	switch s.A % 3 {
	case 0:
		c.LastName = lastNames[s.B%len(lastNames)]
	case 1:
		refused = c.SetPhone(phones[s.B%len(phones)])
	default:
		refused = c.SetEmail(emails[s.B%len(emails)])
	}
	w.listenToClient(c.ID)
	if w.saveClient(c, refused) != nil {
		return
	}
	w.tell("client %d is changed: %s", c.ID, mapping.ContactFields(c))
	was := mapping.ContactFields(before)
	for field, value := range mapping.ContactFields(c) {
		if value != was[field] {
			said := w.saidOf(c.ID, field)
			said.ours, said.byUs, said.apart = value, true, said.apart || !w.isCompared(c.ID, field)
		}
	}
}

// saying is a field of a client.
type saying struct {
	client int64
	field  string
}

// said is what people have said about a field since both sides last agreed.
type said struct {
	unsure       bool // something else has had a say
	many         bool // the contact had several values, and another one takes the place of one that is cleared
	apart        bool // both sides said something different when they met, and may go on doing so
	ours, theirs string
	byUs, byThem bool
}

func (w *world) saidOf(client int64, field string) *said {
	s := w.said[saying{client, field}]
	if s == nil {
		s = &said{}
		w.said[saying{client, field}] = s
	}
	return s
}

// clientComesTo notes what differs when a client is linked to a contact.
func (w *world) clientComesTo(l *plan.Link) {
	there := w.contact(l.RemoteID)
	for field, ours := range mapping.ContactFields(w.client(l.LocalID)) {
		s := w.saidOf(l.LocalID, field)
		*s = said{unsure: true}
		if there != nil {
			s.many = there.many(field)
			theirs := mapping.PresentContact(there.Contact)[field]
			s.apart = ours != "" && theirs != "" && !same(field, ours, theirs)
		}
	}
}

// same compares two spellings of a value.
func same(field, ours, theirs string) bool {
	return ours == theirs || field == "phone" && plainValue(rest.Phone, ours) == plainValue(rest.Phone, theirs)
}

// isCompared reports whether a client's field was ever compared with that of his contact. Before that nothing is
// overwritten.
func (w *world) isCompared(client int64, field string) bool {
	l := w.links[contactOf(client)]
	if l == nil {
		return true
	}
	_, compared := l.Agreed[field]
	return compared
}

// listenToContact begins to note what is said about the client of a contact.
func (w *world) listenToContact(id int64) {
	if l := w.linkTo(plan.Contact, id); l != nil {
		w.listenToClient(l.LocalID)
	}
}

// listenToClient begins to note what is said about the fields on which both sides agree by now.
func (w *world) listenToClient(id int64) {
	l := w.links[contactOf(id)]
	change := plan.Open{Entity: plan.Contact, Key: plan.ChangeKey(w.key(plan.Client, plan.Contact, id))}
	if l == nil || len(w.portal.late) > 0 || w.intents[change] != nil {
		return
	}
	there := w.contact(l.RemoteID)
	if there == nil {
		return
	}
	theirs := mapping.PresentContact(there.Contact)
	for field, ours := range mapping.ContactFields(w.client(id)) {
		if l.Agreed[field] == (mapping.Pair{Ours: ours, Theirs: theirs[field]}) && same(field, ours, theirs[field]) {
			s := w.saidOf(id, field)
			*s = said{many: s.many, apart: s.apart}
		}
	}
}

// contactSays notes what a manager has changed in a contact.
func (w *world) contactSays(c *contact, before map[string]string) {
	l := w.linkTo(plan.Contact, c.ID.Int64())
	if l == nil {
		return
	}
	for field, value := range mapping.PresentContact(c.Contact) {
		if value != before[field] {
			s := w.saidOf(l.LocalID, field)
			s.theirs, s.byThem, s.apart = value, true, s.apart || !w.isCompared(l.LocalID, field)
		}
	}
}

// checkClient checks that a client has one contact, his own, and that both say the same.
func (w *world) checkClient(c *clients.Client, all bool) {
	l := w.links[contactOf(c.ID)]
	key := w.key(plan.Client, plan.Contact, c.ID)
	isOpen := w.open(plan.Contact, key) != nil
	own := lo.Reject(w.contactsByKey(key), func(id int64, _ int) bool {
		other := w.linkTo(plan.Contact, id)
		return other != nil && other.LocalID != c.ID // people have merged the contacts of two clients, and one has it
	})
	// Whoever needs the contact next finds one that was created for an order which is deleted by now.
	if len(own) > 1 || len(own) == 1 && l.Number() != own[0] && !isOpen {
		w.fail("client %d has the contacts %v, and is linked to %d", c.ID, own, l.Number())
	}
	if l == nil {
		return
	}
	there := w.contact(l.RemoteID)
	if there == nil {
		if all {
			w.fail("client %d is linked to contact %d, which is not there", c.ID, l.RemoteID)
		}
		return
	}
	if other := w.linkTo(plan.Contact, l.RemoteID); other.LocalID != l.LocalID {
		w.fail("clients %d and %d are both linked to contact %d", c.ID, other.LocalID, l.RemoteID)
	}
	theirs := mapping.PresentContact(there.Contact)
	for _, field := range slices.Sorted(maps.Keys(theirs)) {
		w.checkField(c, l, field, theirs[field])
	}
}

// checkField checks that client and contact say the same in a field, and what people have said.
func (w *world) checkField(c *clients.Client, l *plan.Link, field, theirs string) {
	ours, s := mapping.ContactFields(c)[field], w.saidOf(c.ID, field)
	areApart := s.apart && l.Agreed[field] == (mapping.Pair{Ours: ours, Theirs: theirs})
	if field == "name" && ours == "" || areApart || l.Refused[field] != "" {
		return // a contact must have a name; nobody says who is right
	}
	if !same(field, ours, theirs) {
		w.fail("client %d has the %s %q, contact %d %q", c.ID, field, ours, l.RemoteID, theirs)
	}
	if s.unsure || s.many {
		return
	}
	switch {
	case s.byUs && !s.byThem && !same(field, ours, s.ours), s.byThem && !s.byUs && !same(field, ours, s.theirs):
		w.fail("client %d has the %s %q, but the last word was %q%q", c.ID, field, ours, s.ours, s.theirs)
	case s.byUs && s.byThem && !same(field, ours, s.ours) && !same(field, ours, s.theirs):
		w.fail("client %d has the %s %q, but people said %q and %q", c.ID, field, ours, s.ours, s.theirs)
	}
}
