package bitrix24

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// pull looks at a record of the portal: an event, or reconciliation, said that it may have changed. Whatever the event
// was called, what is done follows from what the record is when it is read.
type pull struct {
	Entity entity
	ID     int64
	Caught bool `json:",omitempty"` // reconciliation asked for it: no event had told
}

// Kind and Key name the job.
func (pull) Kind() string  { return lane + ".pull" }
func (p pull) Key() string { return fmt.Sprintf("%s/%d", p.Entity, p.ID) }

// eventEntities are the nine events of the manual and what each of them says to look at.
var eventEntities = map[string]entity{
	"ONCRMDEALUPDATE": aDeal, "ONCRMCONTACTUPDATE": aContact, "ONCRMCOMPANYUPDATE": aCompany, "ONCRMLEADUPDATE": aLead,
	"ONCRMDEALDELETE": aDeal, "ONCRMCONTACTDELETE": aContact, "ONCRMCOMPANYDELETE": aCompany, "ONCRMLEADDELETE": aLead,
	"ONCRMPRODUCTDELETE": aProduct,
}

// eventBody is the most an event may be; theirs are well under a kilobyte.
const eventBody = 64 << 10

// receiveEvent takes a call of the outbound webhook: verify, store, answer. Nothing is read from the portal here.
func (m *Module) receiveEvent(c echo.Context) error {
	ctx := c.Request().Context()
	body, err := io.ReadAll(io.LimitReader(c.Request().Body, eventBody+1))
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "unreadable body")
	}
	if len(body) > eventBody {
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge, "an event is smaller")
	}
	s, why, err := m.active(ctx)
	if err != nil {
		return err
	}
	event, parseErr := rest.ParseEvent(c.Request().Header.Get(echo.HeaderContentType), body)
	if parseErr != nil && !errors.Is(parseErr, rest.ErrNoEvent) {
		return echo.NewHTTPError(http.StatusBadRequest, "not an event")
	}
	signed, err := m.signed(s, event)
	if err != nil {
		return err
	}
	if !signed {
		m.refuseEvent(ctx, s)
		return echo.NewHTTPError(http.StatusForbidden, "wrong application token")
	}
	if parseErr != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "no event named")
	}
	if err := m.storeEvent(ctx, s, why, event); err != nil {
		return err
	}
	return c.NoContent(http.StatusOK)
}

// signed compares the event's token with ours, and for an hour after it was replaced with the old one.
func (m *Module) signed(s Settings, event rest.Event) (bool, error) {
	token, err := m.Settings.Keys.Open(tokenPlace, s.Token)
	if err != nil {
		return false, err
	}
	if event.Signed(token) {
		return true, nil
	}
	if s.OldToken.IsZero() || db.Now().After(s.OldTokenUntil) {
		return false, nil
	}
	old, err := m.Settings.Keys.Open(tokenPlace, s.OldToken)
	if err != nil {
		return false, err
	}
	return event.Signed(old), nil
}

// storeEvent enqueues a look at the record. While the exchange is off the event is only noted: the next reconciliation
// finds what it meant.
func (m *Module) storeEvent(ctx context.Context, s Settings, why reason, event rest.Event) error {
	e, known := eventEntities[event.Name]
	log := m.Log.WithField("event", event.Name).WithField("id", event.RecordID)
	if !known || event.RecordID == 0 || why != "" {
		log.WithField("why", string(why)).Info("event noted and left")
	}
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := db.Now()
		// The time is for people: a row that every event locks is written once a second at the most.
		err := tx.Model(&portal{}).Where("id = ? AND (last_event_at IS NULL OR last_event_at < ?)", s.PortalID, now.Add(-time.Second)).
			Update("last_event_at", now).Error
		if err != nil {
			return fmt.Errorf("note the event: %w", err)
		}
		if err := m.noteCheck(tx, s.PortalID, event); err != nil {
			return err
		}
		if !known || event.RecordID == 0 || why != "" {
			return nil
		}
		return m.Jobs.Enqueue(tx, pull{Entity: e, ID: event.RecordID}, jobs.WithPriority(jobs.Pull))
	})
}

// refuseEvent counts a call whose token was missing or wrong.
func (m *Module) refuseEvent(ctx context.Context, s Settings) {
	m.Log.Warn("event refused: wrong or missing application token")
	err := m.DB.From(ctx).Model(&portal{}).Where("id = ?", s.PortalID).
		Update("refused_events", gorm.Expr("refused_events + 1")).Error
	if err != nil {
		m.Log.WithError(err).Error("refused event not counted")
	}
}

// pulled is a pull with the place of its job in the group.
type pulled struct {
	pull
	job int
}

// resolve finds whose records the portal's are. Records of nobody are dismissed without a request: a busy portal has
// many deals that are none of ours.
func (r *run) resolve(ctx context.Context, pulls []pulled, works [][]work) error {
	ids := map[entity][]int64{}
	for _, p := range pulls {
		ids[p.Entity] = append(ids[p.Entity], p.ID)
	}
	looks, err := r.lookAtProducts(ctx, ids[aProduct])
	if err != nil {
		return err
	}
	for _, p := range pulls {
		if look := looks[p.ID]; look != nil && p.Entity == aProduct {
			works[p.job] = append(works[p.job], look)
		}
	}
	for e, remote := range ids {
		links, err := r.linksTo(ctx, r.portal.ID, e, remote)
		if err != nil {
			return err
		}
		for _, l := range links {
			w := r.workOf(l)
			if w == nil {
				continue
			}
			for _, p := range pulls {
				if p.Entity == e && p.ID == l.RemoteID {
					r.caught[w] = r.caught[w] || p.Caught
					works[p.job] = append(works[p.job], w)
				}
			}
		}
	}
	return nil
}

// workOf is what a look at a linked record means for the panel.
func (r *run) workOf(l *Link) work {
	switch {
	case l.Entity == aLead && l.State != deleted:
		return r.workOnLead(l)
	case l.Local == anOrder && l.Entity == aDeal:
		w := r.workOnOrder(l.LocalID)
		w.read = true
		return w
	case l.Local == aClient && l.Entity == aContact:
		w := r.workOnClient(l.LocalID)
		w.compare = true
		return w
	case l.Local == anOrganization && l.Entity == aCompany:
		w := r.workOnOrganization(l.LocalID)
		w.compare = true
		return w
	}
	return nil
}
