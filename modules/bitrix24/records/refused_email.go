package records

import (
	"context"
	"fmt"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/plan"

	"github.com/samber/lo"
)

// RefusedEmail is a row of bitrix24_refused_emails: an e-mail of a client or an organization that the portal refuses.
// The contact, lead or company is sent without it, rather than not at all.
type RefusedEmail struct {
	PortalID  int64      `gorm:"primaryKey"`
	Local     plan.Local `gorm:"primaryKey"`
	LocalID   int64      `gorm:"primaryKey"`
	Email     string
	RefusedAt time.Time
}

// TableName is that of the module's table.
func (RefusedEmail) TableName() string { return "bitrix24_refused_emails" }

// RefusedEmails returns the refused e-mails of records of a kind, by their numbers in the panel.
func (b *Book) RefusedEmails(ctx context.Context, kind plan.Local, ids []int64) (map[int64]string, error) {
	var rows []RefusedEmail
	err := b.DB.From(ctx).
		Where("portal_id = ? AND local = ? AND local_id IN ?", b.PortalID, kind, ids).
		Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read refused e-mails: %w", err)
	}
	return lo.SliceToMap(rows, func(row RefusedEmail) (int64, string) { return row.LocalID, row.Email }), nil
}
