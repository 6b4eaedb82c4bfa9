package plan

import (
	"maps"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

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

	// SeenAt is the record's modification that was last read, if no other can have been made in the same second since;
	// nil: unknown. It and sent_at are written by package exchange alone.
	SeenAt *time.Time `gorm:"<-:false"`
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

// LeadWords say in Russian what became of a lead.
var LeadWords = map[LinkState]string{
	Linked: "в работе", Rejected: "отклонён в Битрикс24",
	Converted: "переведён в качественный", Deleted: "удалён в Битрикс24",
}

// See keeps of a deal or lead what pages show: funnel, stage and amount, and when it was created. It
// does not save the link.
func (l *Link) See(d *rest.Deal) {
	l.CategoryID, l.Stage, l.Amount = d.CategoryID.Int64(), string(d.StageID), orders.Money(d.Opportunity)
	l.seeCreated(d.CreatedTime)
}

// copy returns a link that may be changed while this one stays as it is.
func (l *Link) copy() *Link {
	c := *l
	c.Agreed, c.Refused = lo.Assign(mapping.Agreed{}, l.Agreed), maps.Clone(l.Refused)
	return &c
}

// Number is the number of the linked record on the portal; 0 of no link.
func (l *Link) Number() int64 {
	if l == nil {
		return 0
	}
	return l.RemoteID
}

// Target returns the number of the linked record as a parameter of a command.
func (l *Link) Target() any { return l.RemoteID }

// IsNews reports whether the linked record was modified since we last saw it. modified is in whole seconds of the
// portal's clock, which is ahead of ours by ahead. What we saw may have been read up to timeout before we noted it.
func (l *Link) IsNews(modified time.Time, ahead, timeout time.Duration) bool {
	if l.SeenAt != nil && l.SeenAt.Equal(modified) {
		return false
	}
	return !modified.Before(l.UpdatedAt.Add(ahead - timeout).Truncate(time.Second))
}

// Intent is a row of bitrix24_intents: a command that was about to leave. It is cleared with the command's outcome, so
// one that is found means that the outcome is unknown.
//
// Agreed is what both sides have agreed on if the command was carried out. Without it, what either side has changed
// since could not be told from what was sent.
type Intent struct {
	PortalID int64  `gorm:"primaryKey"`
	Entity   Entity `gorm:"primaryKey"`
	Key      string `gorm:"primaryKey"` // the record's external key, or one made of it
	SentAt   time.Time
	Agreed   mapping.Agreed `gorm:"serializer:json"`
}

// TableName is that of the module's table.
func (Intent) TableName() string { return "bitrix24_intents" }

// RowLink is a row of bitrix24_rows: which product row of a deal or lead stands for which part of an order.
type RowLink struct {
	PortalID int64  `gorm:"primaryKey"`
	Entity   Entity `gorm:"primaryKey"`
	OrderID  int64  `gorm:"primaryKey"`
	Key      string `gorm:"primaryKey"` // of the part of the order: "item/7"
	RowID    int64
	Print    string // fingerprint of what was last sent
}

// TableName is that of the module's table.
func (RowLink) TableName() string { return "bitrix24_rows" }

// SentRow is a row of bitrix24_sent_rows: what a product row that was ever sent for an order looks like, as Looks
// writes it. Rows that were sent before the table was made are there as Print writes them.
//
// The number of a row is lost with an answer, when a lead is converted, and when a deal is deleted and restored. Then
// every row that looks like one that was sent is ours, and a row that was never sent is a manager's.
type SentRow struct {
	PortalID int64  `gorm:"primaryKey"`
	OrderID  int64  `gorm:"primaryKey"`
	Looks    string `gorm:"primaryKey"`
}

// TableName is that of the module's table.
func (SentRow) TableName() string { return "bitrix24_sent_rows" }
