package records

import (
	"context"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// ChoiceRow is a row of bitrix24_choices.
type ChoiceRow struct {
	PortalID  int64      `gorm:"primaryKey"`
	Local     plan.Local `gorm:"primaryKey"`
	LocalID   int64      `gorm:"primaryKey"`
	Choice    plan.Choice
	Actor     string // who decided, by name
	CreatedAt time.Time
}

// TableName is that of the module's table.
func (ChoiceRow) TableName() string { return "bitrix24_choices" }

// Choices returns what was decided about records of a kind, by their numbers in the panel. Records that nobody decided
// about are left out, and read as ChoiceNone.
func (b *Book) Choices(ctx context.Context, kind plan.Local, ids []int64) (map[int64]plan.Choice, error) {
	var rows []ChoiceRow
	err := b.DB.From(ctx).
		Where("portal_id = ? AND local = ? AND local_id IN ?", b.PortalID, kind, ids).
		Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read choices: %w", err)
	}
	chosen := make(map[int64]plan.Choice, len(rows))
	for _, r := range rows {
		chosen[r.LocalID] = r.Choice
	}
	return chosen, nil
}

// Choose stores a decision about a record, in place of an earlier one. actor is the name of who decided.
func (b *Book) Choose(tx *db.Tx, kind plan.Local, id int64, c plan.Choice, actor string) error {
	row := ChoiceRow{PortalID: b.PortalID, Local: kind, LocalID: id, Choice: c, Actor: actor, CreatedAt: db.Now()}
	if err := tx.Save(&row).Error; err != nil {
		return fmt.Errorf("record a choice: %w", err)
	}
	return nil
}
