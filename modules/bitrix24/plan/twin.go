package plan

import (
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Twin is a deal or lead of the portal that carries the key of a record of ours, but not the number that is linked. It
// is either the linked one, out of the recycle bin, or a copy: robots copy deals with their keys, and a merge gives the
// key to the winner. Only people may choose a copy.
type Twin struct {
	ID      int64
	Created time.Time
	Rows    []int64 // the numbers of its product rows; nil: they were not read
}

// Copy is a row of bitrix24_copies: a deal that carries the key of an order and is not its deal.
type Copy struct {
	PortalID int64  `gorm:"primaryKey"`
	Entity   Entity `gorm:"primaryKey"`
	RemoteID int64  `gorm:"primaryKey"`
	OrderID  int64
	FoundAt  time.Time
}

// TableName is that of the module's table.
func (Copy) TableName() string { return "bitrix24_copies" }

// createdField keeps when the linked deal or lead was created, by the portal's clock (RFC 3339). It is empty of one that
// was found by its key and not read yet.
const createdField = "createdTime"

// linkedWithin is how long after its creation a record is linked: a request does not take longer, usually.
const linkedWithin = time.Minute

// seeCreated keeps when the linked deal or lead was created. An answer that does not say so changes nothing.
func (l *Link) seeCreated(at rest.Time) {
	if at.At.IsZero() {
		return
	}
	if l.Agreed == nil {
		l.Agreed = mapping.Agreed{}
	}
	l.Agreed[createdField] = mapping.Pair{Theirs: at.At.UTC().Format(time.RFC3339)}
}

// IsAsOld reports whether a twin was created when the linked record was. A record keeps its time of creation in the
// recycle bin, and a copy has one of its own. ahead is how far the portal's clock is ahead of ours.
func (l *Link) IsAsOld(t Twin, ahead time.Duration) bool {
	kept, isKept := l.Agreed[createdField]
	if !isKept { // imported or sent by an earlier version, and not read since: it was linked when it was created
		age := l.CreatedAt.Add(ahead).Sub(t.Created)
		return age >= 0 && age <= linkedWithin
	}
	created, err := time.Parse(time.RFC3339, kept.Theirs)
	return err == nil && t.Created.Truncate(time.Second).Equal(created)
}

// Restored returns the number that the linked record has by now, if it is among the twins: some portals give a restored
// record its old number back, others a new one. A copy made within the same second has product rows of its own, while
// restored rows keep their numbers; rows are those known of the linked record. Numbers are given out in order, so the
// record that came out of the recycle bin has the highest.
func (l *Link) Restored(twins []Twin, rows map[string]OwnedRow, ahead time.Duration) (id int64, found bool) {
	ours := lo.MapToSlice(rows, func(_ string, row OwnedRow) int64 { return row.ID })
	for _, t := range twins {
		isOther := len(ours) > 0 && t.Rows != nil && len(lo.Intersect(ours, t.Rows)) == 0
		switch {
		case t.ID == l.RemoteID:
			return t.ID, true
		case t.ID > l.RemoteID && l.IsAsOld(t, ahead) && !isOther:
			id = max(id, t.ID)
		}
	}
	return id, id != 0
}

// Copies are the twins that are not the linked record, to be remembered as such.
func (l *Link) Copies(twins []Twin, linked int64) []Copy {
	return lo.FilterMap(twins, func(t Twin, _ int) (Copy, bool) {
		return Copy{PortalID: l.PortalID, Entity: l.Entity, RemoteID: t.ID, OrderID: l.LocalID}, t.ID != linked
	})
}

// withoutCopies are the numbers of records that carry a key and are not known to be copies.
func withoutCopies(ids, copies []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return slices.Contains(copies, id) })
}
