// Package portal is one Bitrix24 portal as the module sees it: the settings (settings.go) with the rules of which
// orders are sent (wants.go), the portal's own lists (lists.go), the client that all requests go through, and what
// went wrong in words for people (explain.go).
//
// It knows nothing of single records. Begin reading with Portals and Settings.
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
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Portals are the portals that this panel was ever connected to, and the way to the one of the settings. It is safe
// for use by several goroutines.
type Portals struct {
	*app.Host
	Options Options

	probing *rest.Limiter // of portals that are not stored yet
	meters  meters

	mu             sync.Mutex
	operatingTimes map[int64]*rest.Operating // by the number of the portal
}

// New returns the portals of a host. It registers their meters, and fails if they are registered already.
func New(h *app.Host, opts Options) (*Portals, error) {
	p := &Portals{
		Host: h, Options: opts, operatingTimes: map[int64]*rest.Operating{},
		probing: rest.NewLimiter(rest.LimiterOptions{Limits: opts.Limits}),
	}
	return p, p.meter(h.Metrics)
}

// Book returns what is remembered of the records on a portal.
func (p *Portals) Book(portalID int64) *records.Book {
	return &records.Book{DB: p.DB, PortalID: portalID}
}

// Portal is a row of bitrix24_portals: what is known of one portal, shared by all processes of the panel.
type Portal struct {
	ID            int64      `gorm:"primaryKey"`
	Address       string     // scheme and host; followed by "#" and the number once it was set aside
	PublicURL     string     // the panel's own address when the portal was last used; see Move
	ClockOffsetMS int64      // how far the portal's clock is ahead of ours
	BucketLevel   float64    // of the bucket of requests at BucketAt
	BucketAt      *time.Time // nil: no request was made yet
	Cursors       string     // JSON: how far each entity was read by modification time
	Caught        int64      // changes that reconciliation found and no event had told
	LastEventAt   *time.Time
	RefusedEvents int64
	Trouble       string // what needs a person before requests succeed again
	MovedTo       string // where its redirects lead
	CreatedAt     time.Time
}

// TableName is that of the module's table.
func (Portal) TableName() string { return "bitrix24_portals" }

// Client returns a client that calls a portal through a webhook. The requests of all processes share the portal's
// bucket of requests. portalID is 0 while the portal is not stored yet.
func (p *Portals) Client(hook rest.Webhook, portalID int64) *rest.Client {
	return rest.New(hook, rest.Options{
		Timeout: p.Options.Timeout, AllowPrivate: p.Options.AllowPrivate,
		Limiter: p.limiter(portalID), Operating: p.Operating(portalID),
		Now:     p.Options.Clock,
		Observe: p.observe(portalID, hook.Portal),
	})
}

// limiter returns the limiter of a portal, whose bucket is kept in the portal's row. For a portal that is not stored
// yet, when a webhook is tried for the first time, the bucket is in memory.
func (p *Portals) limiter(portalID int64) *rest.Limiter {
	if portalID == 0 {
		return p.probing
	}
	change := func(ctx context.Context, change func(rest.Bucket) rest.Bucket) error {
		return p.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
			var row Portal
			err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).
				Select("id", "bucket_level", "bucket_at").
				First(&row, portalID).Error
			if err != nil {
				return fmt.Errorf("read the bucket of portal %d: %w", portalID, err)
			}
			b := rest.Bucket{Level: row.BucketLevel}
			if row.BucketAt != nil {
				b.At = *row.BucketAt
			}
			b = change(b)
			at := b.At.UTC().Truncate(time.Microsecond)
			return tx.Model(&row).
				Select("bucket_level", "bucket_at").
				Updates(Portal{BucketLevel: b.Level, BucketAt: &at}).Error
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

// Operating returns what this process knows of how much of its time each method has used on a portal.
func (p *Portals) Operating(portalID int64) *rest.Operating {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.operatingTimes[portalID] == nil {
		p.operatingTimes[portalID] = &rest.Operating{Now: p.Options.Clock}
	}
	return p.operatingTimes[portalID]
}

// At returns the portal with an address (scheme and host), and stores it first if it is new.
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
	row = Portal{Address: text, PublicURL: p.PublicURL.String(), Cursors: "{}", CreatedAt: db.Now()}
	if err := tx.Create(&row).Error; err != nil {
		return nil, fmt.Errorf("save portal: %w", err)
	}
	return &row, nil
}

// URL returns the address of a record's page on the portal, "https://…/crm/deal/details/7/". It is empty without a
// portal or for the number 0.
func (s Settings) URL(e plan.Entity, id int64) string {
	if s.PortalURL == "" || id == 0 {
		return ""
	}
	return fmt.Sprintf("%s/crm/%s/details/%d/", s.PortalURL, e, id)
}

// Burst and Rate are the portal's limit on requests («limits»): a bucket of fifty requests that leaks two a second.
const (
	Burst = 50
	Rate  = 2
)

// BucketUsed returns how many requests are in the portal's bucket at a moment, of at most Burst.
func (p Portal) BucketUsed(now time.Time) int {
	if p.BucketAt == nil {
		return 0
	}
	return int(max(0, p.BucketLevel-max(0, now.Sub(*p.BucketAt).Seconds())*Rate))
}
