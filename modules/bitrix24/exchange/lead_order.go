package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// targetLeads decides which of the orders without a deal go into a lead: those that are in one already, and new orders
// of clients who are leads themselves, even if the switch is off by now.
func (r *run) targetLeads(ctx context.Context, found map[int64]*orders.Order, deals map[int64]*plan.Link) error {
	var without, customers []int64
	for id, o := range found {
		if deals[id] == nil {
			without, customers = append(without, id), append(customers, o.ClientID)
		}
	}
	if len(without) == 0 {
		return nil
	}
	links, err := r.Book.Links(ctx, plan.Order, plan.Lead, without)
	if err != nil {
		return err
	}
	leads, err := r.leadClients(ctx, lo.Uniq(customers))
	if err != nil {
		return err
	}
	open, err := r.Book.Intents(
		ctx, plan.Lead, lo.Map(without, func(id int64, _ int) string { return mapping.OrderLeadKey(id) }),
	)
	if err != nil {
		return err
	}
	rows, err := r.Book.RowLinks(ctx, plan.Lead, without)
	if err != nil {
		return err
	}
	employers := lo.FilterMap(lo.Values(found), func(o *orders.Order, _ int) (int64, bool) {
		return lo.FromPtr(o.OrganizationID), o.OrganizationID != nil && links[o.ID] != nil
	})
	companies, err := r.Book.Links(ctx, plan.Organization, plan.Company, employers)
	if err != nil {
		return err
	}
	for _, id := range without {
		w := r.orders[id]
		w.company = companies[lo.FromPtr(found[id].OrganizationID)]
		if l := links[id]; l != nil && l.State == plan.Converted {
			w.leadID = l.RemoteID // no deal came of the lead: it is created now
			continue
		}
		intent := open[mapping.OrderLeadKey(id)]
		leading := links[id] != nil || leads[found[id].ClientID]
		if !leading && intent == nil {
			continue
		}
		w.leadUnsure = !leading
		w.target, w.link, w.rows, w.intent = plan.Lead, links[id], rows[id], intent
	}
	return nil
}

// leadClients reports which clients are leads: they have no contact, and have an open lead or are to have one.
// Somebody who is only a guest of organizations is none. If an employee sends his orders, he gets a contact and deals.
func (r *run) leadClients(ctx context.Context, ids []int64) (map[int64]bool, error) {
	contacts, err := r.Book.Links(ctx, plan.Client, plan.Contact, ids)
	if err != nil {
		return nil, err
	}
	leads, err := r.Book.Links(ctx, plan.Client, plan.Lead, ids)
	if err != nil {
		return nil, err
	}
	chosen, err := r.Book.Choices(ctx, plan.Client, ids)
	if err != nil {
		return nil, err
	}
	begun, err := r.Book.Intents(
		ctx, plan.Lead, lo.Map(ids, func(id int64, _ int) string { return mapping.ClientLeadKey(id) }),
	)
	if err != nil {
		return nil, err
	}
	are, wishing := map[int64]bool{}, []int64{}
	for _, id := range ids {
		isBegun := begun[mapping.ClientLeadKey(id)] != nil
		switch open := leads[id] != nil && leads[id].State == plan.Linked; {
		case contacts[id] != nil:
		case open, isBegun && leads[id] == nil && chosen[id] == plan.ChoiceLead:
			are[id] = true
		case r.leadsOn() && chosen[id] == plan.ChoiceLead:
			wishing = append(wishing, id)
		}
	}
	if len(wishing) == 0 {
		return are, nil
	}
	employers, err := r.Organizations.OfMany(ctx, wishing)
	if err != nil {
		return nil, err
	}
	for _, id := range wishing {
		mayOrder := func(o *organizations.Organization) bool { return o.MayOrder(id) }
		are[id] = len(employers[id]) == 0 || slices.ContainsFunc(employers[id], mayOrder)
	}
	return are, nil
}

// settleNewLead puts an order into its client's lead. If another order is in there already, or the client's lead was
// rejected, the order gets a lead of its own.
func (r *run) settleNewLead(ctx context.Context, w *orderWork) error {
	if len(w.found.byKey) == 0 && (w.client.link != nil || w.leadUnsure) {
		return r.dealInstead(ctx, w)
	}
	in := r.input(w)
	fields := mapping.LeadOrder(in)
	isOld := false // people may have written into the lead: the next push reads it, then sends comment and rows
	of := task{name: fmt.Sprintf("lead%d", w.id), note: plan.About(plan.Order, w.id, plan.Lead, 0)}
	store := func(tx *db.Tx, lead *rest.Lead) error {
		l := r.Book.NewLink(plan.Order, w.id, plan.Lead, lead.ID.Int64(), mapping.Agreed{})
		l.Agreed.Agree(fields)
		l.Stage, l.Amount = string(lead.StageID), orders.Money(lead.Opportunity)
		if err := records.SaveLink(tx, l); err != nil || !isOld {
			return err
		}
		return r.Jobs.Enqueue(tx, PushOrder{ID: w.id}, r.follow()...)
	}
	update := func(id func() any) *task {
		return updateItem(of, rest.TypeLead, id, leadNumber, always(fields), store)
	}
	var t *task
	id, found := w.found.oldestByKey()
	wait := r.unsettled(w.intent)
	switch lead := &w.client.lead; {
	case found:
		isOld = true
		t = update(func() any { return id })
	case wait != nil:
		w.err = wait
		return nil
	case lead.create != nil && !lead.busy && w.intent == nil: // the client's lead is created in this run
		lead.busy = true
		of.after = []*task{lead.create}
		t = update(func() any { return lead.create.recordID("item", "id") })
	case lead.link != nil && !lead.busy && w.intent == nil:
		lead.busy, isOld = true, true
		of.onMissing = r.lookAt(plan.Lead, lead.link.RemoteID)
		t = update(lead.link.Target)
	default:
		created := mapping.NewLead(mapping.ClientLead(w.client.client, lead.company), mapping.OrderLeadKey(w.id),
			w.client.client.PhoneText(), w.client.client.EmailText(), r.Current.Rules, r.Origin)
		maps.Copy(created, fields)
		of.entity, of.key = plan.Lead, mapping.OrderLeadKey(w.id)
		t = addItem(of, rest.TypeLead, leadNumber, always(created), store)
	}
	r.add(w, t)
	if isOld {
		delete(fields, commentsField)
	} else if rows := r.rowsOf(w); len(rows) > 0 {
		r.add(w, r.setRows(w, t, rows))
	}
	return nil
}

// dealInstead leaves it to the next run to create a deal, once it is certain that there is no lead. The portal knows
// the client after all, or he no longer is to become a lead.
func (r *run) dealInstead(ctx context.Context, w *orderWork) error {
	if w.intent != nil {
		if w.err = r.unsettled(w.intent); w.err != nil {
			return nil
		}
		err := r.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
			return records.ClearIntent(tx, r.Portal.ID, plan.Lead, mapping.OrderLeadKey(w.id))
		})
		if err != nil {
			return err
		}
	}
	w.err = &waitError{why: "у клиента нет открытого лида в Битрикс24: заказ станет сделкой"}
	return nil
}

// readOpenLeads reads what people may have put into the leads of orders, beside what is ours (crm.item.list).
func (r *run) readOpenLeads(works []*orderWork) {
	fields := []string{"id", "comments", contactsField}
	ReadByID(
		&r.questions,
		rest.TypeLead,
		fields,
		leadNumber,
		lo.Map(works, func(w *orderWork, _ int) Sought[rest.Lead] {
			return Sought[rest.Lead]{ID: w.link.RemoteID, Take: func(l *rest.Lead) { w.lead = l }, Err: &w.err}
		}),
	)
}

// settleOpenLead sends what changed in an order to its open lead. Contact and company go along as soon as there are
// any, so that the dialog of conversion offers them.
func (r *run) settleOpenLead(ctx context.Context, w *orderWork) error {
	fields := mapping.LeadOrder(r.input(w))
	maps.Copy(fields, mapping.DealClient(w.client.recordID(), nil))
	if w.company != nil {
		fields["companyId"] = w.company.RemoteID
	}
	if w.lead == nil {
		delete(fields, commentsField) // written already
	}
	if t := r.changeLead(fmt.Sprintf("lead%d", w.id), w.link, fields, w.lead); t != nil {
		w.tasks = append(w.tasks, t)
	}
	return r.settleBesideFields(ctx, w)
}
