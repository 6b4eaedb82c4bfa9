package exchange

import (
	"context"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// pulled is a look at a record of the portal, with the place of its job in the group.
type pulled struct {
	Pull
	job    int
	linked bool // it is a record of ours
}

// resolve finds out whose the records are that are to be looked at, and adds their works. A record of nobody costs no
// request: a busy portal has many deals that are none of ours.
func (r *run) resolve(ctx context.Context, pulls []pulled, works [][]work) error {
	ids := map[plan.Entity][]int64{}
	for _, p := range pulls {
		ids[p.Entity] = append(ids[p.Entity], p.ID)
	}
	looks, err := r.lookAtProducts(ctx, ids[plan.Product])
	if err != nil {
		return err
	}
	for _, p := range pulls {
		if look := looks[p.ID]; look != nil && p.Entity == plan.Product {
			works[p.job] = append(works[p.job], look)
		}
	}
	for e, remoteIDs := range ids {
		links, err := r.Book.LinksTo(ctx, e, remoteIDs)
		if err != nil {
			return err
		}
		for _, l := range links {
			w := r.workOf(l)
			if w == nil {
				continue
			}
			for _, p := range pulls {
				if p.Entity == e && p.ID == l.RemoteID {
					r.caught[w] = r.caught[w] || p.Caught
					works[p.job] = append(works[p.job], w)
				}
			}
		}
	}
	return nil
}

// workOf returns the work that a look at a linked record means, or nil when there is nothing to do: a requisite is not
// looked at, for instance. What is known to be deleted is looked at, too, since it may have been restored.
func (r *run) workOf(l *plan.Link) work {
	switch {
	case l.Entity == plan.Lead:
		return r.workOnLead(l)
	case l.Local == plan.Order && l.Entity == plan.Deal:
		w := r.workOnOrder(l.LocalID)
		w.read = true
		return w
	case l.Local == plan.Client && l.Entity == plan.Contact:
		w := r.workOnClient(l.LocalID)
		w.Compare = true
		return w
	case l.Local == plan.Organization && l.Entity == plan.Company:
		w := r.workOnOrganization(l.LocalID)
		w.Compare = true
		return w
	}
	return nil
}
