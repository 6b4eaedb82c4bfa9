package exchange

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// leadsOn reports whether new clients become leads: the switch is on, and the portal has leads at all.
func (c *Connection) leadsOn() bool {
	return c.Current.Leads && c.Lists.Mode != rest.ModeSimple
}

// chooseClientLeads reads what it takes to tell which of the clients are to be leads.
func (r *run) chooseClientLeads(ctx context.Context, works []*clientWork) error {
	leading := lo.Filter(works, func(w *clientWork, _ int) bool { return w.client != nil && w.MayBeLead() })
	employers, err := r.Organizations.OfMany(ctx, lo.Map(leading, func(w *clientWork, _ int) int64 { return w.ID }))
	if err != nil {
		return err
	}
	for _, w := range leading {
		var sent bool
		w.Lead.Company, sent = w.Employer(w.ID, employers[w.ID])
		w.Lead.Wanted = w.WantsClientLead(sent)
		r.askLead(&w.party)
	}
	if err := r.markBegunLeads(ctx, leading); err != nil {
		return err
	}
	return r.markBusyLeads(ctx, works)
}

// markBegunLeads notes which orders were on their way into the leads of the clients when an answer was lost.
func (r *run) markBegunLeads(ctx context.Context, works []*clientWork) error {
	if len(works) == 0 {
		return nil
	}
	var keys []string
	err := r.DB.From(ctx).
		Model(&plan.Intent{}).
		Where("portal_id = ? AND entity = ? AND key LIKE ?", r.Portal.ID, plan.Lead, plan.ChangeKey("lead-order:%")).
		Pluck("key", &keys).Error
	if err != nil {
		return fmt.Errorf("read which orders are on their way into leads: %w", err)
	}
	begun := map[int64]string{} // by order
	for _, key := range keys {
		if owner, _, _, ok := plan.KeyOf(strings.TrimPrefix(key, plan.ChangeKey(""))); ok {
			begun[owner.ID] = key
		}
	}
	found, err := r.Orders.FindMany(ctx, lo.Keys(begun))
	if err != nil {
		return err
	}
	for id, o := range found {
		isSame := begun[id] == plan.ChangeKey(plan.Key(plan.Order, plan.Lead, id, o.Token))
		if w := r.clients[o.ClientID]; isSame && w != nil {
			w.begun = id
		}
	}
	return nil
}

// chooseOrganizationLeads tells which of the organizations are to be leads.
func (r *run) chooseOrganizationLeads(works []*organizationWork) {
	for _, w := range works {
		if w.organization != nil {
			w.Lead.Wanted = w.WantsOrganizationLead()
			r.askLead(&w.party)
		}
	}
}

// askLead looks for the lead of a party whose creation was begun, or may have been.
func (r *run) askLead(p *party) {
	if p.Lead.Wanted && (p.Lead.Open != nil || p.sought) && p.Lead.Link == nil {
		r.askByKey(rest.TypeLead, p.LeadKey(), &p.Lead.ByKey, &p.err)
	}
}

// readPartyLeads reads the open leads of parties whole (crm.item.list). Values of multifields are changed by their
// numbers, and what people changed in a lead stays.
func (r *run) readPartyLeads(list []*party) {
	ReadByID(
		&r.questions,
		rest.TypeLead,
		allFields,
		leadNumber,
		lo.Map(list, func(p *party, _ int) Sought[rest.Lead] {
			return Sought[rest.Lead]{
				ID:   p.Lead.Link.RemoteID,
				Take: func(lead *rest.Lead) { p.Lead.Read = lead },
				Err:  &p.err,
			}
		}),
	)
}

// markBusyLeads notes which of the open leads carry an order already.
func (r *run) markBusyLeads(ctx context.Context, works []*clientWork) error {
	works = lo.Filter(works, func(w *clientWork, _ int) bool { return w.Lead.Link != nil })
	if len(works) == 0 {
		return nil
	}
	ids := lo.Map(works, func(w *clientWork, _ int) int64 { return w.Lead.Link.RemoteID })
	links, err := r.Book.LinksTo(ctx, plan.Lead, ids)
	if err != nil {
		return err
	}
	for _, w := range works {
		w.busy = slices.ContainsFunc(links, func(l *plan.Link) bool {
			return l.Local == plan.Order && l.RemoteID == w.Lead.Link.RemoteID
		})
	}
	return nil
}
