package panel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// What a session remembers of the signed-in employee.
const (
	employeeKey = "employee"
	signInsKey  = "sign_ins"
)

// newSessions makes the session manager: tokens are stored hashed, the cookie is out of reach of scripts. It is
// written out, because scs.New starts a goroutine for a store in memory that nothing of ours uses and nothing can end.
func newSessions(o Options) *scs.SessionManager {
	return &scs.SessionManager{
		Store:            sessionStore{db: o.DB},
		Codec:            scs.GobCodec{},
		Lifetime:         7 * 24 * time.Hour,
		HashTokenInStore: true,
		Cookie: scs.SessionCookie{
			Name: "panel_session", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
			Secure: o.PublicURL.Scheme == "https", Persist: true,
		},
		ErrorFunc: func(w http.ResponseWriter, _ *http.Request, err error) {
			o.Log.WithError(err).Error("session failed")
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		},
	}
}

// Sessions is what the middleware of Pages loads and saves: for pages that sign in others than employees, under keys
// of their own.
func (p *Panel) Sessions() *scs.SessionManager { return p.sessions }

// signIn starts a session of the employee under a new token.
func (p *Panel) signIn(c echo.Context, e *staff.Employee) error {
	ctx := c.Request().Context()
	if err := p.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	p.sessions.Put(ctx, employeeKey, e.ID)
	p.sessions.Put(ctx, signInsKey, e.SignIns)
	return nil
}

// withEmployee puts the signed-in employee into the request's context. A session that began before the employee was
// deactivated or changed the password is nobody's.
func (p *Panel) withEmployee(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		id := p.sessions.GetInt64(ctx, employeeKey)
		if id == 0 {
			return next(c)
		}
		e, err := p.Staff.Find(ctx, id)
		if _, refused := refusal.From(err); err != nil && !refused {
			return err
		}
		if err == nil && e.Active && e.SignIns == p.sessions.GetInt64(ctx, signInsKey) {
			c.SetRequest(c.Request().WithContext(staff.WithEmployee(ctx, e)))
		}
		return next(c)
	}
}

// signedIn sends strangers to the sign-in page, which brings them back afterwards.
func (p *Panel) signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if Employee(c) != nil {
			return next(c)
		}
		address := "/login"
		if c.Request().Method == http.MethodGet {
			address += "?next=" + url.QueryEscape(c.Request().URL.RequestURI())
		}
		return SeeOther(c, address)
	}
}

// Employee is the signed-in employee of a request, or nil.
func Employee(c echo.Context) *staff.Employee {
	return staff.EmployeeFrom(c.Request().Context())
}

// Require lets through employees who may do what one of the roles may: operators' pages are open to supervisors, and
// everything is open to administrators.
func Require(roles ...staff.Role) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			for _, role := range roles {
				if Employee(c).May(role) {
					return next(c)
				}
			}
			return refusal.Denied("Ваша роль не позволяет открыть эту страницу")
		}
	}
}

// hasSession reports whether the request went through the session middleware.
func (p *Panel) hasSession(ctx context.Context) (has bool) {
	defer func() { has = recover() == nil }() // scs panics when there is none
	p.sessions.Status(ctx)
	return true
}

// sessionStore keeps sessions in the table "sessions".
type sessionStore struct{ db *db.DB }

type session struct {
	Token  string `gorm:"primaryKey"`
	Data   []byte
	Expiry time.Time
}

// Models are the tables of this package, for the check at start.
func Models() []any { return []any{&session{}} }

// FindCtx implements scs.CtxStore.
func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var found session
	err := s.db.From(ctx).Where("token = ? AND expiry > ?", token, db.Now()).First(&found).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	return found.Data, true, nil
}

// CommitCtx implements scs.CtxStore.
func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	err := s.db.From(ctx).Clauses(clause.OnConflict{UpdateAll: true}).
		Create(&session{Token: token, Data: data, Expiry: expiry.UTC()}).Error
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	return nil
}

// DeleteCtx implements scs.CtxStore.
func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	if err := s.db.From(ctx).Where("token = ?", token).Delete(&session{}).Error; err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

// Find implements scs.Store; the manager calls FindCtx instead.
func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit implements scs.Store; the manager calls CommitCtx instead.
func (s sessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete implements scs.Store; the manager calls DeleteCtx instead.
func (s sessionStore) Delete(token string) error {
	return s.DeleteCtx(context.Background(), token)
}

// ForgetSessions deletes sessions that have ended; recurring work calls it.
func (p *Panel) ForgetSessions(ctx context.Context) error {
	if err := p.DB.From(ctx).Where("expiry < ?", db.Now()).Delete(&session{}).Error; err != nil {
		return fmt.Errorf("forget ended sessions: %w", err)
	}
	return nil
}
