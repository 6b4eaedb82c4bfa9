package bitrix24

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
)

// comparison is a row of bitrix24_comparisons: one «Сверка» of the orders of a period with their deals, or
// the leads they are in. Only what is not the same has a row of its own.
type comparison struct {
	ID         int64 `gorm:"primaryKey"`
	PortalID   int64
	Actor      string
	Since      time.Time
	Until      time.Time
	State      comparisonState
	BeforeID   int64 // orders are read from the newest to the oldest, down to this one by now
	Total      int64         // orders of the period
	Same       int64
	Different  int64
	Missing    int64
	Gone       int64
	LeftOut    int64 // not compared, since they are not to be sent
	StartedAt  time.Time
	FinishedAt *time.Time
}

func (comparison) TableName() string { return "bitrix24_comparisons" }

type comparisonState string

const (
	comparing comparisonState = "running"
	compared  comparisonState = "done"
)

// Compared is how many orders have been looked at.
func (c comparison) Compared() int64 { return c.Same + c.Different + c.Missing + c.Gone + c.LeftOut }

// Over reports whether the comparison is complete.
func (c comparison) Over() bool { return c.State == compared }

// comparedRow is a row of bitrix24_comparison_rows: an order that is not the same on both sides.
type comparedRow struct {
	ComparisonID int64  `gorm:"primaryKey"`
	OrderID      int64  `gorm:"primaryKey"`
	Entity       entity // aDeal, or aLead
	RemoteID     int64
	Result       comparedResult
	Fields       []comparedField `gorm:"serializer:json"`
	MendedAt     *time.Time
}

func (comparedRow) TableName() string { return "bitrix24_comparison_rows" }

type comparedResult string

const (
	resultDifferent comparedResult = "different"
	resultMissing   comparedResult = "missing"
	resultGone      comparedResult = "gone"
	resultRejected  comparedResult = "rejected" // different, and nothing can be sent: its lead was rejected there
)

// Label says the result in words.
func (r comparedResult) Label() string {
	return map[comparedResult]string{
		resultDifferent: "отличается", resultMissing: "нет в Битрикс24", resultGone: "удалена там",
		resultRejected: "лид отклонён: заказ не передаётся, пока лид не вернут в работу",
	}[r]
}

// comparedField is a field whose two values differ.
type comparedField struct {
	Name   string // as people call it
	Key    string // as the link's agreement does
	Ours   string
	Theirs string
	Code   string `json:",omitempty"` // of the portal's value, where Theirs is its name
}

// compareOrders compares the next orders of a comparison.
type compareOrders struct{ ID int64 }

// Kind and Key name the job.
func (compareOrders) Kind() string  { return bulkLane + ".compare" }
func (a compareOrders) Key() string { return fmt.Sprintf("comparison/%d", a.ID) }

// comparePage is how many orders one step compares: what is in memory at a time.
const comparePage = 100

// beginComparison starts a comparison.
func (m *Module) beginComparison(ctx context.Context, c *comparison) error {
	total, err := m.Orders.Count(ctx, orders.Query{From: c.Since, To: c.Until})
	if err != nil {
		return err
	}
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		c.State, c.StartedAt, c.Total = comparing, db.Now(), total
		if err := tx.Create(c).Error; err != nil {
			return fmt.Errorf("store a comparison: %w", err)
		}
		return m.Jobs.Enqueue(tx, compareOrders{ID: c.ID}, jobs.Behind())
	})
}

// compare does one step: a page of orders is read here and there, and what differs is stored.
func (m *Module) compare(ctx context.Context, id int64) error {
	if _, why, err := m.active(ctx); err != nil || why != "" {
		return errors.Join(err, jobs.RetryAfter(m.opts.PauseMax, errors.New(string(why))))
	}
	c, err := m.connect(ctx)
	if err != nil {
		return err
	}
	var it comparison
	err = m.DB.From(ctx).First(&it, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && it.Over() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read comparison %d: %w", id, err)
	}
	list, err := m.Orders.List(ctx, orders.Query{From: it.Since, To: it.Until, Before: it.BeforeID, Take: comparePage})
	if err != nil {
		return err
	}
	pairs, err := c.pair(ctx, list)
	if err == nil {
		err = c.readPairs(ctx, pairs)
	}
	if err != nil {
		return c.pauses(err)
	}
	var rows []comparedRow
	for _, p := range pairs {
		if row := it.note(p, c); row != nil {
			rows = append(rows, *row)
		}
	}
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if len(rows) > 0 {
			if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&rows).Error; err != nil {
				return fmt.Errorf("store what differs: %w", err)
			}
		}
		if len(list) < comparePage {
			now := db.Now()
			it.State, it.FinishedAt = compared, &now
		} else {
			it.BeforeID = list[len(list)-1].ID
		}
		if err := tx.Save(&it).Error; err != nil {
			return fmt.Errorf("store a comparison: %w", err)
		}
		if it.Over() {
			return nil
		}
		return m.Jobs.Enqueue(tx, compareOrders{ID: id}, jobs.Behind())
	})
}

// note counts what became of an order; of one that is not the same it returns the row.
func (c *comparison) note(p *pair, with *connection) *comparedRow {
	row := comparedRow{ComparisonID: c.ID, OrderID: p.order.ID, Entity: p.target(), Fields: []comparedField{}}
	if p.link != nil {
		row.RemoteID = p.link.RemoteID
	}
	switch {
	case p.leftOut:
		c.LeftOut++
		return nil
	case p.link == nil:
		row.Result, c.Missing = resultMissing, c.Missing+1
		return &row
	case p.gone:
		row.Result, c.Gone = resultGone, c.Gone+1
		return &row
	case p.rejected() && p.order.Status.Group() != orders.Abandoned && p.order.Status != orders.Deleted:
		row.Result, c.Different = resultRejected, c.Different+1
		return &row
	case !p.rejected():
		row.Fields = with.differences(p)
	}
	if len(row.Fields) == 0 {
		c.Same++
		return nil
	}
	row.Result, c.Different = resultDifferent, c.Different+1
	return &row
}
