package bitrix24

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// portal is a row of bitrix24_portals: what we know of one portal, shared by all processes.
type portal struct {
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

func (portal) TableName() string { return "bitrix24_portals" }

// connection is a portal with everything an exchange needs, made anew for each group of jobs.
type connection struct {
	*Module
	settings Settings
	portal   portal
	origin   mapping.Origin
	client   *rest.Client
	lists    Dictionary
	attempts map[record]int // of the records whose jobs are at work, for the journal
}

// connect opens the exchange with the portal of the settings. The error is of the kind that pauses the lane.
func (m *Module) connect(ctx context.Context) (*connection, error) {
	s, why, err := m.active(ctx)
	if err != nil {
		return nil, err
	}
	if why != "" {
		return nil, jobs.PauseLane(m.opts.PauseMax, errors.New(string(why)))
	}
	hook, err := m.webhook(s)
	if err != nil {
		return nil, jobs.PauseLane(m.opts.PauseMax, fmt.Errorf("код вебхука не читается, сохраните настройки заново: %w", err))
	}
	c := &connection{Module: m, settings: s, attempts: map[record]int{}}
	if err := m.DB.From(ctx).First(&c.portal, s.PortalID).Error; err != nil {
		return nil, fmt.Errorf("read portal %d: %w", s.PortalID, err)
	}
	if c.origin, err = m.installation(ctx); err != nil {
		return nil, err
	}
	if c.lists, err = m.dictionary(ctx, s.PortalID); err != nil {
		return nil, err
	}
	c.settings = s.against(c.lists)
	c.client = m.client(hook, s.PortalID)
	return c, nil
}

// client calls a portal through a webhook. Requests of all processes share the portal's bucket.
func (m *Module) client(hook rest.Webhook, portalID int64) *rest.Client {
	return rest.New(hook, rest.Options{
		Timeout: m.opts.Timeout, AllowPrivate: m.opts.AllowPrivate, Limiter: m.limiter(portalID), Operating: m.operating(portalID),
		Now:     m.opts.Clock,
		Observe: m.observe(portalID, hook.Portal),
	})
}

// limiter keeps a portal's bucket in its row. While the portal is not stored yet (a first probe) it is in memory.
func (m *Module) limiter(portalID int64) *rest.Limiter {
	if portalID == 0 {
		return m.probing
	}
	change := func(ctx context.Context, change func(rest.Bucket) rest.Bucket) error {
		return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
			var p portal
			err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Select("id", "bucket_level", "bucket_at").First(&p, portalID).Error
			if err != nil {
				return fmt.Errorf("read the bucket of portal %d: %w", portalID, err)
			}
			b := rest.Bucket{Level: p.BucketLevel}
			if p.BucketAt != nil {
				b.At = *p.BucketAt
			}
			b = change(b)
			at := b.At.UTC().Truncate(time.Microsecond)
			return tx.Model(&p).Select("bucket_level", "bucket_at").Updates(portal{BucketLevel: b.Level, BucketAt: &at}).Error
		})
	}
	return rest.NewLimiter(rest.LimiterOptions{
		Take: func(ctx context.Context, class rest.Class) (wait time.Duration, err error) {
			err = change(ctx, func(b rest.Bucket) rest.Bucket {
				b, wait = b.Take(db.Now(), m.opts.Limits, class)
				return b
			})
			return wait, err
		},
		Drain: func(ctx context.Context) error {
			return change(ctx, func(b rest.Bucket) rest.Bucket { return b.Drain(db.Now(), m.opts.Limits) })
		},
	})
}

// operating remembers, for this process, how much of its time each method has used on a portal.
func (m *Module) operating(portalID int64) *rest.Operating {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.used[portalID] == nil {
		m.used[portalID] = &rest.Operating{Now: m.opts.Clock}
	}
	return m.used[portalID]
}

// portalAt finds or makes the row of a portal's address.
func (m *Module) portalAt(tx *db.Tx, address *url.URL) (*portal, error) {
	text := address.Scheme + "://" + address.Host
	var p portal
	err := tx.Where("address = ?", text).First(&p).Error
	if err == nil {
		return &p, nil
	}
	if !errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, fmt.Errorf("find portal: %w", err)
	}
	p = portal{Address: text, Cursors: "{}", CreatedAt: db.Now()}
	if err := tx.Create(&p).Error; err != nil {
		return nil, fmt.Errorf("save portal: %w", err)
	}
	return &p, nil
}

// clockOffset is how far the portal's clock is ahead of ours.
func (c *connection) clockOffset() time.Duration {
	return time.Duration(c.portal.ClockOffsetMS) * time.Millisecond
}

// noteClock keeps the measured offset when it has moved by more than half a second.
func (c *connection) noteClock(tx *db.Tx, r *rest.Result) error {
	offset, ok := r.ClockOffset()
	if !ok || (offset-c.clockOffset()).Abs() < 500*time.Millisecond {
		return nil
	}
	c.portal.ClockOffsetMS = offset.Milliseconds()
	return tx.Model(&portal{}).Where("id = ?", c.portal.ID).Update("clock_offset_ms", c.portal.ClockOffsetMS).Error
}

// url is a page of the portal: "/crm/deal/details/7/".
func (s Settings) url(e entity, id int64) string {
	if s.PortalURL == "" || id == 0 {
		return ""
	}
	return fmt.Sprintf("%s/crm/%s/details/%d/", s.PortalURL, e, id)
}
