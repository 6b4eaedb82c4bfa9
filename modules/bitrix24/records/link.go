package records

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// Known reports whether a record of the panel has a record on the portal, of whatever kind, that was not deleted.
func (b *Book) Known(ctx context.Context, kind plan.Local, id int64) (bool, error) {
	var n int64
	err := b.DB.From(ctx).
		Model(&plan.Link{}).
		Where("portal_id = ? AND local = ? AND local_id = ? AND state <> ?", b.PortalID, kind, id, plan.Deleted).
		Limit(1).
		Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for a link of %s %d: %w", kind, id, err)
	}
	return n > 0, nil
}

// Links returns the links of records of the panel to records of one kind on the portal, by their numbers in the panel.
// A record without a link is left out.
func (b *Book) Links(ctx context.Context, kind plan.Local, e plan.Entity, ids []int64) (map[int64]*plan.Link, error) {
	var rows []*plan.Link
	err := b.DB.From(ctx).
		Where("portal_id = ? AND local = ? AND entity = ? AND local_id IN ?", b.PortalID, kind, e, ids).
		Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	byID := make(map[int64]*plan.Link, len(rows))
	for _, l := range rows {
		byID[l.LocalID] = l
	}
	return byID, nil
}

// Link returns the link of one record of the panel to a record of one kind on the portal, or nil.
func (b *Book) Link(ctx context.Context, kind plan.Local, e plan.Entity, id int64) (*plan.Link, error) {
	byID, err := b.Links(ctx, kind, e, []int64{id})
	return byID[id], err
}

// LinksTo returns the links to records of the portal, oldest first. A lead may have several: from its client, its
// organization and its order.
func (b *Book) LinksTo(ctx context.Context, e plan.Entity, remoteIDs []int64) ([]*plan.Link, error) {
	var rows []*plan.Link
	err := b.DB.From(ctx).
		Where("portal_id = ? AND entity = ? AND remote_id IN ?", b.PortalID, e, remoteIDs).
		Order("id").
		Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	return rows, nil
}

// NewLink returns a link that is not saved yet, to a record that was just seen on the portal. agreed is what both
// sides have agreed on; nil: nothing yet.
func (b *Book) NewLink(kind plan.Local, id int64, e plan.Entity, remoteID int64, agreed mapping.Agreed) *plan.Link {
	return &plan.Link{
		PortalID: b.PortalID, Local: kind, LocalID: id, Entity: e, RemoteID: remoteID, Checked: true, Agreed: agreed,
	}
}

// SaveLink stores a link, new or changed. A new link clears the intent to create its record.
func SaveLink(tx *db.Tx, l *plan.Link) error {
	if l.Agreed == nil {
		l.Agreed = mapping.Agreed{}
	}
	if l.Refused == nil {
		l.Refused = map[string]string{}
	}
	l.UpdatedAt = db.Now()
	if l.ID == 0 {
		l.CreatedAt = l.UpdatedAt
		if err := settleCreation(tx, l); err != nil {
			return err
		}
	}
	if err := tx.Omit(clause.Associations).Save(l).Error; err != nil {
		return fmt.Errorf("save link of %s %d: %w", l.Local, l.LocalID, err)
	}
	return nil
}

// Unlink drops a link.
func Unlink(tx *db.Tx, l *plan.Link) error {
	if err := tx.Delete(l).Error; err != nil {
		return fmt.Errorf("drop link of %s %d: %w", l.Local, l.LocalID, err)
	}
	return nil
}
