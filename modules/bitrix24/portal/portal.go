package portal

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/pixlpark/panel/app"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Portals are the portals that this panel has ever been connected to, and the way to the one in force.
type Portals struct {
	*app.Host
	Options Options

	probing *rest.Limiter // of portals that are not stored yet
	meters  meters

	mu             sync.Mutex
	operatingTimes map[int64]*rest.Operating // by portal
}

// New returns the portals of a host, with their meters registered.
func New(h *app.Host, opts Options) (*Portals, error) {
	p := &Portals{
		Host: h, Options: opts, probing: rest.NewLimiter(rest.LimiterOptions{Limits: opts.Limits}), operatingTimes: map[int64]*rest.Operating{},
	}
	return p, p.meter(h.Metrics)
}

// Book is what is remembered of the records of a portal.
func (p *Portals) Book(portalID int64) *records.Book {
	return &records.Book{DB: p.DB, PortalID: portalID}
}

// Portal is a row of bitrix24_portals: what we know of one portal, shared by all processes.
type Portal struct {
	ID            int64 `gorm:"primaryKey"`
	Address       string
	ClockOffsetMS int64 // how far the portal's clock is ahead of ours
	BucketLevel   float64
	BucketAt      *time.Time
	Cursors       string // JSON: how far each entity was read by modification time
	Caught        int64  // changes that reconciliation found and no event had told
	LastEventAt   *time.Time
	RefusedEvents int64
	Trouble       string // what needs a person before requests succeed again
	MovedTo       string // where its redirects lead
	CreatedAt     time.Time
}

func (Portal) TableName() string { return "bitrix24_portals" }

// Client calls a portal through a webhook. Requests of all processes share the portal's bucket.
func (p *Portals) Client(hook rest.Webhook, portalID int64) *rest.Client {
	return rest.New(hook, rest.Options{
		Timeout: p.Options.Timeout, AllowPrivate: p.Options.AllowPrivate, Limiter: p.limiter(portalID), Operating: p.Operating(portalID),
		Now:     p.Options.Clock,
		Observe: p.observe(portalID, hook.Portal),
	})
}

// limiter keeps a portal's bucket in its row. While the portal is not stored yet (a first probe) it is in memory.
func (p *Portals) limiter(portalID int64) *rest.Limiter {
	if portalID == 0 {
		return p.probing
	}
	change := func(ctx context.Context, change func(rest.Bucket) rest.Bucket) error {
		return p.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
			var row Portal
			err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Select("id", "bucket_level", "bucket_at").First(&row, portalID).Error
			if err != nil {
				return fmt.Errorf("read the bucket of portal %d: %w", portalID, err)
			}
			b := rest.Bucket{Level: row.BucketLevel}
			if row.BucketAt != nil {
				b.At = *row.BucketAt
			}
			b = change(b)
			at := b.At.UTC().Truncate(time.Microsecond)
			return tx.Model(&row).Select("bucket_level", "bucket_at").Updates(Portal{BucketLevel: b.Level, BucketAt: &at}).Error
		})
	}
	return rest.NewLimiter(rest.LimiterOptions{
		Take: func(ctx context.Context, class rest.Class) (wait time.Duration, err error) {
			err = change(ctx, func(b rest.Bucket) rest.Bucket {
				b, wait = b.Take(db.Now(), p.Options.Limits, class)
				return b
			})
			return wait, err
		},
		Drain: func(ctx context.Context) error {
			return change(ctx, func(b rest.Bucket) rest.Bucket { return b.Drain(db.Now(), p.Options.Limits) })
		},
	})
}

// Operating remembers, for this process, how much of its time each method has used on a portal.
func (p *Portals) Operating(portalID int64) *rest.Operating {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.operatingTimes[portalID] == nil {
		p.operatingTimes[portalID] = &rest.Operating{Now: p.Options.Clock}
	}
	return p.operatingTimes[portalID]
}

// At finds or makes the row of a portal's address.
func (p *Portals) At(tx *db.Tx, address *url.URL) (*Portal, error) {
	text := address.Scheme + "://" + address.Host
	var row Portal
	err := tx.Where("address = ?", text).First(&row).Error
	if err == nil {
		return &row, nil
	}
	if !errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, fmt.Errorf("find portal: %w", err)
	}
	row = Portal{Address: text, Cursors: "{}", CreatedAt: db.Now()}
	if err := tx.Create(&row).Error; err != nil {
		return nil, fmt.Errorf("save portal: %w", err)
	}
	return &row, nil
}

// URL is a page of the portal: "/crm/deal/details/7/".
func (s Settings) URL(e records.Entity, id int64) string {
	if s.PortalURL == "" || id == 0 {
		return ""
	}
	return fmt.Sprintf("%s/crm/%s/details/%d/", s.PortalURL, e, id)
}

// burst and rate are the portal's limit on requests («limits»): a bucket of fifty that leaks two a second.
const (
	Burst = 50
	Rate  = 2
)

// BucketUsed is how much of the portal's request bucket is used at a moment.
func (p Portal) BucketUsed(now time.Time) int {
	if p.BucketAt == nil {
		return 0
	}
	return int(max(0, p.BucketLevel-max(0, now.Sub(*p.BucketAt).Seconds())*Rate))
}
