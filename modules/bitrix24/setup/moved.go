package setup

import (
	"context"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// movedTo is the new address of a portal that answers with redirects; empty: it is where it was.
func (x *Setup) movedTo(ctx context.Context, portalID int64) (string, error) {
	var to []string
	err := x.DB.From(ctx).Model(&portal.Portal{}).Where("id = ?", portalID).Pluck("moved_to", &to).Error
	if err != nil || len(to) == 0 {
		return "", err
	}
	return to[0], nil
}

// Moved reports whether «Сохранить новый адрес портала» is to be offered: the portal answers with redirects.
func (x *Setup) Moved(ctx context.Context) (bool, error) {
	s, err := x.portals.Current(ctx)
	if err != nil {
		return false, err
	}
	to, err := x.movedTo(ctx, s.PortalID)
	return to != "", err
}

// SaveMoved takes the portal's new address over. It is the same portal: its links stay.
func (x *Setup) SaveMoved(ctx context.Context) (string, error) {
	s, err := x.portals.Current(ctx)
	if err != nil {
		return "", err
	}
	if err := x.portals.RequireNoMove(ctx, s); err != nil {
		return "", err
	}
	to, err := x.movedTo(ctx, s.PortalID)
	if err != nil {
		return "", err
	}
	address, err := rest.ParsePortal(to)
	if err == nil {
		err = rest.CheckAddress(address, x.portals.Options.AllowPrivate)
	}
	if err != nil {
		return "", refusal.Value("", "Нового адреса портала нет или его нельзя вызывать.")
	}
	same, err := x.sameElsewhere(ctx, s, address)
	if err != nil {
		return "", refusal.Value("", "Портал по новому адресу не ответил: %s Повторите позже.", portal.Explain(err))
	}
	err = x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := x.portals.TakeOver(tx, s.PortalID, address, same); err != nil {
			return err
		}
		s.PortalURL = to
		if err := x.Settings.Save(tx, portal.Document, s); err != nil {
			return err
		}
		if err := x.Jobs.Resume(ctx, portal.Lane); err != nil {
			return err
		}
		return records.Audit(tx, staff.ActorFrom(ctx).Name, "Сохранён новый адрес портала: "+to)
	})
	return "Новый адрес портала сохранён: " + address.Host, err
}

// PanelMoved reports whether the panel's own address has changed, so that a person is to say what it means.
func (x *Setup) PanelMoved(ctx context.Context) (bool, error) {
	s, err := x.portals.Current(ctx)
	if err != nil {
		return false, err
	}
	move, err := x.portals.Move(ctx, s)
	return move != nil, err
}
