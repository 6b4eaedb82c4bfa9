package exchange

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// orderWork brings an order and its deal together, or the lead that the order is in.
type orderWork struct {
	plan.OrderFacts // what decides; the rest of it is filled in when everything has been read

	id           int64
	order        *orders.Order
	site         *sites.Site
	client       *clientWork
	organization *organizationWork
	company      *plan.Link // of the organization, only while the order is in a lead

	sought   bool // it may have been sent in hours that this database lost, so its target is looked for first
	read     bool // the target is read before anything is written, since it may have changed
	commands []*plan.Command
	err      error
	done     bool // nothing is left to write

	seen time.Time // the modification of the deal that was read; see Sought
}

// key is the order's external key on its target.
func (w *orderWork) key() string { return plan.Key(plan.Order, w.Target, w.id, w.order.Token) }

func (w *orderWork) failure() error { return firstFailure(&w.err, w.commands) }

func (w *orderWork) complete() bool {
	return w.err != nil || w.done || finished(w.commands)
}

// workOnOrder returns the run's work on an order, new or begun.
func (r *run) workOnOrder(id int64) *orderWork {
	if r.orders[id] == nil {
		r.orders[id] = &orderWork{id: id, OrderFacts: plan.OrderFacts{Target: plan.Deal}}
	}
	return r.orders[id]
}

// loadOrders reads what the panel knows of the orders, decides which are to be sent at all, and asks the portal for
// what it takes to decide the rest.
func (r *run) loadOrders(ctx context.Context) error {
	if len(r.orders) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(r.orders))
	found, err := r.Orders.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	links, err := r.Book.Links(ctx, plan.Order, plan.Deal, ids)
	if err != nil {
		return err
	}
	chosen, err := r.Book.Choices(ctx, plan.Order, ids)
	if err != nil {
		return err
	}
	dealKey := func(o *orders.Order) string { return mapping.OrderKey(o.ID, o.Token) }
	open, err := r.intents(ctx, plan.Deal, lo.FlatMap(lo.Values(found), func(o *orders.Order, _ int) []string {
		return []string{dealKey(o), plan.ChangeKey(dealKey(o))}
	}))
	if err != nil {
		return err
	}
	openRows, err := r.intents(ctx, plan.Rows, lo.Map(ids, func(id int64, _ int) string { return plan.RowsKey(id) }))
	if err != nil {
		return err
	}
	sent, err := r.Book.SentRows(ctx, lo.Filter(ids, func(id int64, _ int) bool {
		return openRows[plan.RowsKey(id)] != nil || r.orders[id].Afresh || r.orders[id].sought
	}))
	if err != nil {
		return err
	}
	copies, err := r.Book.Copies(ctx, plan.Deal, lo.Filter(ids, func(id int64, _ int) bool {
		return links[id] == nil && found[id] != nil && open[dealKey(found[id])] != nil
	}))
	if err != nil {
		return err
	}
	rows, err := r.Book.RowLinks(ctx, plan.Deal, ids)
	if err != nil {
		return err
	}
	if err := r.targetLeads(ctx, found, links); err != nil {
		return err
	}
	shops, err := r.Sites.All(ctx)
	if err != nil {
		return err
	}
	byID := lo.KeyBy(shops, func(s *sites.Site) int64 { return s.ID })
	var read, commented []*orderWork
	for _, id := range ids {
		w := r.orders[id]
		w.order, w.Chosen = found[id], chosen[id]
		if (r.bulk || w.FromLead != 0) && w.Chosen == plan.ChoiceNone {
			w.Chosen = plan.ChoiceSend // what was in a lead is on the portal already, whatever the switches say now
		}
		if w.Target == plan.Deal {
			w.Link, w.Rows = links[id], owned(rows[id])
			w.Copies = copies[id]
		}
		w.RowsOpen, w.Sent = openRows[plan.RowsKey(id)], sent[id]
		if w.sought && w.Link != nil && w.RowsOpen == nil {
			w.RowsOpen = r.exchange.unawaited(r.Portal.ID, plan.Rows, plan.RowsKey(id))
		}
		if w.order == nil {
			w.done = true
			continue
		}
		if w.Target == plan.Deal {
			w.Open, w.ChangeOpen = open[dealKey(w.order)], open[plan.ChangeKey(dealKey(w.order))]
		}
		w.site = byID[w.order.SiteID]
		w.Input = r.input(w)
		w.Unwanted = r.Current.Wants(w.order, w.Chosen) != ""
		isDeleted := w.Target == plan.Deal && w.Link != nil && w.Link.State == plan.Deleted
		switch {
		case isDeleted && w.read && w.Chosen != plan.ChoiceIgnore:
			read = append(read, w) // it may have been restored
		case w.Idle():
			w.done = true
		case w.Link != nil && w.Target == plan.Lead:
			// An open lead has no stage to compare; it is read for the sake of what people wrote into its comment, and to
			// find out what became of a change.
			if w.Afresh || w.ChangeOpen != nil || w.LacksComment(w.Input) {
				w.read = true
				commented = append(commented, w)
			}
		case w.Link != nil:
			if w.read || w.Afresh || w.MustReadDeal() {
				w.read = true
				read = append(read, w)
			}
		case w.Open != nil, w.sought:
			w.Created = map[int64]rest.Time{}
			r.seek(w.Target.TypeID(), soughtKey{w.key(), &w.ByKey, w.Created, &w.err})
		}
		if !w.done {
			r.addCustomer(w)
		}
		if w.Link != nil && (w.RowsOpen != nil || w.Afresh) && !w.done {
			r.askRows(w)
		}
	}
	r.readDeals(read)
	r.readOpenLeads(commented)
	if len(read) <= fewDeals {
		r.askRowsByHand(read)
	}
	return r.loadNotes(ctx)
}

// loadNotes looks for the notes of deleted orders whose answers were lost, or that may have been left before.
func (r *run) loadNotes(ctx context.Context) error {
	works := lo.Filter(inOrder(r.orders), func(w *orderWork, _ int) bool { return !w.done && w.Link != nil && w.WantsNote() })
	if len(works) == 0 {
		return nil
	}
	noteKey := func(w *orderWork, _ int) string { return plan.NoteKey(w.key()) }
	open, err := r.intents(ctx, plan.Comment, lo.Map(works, noteKey))
	if err != nil {
		return err
	}
	for _, w := range works {
		if w.NoteOpen = open[noteKey(w, 0)]; w.NoteOpen != nil || w.sought {
			r.askNote(w)
		}
	}
	return nil
}

// addCustomer adds the order's client and organization to the run, since a new deal needs their contact and company.
func (r *run) addCustomer(w *orderWork) {
	w.client = r.workOnClient(w.order.ClientID)
	w.client.sought = w.client.sought || w.sought
	if w.Target == plan.Lead {
		w.client.joined = w.client.joined || w.Link == nil
		return // whoever converts the lead decides about contact and company
	}
	// A deal that a person made of the order's lead may lack them, too: nobody has to choose them in the dialog.
	incomplete := w.Link == nil || w.Link.State == plan.Linked && !w.Link.Complete()
	w.client.Needed = w.client.Needed || incomplete
	if w.order.OrganizationID != nil {
		w.organization = r.workOnOrganization(*w.order.OrganizationID)
		w.organization.sought = w.organization.sought || w.sought
		w.organization.Needed = w.organization.Needed || incomplete
	}
}
