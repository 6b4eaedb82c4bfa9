// Package compare is «Сверка»: the orders of a period beside their deals, or the leads they are in, and the button
// that sends what differs.
//
// A comparison is a row, and only an order that is not the same on both sides has a row of its own. An order is compared
// by planning it as if nothing were agreed on (plan.Differences). To mend it is to carry that plan out, which is a job
// of package exchange (mend.go).
//
// Begin with Comparisons.Continue, which compares one page of orders; page.go is the page, and strays.go is what it says of
// deals that the database lacks the orders of.
package compare

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// Comparisons starts, continues and shows comparisons.
type Comparisons struct {
	*app.Host
	portals  *portal.Portals
	exchange *exchange.Exchange
}

// New returns the comparisons of a host.
func New(h *app.Host, portals *portal.Portals, x *exchange.Exchange) *Comparisons {
	return &Comparisons{Host: h, portals: portals, exchange: x}
}

// Models are the tables of this package, for the check of the schema at the start.
func Models() []any { return []any{&comparison{}, &row{}} }

// comparison is a row of bitrix24_comparisons: the orders of one period compared.
type comparison struct {
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

// TableName is where GORM keeps comparisons.
func (comparison) TableName() string { return "bitrix24_comparisons" }

type comparisonState string

const (
	comparing comparisonState = "running"
	compared  comparisonState = "done"
)

// Compared is how many orders have been looked at.
func (c comparison) Compared() int64 { return c.Same + c.Different + c.Missing + c.Gone + c.LeftOut }

// Over reports whether all orders of the period have been looked at.
func (c comparison) Over() bool { return c.State == compared }

// Continue is the job that compares the next orders of a comparison. It enqueues itself until none are left.
type Continue struct{ ID int64 }

// Kind is the same for all comparisons.
func (Continue) Kind() string { return portal.BulkLane + ".compare" }

// Key keeps two jobs from continuing the same comparison.
func (a Continue) Key() string { return fmt.Sprintf("comparison/%d", a.ID) }

// comparePage is how many orders one job compares: what is in memory at a time.
const comparePage = 100

// start stores a new comparison and enqueues its first step.
func (x *Comparisons) start(ctx context.Context, c *comparison) error {
	total, err := x.Orders.Count(ctx, orders.Query{From: c.Since, To: c.Until})
	if err != nil {
		return err
	}
	return x.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		c.State, c.StartedAt, c.Total = comparing, db.Now(), total
		if err := tx.Create(c).Error; err != nil {
			return fmt.Errorf("store a comparison: %w", err)
		}
		return x.Jobs.Enqueue(tx, Continue{ID: c.ID}, jobs.Behind())
	})
}

// Continue compares one page of orders: it reads them here and there, and stores what differs. While the exchange is
// off or paused the job waits, since it would read nothing.
func (x *Comparisons) Continue(ctx context.Context, a Continue) error {
	_, why, err := x.portals.Active(ctx)
	if err != nil {
		return err
	}
	if why != "" {
		return jobs.RetryAfter(x.portals.Options.PauseMax, errors.New(string(why)))
	}
	conn, err := x.exchange.Connect(ctx)
	if err != nil {
		return err
	}
	var c comparison
	err = x.DB.From(ctx).First(&c, a.ID).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && c.Over() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read comparison %d: %w", a.ID, err)
	}
	list, err := x.Orders.List(ctx, orders.Query{From: c.Since, To: c.Until, Before: c.BeforeID, Take: comparePage})
	if err != nil {
		return err
	}
	rows, err := c.compare(ctx, conn, list)
	if err != nil {
		return x.exchange.Pauses(err)
	}
	if len(list) < comparePage {
		now := db.Now()
		c.State, c.FinishedAt = compared, &now
	} else {
		c.BeforeID = list[len(list)-1].ID
	}
	return x.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		if len(rows) > 0 {
			if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&rows).Error; err != nil {
				return fmt.Errorf("store what differs: %w", err)
			}
		}
		if err := tx.Save(&c).Error; err != nil {
			return fmt.Errorf("store a comparison: %w", err)
		}
		if c.Over() {
			return nil
		}
		return x.Jobs.Enqueue(tx, a, jobs.Behind())
	})
}

// compare compares some orders, counts them, and returns the rows of those that are not the same.
func (c *comparison) compare(ctx context.Context, conn *exchange.Connection, list []*orders.Order) ([]row, error) {
	found, err := conn.Compare(ctx, lo.Map(list, func(o *orders.Order, _ int) int64 { return o.ID }))
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, f := range found {
		if r := c.count(f); r != nil {
			rows = append(rows, *r)
		}
	}
	return rows, nil
}

// count counts what became of an order. It returns nil if the order is the same, or is not compared.
func (c *comparison) count(f exchange.Compared) *row {
	r := row{ComparisonID: c.ID, OrderID: f.OrderID, Entity: f.Target, RemoteID: f.Link.Number(), Fields: []plan.Difference{}}
	switch {
	case f.LeftOut:
		c.LeftOut++
		return nil
	case f.Link == nil:
		r.Result, c.Missing = resultMissing, c.Missing+1
		return &r
	case f.Gone:
		r.Result, c.Gone = resultGone, c.Gone+1
		return &r
	case f.Rejected && !f.Over:
		r.Result, c.Different = resultRejected, c.Different+1
		return &r
	case f.Rejected || len(f.Differ) == 0:
		c.Same++
		return nil
	}
	r.Fields, r.Result, c.Different = f.Differ, resultDifferent, c.Different+1
	return &r
}
