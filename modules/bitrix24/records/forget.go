package records

import (
	"context"
	"fmt"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// ForgetDeletedLead drops the link to the lead that an order's deal came from, if the lead was deleted as well.
// Otherwise the order would count as one that is in the lead.
func (b *Book) ForgetDeletedLead(ctx context.Context, tx *db.Tx, deal *Link) error {
	if deal.Entity != Deal {
		return nil
	}
	lead, err := b.Link(ctx, Order, Lead, deal.LocalID)
	if err != nil || lead == nil || lead.State != Deleted {
		return err
	}
	return Forget(tx, lead)
}

// Forget drops an order's link with everything that depends on it: the links of its rows, and the intent to change
// them.
func Forget(tx *db.Tx, l *Link) error {
	key := mapping.OrderKey(l.LocalID)
	err := tx.Where("portal_id = ? AND entity = ? AND order_id = ?", l.PortalID, l.Entity, l.LocalID).
		Delete(&RowLink{}).Error
	if err != nil {
		return fmt.Errorf("forget rows: %w", err)
	}
	if err := ClearIntent(tx, l.PortalID, Rows, key); err != nil {
		return err
	}
	return Unlink(tx, l)
}

// Number is the number of the linked record on the portal; 0 of no link.
func (l *Link) Number() int64 {
	if l == nil {
		return 0
	}
	return l.RemoteID
}
