package exchange

import (
	"context"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// Gone returns the link of an order to a deal or lead that was deleted on the portal. It is nil if the order has none,
// or has another that is there.
func (x *Exchange) Gone(ctx context.Context, s portal.Settings, id int64) (*plan.Link, error) {
	for _, e := range []plan.Entity{plan.Deal, plan.Lead} {
		l, err := x.portals.Book(s.PortalID).Link(ctx, plan.Order, e, id)
		if err != nil || l != nil && l.State == plan.Deleted {
			return l, err
		}
		if l != nil && l.State == plan.Linked {
			return nil, nil // what is there now counts, whatever it came from
		}
	}
	return nil, nil
}

// StartOver drops the link l to an order's deal or lead, in the given transaction, so that the next push creates
// another. who is the employee who asked for it. The caller enqueues the push.
func (x *Exchange) StartOver(
	ctx context.Context,
	tx *db.Tx,
	s portal.Settings,
	l *plan.Link,
	clientID int64,
	who string,
) error {
	if err := records.Forget(tx, l); err != nil {
		return err
	}
	if err := x.portals.Book(l.PortalID).ForgetDeletedLead(ctx, tx, l); err != nil {
		return err
	}
	if l.Entity == plan.Lead && s.Leads {
		if err := x.leadAgain(ctx, tx, s, clientID, who); err != nil {
			return err
		}
	}
	return x.portals.Book(l.PortalID).Choose(tx, plan.Order, l.LocalID, plan.ChoiceSend, who)
}

// leadAgain notes that the client is to become a lead again, unless he has a contact.
func (x *Exchange) leadAgain(ctx context.Context, tx *db.Tx, s portal.Settings, clientID int64, who string) error {
	contact, err := x.portals.Book(s.PortalID).Link(ctx, plan.Client, plan.Contact, clientID)
	if err != nil || contact != nil {
		return err
	}
	return x.portals.Book(s.PortalID).Choose(tx, plan.Client, clientID, plan.ChoiceLead, who)
}
