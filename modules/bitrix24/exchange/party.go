package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// party is what the work on a client and the work on an organization have in common. A client stands for a contact, an
// organization for a company. Either may be in a lead first, and stays there until a person converts the lead.
type party struct {
	kind   plan.Local  // plan.Client or plan.Organization
	entity plan.Entity // plan.Contact or plan.Company
	id     int64

	compare bool // one of the two sides may have changed: read the record and compare
	needed  bool // an order or an organization needs the record: find or create it

	chosen       plan.Choice
	link         *plan.Link
	intent       *plan.Intent // to create the record; its outcome is unknown
	changeIntent *plan.Intent // to change the record; its outcome is unknown
	lead         partyLead
	emailLeftOut bool // the portal refuses the e-mail, so the record is sent without it
	gone         bool // the portal says that there is no such record
	found        candidates

	create *task // creates the record
	change *task // changes the record, or the lead while there is no record
	err    error
	done   bool // nothing is left to write
}

// partyLead is how a client or an organization stands with leads: it was registered while new ones were passed on as
// leads, and no person has converted its lead yet.
type partyLead struct {
	wanted bool         // it is to be a lead, unless the portal knows it already
	former *plan.Link   // to its lead, in whatever state that is
	link   *plan.Link   // to its lead, while that is open
	intent *plan.Intent // to create the lead; its outcome is unknown
	found  candidates
	read   *rest.Lead // read when the lead is to be changed
	create *task

	company string // of a client: the organization he orders for
	busy    bool   // of a client: the lead carries an order already, so the next order gets a lead of its own
}

// partyWork is the work on a client or on an organization.
type partyWork interface {
	work
	base() *party

	// exists reports whether the panel has the record (still).
	exists() bool
	// search asks the portal for records that may be this one's.
	search(r *run)
	// leadChanged reports whether the open lead lacks something that the panel knows.
	leadChanged() bool
	// leadContent returns what its lead says, and what both sides have agreed on once the lead says so.
	leadContent() leadContent
	// createRecord returns the command that creates the contact or company.
	createRecord(r *run) *task
	// wasRead reports whether the contact or company was read.
	wasRead() bool
	// compareFields compares what was read with the panel's record. It takes over what the portal changed and adds the
	// commands for what the panel changed.
	compareFields(ctx context.Context, r *run) error
	// afterLink stores what follows from a new link, besides a push of the record itself.
	afterLink(tx *db.Tx, r *run) error
}

// partyTexts are the journal's sentences about one kind of record.
type partyTexts struct{ found, changed, gone, goneWhileNeeded string }

// texts returns the journal's sentences about the party's record.
func (p *party) texts() partyTexts {
	if p.entity == plan.Company {
		return partyTexts{
			found:           "Найдена компания организации, связана. ",
			changed:         "Компания изменена в Битрикс24, организация обновлена",
			gone:            "Компания удалена в Битрикс24, связь снята",
			goneWhileNeeded: "компания организации удалена в Битрикс24: ищем другую или создаём заново",
		}
	}
	return partyTexts{
		found:           "Найден контакт клиента, связан. ",
		changed:         "Контакт изменён в Битрикс24, клиент обновлён",
		gone:            "Контакт удалён в Битрикс24, связь снята",
		goneWhileNeeded: "контакт клиента удалён в Битрикс24: ищем другой или создаём заново",
	}
}

func (p *party) base() *party { return p }

// key is the external key of the contact or company.
func (p *party) key() string { return plan.Key(p.kind, p.entity, p.id) }

// leadKey is the external key of the lead.
func (p *party) leadKey() string { return plan.Key(p.kind, plan.Lead, p.id) }

// taskName names a command that creates or changes the record: "contact42".
func (p *party) taskName() string { return fmt.Sprintf("%s%d", p.entity, p.id) }

// leadTaskName names a command that creates or changes the lead: "lead_client42".
func (p *party) leadTaskName() string { return fmt.Sprintf("lead_%s%d", p.kind, p.id) }

// note is what the journal's lines about the record refer to.
func (p *party) note() plan.Note {
	return plan.About(p.kind, p.id, p.entity, p.link.Number())
}

// inLead reports whether the party is in an open lead, which is all that the portal has of it for now.
func (p *party) inLead() bool { return p.link == nil && p.lead.link != nil && !p.needed }

// recordID is the number of the contact or company, or a reference to the command that creates it in the same batch.
// It is nil when there is neither.
func (p *party) recordID() any {
	switch {
	case p.link != nil:
		return p.link.RemoteID
	case p.create != nil:
		return p.create.recordID("item", "id")
	}
	return nil
}

// customer is the contact or company as a deal or lead gets it.
func (p *party) customer() plan.Customer {
	switch {
	case p.link != nil:
		return plan.Customer{ID: p.link.RemoteID}
	case p.create != nil:
		return plan.Customer{ID: plan.Ref{Command: p.create.name, Path: "item.id"}, Creating: p.create.name}
	}
	return plan.Customer{}
}

// partyTasks are the commands that both kinds of party may have.
func (p *party) partyTasks() []*task { return lo.Compact([]*task{p.create, p.change, p.lead.create}) }

// parties returns what the works have in common.
func parties[W partyWork](works []W) []*party {
	return lo.Map(works, func(w W, _ int) *party { return w.base() })
}

// inOrder returns works in the order of their numbers, so that runs are repeatable.
func inOrder[W any](works map[int64]W) []W {
	return lo.Map(slices.Sorted(maps.Keys(works)), func(id int64, _ int) W { return works[id] })
}

// loadParties reads what the panel knows of parties of one kind: links, choices, and intents without an outcome.
func (r *run) loadParties(ctx context.Context, list []*party) error {
	kind, entity := list[0].kind, list[0].entity
	ids := lo.Map(list, func(p *party, _ int) int64 { return p.id })
	links, err := r.Book.Links(ctx, kind, entity, ids)
	if err != nil {
		return err
	}
	chosen, err := r.Book.Choices(ctx, kind, ids)
	if err != nil {
		return err
	}
	keys := lo.FlatMap(list, func(p *party, _ int) []string { return []string{p.key(), plan.ChangeKey(p.key())} })
	open, err := r.Book.Intents(ctx, entity, keys)
	if err != nil {
		return err
	}
	leads, err := r.Book.Links(ctx, kind, plan.Lead, ids)
	if err != nil {
		return err
	}
	openLeads, err := r.Book.Intents(
		ctx, plan.Lead, lo.Map(list, func(p *party, _ int) string { return p.leadKey() }),
	)
	if err != nil {
		return err
	}
	for _, p := range list {
		p.link, p.chosen = links[p.id], chosen[p.id]
		p.intent, p.changeIntent = open[p.key()], open[plan.ChangeKey(p.key())]
		// What was begun is brought to an end, whatever people have chosen since.
		p.needed = p.needed || p.chosen == plan.ChoiceSend || p.intent != nil
		p.lead.former, p.lead.intent = leads[p.id], openLeads[p.leadKey()]
		if l := p.lead.former; l != nil && l.State == plan.Linked {
			p.lead.link = l
		}
	}
	return nil
}

// askAboutParties asks the portal for what it takes to decide about each party. It returns those whose record is read,
// and those whose record is looked for.
func askAboutParties[W partyWork](r *run, works []W) (read, sought []W) {
	var leads []W
	for _, w := range works {
		p := w.base()
		isWanted := p.needed || p.lead.wanted
		switch {
		case !w.exists() || p.link == nil && !isWanted:
			p.done = true
		case p.inLead():
			leads = append(leads, w)
		case p.link == nil:
			w.search(r)
			sought = append(sought, w)
		case p.compare || !p.link.Checked:
			read, leads = append(read, w), append(leads, w)
		default:
			p.done = true
		}
	}
	leads = lo.Filter(leads, func(w W, _ int) bool { return w.base().lead.link != nil && w.leadChanged() })
	r.readPartyLeads(parties(leads))
	return read, sought
}

// readParties reads the contacts of clients, or the companies of organizations, whole (crm.item.list).
func readParties[T any](r *run, typeID int, number numbered[T], list []*party, take func(id int64, record *T)) {
	ReadByID(&r.questions, typeID, []string{"*"}, number, lo.Map(list, func(p *party, _ int) Sought[T] {
		return Sought[T]{
			ID: p.link.RemoteID, Take: func(record *T) { take(p.id, record) }, Gone: &p.gone, Err: &p.err,
		}
	}))
}

// settleParties decides for each party between linking, creating, comparing and forgetting.
func settleParties[W partyWork](ctx context.Context, r *run, works map[int64]W) error {
	for _, w := range inOrder(works) {
		p := w.base()
		var err error
		switch {
		case p.err != nil || p.done:
		case p.inLead():
			err = r.changePartyLead(ctx, w)
		case p.link == nil:
			err = r.settleUnlinked(ctx, w)
		case p.gone:
			err = r.forgetGone(ctx, w)
		case w.wasRead():
			err = w.compareFields(ctx, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settleUnlinked links the record that was found, or creates one: the lead if the party is to be one, else the contact
// or company.
func (r *run) settleUnlinked(ctx context.Context, w partyWork) error {
	p := w.base()
	id, warning, err := r.pick(ctx, p)
	if err != nil {
		return err
	}
	if id != 0 {
		return r.linkFound(ctx, w, id, warning)
	}
	if p.err = r.unsettled(p.intent); p.err != nil {
		return nil
	}
	if p.lead.wanted && !p.needed {
		r.createPartyLead(w)
		return nil
	}
	p.create = w.createRecord(r)
	r.enlist(p.create)
	return nil
}

// linkFound links a record of the portal that was found. The next push fills what is empty and writes our key into it.
func (r *run) linkFound(ctx context.Context, w partyWork, id int64, warning string) error {
	p := w.base()
	return r.conclude(ctx, &p.done, func(_ context.Context, tx *db.Tx) error {
		p.link = r.Book.NewLink(p.kind, p.id, p.entity, id, p.found.agreedWith(p.intent, id))
		if err := records.SaveLink(tx, p.link); err != nil {
			return err
		}
		if err := r.Journal(tx, p.note(), plan.Inward, p.texts().found+warning); err != nil {
			return err
		}
		if err := w.afterLink(tx, r); err != nil {
			return err
		}
		return r.Jobs.Enqueue(tx, PushOf(p.kind, p.id), r.follow()...)
	})
}

// forgetGone drops the link to a record that is gone. «Отправить в Битрикс24» is offered again. Before a new record is
// created the old one is looked for by its keys, since it may have been merged with another.
func (r *run) forgetGone(ctx context.Context, w partyWork) error {
	p := w.base()
	if p.needed {
		p.err = &plan.Wait{Why: p.texts().goneWhileNeeded}
	}
	return r.conclude(ctx, &p.done, func(_ context.Context, tx *db.Tx) error {
		if err := records.Unlink(tx, p.link); err != nil {
			return err
		}
		if p.chosen == plan.ChoiceSend { // the wish is fulfilled: nothing is created again unasked
			if err := r.Book.Choose(tx, p.kind, p.id, plan.ChoiceNone, portal.Actor.Name); err != nil {
				return err
			}
		}
		if err := r.countCaught(tx, w); err != nil {
			return err
		}
		return r.Journal(tx, p.note(), plan.Inward, p.texts().gone)
	})
}
