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
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// eventEntities are the nine events of the manual, each with the kind of record that it says to look at.
var eventEntities = map[string]plan.Entity{
	"ONCRMDEALUPDATE":    plan.Deal,
	"ONCRMDEALDELETE":    plan.Deal,
	"ONCRMCONTACTUPDATE": plan.Contact,
	"ONCRMCONTACTDELETE": plan.Contact,
	"ONCRMCOMPANYUPDATE": plan.Company,
	"ONCRMCOMPANYDELETE": plan.Company,
	"ONCRMLEADUPDATE":    plan.Lead,
	"ONCRMLEADDELETE":    plan.Lead,
	"ONCRMPRODUCTDELETE": plan.Product,
}

// eventBodyMax is how many bytes of an event are read. Those of a portal are well under a kilobyte.
const eventBodyMax = 64 << 10

// receiveEvent takes a call of the outbound webhook: verify, store, answer. Nothing is read from the portal here,
// since the portal waits for the answer and does not repeat a call.
func (m *Module) receiveEvent(c echo.Context) error {
	ctx := c.Request().Context()
	body, err := io.ReadAll(io.LimitReader(c.Request().Body, eventBodyMax+1))
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "unreadable body")
	}
	if len(body) > eventBodyMax {
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge, "an event is smaller")
	}
	s, why, err := m.portals.Active(ctx)
	if err != nil {
		return err
	}
	event, parseErr := rest.ParseEvent(c.Request().Header.Get(echo.HeaderContentType), body)
	if parseErr != nil && !errors.Is(parseErr, rest.ErrNoEvent) {
		return echo.NewHTTPError(http.StatusBadRequest, "not an event")
	}
	signed, err := m.signed(s, event)
	if err != nil {
		// Nobody knows yet whether the event is the portal's: it is not refused.
		m.Log.WithError(err).Error("event not taken: the token cannot be read")
		return echo.NewHTTPError(http.StatusServiceUnavailable, "the token of this installation cannot be read")
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

// signed compares the event's token with ours. It fails if ours cannot be opened with the keys of this process. For an
// hour after ours was replaced the old one is accepted too, since events are still on their way.
func (m *Module) signed(s portal.Settings, event rest.Event) (bool, error) {
	token, err := m.Settings.Keys.Open(portal.TokenPlace, s.Token)
	if err != nil {
		return false, err
	}
	if event.Signed(token) {
		return true, nil
	}
	if s.OldToken.IsZero() || db.Now().After(s.OldTokenUntil) {
		return false, nil
	}
	old, err := m.Settings.Keys.Open(portal.TokenPlace, s.OldToken)
	if err != nil {
		return false, err
	}
	return event.Signed(old), nil
}

// storeEvent enqueues a look at the record. While the exchange is off the event is only noted: the next reconciliation
// finds what it meant.
func (m *Module) storeEvent(ctx context.Context, s portal.Settings, why portal.Reason, event rest.Event) error {
	e, known := eventEntities[event.Name]
	log := m.Log.WithField("event", event.Name).WithField("id", event.RecordID)
	if !known || event.RecordID == 0 || why != "" {
		log.WithField("why", string(why)).Info("event noted and left")
	}
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := db.Now()
		// The time is for people, so once a second is enough: events must not queue for the lock of this row.
		err := tx.Model(&portal.Portal{}).
			Where("id = ? AND (last_event_at IS NULL OR last_event_at < ?)", s.PortalID, now.Add(-time.Second)).
			Update("last_event_at", now).Error
		if err != nil {
			return fmt.Errorf("note the event: %w", err)
		}
		if err := m.pages.NoteCheckEvent(tx, s.PortalID, event); err != nil {
			return err
		}
		if !known || event.RecordID == 0 || why != "" {
			return nil
		}
		return m.exchange.Hear(tx, s.PortalID, e, event.RecordID)
	})
}

// refuseEvent counts a call whose token was missing or wrong, for «Состояние обмена».
func (m *Module) refuseEvent(ctx context.Context, s portal.Settings) {
	m.Log.Warn("event refused: wrong or missing application token")
	err := m.DB.From(ctx).Model(&portal.Portal{}).Where("id = ?", s.PortalID).
		Update("refused_events", gorm.Expr("refused_events + 1")).Error
	if err != nil {
		m.Log.WithError(err).Error("refused event not counted")
	}
}
