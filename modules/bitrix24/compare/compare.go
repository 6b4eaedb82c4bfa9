package compare

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// Comparisons are «Сверка».
type Comparisons struct {
	*app.Host
	portals  *portal.Portals
	exchange *exchange.Exchange
}

// New returns them for a host.
func New(h *app.Host, portals *portal.Portals, x *exchange.Exchange) *Comparisons {
	return &Comparisons{Host: h, portals: portals, exchange: x}
}

// Comparison is a row of bitrix24_comparisons: one «Сверка» of the orders of a period with their deals, or
// the leads they are in. Only what is not the same has a row of its own.
type Comparison struct {
	ID         int64 `gorm:"primaryKey"`
	PortalID   int64
	Actor      string
	Since      time.Time
	Until      time.Time
	State      comparisonState
	BeforeID   int64 // orders are read from the newest to the oldest, down to this one by now
	Total      int64 // orders of the period
	Same       int64
	Different  int64
	Missing    int64
	Gone       int64
	LeftOut    int64 // not compared, since they are not to be sent
	StartedAt  time.Time
	FinishedAt *time.Time
}

func (Comparison) TableName() string { return "bitrix24_comparisons" }

type comparisonState string

const (
	comparing comparisonState = "running"
	compared  comparisonState = "done"
)

// Compared is how many orders have been looked at.
func (c Comparison) Compared() int64 { return c.Same + c.Different + c.Missing + c.Gone + c.LeftOut }

// Over reports whether the comparison is complete.
func (c Comparison) Over() bool { return c.State == compared }

// Row is a row of bitrix24_comparison_rows: an order that is not the same on both sides.
type Row struct {
	ComparisonID int64          `gorm:"primaryKey"`
	OrderID      int64          `gorm:"primaryKey"`
	Entity       records.Entity // aDeal, or aLead
	RemoteID     int64
	Result       result
	Fields       []field `gorm:"serializer:json"`
	MendedAt     *time.Time
}

func (Row) TableName() string { return "bitrix24_comparison_rows" }

type result string

const (
	resultDifferent result = "different"
	resultMissing   result = "missing"
	resultGone      result = "gone"
	resultRejected  result = "rejected" // different, and nothing can be sent: its lead was rejected there
)

// Label says the result in words.
func (r result) Label() string {
	return map[result]string{
		resultDifferent: "отличается", resultMissing: "нет в Битрикс24", resultGone: "удалена там",
		resultRejected: "лид отклонён: заказ не передаётся, пока лид не вернут в работу",
	}[r]
}

// field is a field whose two values differ.
type field struct {
	Name   string // as people call it
	Key    string // as the link's agreement does
	Ours   string
	Theirs string
	Code   string `json:",omitempty"` // of the portal's value, where Theirs is its name
}

// CompareOrders compares the next orders of a comparison.
type CompareOrders struct{ ID int64 }

// Kind and Key name the job.
func (CompareOrders) Kind() string { return portal.BulkLane + ".compare" }

func (a CompareOrders) Key() string { return fmt.Sprintf("comparison/%d", a.ID) }

// comparePage is how many orders one step compares: what is in memory at a time.
const comparePage = 100

// beginComparison starts a comparison.
func (x *Comparisons) beginComparison(ctx context.Context, c *Comparison) error {
	total, err := x.Orders.Count(ctx, orders.Query{From: c.Since, To: c.Until})
	if err != nil {
		return err
	}
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		c.State, c.StartedAt, c.Total = comparing, db.Now(), total
		if err := tx.Create(c).Error; err != nil {
			return fmt.Errorf("store a comparison: %w", err)
		}
		return x.Jobs.Enqueue(tx, CompareOrders{ID: c.ID}, jobs.Behind())
	})
}

// CompareNext does one step: a page of orders is read here and there, and what differs is stored.
func (x *Comparisons) CompareNext(ctx context.Context, id int64) error {
	if _, why, err := x.portals.Active(ctx); err != nil || why != "" {
		return errors.Join(err, jobs.RetryAfter(x.portals.Options.PauseMax, errors.New(string(why))))
	}
	c, err := x.exchange.Connect(ctx)
	if err != nil {
		return err
	}
	var it Comparison
	err = x.DB.From(ctx).First(&it, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && it.Over() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read comparison %d: %w", id, err)
	}
	list, err := x.Orders.List(ctx, orders.Query{From: it.Since, To: it.Until, Before: it.BeforeID, Take: comparePage})
	if err != nil {
		return err
	}
	pairs, err := findPairs(ctx, c, list)
	if err == nil {
		err = readPairs(ctx, c, pairs)
	}
	if err != nil {
		return x.exchange.Pauses(err)
	}
	var rows []Row
	for _, p := range pairs {
		if row := it.note(p, c); row != nil {
			rows = append(rows, *row)
		}
	}
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
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
		return x.Jobs.Enqueue(tx, CompareOrders{ID: id}, jobs.Behind())
	})
}

// note counts what became of an order; of one that is not the same it returns the row.
func (c *Comparison) note(p *pair, with *exchange.Connection) *Row {
	row := Row{ComparisonID: c.ID, OrderID: p.order.ID, Entity: p.target(), Fields: []field{}}
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
		row.Fields = differences(with, p)
	}
	if len(row.Fields) == 0 {
		c.Same++
		return nil
	}
	row.Result, c.Different = resultDifferent, c.Different+1
	return &row
}
