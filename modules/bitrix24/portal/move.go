package portal

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/cache"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// Move is the question whether the panel has moved or this is a copy of its database, such as a test installation: the
// panel has another address than the portal was last used with. Nothing is exchanged until an administrator answers.
type Move struct {
	From string // the panel's address when the portal was last used
	To   string // its present one
}

// movedWait is how long a process relies on what it knows of the address; an answer is told to all processes at once.
const (
	movedKey  = "bitrix24/panel/"
	movedWait = time.Minute
)

// Move returns the question that is open for the portal of the settings; nil if there is none. It is asked while the
// exchange is switched off, too.
func (p *Portals) Move(ctx context.Context, s Settings) (*Move, error) {
	if s.PortalID == 0 {
		return nil, nil
	}
	key := fmt.Sprint(movedKey, s.PortalID)
	from, err := cache.Get(ctx, p.Cache, key, movedWait, func(ctx context.Context) (string, error) {
		var row Portal
		err := p.DB.From(ctx).Select("public_url").Limit(1).Find(&row, s.PortalID).Error
		return row.PublicURL, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the panel's former address: %w", err)
	}
	former, err := url.Parse(from)
	if err != nil {
		return nil, fmt.Errorf("read the panel's former address: %w", err)
	}
	if from == "" || !moved(former, p.PublicURL, p.Options.PublicURL != "") {
		return nil, nil
	}
	return &Move{From: from, To: p.PublicURL.String()}, nil
}

// moved compares the panel's former address with the present one. Another scheme of the same host is no move, since a
// copy cannot have the host of its original. From one local address to another is none either, unless PUBLIC_URL was
// set by somebody: without it the address is only where the panel happens to listen, as in a demo that is started on
// another port, and several processes on one machine listen on several ports.
func moved(former, present *url.URL, set bool) bool {
	if strings.EqualFold(hostPort(former), hostPort(present)) {
		return false
	}
	return set || !local(former) || !local(present)
}

// hostPort is a host with its port, of the same form whether or not the port is the usual one of the scheme.
func hostPort(u *url.URL) string {
	usual := map[string]string{"http": "", "https": "", "80": "", "443": ""}
	port := cmp.Or(u.Port(), u.Scheme)
	if short, ok := usual[port]; ok {
		port = short
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// local reports whether an address says nothing about where other machines find the panel: loopback, or all addresses
// of the machine.
func local(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "" || u.Hostname() == "localhost" || ip.IsLoopback() || ip.IsUnspecified()
}

// Remember notes the panel's present address for portals that were connected before addresses were noted.
func (p *Portals) Remember(ctx context.Context) error {
	err := p.DB.From(ctx).Model(&Portal{}).Where("public_url = ''").Update("public_url", p.PublicURL.String()).Error
	if err != nil {
		return fmt.Errorf("note the panel's address: %w", err)
	}
	return nil
}

// RequireNoMove refuses what an administrator asks for while the question is open.
func (p *Portals) RequireNoMove(ctx context.Context, s Settings) error {
	move, err := p.Move(ctx, s)
	if err == nil && move != nil {
		err = refusal.Value("", "Сначала ответьте, переехала панель или это копия базы: пока ответа нет, "+
			"панель к порталу не обращается.")
	}
	return err
}

// PanelHasMoved is the answer «Панель переехала»: the present address is remembered, and the exchange goes on.
func (p *Portals) PanelHasMoved(ctx context.Context) error {
	return p.answer(ctx, func(ctx context.Context, tx *db.Tx, _ Settings, m Move) error {
		if err := p.Jobs.Resume(ctx, Lane); err != nil {
			return err
		}
		return records.Audit(tx, staff.ActorFrom(ctx).Name, "Панель переехала: была "+m.From+", теперь "+m.To)
	})
}

// PanelIsCopy is the answer «Это копия»: the portal is forgotten. The exchange is off, webhook and tokens are gone, and
// what is known of the portal's records is never used again, so that the portal and its records stay as they are. From
// now on this panel is another installation than the one it was copied from.
func (p *Portals) PanelIsCopy(ctx context.Context) error {
	return p.answer(ctx, func(ctx context.Context, tx *db.Tx, s Settings, m Move) error {
		if err := SetAside(tx, "address NOT LIKE '%#%'"); err != nil {
			return err
		}
		if err := records.NewInstallation(tx); err != nil {
			return err
		}
		// What concerns the shop is kept. Funnels, stages, employees and lines were the portal's.
		kept := Settings{OrderTypes: s.OrderTypes, Auto: s.Auto, Leads: s.Leads}
		if err := p.Settings.Save(tx, Document, kept); err != nil {
			return err
		}
		if err := p.Settings.Save(tx, ListsDocument, Lists{}); err != nil {
			return err
		}
		return records.Audit(tx, staff.ActorFrom(ctx).Name,
			"Это копия базы ("+m.To+" вместо "+m.From+"): портал "+s.PortalURL+" здесь забыт, обмен выключен")
	})
}

// answer remembers the panel's present address and stores what else an answer means. Of two administrators who answer
// at the same time the second is refused.
func (p *Portals) answer(
	ctx context.Context, store func(ctx context.Context, tx *db.Tx, s Settings, m Move) error,
) error {
	s, err := p.Current(ctx)
	if err != nil {
		return err
	}
	m, err := p.Move(ctx, s)
	if err != nil {
		return err
	}
	answered := refusal.Value("", "На этот вопрос уже ответили.")
	if m == nil {
		return answered
	}
	return p.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		done := tx.Model(&Portal{}).Where("public_url = ?", m.From).Update("public_url", m.To)
		if done.Error != nil {
			return fmt.Errorf("note the panel's address: %w", done.Error)
		}
		if done.RowsAffected == 0 {
			return answered
		}
		if err := p.Cache.ForgetAfter(tx, movedKey); err != nil {
			return err
		}
		return store(ctx, tx, s, *m)
	})
}

// SetAside frees the addresses of portals: their rows and whatever belongs to them are never found by an address again.
func SetAside(tx *db.Tx, which string, args ...any) error {
	err := tx.Exec("UPDATE bitrix24_portals SET address = address || '#' || CAST(id AS text) WHERE "+which, args...).Error
	if err != nil {
		return fmt.Errorf("set portals aside: %w", err)
	}
	return nil
}
