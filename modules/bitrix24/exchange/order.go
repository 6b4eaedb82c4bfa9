package exchange

import (
	"context"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// orderWork brings an order and its deal together, or the lead that the order is in.
type orderWork struct {
	id int64

	// What the panel knows.
	order        *orders.Order
	site         *sites.Site
	chosen       plan.Choice
	target       plan.Entity  // plan.Deal, or plan.Lead while the client is a lead
	link         *plan.Link   // to the target
	intent       *plan.Intent // to create the target; its outcome is unknown
	rowsIntent   *plan.Intent // to change the target's rows: which rows are ours is unknown
	changeIntent *plan.Intent // to move the deal; its outcome is unknown
	rows         map[string]plan.RowLink
	sentRows     map[string]bool // how each row looks that was ever sent, known only with rowsIntent
	client       *clientWork
	organization *organizationWork
	company      *plan.Link // of the organization, only while the order is in a lead
	leadID       int64      // the converted lead that no deal came of; the deal is created now and tied to it
	leadUnsure   bool       // it goes into a lead only if an attempt whose answer was lost has created that lead

	// What the portal says.
	read     bool // the target is read before anything is written, since it may have changed
	deal     *rest.Deal
	lead     *rest.Lead // read when our links go into its comment, or a contact beside others
	gone     bool       // there is no such deal
	found    candidates
	dealRows []rest.ProductRow // of the deal or lead, read with rowsIntent
	rowsErr  error             // why they could not be read; a deal or lead that is gone has none

	// What follows.
	tasks []*task
	err   error
	done  bool // nothing is left to write
}

// key is the order's external key on its target.
func (w *orderWork) key() string { return plan.Key(plan.Order, w.target, w.id) }

func (w *orderWork) failure() error { return firstFailure(&w.err, w.tasks) }

func (w *orderWork) complete() bool {
	return w.err != nil || w.done || finished(w.tasks)
}

// workOnOrder returns the run's work on an order, new or begun.
func (r *run) workOnOrder(id int64) *orderWork {
	if r.orders[id] == nil {
		r.orders[id] = &orderWork{id: id, target: plan.Deal}
	}
	return r.orders[id]
}

// add adds a command to the work and to the run.
func (r *run) add(w *orderWork, t *task) *task {
	w.tasks = append(w.tasks, t)
	r.tasks = append(r.tasks, t)
	return t
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
	keys := lo.Map(ids, func(id int64, _ int) string { return mapping.OrderKey(id) })
	open, err := r.Book.Intents(
		ctx, plan.Deal, append(lo.Map(keys, func(key string, _ int) string { return changeKey(key) }), keys...),
	)
	if err != nil {
		return err
	}
	openRows, err := r.Book.Intents(ctx, plan.Rows, keys)
	if err != nil {
		return err
	}
	sent, err := r.Book.SentRows(ctx, lo.Filter(ids, func(id int64, _ int) bool {
		return openRows[mapping.OrderKey(id)] != nil
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
		w.order, w.chosen = found[id], chosen[id]
		if (r.bulk || w.leadID != 0) && w.chosen == plan.ChoiceNone {
			w.chosen = plan.ChoiceSend // what was in a lead is on the portal already, whatever the switches say now
		}
		if w.target == plan.Deal {
			w.link, w.rows = links[id], rows[id]
			w.intent, w.changeIntent = open[mapping.OrderKey(id)], open[changeKey(mapping.OrderKey(id))]
		}
		w.rowsIntent, w.sentRows = openRows[mapping.OrderKey(id)], sent[id]
		if w.order == nil {
			w.done = true
			continue
		}
		w.site = byID[w.order.SiteID]
		switch {
		case w.chosen == plan.ChoiceIgnore, w.link != nil && w.link.State != plan.Linked:
			w.done = true
		case w.link != nil && w.target == plan.Lead:
			// An open lead has no stage to compare; it is read for the sake of what people wrote into its comment.
			if w.link.Agreed[commentsField].Ours != mapping.Print(mapping.Comment(r.input(w))) {
				w.read = true
				commented = append(commented, w)
			}
		case w.link != nil:
			if w.mustReadDeal() {
				w.read = true
				read = append(read, w)
			}
		case w.intent != nil: // what was begun is brought to an end
			r.askByKey(w.target.TypeID(), w.key(), &w.found, &w.err)
		case r.Current.Wants(w.order, w.chosen) != "":
			w.done = true
		}
		if !w.done {
			r.addCustomer(w)
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

// mustReadDeal reports whether the deal has to be read before anything is written: it may have moved, the order has,
// or it is unknown what became of an earlier command. Rows that cannot be read may be those of a deal that is gone,
// and only the deal itself tells.
func (w *orderWork) mustReadDeal() bool {
	moved := string(w.order.Status) != w.link.Agreed[StageField].Ours
	return w.read || moved || w.changeIntent != nil || w.rowsIntent != nil
}

// addCustomer adds the order's client and organization to the run, since a new deal needs their contact and company.
func (r *run) addCustomer(w *orderWork) {
	w.client = r.workOnClient(w.order.ClientID)
	if w.target == plan.Lead {
		return // whoever converts the lead decides about contact and company
	}
	// A deal that a person made of the order's lead may lack them, too: nobody has to choose them in the dialog.
	incomplete := w.link == nil || w.link.Agreed[originField].Ours == ""
	w.client.needed = w.client.needed || incomplete
	if w.order.OrganizationID != nil {
		w.organization = r.workOnOrganization(*w.order.OrganizationID)
		w.organization.needed = w.organization.needed || incomplete
	}
}

// readDeals reads the deals of orders (crm.item.list).
func (r *run) readDeals(works []*orderWork) {
	fields := []string{
		"id", "title", "stageId", "categoryId", "movedTime", "createdTime", "updatedTime",
		"opportunity", "comments", contactsField,
	}
	ReadByID(
		&r.questions,
		rest.TypeDeal,
		fields,
		DealNumber,
		lo.Map(works, func(w *orderWork, _ int) Sought[rest.Deal] {
			return Sought[rest.Deal]{
				ID: w.link.RemoteID, Take: func(d *rest.Deal) { w.deal = d }, Gone: &w.gone, Err: &w.err,
			}
		}),
	)
}

// settleOrders decides for each order between creating its deal or lead, linking it, and comparing the two.
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
		case w.link == nil && w.target == plan.Lead:
			err = r.settleNewLead(ctx, w)
		case w.link == nil:
			err = r.settleNewDeal(ctx, w)
		case w.gone:
			err = r.noteDealGone(ctx, w)
		case w.rowsErr != nil:
			err = r.rowsUnread(ctx, w)
		case w.target == plan.Lead:
			err = r.settleOpenLead(ctx, w)
		default:
			err = r.settleLinkedDeal(ctx, w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// customerFailure is why a new deal cannot have its contact or company. No deal is created without them.
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

// settleNewDeal links the deal that an attempt created whose answer was lost, or else creates the deal with its rows.
func (r *run) settleNewDeal(ctx context.Context, w *orderWork) error {
	if id, found := w.found.oldestByKey(); found {
		return r.adoptDeal(ctx, w, id)
	}
	if w.err = r.unsettled(w.intent); w.err != nil {
		return nil
	}
	deal := r.add(w, r.dealTask(w))
	if rows := r.rowsOf(w); len(rows) > 0 {
		r.add(w, r.setRows(w, deal, rows))
	}
	return nil
}

// settleBesideFields settles what a linked order has in its deal or lead beside fields: the product rows, and the note
// that it was deleted. An order that then has no command is done.
func (r *run) settleBesideFields(ctx context.Context, w *orderWork) error {
	if err := r.changeRows(ctx, w); err != nil {
		return err
	}
	if err := r.noteDeleted(ctx, w); err != nil {
		return err
	}
	w.done = len(w.tasks) == 0
	return nil
}
