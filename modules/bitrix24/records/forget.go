package records

import (
	"context"
	"fmt"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// ForgetDeletedLead drops the link to the lead that an order's deal came from, if the lead was deleted as well.
// Otherwise the order would count as one that is in the lead.
func (b *Book) ForgetDeletedLead(ctx context.Context, tx *db.Tx, deal *plan.Link) error {
	if deal.Entity != plan.Deal {
		return nil
	}
	lead, err := b.Link(ctx, plan.Order, plan.Lead, deal.LocalID)
	if err != nil || lead == nil || lead.State != plan.Deleted {
		return err
	}
	return Forget(tx, lead)
}

// Forget drops an order's link with everything that depends on it: the links of its rows, and the intent to change
// them.
func Forget(tx *db.Tx, l *plan.Link) error {
	err := tx.Where("portal_id = ? AND entity = ? AND order_id = ?", l.PortalID, l.Entity, l.LocalID).
		Delete(&plan.RowLink{}).Error
	if err != nil {
		return fmt.Errorf("forget rows: %w", err)
	}
	if err := ClearIntents(tx, l.PortalID, plan.Open{Entity: plan.Rows, Key: plan.RowsKey(l.LocalID)}); err != nil {
		return err
	}
	return Unlink(tx, l)
}
