package bitrix24

import (
	"context"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// orderWork brings an order and its deal together.
type orderWork struct {
	id int64

	order        *orders.Order
	site         *sites.Site
	chosen       choice
	target       entity  // aDeal, or aLead while the client is one
	link         *Link   // to the target
	intent       *intent // we were about to make the target when we last heard
	rowsIntent   *intent // … to change its rows
	lost         *intent // … to move the deal
	rows         map[string]rowLink
	sentRows     map[string]bool // what every row looks like that was ever sent; known while it is unknown which are ours
	client       *clientWork
	organization *organizationWork
	company      *Link // of the organization; while the order is in a lead

	read     bool // look at the deal before anything is written: it or its stage may have changed
	deal     *rest.Deal
	gone     bool
	found    candidates
	lead     *rest.Lead        // as read before our links are put into its comment, or a contact beside others
	dealRows []rest.ProductRow // as read, when an answer about rows was lost

	begun  bool  // goes into a lead only if an attempt whose answer was lost has made that
	leadID int64 // the converted lead that the deal to be made comes from

	tasks []*task
	err   error
	done  bool
}

// key is the order's external key on its target.
func (w *orderWork) key() string {
	if w.target == aLead {
		return mapping.OrderLeadKey(w.id)
	}
	return mapping.OrderKey(w.id)
}

func (w *orderWork) failure() error {
	for _, t := range w.tasks {
		if w.err == nil {
			w.err = t.err
		}
	}
	return w.err
}

func (w *orderWork) complete() bool {
	return w.err != nil || w.done || finished(w.tasks)
}

func (r *run) workOnOrder(id int64) *orderWork {
	if r.orders[id] == nil {
		r.orders[id] = &orderWork{id: id, target: aDeal}
	}
	return r.orders[id]
}

func (r *run) add(w *orderWork, t *task) *task {
	w.tasks = append(w.tasks, t)
	r.tasks = append(r.tasks, t)
	return t
}

// loadOrders reads what we know of the orders, decides which are to be sent at all, and asks the portal for what it
// takes to decide the rest.
func (r *run) loadOrders(ctx context.Context) error {
	if len(r.orders) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(r.orders))
	found, err := r.Orders.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	links, err := r.links(ctx, r.portal.ID, anOrder, aDeal, ids)
	if err != nil {
		return err
	}
	chosen, err := r.choices(ctx, r.portal.ID, anOrder, ids)
	if err != nil {
		return err
	}
	keys := lo.Map(ids, func(id int64, _ int) string { return mapping.OrderKey(id) })
	open, err := r.intents(ctx, r.portal.ID, aDeal, append(lo.Map(keys, func(key string, _ int) string { return changeKey(key) }), keys...))
	if err != nil {
		return err
	}
	openRows, err := r.intents(ctx, r.portal.ID, someRows, keys)
	if err != nil {
		return err
	}
	sent, err := r.sentRows(ctx, r.portal.ID, lo.Filter(ids, func(id int64, _ int) bool {
		_, unknown := openRows[mapping.OrderKey(id)]
		return unknown
	}))
	if err != nil {
		return err
	}
	rows, err := r.rowLinks(ctx, r.portal.ID, aDeal, ids)
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
		w.order, w.chosen = found[id], chosen[id]
		if (r.bulk || w.leadID != 0) && w.chosen == choiceNone {
			w.chosen = choiceSend // what was in a lead is in the portal already, whatever the switches say now
		}
		if w.target == aDeal {
			w.link, w.rows = links[id], rows[id]
			if i, ok := open[mapping.OrderKey(id)]; ok {
				w.intent = &i
			}
			if i, ok := open[changeKey(mapping.OrderKey(id))]; ok {
				w.lost = &i
			}
		}
		if i, ok := openRows[mapping.OrderKey(id)]; ok {
			w.rowsIntent, w.sentRows = &i, sent[id]
		}
		if w.order == nil {
			w.done = true
			continue
		}
		w.site = byID[w.order.SiteID]
		switch {
		case w.chosen == choiceIgnore, w.link != nil && w.link.State != linked:
			w.done = true
		case w.link != nil && w.target == aLead:
			// An open lead has no stage to compare.
			if w.link.Agreed[commentsField].Ours != mapping.Print(mapping.Comment(r.input(w))) {
				w.read = true
				commented = append(commented, w)
			}
		case w.link != nil:
			if w.read || w.lost != nil || string(w.order.Status) != w.link.Agreed[stageField].Ours {
				w.read = true
				read = append(read, w)
			}
		case w.intent != nil: // what was begun is brought to an end
			r.askByKey(w.target.typeID(), w.key(), &w.found, &w.err)
		case r.settings.wants(w.order, w.chosen) != "":
			w.done = true
		}
		if !w.done {
			r.gatherCustomer(w)
		}
		if w.link != nil && w.rowsIntent != nil && !w.done {
			r.askRows(w)
		}
	}
	r.readDeals(read)
	r.readOpenLeads(commented)
	if len(read) <= fewDeals {
		r.askRowsByHand(read)
	}
	return nil
}

// gatherCustomer makes the order's client and organization part of the run: a new deal needs their contact and company.
func (r *run) gatherCustomer(w *orderWork) {
	w.client = r.workOnClient(w.order.ClientID)
	if w.target == aLead {
		return // the person who converts the lead makes contact and company
	}
	// A deal that a person made of the order's lead may lack them too: nobody had to choose them in the dialog.
	incomplete := w.link == nil || w.link.Agreed[originField].Ours == ""
	w.client.needed = w.client.needed || incomplete
	if w.order.OrganizationID != nil {
		w.organization = r.workOnOrganization(*w.order.OrganizationID)
		w.organization.needed = w.organization.needed || incomplete
	}
}

// readDeals reads the deals of orders.
func (r *run) readDeals(works []*orderWork) {
	fields := []string{
		"id", "title", "stageId", "categoryId", "movedTime", "createdTime", "opportunity", "comments", "updatedTime", contactsField,
	}
	readByID(&r.questions, rest.TypeDeal, fields, dealNumber, lo.Map(works, func(w *orderWork, _ int) sought[rest.Deal] {
		return sought[rest.Deal]{
			id: w.link.RemoteID, take: func(d *rest.Deal) { w.deal = d }, gone: &w.gone, err: &w.err,
		}
	}))
}

// settleOrders decides, for every order, between making, adopting, changing and taking over.
func (r *run) settleOrders(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(r.orders)) {
		w := r.orders[id]
		if w.err != nil || w.done {
			continue
		}
		if err := r.customerFailure(w); err != nil {
			w.err = err
			continue
		}
		var err error
		switch {
		case w.link == nil && w.target == aLead:
			err = r.settleNewLead(ctx, w)
		case w.link == nil:
			err = r.settleNewOrder(ctx, w)
		case w.gone:
			err = r.dealGone(ctx, w)
		case w.target == aLead:
			err = r.settleOpenLead(ctx, w)
		default:
			err = r.settleLinkedOrder(ctx, w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// customerFailure is why a new deal cannot have its contact or company; a deal without them is not made.
func (r *run) customerFailure(w *orderWork) error {
	if w.link != nil {
		return nil
	}
	if w.client.err != nil {
		return w.client.err
	}
	if w.organization != nil {
		return w.organization.err
	}
	return nil
}

// settleNewOrder adopts a deal made by an attempt whose answer was lost, or makes the deal.
func (r *run) settleNewOrder(ctx context.Context, w *orderWork) error {
	if len(w.found.byKey) > 0 {
		return r.adoptDeal(ctx, w, slices.Min(w.found.byKey))
	}
	if w.intent != nil {
		if wait := r.waitToSettle(*w.intent); wait > 0 {
			w.err = settling(wait)
			return nil
		}
	}
	deal := r.add(w, r.dealTask(w))
	if rows := r.rowsOf(w); len(rows) > 0 {
		r.add(w, r.setRows(w, deal, rows))
	}
	return nil
}
