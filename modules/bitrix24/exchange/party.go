package exchange

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// party is what the work on a client and the work on an organization have in common.
type party struct {
	plan.Party // what decides

	refusedEmail string // the portal does not take it, so the record is sent without
	sought       bool   // it may have been created in hours that this database lost, so it is looked for first
	busy         bool   // of a client: his lead carries an order already, so the next order gets a lead of its own
	joined       bool   // of a client: an order may go into his lead
	begun        int64  // of a client: the order that may be on its way into his lead; 0: none

	creates, createsLead string // the commands that create the record and its lead

	commands []*plan.Command
	err      error
	done     bool // nothing is left to write

	seen time.Time // the modification of the record that was read; see Sought
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
	// plan decides what is to be done about the record.
	plan() plan.Plan
	// take changes one field of the panel's record to what the portal has, and returns the panel's value then.
	take(ctx context.Context, r *run, field, value string) (now string, err error)
	// try changes fields of the work's own copy of the panel's record, as a trial does.
	try(fields map[string]string) []plan.Taken
}

func newParty(kind plan.Local, e plan.Entity, id int64) party {
	return party{Party: plan.Party{Kind: kind, Entity: e, ID: id}}
}

func (p *party) base() *party { return p }

func (p *party) failure() error { return firstFailure(&p.err, p.commands) }

func (p *party) complete() bool { return p.err != nil || p.done || finished(p.commands) }

// customer is the contact or company as a deal or lead gets it.
func (p *party) customer() plan.Customer {
	switch {
	case p.Link != nil:
		return plan.Customer{ID: p.Link.RemoteID}
	case p.creates != "":
		return plan.Customer{ID: plan.Ref{Command: p.creates, Path: "item.id"}, Creating: p.creates}
	}
	return plan.Customer{}
}

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
	kind, entity := list[0].Kind, list[0].Entity
	ids := lo.Map(list, func(p *party, _ int) int64 { return p.ID })
	links, err := r.Book.Links(ctx, kind, entity, ids)
	if err != nil {
		return err
	}
	chosen, err := r.Book.Choices(ctx, kind, ids)
	if err != nil {
		return err
	}
	keys := lo.FlatMap(list, func(p *party, _ int) []string { return []string{p.Key(), plan.ChangeKey(p.Key())} })
	open, err := r.intents(ctx, entity, keys)
	if err != nil {
		return err
	}
	leads, err := r.Book.Links(ctx, kind, plan.Lead, ids)
	if err != nil {
		return err
	}
	leadKeys := lo.FlatMap(list, func(p *party, _ int) []string { return []string{p.LeadKey(), plan.ChangeKey(p.LeadKey())} })
	openLeads, err := r.intents(ctx, plan.Lead, leadKeys)
	if err != nil {
		return err
	}
	for _, p := range list {
		p.Frame = r.frame()
		p.Link, p.Chosen = links[p.ID], chosen[p.ID]
		p.Open, p.ChangeOpen = open[p.Key()], open[plan.ChangeKey(p.Key())]
		// What was begun is brought to an end, whatever people have chosen since.
		p.Needed = p.Needed || p.Chosen == plan.ChoiceSend || p.Open != nil
		p.Lead.Former, p.Lead.Open, p.Lead.Change = leads[p.ID], openLeads[p.LeadKey()], openLeads[plan.ChangeKey(p.LeadKey())]
		if l := p.Lead.Former; l != nil && l.State == plan.Linked {
			p.Lead.Link = l
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
		isWanted := p.Needed || p.Lead.Wanted
		switch {
		case !w.exists() || p.Link == nil && !isWanted:
			p.done = true
		case p.InLead():
			leads = append(leads, w)
		case p.Link == nil:
			w.search(r)
			sought = append(sought, w)
		case p.Compare || !p.Link.Checked:
			read, leads = append(read, w), append(leads, w)
		default:
			p.done = true
		}
	}
	leads = lo.Filter(leads, func(w W, _ int) bool {
		return w.base().LeadUnsettled() || w.base().Lead.Link != nil && (w.base().joined || w.leadChanged())
	})
	r.readPartyLeads(parties(leads))
	return read, sought
}

// allFields has a record read whole.
var allFields = []string{"*"}

// readParties reads the contacts of clients, or the companies of organizations, whole (crm.item.list).
func readParties[T any](r *run, typeID int, number numbered[T], list []*party, take func(id int64, record *T)) {
	ReadByID(&r.questions, typeID, allFields, number, lo.Map(list, func(p *party, _ int) Sought[T] {
		return Sought[T]{
			ID: p.Link.RemoteID, Take: func(record *T) { take(p.ID, record) }, Gone: &p.Gone, Err: &p.err, Seen: &p.seen,
		}
	}))
}

// settleParties carries out the plans of parties of one kind: what they store now, at once; their commands, with the
// run's.
func settleParties[W partyWork](ctx context.Context, r *run, works map[int64]W) error {
	holders, err := r.holders(ctx, parties(inOrder(works)))
	if err != nil {
		return err
	}
	for _, w := range inOrder(works) {
		p := w.base()
		if p.err != nil || p.done {
			continue
		}
		p.Frame = r.frame()
		p.Found.Taken = lo.FilterMap(holders, func(l *plan.Link, _ int) (int64, bool) {
			return l.RemoteID, l.Local == p.Kind && l.LocalID != p.ID
		})
		if err := r.settleParty(ctx, w); err != nil {
			return err
		}
		if p.Link != nil {
			holders = append(holders, p.Link)
		}
	}
	return nil
}

// holders are the links to all records that were found for parties of one kind: some may be another's already.
func (r *run) holders(ctx context.Context, list []*party) ([]*plan.Link, error) {
	found := lo.FlatMap(list, func(p *party, _ int) []int64 { return p.Found.All() })
	if len(found) == 0 {
		return nil, nil
	}
	return r.Book.LinksTo(ctx, list[0].Entity, found)
}

// settleParty plans a party until its plan changes nothing any more that it was made of.
func (r *run) settleParty(ctx context.Context, w partyWork) error {
	p := w.base()
	for {
		next := w.plan()
		if err := r.storeParty(ctx, w, next.Now); err != nil {
			return err
		}
		if next.Again {
			continue
		}
		p.err, p.creates, p.createsLead = next.Failure, next.Creates, next.CreatesLead
		p.done = p.err == nil && len(next.Commands) == 0
		p.commands, r.commands = next.Commands, append(r.commands, next.Commands...)
		return nil
	}
}

// storeParty stores what follows at once, and takes it over into the work.
func (r *run) storeParty(ctx context.Context, w partyWork, now plan.Changes) error {
	if now.Empty() {
		return nil
	}
	p, links := w.base(), now.Links
	if r.tries(now) {
		if now.Party != nil {
			links = now.Party.Became(w.try(now.Party.Fields)).Links
		}
		p.takeOver(now, links)
		return nil
	}
	anew := newLinks(now.Links)
	err := r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		anew()
		if now.Party != nil {
			taken, err := r.takeParty(ctx, tx, w, now.Party)
			if err != nil {
				return err
			}
			links = taken
		}
		return r.store(tx, now, w)
	})
	if err != nil {
		return err
	}
	p.takeOver(now, links)
	return nil
}

// takeOver takes over into the work what was stored.
func (p *party) takeOver(now plan.Changes, links []*plan.Link) {
	for _, l := range links {
		switch l.Entity {
		case p.Entity:
			p.Link = l
		case plan.Lead:
			p.Lead.Link = l
		}
	}
	for _, open := range now.Settled {
		if open.Entity == plan.Lead {
			p.Lead.Change = nil
		} else {
			p.ChangeOpen = nil
		}
	}
}

// takeParty changes the panel's record to what the portal has, field by field, and stores what became of it. It returns
// the party's link as it is then. This is where a plan meets the panel's rules, which only the host knows.
func (r *run) takeParty(ctx context.Context, tx *db.Tx, w partyWork, take *plan.PartyTake) ([]*plan.Link, error) {
	// The hook of a change looks at the link: it has to say what is agreed on before the change is made.
	if err := records.SaveLink(tx, take.Link); err != nil {
		return nil, err
	}
	var values []plan.Taken
	for _, field := range slices.Sorted(maps.Keys(take.Fields)) {
		now, err := w.take(ctx, r, field, take.Fields[field])
		value := plan.Taken{Field: field, Now: now}
		if no, refused := refusal.From(err); refused {
			value.Refused = no.Message
		} else if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	became := take.Became(values)
	return became.Links, r.store(tx, became, nil)
}
