package bitrix24

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

// local is a kind of record of the panel.
type local string

// The kinds of records here.
const (
	anOrder        local = "order"
	aClient        local = "client"
	anOrganization local = "organization"
	aLegalEntity   local = "legal_entity"
)

// entity is a kind of record of the portal.
type entity string

// The kinds of records there.
const (
	aDeal      entity = "deal"
	aLead      entity = "lead"
	aContact   entity = "contact"
	aCompany   entity = "company"
	aRequisite entity = "requisite"
	aBank      entity = "bankdetail"
	aProduct   entity = "product"
	someRows   entity = "rows"
	aComment   entity = "comment"
)

// typeID is what crm.item.* calls a deal or a lead.
func (e entity) typeID() int {
	if e == aLead {
		return rest.TypeLead
	}
	return rest.TypeDeal
}

// owner is what crm.item.productrow.* calls it.
func (e entity) owner() string {
	if e == aLead {
		return "L"
	}
	return "D"
}

// Link says which record here is which record there, and what both sides last agreed on. Removing the module removes
// every trace of it from the panel's own tables, since there is none.
type Link struct {
	ID         int64 `gorm:"primaryKey"`
	PortalID   int64
	Local      local
	LocalID    int64
	Entity     entity
	RemoteID   int64
	State      linkState
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

// linkState is what a person has to know about a link.
type linkState string

const (
	linked      linkState = ""
	deleted     linkState = "deleted"   // the record there is gone
	converted   linkState = "converted" // a lead that became something else
	rejectedHim linkState = "rejected"  // a lead in JUNK
)

// links returns the links of records of a kind, by their number here.
func (m *Module) links(ctx context.Context, portalID int64, kind local, e entity, ids []int64) (map[int64]*Link, error) {
	var rows []*Link
	err := m.DB.From(ctx).Where("portal_id = ? AND local = ? AND entity = ? AND local_id IN ?", portalID, kind, e, ids).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	byID := make(map[int64]*Link, len(rows))
	for _, l := range rows {
		byID[l.LocalID] = l
	}
	return byID, nil
}

// link returns the link of one record, or nil.
func (m *Module) link(ctx context.Context, portalID int64, kind local, e entity, id int64) (*Link, error) {
	byID, err := m.links(ctx, portalID, kind, e, []int64{id})
	return byID[id], err
}

// linksTo returns the links to records of the portal.
func (m *Module) linksTo(ctx context.Context, portalID int64, e entity, remoteIDs []int64) ([]*Link, error) {
	var rows []*Link
	err := m.DB.From(ctx).Where("portal_id = ? AND entity = ? AND remote_id IN ?", portalID, e, remoteIDs).Order("id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	return rows, nil
}

// key is the external key of the link's record there, and that of the intent to make it.
func (l *Link) key() string {
	switch {
	case l.Local == aLegalEntity:
		return mapping.LegalEntityKey(l.LocalID)
	case l.Local == anOrder && l.Entity == aLead:
		return mapping.OrderLeadKey(l.LocalID)
	case l.Local == aClient && l.Entity == aLead:
		return mapping.ClientLeadKey(l.LocalID)
	case l.Local == anOrganization && l.Entity == aLead:
		return mapping.OrganizationLeadKey(l.LocalID)
	case l.Local == anOrder:
		return mapping.OrderKey(l.LocalID)
	case l.Local == aClient:
		return mapping.ClientKey(l.LocalID)
	}
	return mapping.OrganizationKey(l.LocalID)
}

// saveLink writes a link, new or changed. A new one settles the intent to make its record.
func (m *Module) saveLink(tx *db.Tx, l *Link) error {
	if l.Agreed == nil {
		l.Agreed = mapping.Agreed{}
	}
	if l.Refused == nil {
		l.Refused = map[string]string{}
	}
	l.UpdatedAt = db.Now()
	if l.ID == 0 {
		l.CreatedAt = l.UpdatedAt
		if err := clearIntent(tx, l.PortalID, l.Entity, l.key()); err != nil {
			return err
		}
	}
	if err := tx.Omit(clause.Associations).Save(l).Error; err != nil {
		return fmt.Errorf("save link of %s %d: %w", l.Local, l.LocalID, err)
	}
	return nil
}

// unlink forgets which record there was which record here.
func (m *Module) unlink(tx *db.Tx, l *Link) error {
	if err := tx.Delete(l).Error; err != nil {
		return fmt.Errorf("drop link of %s %d: %w", l.Local, l.LocalID, err)
	}
	return nil
}

// intent is a row of bitrix24_intents: a record we were about to make when we last heard. Agreed is what both sides have
// agreed on if it was made: without it, what either side has changed since could not be told from what was sent.
type intent struct {
	PortalID int64  `gorm:"primaryKey"`
	Entity   entity `gorm:"primaryKey"`
	Key      string `gorm:"primaryKey"`
	SentAt   time.Time
	Agreed   mapping.Agreed `gorm:"serializer:json"`
}

func (intent) TableName() string { return "bitrix24_intents" }

// intents returns those of the given keys that are open, by key.
func (m *Module) intents(ctx context.Context, portalID int64, e entity, keys []string) (map[string]intent, error) {
	var rows []intent
	err := m.DB.From(ctx).Where("portal_id = ? AND entity = ? AND key IN ?", portalID, e, keys).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read intents: %w", err)
	}
	open := make(map[string]intent, len(rows))
	for _, r := range rows {
		open[r.Key] = r
	}
	return open, nil
}

// rowLink is a row of bitrix24_rows: which product row of a deal or lead stands for which part of an order.
type rowLink struct {
	PortalID int64  `gorm:"primaryKey"`
	Entity   entity `gorm:"primaryKey"`
	OrderID  int64  `gorm:"primaryKey"`
	Key      string `gorm:"primaryKey"`
	RowID    int64
	Print    string
}

func (rowLink) TableName() string { return "bitrix24_rows" }

// rowLinks returns the rows we have on the portal, by order and key.
func (m *Module) rowLinks(ctx context.Context, portalID int64, e entity, orderIDs []int64) (map[int64]map[string]rowLink, error) {
	var rows []rowLink
	err := m.DB.From(ctx).Where("portal_id = ? AND entity = ? AND order_id IN ?", portalID, e, orderIDs).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read row links: %w", err)
	}
	byOrder := map[int64]map[string]rowLink{}
	for _, r := range rows {
		if byOrder[r.OrderID] == nil {
			byOrder[r.OrderID] = map[string]rowLink{}
		}
		byOrder[r.OrderID][r.Key] = r
	}
	return byOrder, nil
}

// installation is who we are on every portal: ORIGINATOR_ID of what we make.
func (m *Module) installation(ctx context.Context) (mapping.Origin, error) {
	var ids []string
	if err := m.DB.From(ctx).Table("bitrix24_installations").Limit(1).Pluck("id", &ids).Error; err != nil {
		return "", fmt.Errorf("read the installation's name: %w", err)
	}
	if len(ids) == 0 {
		return "", fmt.Errorf("the installation has no name")
	}
	return mapping.Origin("pixlpark:" + ids[0]), nil
}
