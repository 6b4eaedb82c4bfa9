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

// Known reports whether a record of the panel has a record on the portal, of whatever kind, that was not deleted.
func (b *Book) Known(ctx context.Context, kind Local, id int64) (bool, error) {
	var n int64
	err := b.DB.From(ctx).
		Model(&Link{}).
		Where("portal_id = ? AND local = ? AND local_id = ? AND state <> ?", b.PortalID, kind, id, Deleted).
		Limit(1).
		Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for a link of %s %d: %w", kind, id, err)
	}
	return n > 0, nil
}

// Link is a row of bitrix24_links: it says which record of the panel is which record of the portal, and what both
// sides last agreed on. It is the only place that says so. The panel's own tables hold nothing of the module's.
type Link struct {
	ID         int64 `gorm:"primaryKey"`
	PortalID   int64
	Local      Local
	LocalID    int64
	Entity     Entity
	RemoteID   int64
	State      LinkState
	Agreed     mapping.Agreed    `gorm:"serializer:json"`
	Refused    map[string]string `gorm:"serializer:json"` // values of the portal that the panel refused, by field
	CategoryID int64             // of a deal: its funnel when last seen
	Stage      string            // of a deal or lead: its stage when last seen
	Amount     orders.Money      // of a deal: its amount when last seen
	ByHand     orders.Money      // of a deal: what the rows that a manager added came to when last seen
	Checked    bool              // false: its number was typed by hand and not seen on the portal yet
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// TableName is that of the module's table.
func (Link) TableName() string { return "bitrix24_links" }

// LinkState is what became of the linked record.
type LinkState string

// The states.
const (
	Linked    LinkState = ""          // it is there and open
	Deleted   LinkState = "deleted"   // it is gone; the link is kept so that nothing is created again unasked
	Converted LinkState = "converted" // a lead that a person made into a contact, company or deal
	Rejected  LinkState = "rejected"  // a lead of poor quality (JUNK)
)

// Links returns the links of records of the panel to records of one kind on the portal, by their numbers in the panel.
// A record without a link is left out.
func (b *Book) Links(ctx context.Context, kind Local, e Entity, ids []int64) (map[int64]*Link, error) {
	var rows []*Link
	err := b.DB.From(ctx).
		Where("portal_id = ? AND local = ? AND entity = ? AND local_id IN ?", b.PortalID, kind, e, ids).
		Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	byID := make(map[int64]*Link, len(rows))
	for _, l := range rows {
		byID[l.LocalID] = l
	}
	return byID, nil
}

// Link returns the link of one record of the panel to a record of one kind on the portal, or nil.
func (b *Book) Link(ctx context.Context, kind Local, e Entity, id int64) (*Link, error) {
	byID, err := b.Links(ctx, kind, e, []int64{id})
	return byID[id], err
}

// LinksTo returns the links to records of the portal, oldest first. A lead may have several: from its client, its
// organization and its order.
func (b *Book) LinksTo(ctx context.Context, e Entity, remoteIDs []int64) ([]*Link, error) {
	var rows []*Link
	err := b.DB.From(ctx).
		Where("portal_id = ? AND entity = ? AND remote_id IN ?", b.PortalID, e, remoteIDs).
		Order("id").
		Find(&rows).Error
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

// NewLink returns a link that is not saved yet, to a record that was just seen on the portal. agreed is what both
// sides have agreed on; nil: nothing yet.
func (b *Book) NewLink(kind Local, id int64, e Entity, remoteID int64, agreed mapping.Agreed) *Link {
	return &Link{
		PortalID: b.PortalID, Local: kind, LocalID: id, Entity: e, RemoteID: remoteID, Checked: true, Agreed: agreed,
	}
}

// SaveLink stores a link, new or changed. A new link clears the intent to create its record.
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

// Unlink drops a link.
func Unlink(tx *db.Tx, l *Link) error {
	if err := tx.Delete(l).Error; err != nil {
		return fmt.Errorf("drop link of %s %d: %w", l.Local, l.LocalID, err)
	}
	return nil
}

// LeadWords say in Russian what became of a lead.
var LeadWords = map[LinkState]string{
	Linked: "в работе", Rejected: "отклонён в Битрикс24",
	Converted: "переведён в качественный", Deleted: "удалён в Битрикс24",
}

// See keeps of a deal or lead what pages show: funnel, stage and amount. It does not save the link.
func (l *Link) See(d *rest.Deal) {
	l.CategoryID, l.Stage, l.Amount = d.CategoryID.Int64(), string(d.StageID), orders.Money(d.Opportunity)
}

// Target returns the number of the linked record as a parameter of a command.
func (l *Link) Target() any { return l.RemoteID }
