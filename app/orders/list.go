package orders

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
)

// Query narrows a list of orders. The zero value is every order that was not deleted, newest first.
type Query struct {
	Statuses       []Status
	Text           string // part of number, title or customer, in any case
	SiteID         int64
	ClientID       int64
	OrganizationID int64
	Payment        PaymentStatus
	From, To       time.Time // placed at or after From and before To
	Before         int64     // keyset: only orders that come after this one
	Skip           int
	Take           int // at most 100; 0 means 50
}

// Find returns an order whole, a deleted one too.
func (s *Service) Find(ctx context.Context, id int64) (*Order, error) {
	var o Order
	return found(&o, whole(s.db.From(ctx)).First(&o, id).Error)
}

// FindMany returns the orders with these numbers, whole, by number; unknown ones are absent.
func (s *Service) FindMany(ctx context.Context, ids []int64) (map[int64]*Order, error) {
	byID := make(map[int64]*Order, len(ids))
	var list []*Order
	if err := whole(s.db.From(ctx)).Where("id IN ?", ids).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("find orders: %w", err)
	}
	for _, o := range list {
		byID[o.ID] = o
	}
	return byID, nil
}

// List returns one page of orders, newest first, whole.
func (s *Service) List(ctx context.Context, q Query) ([]*Order, error) {
	order, before := "id DESC", "id < ?"
	if !q.From.IsZero() || !q.To.IsZero() {
		// The index by time leads to the period at once; by number everything younger would be read first.
		order, before = "created_at DESC, id DESC", "(created_at, id) < (SELECT created_at, id FROM orders WHERE id = ?)"
	}
	tx := whole(s.matching(ctx, q))
	if q.Before > 0 {
		tx = tx.Where(before, q.Before)
	}
	var list []*Order
	if err := tx.Order(order).Offset(q.Skip).Limit(db.PageSize(q.Take)).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	return list, nil
}

// Count returns how many orders fit the query. A query by status alone is answered from kept counters.
func (s *Service) Count(ctx context.Context, q Query) (int64, error) {
	if q.onlyStatuses() {
		counts, err := s.Counts(ctx)
		if err != nil {
			return 0, err
		}
		var sum int64
		for status, n := range counts {
			if len(q.Statuses) == 0 && status != Deleted || slices.Contains(q.Statuses, status) {
				sum += n
			}
		}
		return sum, nil
	}
	var n int64
	if err := s.matching(ctx, q).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count orders: %w", err)
	}
	return n, nil
}

// Counts returns how many orders stand in each status, from counters kept with every change.
func (s *Service) Counts(ctx context.Context) (map[Status]int64, error) {
	var rows []struct {
		Status Status
		Total  int64
	}
	if err := s.db.From(ctx).Table("order_counts").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read order counters: %w", err)
	}
	counts := make(map[Status]int64, len(rows))
	for _, r := range rows {
		counts[r.Status] = r.Total
	}
	return counts, nil
}

// count moves one order between the kept counters. It comes last in the transaction, since everybody needs these rows,
// and in the order of names, so that two changes never wait for each other.
func count(tx *db.Tx, from, to Status) error {
	if from == to {
		return nil
	}
	moves := map[Status]int{to: 1}
	if from != "" {
		moves[from] = -1
	}
	for _, status := range slices.Sorted(maps.Keys(moves)) {
		err := tx.Exec(`INSERT INTO order_counts (status, total) VALUES (?, ?)
			ON CONFLICT (status) DO UPDATE SET total = order_counts.total + excluded.total`, status, moves[status]).Error
		if err != nil {
			return fmt.Errorf("count orders: %w", err)
		}
	}
	return nil
}

func (q Query) onlyStatuses() bool {
	return q.Text == "" && q.SiteID == 0 && q.ClientID == 0 && q.OrganizationID == 0 && q.Payment == "" &&
		q.From.IsZero() && q.To.IsZero()
}

func (s *Service) matching(ctx context.Context, q Query) *gorm.DB {
	tx := s.db.From(ctx).Model(&Order{})
	if len(q.Statuses) > 0 {
		tx = tx.Where("status IN ?", q.Statuses)
	} else {
		tx = tx.Where("status <> ?", Deleted)
	}
	if text := strings.ToLower(strings.TrimSpace(q.Text)); text != "" {
		tx = tx.Where(`search LIKE ? ESCAPE '\'`, db.Contains(text))
	}
	if q.SiteID != 0 {
		tx = tx.Where("site_id = ?", q.SiteID)
	}
	if q.ClientID != 0 {
		tx = tx.Where("client_id = ?", q.ClientID)
	}
	if q.OrganizationID != 0 {
		tx = tx.Where("organization_id = ?", q.OrganizationID)
	}
	switch q.Payment {
	case NotPaid:
		tx = tx.Where("paid = 0 AND total > 0")
	case PartiallyPaid:
		tx = tx.Where("paid > 0 AND paid < total")
	case Paid:
		tx = tx.Where("paid >= total")
	}
	if !q.From.IsZero() {
		tx = tx.Where("created_at >= ?", q.From.UTC())
	}
	if !q.To.IsZero() {
		tx = tx.Where("created_at < ?", q.To.UTC())
	}
	return tx
}
