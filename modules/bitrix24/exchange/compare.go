package exchange

import (
	"context"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Compared is what a comparison of one order with its deal, or the lead that it is in, has come to.
type Compared struct {
	OrderID  int64
	Target   plan.Entity // a deal or a lead
	Link     *plan.Link  // nil: the portal has nothing of the order
	LeftOut  bool        // by the rules: it is not compared
	Gone     bool        // the portal has no such record any more
	Rejected bool        // it is in a lead that was rejected there: there is nothing to compare any more
	Over     bool        // nobody waits for the order any more
	Differ   []plan.Difference
}

// Compare compares orders with what the portal has of them, in as few requests as sending them would take for its
// questions. It stores nothing. What it finds is what a MendOrder of the order would send.
func (c *Connection) Compare(ctx context.Context, orderIDs []int64) ([]Compared, error) {
	r := newRun(c)
	r.class = rest.Background
	for _, id := range orderIDs {
		r.workOnOrder(id).Afresh = true
	}
	if err := r.loadOrders(ctx); err != nil {
		return nil, err
	}
	// Contacts and companies are looked up here, and neither looked for nor created.
	for _, w := range r.clients {
		w.Needed = false
	}
	for _, w := range r.organizations {
		w.Needed = false
	}
	for _, step := range []func(context.Context) error{r.loadOrganizations, r.loadClients, r.ask} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	var found []Compared
	for _, w := range inOrder(r.orders) {
		if w.order == nil {
			continue
		}
		if w.err == nil && !w.Gone {
			w.err = w.RowsErr
		}
		if w.err != nil {
			return nil, w.err
		}
		found = append(found, r.compared(w))
	}
	return found, nil
}

// compared says what was found of one order.
func (r *run) compared(w *orderWork) Compared {
	found := Compared{
		OrderID: w.id, Target: w.Target, Link: w.Link, Gone: w.Gone,
		Over:    w.order.Status.Group() == orders.Abandoned || w.order.Status == orders.Deleted,
		LeftOut: w.Chosen == plan.ChoiceIgnore || w.Link == nil && r.Current.ExcludedFromExport(w.order, w.Chosen) != "",
	}
	if w.Lead == nil && w.Deal == nil {
		return found
	}
	found.Rejected = w.Lead != nil && plan.LeadState(w.Lead) == plan.Rejected
	found.Differ = plan.Differences(r.orderFacts(w))
	return found
}
