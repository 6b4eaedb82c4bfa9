package records

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Known reports whether a record of the panel has one on the portal, of whatever kind.
func (b *Book) Known(ctx context.Context, kind Local, id int64) (bool, error) {
	var n int64
	err := b.DB.From(ctx).Model(&Link{}).Where("portal_id = ? AND local = ? AND local_id = ? AND state <> ?", b.PortalID, kind, id, Deleted).
		Limit(1).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for a link of %s %d: %w", kind, id, err)
	}
	return n > 0, nil
}

// Link says which record here is which record there, and what both sides last agreed on. Removing the module removes
// every trace of it from the panel's own tables, since there is none.
type Link struct {
	ID         int64 `gorm:"primaryKey"`
	PortalID   int64
	Local      Local
	LocalID    int64
	Entity     Entity
	RemoteID   int64
	State      LinkState
	Agreed     mapping.Agreed    `gorm:"serializer:json"`
	Refused    map[string]string `gorm:"serializer:json"` // portal's values the panel cannot take, by field: said once
	CategoryID int64             // of a deal: its funnel when last seen
	Stage      string            // of a deal or lead: its stage when last seen
	Amount     orders.Money      // of a deal: its amount when last seen
	ByHand     orders.Money      // of a deal: what rows that a manager added come to, when last seen
	Checked    bool              // false: typed by hand and not yet seen on the portal
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// TableName keeps the module's tables apart.
func (Link) TableName() string { return "bitrix24_links" }

// LinkState is what a person has to know about a link.
type LinkState string

const (
	Linked    LinkState = ""
	Deleted   LinkState = "deleted"   // the record there is gone
	Converted LinkState = "converted" // a lead that became something else
	Rejected  LinkState = "rejected"  // a lead in JUNK
)

// Links returns the links of records of a kind, by their number here.
func (b *Book) Links(ctx context.Context, kind Local, e Entity, ids []int64) (map[int64]*Link, error) {
	var rows []*Link
	err := b.DB.From(ctx).Where("portal_id = ? AND local = ? AND entity = ? AND local_id IN ?", b.PortalID, kind, e, ids).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	byID := make(map[int64]*Link, len(rows))
	for _, l := range rows {
		byID[l.LocalID] = l
	}
	return byID, nil
}

// Link returns the link of one record, or nil.
func (b *Book) Link(ctx context.Context, kind Local, e Entity, id int64) (*Link, error) {
	byID, err := b.Links(ctx, kind, e, []int64{id})
	return byID[id], err
}

// LinksTo returns the links to records of the portal.
func (b *Book) LinksTo(ctx context.Context, e Entity, remoteIDs []int64) ([]*Link, error) {
	var rows []*Link
	err := b.DB.From(ctx).Where("portal_id = ? AND entity = ? AND remote_id IN ?", b.PortalID, e, remoteIDs).Order("id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	return rows, nil
}

// Key returns the external key under which a record of the panel is found as a record of that kind on the portal. The
// same key names the intent to create it.
func Key(kind Local, e Entity, id int64) string {
	switch kind {
	case LegalEntity:
		return mapping.LegalEntityKey(id)
	case Client:
		if e == Lead {
			return mapping.ClientLeadKey(id)
		}
		return mapping.ClientKey(id)
	case Organization:
		if e == Lead {
			return mapping.OrganizationLeadKey(id)
		}
		return mapping.OrganizationKey(id)
	}
	if e == Lead {
		return mapping.OrderLeadKey(id)
	}
	return mapping.OrderKey(id)
}

// NewLink returns a link that is not saved yet, to a record that was just seen on the portal. agreed is what both sides
// have agreed on; nil: nothing yet.
func (b *Book) NewLink(kind Local, id int64, e Entity, remoteID int64, agreed mapping.Agreed) *Link {
	return &Link{
		PortalID: b.PortalID, Local: kind, LocalID: id, Entity: e, RemoteID: remoteID, Checked: true, Agreed: agreed,
	}
}

// SaveLink writes a link, new or changed. A new one settles the intent to make its record.
func SaveLink(tx *db.Tx, l *Link) error {
	if l.Agreed == nil {
		l.Agreed = mapping.Agreed{}
	}
	if l.Refused == nil {
		l.Refused = map[string]string{}
	}
	l.UpdatedAt = db.Now()
	if l.ID == 0 {
		l.CreatedAt = l.UpdatedAt
		if err := ClearIntent(tx, l.PortalID, l.Entity, Key(l.Local, l.Entity, l.LocalID)); err != nil {
			return err
		}
	}
	if err := tx.Omit(clause.Associations).Save(l).Error; err != nil {
		return fmt.Errorf("save link of %s %d: %w", l.Local, l.LocalID, err)
	}
	return nil
}

// Unlink forgets which record there was which record here.
func Unlink(tx *db.Tx, l *Link) error {
	if err := tx.Delete(l).Error; err != nil {
		return fmt.Errorf("drop link of %s %d: %w", l.Local, l.LocalID, err)
	}
	return nil
}

// LeadWords say what became of a lead.
var LeadWords = map[LinkState]string{
	Linked: "в работе", Rejected: "отклонён в Битрикс24", Converted: "переведён в качественный", Deleted: "удалён в Битрикс24",
}

// See keeps of a deal what pages show.
func (l *Link) See(d *rest.Deal) {
	l.CategoryID, l.Stage, l.Amount = d.CategoryID.Int64(), string(d.StageID), orders.Money(d.Opportunity)
}

// Target is the number of the link's record, for a task that changes it.
func (l *Link) Target() any { return l.RemoteID }
