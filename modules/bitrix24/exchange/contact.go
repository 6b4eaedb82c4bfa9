package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// clientWork brings a client and his contact together.
type clientWork struct {
	id      int64
	compare bool // the client or the contact has changed: read the contact and compare
	needed  bool // an order or an organization needs the contact: find or make it

	client       *clients.Client
	emailLeftOut bool // the portal refuses his own
	link         *records.Link
	intent       *records.Intent
	changeIntent *records.Intent // a change whose answer was lost
	chosen       records.Choice
	lead         clientLead
	contact      *rest.Contact // as read; nil while it was not, or when it is not there
	gone         bool          // the portal says there is no such contact
	found        candidates
	worksIn      []int64 // organizations with a company that a new contact of his is to be tied to
	make         *task   // the command that makes the contact
	change       *task
	err          error
	done         bool // nothing to write
}

func (w *clientWork) failure() error {
	for _, t := range w.tasks() {
		if w.err == nil {
			w.err = t.err
		}
	}
	return w.err
}

func (w *clientWork) complete() bool { return w.err != nil || w.done || finished(w.tasks()) }

func (w *clientWork) tasks() []*task { return lo.Compact([]*task{w.make, w.change, w.lead.make}) }

// finished reports whether commands were found necessary and all have been answered. A work without commands is either
// done, or nothing has been decided about it yet.
func finished(tasks []*task) bool {
	return len(tasks) > 0 && lo.EveryBy(tasks, func(t *task) bool { return t.finished })
}

// contactID is the client's contact: its number, or a reference to the command that makes it; nil when there is none.
func (w *clientWork) contactID() any {
	switch {
	case w == nil:
		return nil
	case w.link != nil:
		return w.link.RemoteID
	case w.make != nil:
		return w.make.made("item", "id")
	}
	return nil
}

func (r *Run) workOnClient(id int64) *clientWork {
	if r.clients[id] == nil {
		r.clients[id] = &clientWork{id: id}
	}
	return r.clients[id]
}

// loadClients reads what we know of the clients and asks the portal for what we do not.
func (r *Run) loadClients(ctx context.Context) error {
	if len(r.clients) == 0 {
		return nil
	}
	ids := lo.Keys(r.clients)
	found, err := r.Clients.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	links, err := r.Book.Links(ctx, records.Client, records.Contact, ids)
	if err != nil {
		return err
	}
	chosen, err := r.Book.Choices(ctx, records.Client, ids)
	if err != nil {
		return err
	}
	open, err := r.Book.Intents(ctx, records.Contact, lo.FlatMap(ids, func(id int64, _ int) []string {
		return []string{mapping.ClientKey(id), changeKey(mapping.ClientKey(id))}
	}))
	if err != nil {
		return err
	}
	var read, sought []*clientWork
	var leads []leadAsIs
	for _, id := range ids {
		w := r.clients[id]
		w.client, w.link, w.chosen = found[id], links[id], chosen[id]
		if i, ok := open[mapping.ClientKey(id)]; ok {
			w.intent = &i
		}
		if i, ok := open[changeKey(mapping.ClientKey(id))]; ok {
			w.changeIntent = &i
		}
		w.needed = w.needed || w.chosen == records.ChoiceSend || w.intent != nil // what was begun is brought to an end
	}
	if err := r.loadClientLeads(ctx, ids); err != nil {
		return err
	}
	if err := r.leaveOutClientEmails(ctx, ids); err != nil {
		return err
	}
	for _, id := range ids {
		w := r.clients[id]
		switch {
		case w.client == nil || w.link == nil && !w.needed && !w.lead.wanted:
			w.done = true
		case w.link == nil && w.lead.link != nil && !w.needed:
			// in its lead until a person converts it
			if w.compare && w.leadChanges() {
				leads = append(leads, leadAsIs{w.lead.link, &w.lead.there, &w.err})
			}
		case w.link == nil:
			r.searchContact(w)
			sought = append(sought, w)
		case w.compare || !w.link.Checked:
			read = append(read, w)
			if w.lead.link != nil && w.leadChanges() {
				leads = append(leads, leadAsIs{w.lead.link, &w.lead.there, &w.err})
			}
		default:
			w.done = true
		}
	}
	r.readContacts(read)
	r.readLeads(leads)
	return r.loadCompaniesOf(ctx, sought)
}

// readContacts reads the contacts of clients whole.
func (r *Run) readContacts(works []*clientWork) {
	ReadByID(&r.questions, rest.TypeContact, []string{"*"}, contactNumber, lo.Map(works, func(w *clientWork, _ int) Sought[rest.Contact] {
		return Sought[rest.Contact]{
			ID: w.link.RemoteID, Take: func(c *rest.Contact) { w.contact = c }, Gone: &w.gone, Err: &w.err,
		}
	}))
}

// settleClients decides, for every client, between adopting, making, changing and taking over.
func (r *Run) settleClients(ctx context.Context) error {
	for _, id := range slices.Sorted(mapKeys(r.clients)) {
		w := r.clients[id]
		if w.err != nil || w.done {
			continue
		}
		var err error
		switch {
		case w.link == nil && w.lead.link != nil && !w.needed:
			err = r.changeClientLead(ctx, w)
		case w.link == nil:
			err = r.settleUnknownClient(ctx, w)
		case w.gone:
			err = r.dropContact(ctx, w)
		case w.contact != nil:
			err = r.compareClient(ctx, w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settleUnknownClient links the contact that was found, or makes one.
func (r *Run) settleUnknownClient(ctx context.Context, w *clientWork) error {
	id, warning, err := r.pick(ctx, records.Client, records.Contact, w.id, w.found)
	if err != nil {
		return err
	}
	if id != 0 {
		return r.conclude(ctx, &w.done, func(ctx context.Context, tx *db.Tx) error {
			w.link = &records.Link{
				PortalID: r.Portal.ID, Local: records.Client, LocalID: w.id, Entity: records.Contact, RemoteID: id, Checked: true, Agreed: w.found.sent(w.intent, id),
			}
			if err := records.SaveLink(tx, w.link); err != nil {
				return err
			}
			if err := r.Journal(tx, records.About(records.Client, w.id, records.Contact, id), records.Inward, "Найден контакт клиента, связан. "+warning); err != nil {
				return err
			}
			if err := r.tieLater(tx, w); err != nil {
				return err
			}
			return r.Jobs.Enqueue(tx, PushClient{ID: w.id}, r.follow()...) // fills what is empty and stamps our key
		})
	}
	if w.intent != nil {
		if wait := r.waitToSettle(*w.intent); wait > 0 {
			w.err = settling(wait)
			return nil
		}
	}
	if w.lead.wanted && !w.needed {
		r.makeClientLead(w)
		return nil
	}
	t := task{
		name: fmt.Sprintf("contact%d", w.id), entity: records.Contact, key: mapping.ClientKey(w.id), agreed: mapping.SentContact(w.client),
		note: records.About(records.Client, w.id, records.Contact, 0),
	}
	fields := func() rest.Params { return mapping.NewContact(w.client, r.Origin) }
	w.make = addItem(t, rest.TypeContact, contactNumber, fields, func(tx *db.Tx, made *rest.Contact) error {
		merged := mapping.MergeContact(nil, w.client, *made, r.Origin)
		l := &records.Link{
			PortalID: r.Portal.ID, Local: records.Client, LocalID: w.id, Entity: records.Contact, RemoteID: made.ID.Int64(), Checked: true, Agreed: merged.Agreed,
		}
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
		if err := r.tieLater(tx, w); err != nil {
			return err
		}
		return r.compareLater(tx, w)
	})
	r.tasks = append(r.tasks, w.make)
	return nil
}

// compareLater enqueues a client who was changed while his contact was made: who changed him saw no link yet. The lock
// waits for one who is just about to.
func (r *Run) compareLater(tx *db.Tx, w *clientWork) error {
	var now clients.Client
	err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Select("id", "revision").First(&now, w.id).Error
	if err != nil {
		return fmt.Errorf("read client %d again: %w", w.id, err)
	}
	if now.Revision == w.client.Revision {
		return nil
	}
	return r.Jobs.Enqueue(tx, PushClient{ID: w.id})
}

// compareClient compares both sides field by field: what the portal changed is taken now, what the panel changed is
// sent with the others' commands.
func (r *Run) compareClient(ctx context.Context, w *clientWork) error {
	if err := r.settleChange(ctx, w.link, w.changeIntent, mapping.PresentContact(*w.contact)); err != nil {
		return putOff(err, &w.err)
	}
	merged := mapping.MergeContact(w.link.Agreed, w.client, *w.contact, r.Origin)
	w.link.Checked = true
	before := w.link.Agreed
	if len(merged.Take) > 0 || len(merged.Send) == 0 {
		if err := r.takeContact(ctx, w, merged); err != nil {
			return err
		}
	}
	if w.lead.link != nil {
		w.lead.make = r.changeLead(fmt.Sprintf("lead_client%d", w.id), w.lead.link, mapping.DealClient(w.link.RemoteID, nil), w.lead.there)
	}
	if len(merged.Send) == 0 {
		w.done = w.lead.make == nil
		return nil
	}
	t := task{
		name: fmt.Sprintf("contact%d", w.id), note: records.About(records.Client, w.id, records.Contact, w.link.RemoteID),
		entity: records.Contact, key: changeKey(mapping.ClientKey(w.id)), agreed: changeAgreed(before, merged.Agreed, merged.Take),
	}
	w.change = updateItem(t, rest.TypeContact, w.link.Target, contactNumber, always(merged.Send), func(tx *db.Tx, _ *rest.Contact) error {
		w.link.Agreed = merged.Agreed
		return records.SaveLink(tx, w.link)
	})
	r.tasks = append(r.tasks, w.change)
	return nil
}

// takeContact changes the client by what the portal changed. A value the panel cannot take is noted once and left.
func (r *Run) takeContact(ctx context.Context, w *clientWork, merged mapping.ContactMerge) error {
	link := *w.link
	refuse := func(tx *db.Tx, field, value string, err error) error {
		if link.Refused[field] == value {
			return nil
		}
		if link.Refused == nil {
			link.Refused = map[string]string{}
		}
		link.Refused[field] = value
		return r.journalFailure(tx, records.About(records.Client, w.id, records.Contact, link.RemoteID), records.Inward, "Значение с портала не принято: "+err.Error())
	}
	err := r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		link = *w.link
		link.Refused = maps.Clone(w.link.Refused)
		link.Agreed = agreedAfterTaking(w.link.Agreed, merged.Agreed, merged.Take, len(merged.Send) > 0)
		if err := records.SaveLink(tx, &link); err != nil {
			return err
		}
		for _, field := range slices.Sorted(mapKeys(merged.Take)) {
			value := merged.Take[field]
			_, err := r.Clients.Change(ctx, w.id, portal.Actor, func(c *clients.Client) error { return mapping.TakeContact(c, field, value) })
			if _, refused := refusal.From(err); refused {
				if err := refuse(tx, field, value, err); err != nil {
					return err
				}
				// Both keep their own; only another change will be looked at again.
				link.Agreed[field] = mapping.Pair{Ours: mapping.ContactFields(w.client)[field], Theirs: value}
				continue
			}
			if err != nil {
				return err
			}
			if err := r.Journal(tx, records.About(records.Client, w.id, records.Contact, link.RemoteID), records.Inward, "Контакт изменён в Битрикс24, клиент обновлён"); err != nil {
				return err
			}
		}
		if len(merged.Take) > 0 {
			if err := r.countCaught(tx, w); err != nil {
				return err
			}
		}
		for _, text := range merged.Notes {
			if err := r.Journal(tx, records.About(records.Client, w.id, records.Contact, link.RemoteID), records.Inward, text); err != nil {
				return err
			}
		}
		return records.SaveLink(tx, &link)
	})
	if err != nil {
		return err
	}
	*w.link = link
	for field, pair := range link.Agreed {
		if _, sent := merged.Take[field]; sent {
			merged.Agreed[field] = pair
		}
	}
	return nil
}

// agreedAfterTaking is what holds when the portal's changes are taken and the panel's are not sent yet, if there are any.
// What the merge is not about stays.
func agreedAfterTaking(before, after mapping.Agreed, taken map[string]string, sends bool) mapping.Agreed {
	now := mapping.Agreed{}
	for field, pair := range before {
		now[field] = pair
	}
	for field, pair := range after {
		if _, took := taken[field]; took || !sends {
			now[field] = pair
		}
	}
	return now
}

// dropContact forgets a contact that is gone: «Отправить в Битрикс24» is there again, and before a new one is made the
// old one is looked for by its keys, since it may have been merged.
func (r *Run) dropContact(ctx context.Context, w *clientWork) error {
	if w.needed {
		w.err = &waitError{why: "контакт клиента удалён в Битрикс24: ищем другой или создаём заново"}
	}
	return r.conclude(ctx, &w.done, func(ctx context.Context, tx *db.Tx) error {
		if err := records.Unlink(tx, w.link); err != nil {
			return err
		}
		if w.chosen == records.ChoiceSend { // once: it is not made anew unasked
			if err := r.Book.Choose(tx, records.Client, w.id, records.ChoiceNone, portal.Actor.Name); err != nil {
				return err
			}
		}
		if err := r.countCaught(tx, w); err != nil {
			return err
		}
		return r.Journal(tx, records.About(records.Client, w.id, records.Contact, w.link.RemoteID), records.Inward, "Контакт удалён в Битрикс24, связь снята")
	})
}

// clientLead is how a client stands with leads: he registered while new clients were passed on as leads, and no
// person has converted his yet.
type clientLead struct {
	wanted  bool          // he is to be a lead, unless a contact of his is found
	link    *records.Link // his open lead
	company string        // the organization he is an employee of
	intent  *records.Intent
	found   candidates
	busy    bool       // an order is in the lead already: the next gets a lead of its own
	there   *rest.Lead // as read, when it is to be changed
	make    *task
}

// loadClientLeads finds the clients' open leads, and who is to become one.
func (r *Run) loadClientLeads(ctx context.Context, ids []int64) error {
	leads, err := r.Book.Links(ctx, records.Client, records.Lead, ids)
	if err != nil {
		return err
	}
	open, err := r.Book.Intents(ctx, records.Lead, lo.Map(ids, func(id int64, _ int) string { return mapping.ClientLeadKey(id) }))
	if err != nil {
		return err
	}
	var leading []int64
	for _, id := range ids {
		w := r.clients[id]
		if w.client == nil {
			continue
		}
		l := leads[id]
		if l != nil && l.State == records.Linked {
			w.lead.link = l
		}
		if w.link == nil && (w.lead.link != nil || l == nil && w.chosen == records.ChoiceLead) {
			leading = append(leading, id)
		}
	}
	employers, err := r.Organizations.OfMany(ctx, leading)
	if err != nil {
		return err
	}
	for _, id := range leading {
		w := r.clients[id]
		mayOrder := r.employer(w, employers[id])
		i, lost := open[mapping.ClientLeadKey(id)] // what was begun is brought to an end
		w.lead.wanted = w.lead.link != nil || lost || r.leadsOn() && mayOrder
		if lost && w.lead.link == nil {
			w.lead.intent = &i
			r.askByKey(rest.TypeLead, mapping.ClientLeadKey(id), &w.lead.found, &w.err)
		}
	}
	return r.markBusyLeads(ctx)
}

// employer notes which of his organizations a client orders for. It reports false for a guest, who is not sent, and for whomever
// «Типы отправляемых заказов» leave out.
func (r *Run) employer(w *clientWork, list []*organizations.Organization) (sent bool) {
	orders, _ := lo.Find(list, func(o *organizations.Organization) bool { return o.MayOrder(w.id) })
	switch {
	case orders != nil:
		w.lead.company = orders.Name
		return r.Current.OrderTypes != portal.Persons
	case len(list) > 0:
		return false // a guest everywhere
	}
	return r.Current.OrderTypes != portal.Organizations
}

// markBusyLeads notes which of the leads carry an order already.
func (r *Run) markBusyLeads(ctx context.Context) error {
	var ids []int64
	for _, w := range r.clients {
		if w.lead.link != nil {
			ids = append(ids, w.lead.link.RemoteID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	links, err := r.Book.LinksTo(ctx, records.Lead, ids)
	if err != nil {
		return err
	}
	for _, w := range r.clients {
		w.lead.busy = w.lead.link != nil && slices.ContainsFunc(links, func(l *records.Link) bool {
			return l.Local == records.Order && l.RemoteID == w.lead.link.RemoteID
		})
	}
	return nil
}
